//! The handshake and the close, with sequence numbers of the user's choice.

use tcp_lifecycle::sim::{Language, Scenario, Text};

use crate::output::{self, Style};

/// The numbers of the story, as those who teach it call them.
pub(crate) struct Numbers {
    /// The initial sequence number of A.
    pub(crate) j: u32,
    /// The initial sequence number of B.
    pub(crate) k: u32,
    /// The maximum segment lifetime, as a script writes it.
    pub(crate) msl: String,
}

impl Default for Numbers {
    fn default() -> Numbers {
        Numbers { j: 100, k: 300, msl: "2m".to_owned() }
    }
}

/// The number of bytes that A sends, and that B sends.
const BYTES_OF_A: u32 = 5;
const BYTES_OF_B: u32 = 12;

/// A part of the story, in the notation of a scenario. `{j+1}` and the like stand for numbers.
struct Part {
    text: Text,
    lines: &'static str,
}

const PARTS: [Part; 8] = [
    Part {
        text: Text {
            english: "\
                THE HANDSHAKE. Each end numbers the bytes that it will send, and tells the other where it \
                starts. A sends SYN j, with j = {j}. B answers j+1 = {j+1}, \"the next that I expect\", and \
                sends SYN k, with k = {k}, in the same segment. A answers k+1 = {k+1}. A SYN takes one number, \
                so that it can be acknowledged as a byte is.",
            chinese: "\
                三次握手。双方各自给要发送的字节编号，并告诉对方从哪里开始。A 发送 SYN j，j = {j}。B 回\
                答 j+1 = {j+1}，意思是“我期待的下一个号”，并在同一个报文段中发送 SYN k，\
                k = {k}。A 回答 k+1 = {k+1}。SYN 占一个序列号，所以能像字节一样被确认。",
        },
        lines: "
            B: open passive
            A: open active
            A: --> <SEQ={j}><CTL=SYN>
            deliver
            B: SYN-RECEIVED
            B: --> <SEQ={k}><ACK={j+1}><CTL=SYN,ACK>
            deliver
            A: ESTABLISHED
            A: --> <SEQ={j+1}><ACK={k+1}><CTL=ACK>
            deliver
            B: ESTABLISHED",
    },
    Part {
        text: Text {
            english: "\
                BYTES. The five bytes of A have the numbers {j+1} to {j+5}. B answers with the next number: {n}.",
            chinese: "\
                数据。A 的五个字节编号为 {j+1} 到 {j+5}。B 用下一个号回答：{n}。",
        },
        lines: "
            A: send 5
            deliver
            B: --> <SEQ={k+1}><ACK={n}><CTL=ACK>
            deliver",
    },
    Part {
        text: Text {
            english: "\
                FIRST: A has no more to send. Its FIN has the number n = {n}. It takes one number too.",
            chinese: "\
                第一次挥手：A 没有数据要发了。它的 FIN 序列号 n = {n}，也占一个号。",
        },
        lines: "
            A: close
            A: FIN-WAIT-1
            A: --> <SEQ={n}><ACK={k+1}><CTL=FIN,ACK>",
    },
    Part {
        text: Text {
            english: "\
                SECOND: B answers n+1 = {n+1}. The connection is half closed: A sends no more, but it still \
                receives.",
            chinese: "\
                第二次挥手：B 回答 n+1 = {n+1}。连接进入半关闭状态：A 不再发送，但仍可接收。",
        },
        lines: "
            deliver
            B: CLOSE-WAIT
            B: --> <SEQ={k+1}><ACK={n+1}><CTL=ACK>
            deliver
            A: FIN-WAIT-2",
    },
    Part {
        text: Text {
            english: "\
                THE OTHER WAY it still flows: B sends twelve bytes, and A acknowledges them.",
            chinese: "\
                另一个方向仍然畅通：B 发送十二个字节，A 予以确认。",
        },
        lines: "
            B: send 12
            deliver
            A: --> <SEQ={n+1}><ACK={m}><CTL=ACK>
            deliver",
    },
    Part {
        text: Text {
            english: "\
                THIRD: B has no more to send either. Its FIN has the number m = {m}.",
            chinese: "\
                第三次挥手：B 也没有数据要发了。它的 FIN 序列号 m = {m}。",
        },
        lines: "
            B: close
            B: LAST-ACK
            B: --> <SEQ={m}><ACK={n+1}><CTL=FIN,ACK>",
    },
    Part {
        text: Text {
            english: "\
                FOURTH: A answers m+1 = {m+1}. When this ACK has arrived, B is done.",
            chinese: "\
                第四次挥手：A 回答 m+1 = {m+1}。这个 ACK 到达后，B 结束。",
        },
        lines: "
            deliver
            A: TIME-WAIT
            A: --> <SEQ={n+1}><ACK={m+1}><CTL=ACK>
            deliver
            B: CLOSED",
    },
    Part {
        text: Text {
            english: "\
                A WAITS for 2 MSL, twice the maximum segment lifetime. Its last ACK may be lost: then B sends \
                its FIN again, and A must be there to answer. And after this time nothing of the connection is \
                in the network any more.",
            chinese: "\
                A 等待 2 MSL，即最大报文段生存时间的两倍。最后的 ACK 可能丢失：那时 B 会重发 FIN，而 A 必\
                须还在，才能回答。经过这段时间之后，网络中也不再有这个连接的报文段。",
        },
        lines: "
            + 2 MSL
            A: CLOSED",
    },
];

/// Plays the story.
pub(crate) fn play(numbers: &Numbers, style: Style) -> Result<String, String> {
    output::played(&scenario(numbers, style.language), style).map_err(|error| error.to_string())
}

/// Returns the story as a scenario. Its notes tell it.
pub(crate) fn scenario(numbers: &Numbers, language: Language) -> String {
    let Numbers { j, k, msl } = numbers;
    let mut scenario = format!("config msl={msl}\nA: ISS={j}\nB: ISS={k}\n");
    for part in &PARTS {
        let text = fill_in(part.text.get(language), numbers);
        let lines = fill_in(part.lines, numbers);
        for line in core::iter::once(format!("note {text}").as_str()).chain(lines.trim_start().lines()) {
            scenario.push_str(line.trim());
            scenario.push('\n');
        }
    }
    scenario
}

/// Returns a maximum segment lifetime if it is one.
pub(crate) fn msl(text: &str) -> Result<String, String> {
    // The second line of the message is the reason.
    let why = |error: String| error.lines().last().unwrap_or_default().trim().to_owned();
    let set = Scenario::new().play(&format!("config msl={text}"));
    set.map(|()| text.to_owned()).map_err(|error| why(error.to_string()))
}

/// Writes the numbers into a text.
fn fill_in(text: &str, Numbers { j, k, .. }: &Numbers) -> String {
    let n = j.wrapping_add(1).wrapping_add(BYTES_OF_A);
    let m = k.wrapping_add(1).wrapping_add(BYTES_OF_B);
    let names = [
        ("{j}", *j),
        ("{j+1}", j.wrapping_add(1)),
        ("{j+5}", j.wrapping_add(BYTES_OF_A)),
        ("{k}", *k),
        ("{k+1}", k.wrapping_add(1)),
        ("{n}", n),
        ("{n+1}", n.wrapping_add(1)),
        ("{m}", m),
        ("{m+1}", m.wrapping_add(1)),
    ];
    names.iter().fold(text.to_owned(), |text, (name, number)| text.replace(name, &number.to_string()))
}

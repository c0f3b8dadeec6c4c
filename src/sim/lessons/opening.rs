//! Lessons: how a connection opens, and a whole life.

use super::lesson::{Lesson, LessonStep, Text};
use crate::State;

pub(super) const THREE_MESSAGES: Lesson = Lesson {
    name: "three-messages",
    title: Text { english: "Why three messages", chinese: "为什么要三次握手" },
    about: Text {
        english: "\
            Each end says where its sequence numbers begin, and the other end confirms it. The third message tells B \
            that A's SYN was fresh. An old SYN that was long on its way gets no third message, so it never opens a \
            connection.",
        chinese: "\
            双方各自声明初始序列号，并由对方确认。第三个报文告诉 B：A 的 SYN 是\
            新的。网络中滞留的旧 SYN 得不到第三个报文，因此永远不会建立连\
            接。",
    },
    visits: [
        &[State::SynSent, State::Established],
        &[State::Listen, State::SynReceived, State::Listen, State::SynReceived, State::Established],
    ],
    steps: &[
        LessonStep {
            lines: "\
                B: open passive\n\
                B: LISTEN",
            caption: Text { english: "B is a server: it waits for a SYN.", chinese: "B 是服务器，等待 SYN。" },
        },
        LessonStep {
            lines: "\
                inject A <SEQ=90><CTL=SYN>\n\
                A: open active\n\
                A: --> <SEQ=100><CTL=SYN>",
            caption: Text {
                english: "\
                    A SYN of an earlier connection is still in the network. Nobody at A remembers it. A opens a new \
                    connection: its SYN has the number 100.",
                chinese: "\
                    一个旧连接的 SYN 还滞留在网络中，A 早已忘记它。A 打开新连接，\
                    它的 SYN 序列号是 100。",
            },
        },
        LessonStep {
            lines: "\
                deliver <SEQ=90><CTL=SYN>\n\
                B: SYN-RECEIVED RCV.NXT=91\n\
                B: --> <SEQ=300><ACK=91><CTL=SYN,ACK>",
            caption: Text {
                english: "The old SYN arrives first. B cannot tell that it is old, so it answers: ACK 91.",
                chinese: "旧 SYN 先到。B 无法分辨新旧，于是回答 ACK 91。",
            },
        },
        LessonStep {
            lines: "\
                deliver <SEQ=300><ACK=91><CTL=SYN,ACK>   refused: AckInSynSent\n\
                A: --> <SEQ=91><CTL=RST>\n\
                deliver <SEQ=91><CTL=RST>\n\
                B: LISTEN",
            caption: Text {
                english: "\
                    A has never sent a SYN 90. It refuses the answer, and sends a reset, which takes B back to \
                    LISTEN. B was never ESTABLISHED, and no user has noticed.",
                chinese: "A 从未发过 SYN 90，因此拒绝这个回答，并发送 RST，使 B 回到 LISTEN。B 从未进入 ESTABLISHED，应用也毫无察觉。",
            },
        },
        LessonStep {
            lines: "\
                deliver <SEQ=100><CTL=SYN>\n\
                B: SYN-RECEIVED RCV.NXT=101",
            caption: Text {
                english: "Now the new SYN arrives. B answers with ACK 101 and its own SYN 300.",
                chinese: "新 SYN 到达。B 回答 ACK 101，并带上自己的 SYN 300。",
            },
        },
        LessonStep {
            lines: "\
                deliver\n\
                A: ESTABLISHED SND.NXT=101 RCV.NXT=301\n\
                deliver\n\
                B: ESTABLISHED SND.NXT=301 RCV.NXT=101",
            caption: Text {
                english: "\
                    A knows that B has its number. A is ESTABLISHED, and sends the third message. It confirms both \
                    numbers to B: only now does B count as open.",
                chinese: "A 知道 B 已收到它的序列号，进入 ESTABLISHED，并发出第三个报文。它向 B 确认了双方的序列号：此时 B 才算打开。",
            },
        },
    ],
};

pub(super) const TWO_MESSAGES: Lesson = Lesson {
    name: "two-messages",
    title: Text { english: "What two messages would do", chinese: "如果只有两次握手" },
    about: Text {
        english: "\
            Suppose that B were open as soon as it has answered a SYN. Then an old SYN would open a connection at B \
            alone: B would keep memory, and would send to nobody. The lesson plays this by handing B a forged third \
            message.",
        chinese: "\
            假设 B 回答 SYN 后就算连接建立，那么一个旧 SYN 就会让 B 单方面打开\
            连接：占用内存，并向无人接收的一端发送数据。本课通过伪造第三\
            个报文来演示。",
    },
    visits: [&[], &[State::Listen, State::SynReceived, State::Established, State::Closed]],
    steps: &[
        LessonStep {
            lines: "\
                B: open passive\n\
                inject A <SEQ=90><CTL=SYN>",
            caption: Text {
                english: "An old SYN is on its way to B. A is CLOSED, and wants nothing.",
                chinese: "一个旧 SYN 正在去 B 的路上。A 处于 CLOSED，并不想建立连接。",
            },
        },
        LessonStep {
            lines: "\
                deliver\n\
                B: SYN-RECEIVED\n\
                B: --> <SEQ=300><ACK=91><CTL=SYN,ACK>",
            caption: Text {
                english: "B answers. With two messages, B would be ESTABLISHED now.",
                chinese: "B 回答。如果只有两次握手，B 此刻已是 ESTABLISHED。",
            },
        },
        LessonStep {
            lines: "\
                lose\n\
                B: <-- <SEQ=91><ACK=301><CTL=ACK>   accepted\n\
                B: ESTABLISHED",
            caption: Text {
                english: "We play just that: B's answer is lost, and B gets a third message that A has never sent.",
                chinese: "\
                    我们来模拟：B 的回答丢失，而 B 收到一个 A 从未发送的第三个\
                    报文。",
            },
        },
        LessonStep {
            lines: "B: send 10",
            caption: Text {
                english: "B's user believes that somebody is there, and sends ten bytes.",
                chinese: "B 的应用以为对方存在，发送 10 字节。",
            },
        },
        LessonStep {
            lines: "\
                deliver   refused: NoConnection\n\
                A: --> <SEQ=91><CTL=RST>\n\
                deliver\n\
                B: signal: Reset\n\
                B: CLOSED",
            caption: Text {
                english: "\
                    Nobody is there. A answers with a reset, and the bytes are lost. B learns late, and by an error, \
                    that there never was a connection. The third message prevents all of this.",
                chinese: "对方并不存在。A 用 RST 回答，数据丢失。B 很晚才通过错误得知：连接从未存在。第三个报文正是为了避免这一切。",
            },
        },
    ],
};

pub(super) const LIFE: Lesson = Lesson {
    name: "life",
    title: Text {
        english: "A whole life: three messages, four to close", chinese: "完整的一生：三次握手、四次挥手"
    },
    about: Text {
        english: "\
            SYN j is acknowledged by j+1, SYN k by k+1, FIN n by n+1: a SYN and a FIN take one sequence number each, \
            so that they can be acknowledged as bytes are. Each direction is closed on its own, so the close takes \
            four messages.",
        chinese: "\
            SYN j 用 j+1 确认，SYN k 用 k+1 确认，FIN n 用 n+1 确认：SYN 和 FIN 各占一\
            个序列号，所以能像数据一样被确认。两个方向分别关闭，因此挥手\
            需要四次。",
    },
    visits: [
        &[State::SynSent, State::Established, State::FinWait1, State::FinWait2, State::TimeWait, State::Closed],
        &[State::Listen, State::SynReceived, State::Established, State::CloseWait, State::LastAck, State::Closed],
    ],
    steps: &[
        LessonStep {
            lines: "B: open passive",
            caption: Text {
                english: "B is a server, and waits in LISTEN.", chinese: "B 是服务器，在 LISTEN 等待。"
            },
        },
        LessonStep {
            lines: "\
                A: open active\n\
                A: SYN-SENT SND.NXT=101",
            caption: Text { english: "A sends SYN j, with j = 100.", chinese: "A 发送 SYN j，j = 100。" },
        },
        LessonStep {
            lines: "\
                deliver\n\
                B: SYN-RECEIVED RCV.NXT=101\n\
                B: --> <SEQ=300><ACK=101><CTL=SYN,ACK>",
            caption: Text {
                english: "B acknowledges j+1 = 101, and sends SYN k with k = 300, in one segment.",
                chinese: "B 用 j+1 = 101 确认，并在同一个报文段中发送 SYN k，k = 300。",
            },
        },
        LessonStep {
            lines: "\
                deliver\n\
                A: ESTABLISHED RCV.NXT=301\n\
                A: --> <SEQ=101><ACK=301><CTL=ACK>\n\
                deliver\n\
                B: ESTABLISHED",
            caption: Text {
                english: "\
                    A acknowledges k+1 = 301. A is ESTABLISHED, and so is B when the ACK arrives: both ends know \
                    both numbers.",
                chinese: "A 用 k+1 = 301 确认，进入 ESTABLISHED。ACK 到达后，B 也进入 ESTABLISHED：双方都知道两个序列号。",
            },
        },
        LessonStep {
            lines: "\
                A: send 5\n\
                deliver   delivers 0..5\n\
                B: --> <SEQ=301><ACK=106><CTL=ACK>\n\
                deliver\n\
                A: ESTABLISHED SND.UNA=106",
            caption: Text {
                english: "\
                    A sends five bytes, the numbers 101 to 105. B acknowledges the next number that it expects: 106. \
                    Then A drops the bytes from its send queue.",
                chinese: "A 发送 5 字节，序列号 101 到 105。B 用它期待的下一个号确认：106。A 随后从发送队列中删除这些字节。",
            },
        },
        LessonStep {
            lines: "\
                A: close\n\
                A: FIN-WAIT-1\n\
                A: --> <SEQ=106><ACK=301><CTL=FIN,ACK>",
            caption: Text {
                english: "First wave: A has no more to send. Its FIN is the number n = 106.",
                chinese: "第一次挥手：A 没有数据要发了，FIN 的序列号 n = 106。",
            },
        },
        LessonStep {
            lines: "\
                deliver\n\
                B: signal: Closing\n\
                B: CLOSE-WAIT RCV.NXT=107\n\
                deliver\n\
                A: FIN-WAIT-2",
            caption: Text {
                english: "\
                    Second wave: B acknowledges n+1 = 107. B's user has been told, and may still send. A waits for \
                    B's FIN.",
                chinese: "第二次挥手：B 用 n+1 = 107 确认。B 的应用已得到通知，仍可发送数据。A 等待 B 的 FIN。",
            },
        },
        LessonStep {
            lines: "\
                B: close\n\
                B: LAST-ACK\n\
                B: --> <SEQ=301><ACK=107><CTL=FIN,ACK>",
            caption: Text {
                english: "Third wave: B's user closes too, so B sends a FIN.",
                chinese: "第三次挥手：B 的应用也关闭，B 发送 FIN。",
            },
        },
        LessonStep {
            lines: "\
                deliver\n\
                A: TIME-WAIT\n\
                A: --> <SEQ=107><ACK=302><CTL=ACK>\n\
                deliver\n\
                B: CLOSED",
            caption: Text {
                english: "Fourth wave: A acknowledges 302, and waits in TIME-WAIT. B is done.",
                chinese: "第四次挥手：A 用 302 确认，在 TIME-WAIT 等待。B 结束。",
            },
        },
        LessonStep {
            lines: "\
                + 2 MSL\n\
                A: CLOSED",
            caption: Text {
                english: "After 2 MSL nothing of this connection is in the network any more. A is done.",
                chinese: "2 MSL 之后，网络中不再有这个连接的报文段。A 结束。",
            },
        },
    ],
};

pub(super) const SIMULTANEOUS_OPEN: Lesson = Lesson {
    name: "simultaneous-open",
    title: Text { english: "Both open at once", chinese: "同时打开" },
    about: Text {
        english: "\
            Two ends that know each other's port may both send a SYN. The SYNs cross, and one connection results, \
            not two: each end acknowledges the SYN of the other (RFC 9293, Figure 7).",
        chinese: "\
            如果两端都知道对方的端口，它们可能同时发送 SYN。两个 SYN 在网络\
            中交叉，结果是一个连接而不是两个：每一端都确认对方的 SYN（RFC 9293 图 7）。",
    },
    visits: [
        &[State::SynSent, State::SynReceived, State::Established],
        &[State::SynSent, State::SynReceived, State::Established],
    ],
    steps: &[
        LessonStep {
            lines: "\
                A: open active\n\
                B: open active",
            caption: Text {
                english: "Both ends open actively. Two SYNs are in flight, and nobody listens.",
                chinese: "两端都主动打开。两个 SYN 在途中，没有人在监听。",
            },
        },
        LessonStep {
            lines: "\
                deliver <SEQ=100><CTL=SYN>\n\
                B: SYN-RECEIVED",
            caption: Text {
                english: "B has sent a SYN and gets one: SYN-RECEIVED. It repeats its SYN, now with an ACK.",
                chinese: "B 发过 SYN 又收到 SYN：进入 SYN-RECEIVED，重发 SYN 并带上 ACK。",
            },
        },
        LessonStep {
            lines: "\
                deliver <SEQ=300><CTL=SYN>\n\
                A: SYN-RECEIVED",
            caption: Text { english: "The same happens at A.", chinese: "A 也一样。" },
        },
        LessonStep {
            lines: "\
                deliver <SEQ=300><ACK=101><CTL=SYN,ACK>\n\
                A: ESTABLISHED\n\
                deliver <SEQ=100><ACK=301><CTL=SYN,ACK>\n\
                B: ESTABLISHED\n\
                deliver all",
            caption: Text {
                english: "Each end learns that its SYN has arrived: ESTABLISHED. It is one connection.",
                chinese: "双方都得知自己的 SYN 已到达：ESTABLISHED。这是同一个连接。",
            },
        },
    ],
};

//! Lessons: attacks, and what holds them off.

use super::lesson::{Lesson, LessonStep, OPENED, Text};
use crate::State;

pub(super) const BLIND_RESET: Lesson = Lesson {
    name: "blind-reset",
    title: Text { english: "Blind resets and RFC 5961", chinese: "盲 RST 攻击与 RFC 5961" },
    about: Text {
        english: "\
            An attacker who sees nothing can still forge segments, and hope to hit the window. RFC 5961 lets only \
            the exact number RCV.NXT reset a connection. Any other reset in the window gets a challenge ACK, which \
            a peer that has really sent a reset would answer with the exact number.",
        chinese: "\
            看不到流量的攻击者仍可伪造报文段，希望命中窗口。RFC 5961 规定只\
            有序列号恰好等于 RCV.NXT 的 RST 才能重置连接；窗口内的其他 RST 只会\
            得到挑战 ACK，真正发过 RST 的对端会回应它。",
    },
    visits: [
        &[State::SynSent, State::Established],
        &[State::Listen, State::SynReceived, State::Established, State::Closed],
    ],
    steps: &[
        OPENED,
        LessonStep {
            lines: "\
                inject A <SEQ=900000><CTL=RST>\n\
                deliver   refused: ResetOutsideWindow\n\
                B: ESTABLISHED",
            caption: Text {
                english: "A forged reset outside of B's window: dropped in silence.",
                chinese: "伪造的 RST，在 B 的窗口之外：静默丢弃。",
            },
        },
        LessonStep {
            lines: "\
                inject A <SEQ=5000><CTL=RST>\n\
                deliver   refused: ResetNotAtRcvNxt\n\
                B: --> <SEQ=301><ACK=101><CTL=ACK>\n\
                deliver\n\
                A: ESTABLISHED",
            caption: Text {
                english: "\
                    Inside the window, but not at RCV.NXT = 101. Formerly this ended the connection. Now B sends a \
                    challenge. It goes to the true A, which has a connection and ignores it.",
                chinese: "在窗口内，但不等于 RCV.NXT = 101。过去这会终止连接，现在 B 发出挑战 ACK。它到达真正的 A：A 的连接正常，忽略它。",
            },
        },
        LessonStep {
            lines: "\
                inject A <SEQ=7000><CTL=SYN>\n\
                deliver   refused: SynChallenged\n\
                deliver\n\
                B: ESTABLISHED",
            caption: Text {
                english: "A forged SYN gets the same treatment.", chinese: "伪造的 SYN 得到同样的处理。"
            },
        },
        LessonStep {
            lines: "\
                inject A <SEQ=101><ACK=4000000000><CTL=ACK><DATA=10>\n\
                deliver   refused: AckTooOld\n\
                deliver\n\
                B: ESTABLISHED UNREAD=0",
            caption: Text {
                english: "Forged bytes need a plausible ACK as well. This ACK is too old.",
                chinese: "伪造的数据还需要合理的 ACK。这个 ACK 太旧。",
            },
        },
        LessonStep {
            lines: "\
                inject A <SEQ=101><CTL=RST>\n\
                deliver\n\
                B: signal: Reset\n\
                B: CLOSED",
            caption: Text {
                english: "\
                    The exact number succeeds. Blind, it is one guess in four thousand million, not one in 65,536.",
                chinese: "\
                    准确的序列号会成功。盲猜的机会约为四十亿分之一，而不\
                    是 65,536 分之一。",
            },
        },
    ],
};

pub(super) const SYN_FLOOD: Lesson = Lesson {
    name: "syn-flood",
    title: Text { english: "A SYN flood, and cookies", chinese: "SYN 洪泛与 SYN Cookie" },
    about: Text {
        english: "\
            A SYN is cheap to forge, and each one makes a server keep a half-open connection: a flood fills the \
            table. With SYN cookies (RFC 4987) a server without room keeps nothing. Its initial sequence number is a \
            keyed hash of the connection. An ACK that returns it proves that the peer is real, and the connection is \
            made from the ACK.",
        chinese: "\
            伪造 SYN 成本很低，而每个 SYN 都让服务器保存一个半连接：洪泛会填\
            满表。使用 SYN Cookie（RFC 4987）时，没有空间的服务器什么也不保存：\
            它的初始序列号是连接信息的带密钥哈希。能返回这个号的 ACK 证\
            明对端真实存在，连接由这个 ACK 建立。",
    },
    visits: [&[State::SynSent, State::Established], &[State::Listen, State::SynReceived, State::Established]],
    steps: &[
        LessonStep {
            lines: "\
                B: open passive\n\
                B: answer with cookies",
            caption: Text {
                english: "B listens. Its table is full, so it answers SYNs with cookies.",
                chinese: "B 在监听。它的表已满，因此用 Cookie 回答 SYN。",
            },
        },
        LessonStep {
            lines: "\
                inject A <SEQ=1000><CTL=SYN>\n\
                inject A <SEQ=2000><CTL=SYN>\n\
                inject A <SEQ=3000><CTL=SYN>\n\
                deliver\n\
                deliver\n\
                deliver\n\
                B: LISTEN",
            caption: Text {
                english: "\
                    The flood: SYNs with forged addresses. B answers each, and stays in LISTEN. It keeps nothing, so \
                    the flood costs no memory.",
                chinese: "洪泛：带有伪造地址的 SYN。B 逐个回答，仍停留在 LISTEN。它什么也不保存，洪泛不占内存。",
            },
        },
        LessonStep {
            lines: "\
                lose\n\
                lose\n\
                lose",
            caption: Text {
                english: "The answers go to addresses where nobody asked. They are lost.",
                chinese: "回答发往无人请求的地址，全部丢失。",
            },
        },
        LessonStep {
            lines: "\
                inject A <SEQ=1001><ACK=12345><CTL=ACK>\n\
                deliver   refused: AckInListen\n\
                lose",
            caption: Text {
                english: "Without the answer the attacker can only guess the cookie. A wrong one is refused.",
                chinese: "攻击者没有收到回答，只能猜测 Cookie。猜错即被拒绝。",
            },
        },
        LessonStep {
            lines: "\
                A: open active\n\
                deliver\n\
                B: LISTEN",
            caption: Text {
                english: "The true A opens. B answers it with a cookie too, and keeps nothing.",
                chinese: "真正的 A 打开连接。B 同样用 Cookie 回答，什么也不保存。",
            },
        },
        LessonStep {
            lines: "\
                deliver\n\
                A: ESTABLISHED\n\
                deliver\n\
                B: ESTABLISHED",
            caption: Text {
                english: "\
                    A notices nothing: to A the cookie is a number like any other, which its ACK returns. B \
                    recognises its own hash, and makes the connection from the ACK alone.",
                chinese: "A 毫无察觉：对 A 来说，Cookie 只是一个普通的序列号，由它的 ACK 返回。B 认出自己的哈希，仅凭这个 ACK 建立连接。",
            },
        },
    ],
};

//! Lessons: how a connection closes.

use super::lesson::{Lesson, LessonStep, OPENED, Text};
use crate::State;

pub(super) const THREE_SEGMENTS: Lesson = Lesson {
    name: "three-segments",
    title: Text { english: "When a close takes three segments", chinese: "什么时候只需三次挥手" },
    about: Text {
        english: "\
            The second and the third message of a close go the same way. If B's user closes before the \
            acknowledgment leaves, one segment carries both: FIN and ACK. A then goes from FIN-WAIT-1 to TIME-WAIT \
            directly.",
        chinese: "\
            挥手的第二个和第三个报文方向相同。如果 B 的应用在确认发出之前\
            就关闭，一个报文段就能同时携带 FIN 和 ACK。A 从 FIN-WAIT-1 直接进入 TIME-WAIT。",
    },
    visits: [
        &[State::SynSent, State::Established, State::FinWait1, State::TimeWait, State::Closed],
        &[State::Listen, State::SynReceived, State::Established, State::CloseWait, State::LastAck, State::Closed],
    ],
    steps: &[
        OPENED,
        LessonStep {
            lines: "\
                A: close\n\
                A: FIN-WAIT-1",
            caption: Text { english: "First segment: the FIN of A.", chinese: "第一个报文段：A 的 FIN。" },
        },
        LessonStep {
            lines: "\
                deliver & B: close\n\
                B: LAST-ACK\n\
                B: --> <SEQ=301><ACK=102><CTL=FIN,ACK>",
            caption: Text {
                english: "\
                    Second segment: B's user closes at once, before B has answered. FIN and ACK share a segment.",
                chinese: "\
                    第二个报文段：B 的应用立即关闭，此时 B 还没有回答。FIN 与 ACK 合\
                    并。",
            },
        },
        LessonStep {
            lines: "\
                deliver\n\
                A: FIN-WAIT-1 -> TIME-WAIT\n\
                deliver\n\
                B: CLOSED",
            caption: Text {
                english: "\
                    A has skipped FIN-WAIT-2. Third segment: the ACK of B's FIN. B is done after three segments.",
                chinese: "A 跳过了 FIN-WAIT-2。第三个报文段：对 B 的 FIN 的确认。三个报文段之后，B 结束。",
            },
        },
        LessonStep {
            lines: "\
                + 2 MSL\n\
                A: CLOSED",
            caption: Text { english: "A waits for 2 MSL, as always.", chinese: "A 照常等待 2 MSL。" },
        },
    ],
};

pub(super) const HALF_CLOSE: Lesson = Lesson {
    name: "half-close",
    title: Text {
        english: "Half-close: done sending, still reading", chinese: "半关闭：不再发送，仍可接收"
    },
    about: Text {
        english: "\
            CLOSE means \"I have no more to send\". The other direction stays open: A in FIN-WAIT-2 still receives \
            and acknowledges, B in CLOSE-WAIT still sends. A request and its answer can end this way.",
        chinese: "\
            CLOSE 的意思是“我没有数据要发了”。另一个方向仍然打开：A 在 FIN-WAIT-2 仍\
            接收并确认，B 在 CLOSE-WAIT 仍可发送。请求与应答可以这样结束。",
    },
    visits: [
        &[State::SynSent, State::Established, State::FinWait1, State::FinWait2, State::TimeWait, State::Closed],
        &[State::Listen, State::SynReceived, State::Established, State::CloseWait, State::LastAck, State::Closed],
    ],
    steps: &[
        OPENED,
        LessonStep {
            lines: "\
                A: send 5\n\
                A: close",
            caption: Text {
                english: "A sends its request, five bytes, and closes.",
                chinese: "A 发送 5 字节的请求，然后关闭。",
            },
        },
        LessonStep {
            lines: "A: send 1   => error: connection closing",
            caption: Text {
                english: "A may send no more: SEND is an error now.",
                chinese: "A 不能再发送：SEND 返回错误。",
            },
        },
        LessonStep {
            lines: "\
                deliver all\n\
                A: FIN-WAIT-2\n\
                B: CLOSE-WAIT",
            caption: Text {
                english: "B has everything, and knows that nothing follows.",
                chinese: "B 收到全部数据，并知道之后不再有数据。",
            },
        },
        LessonStep {
            lines: "\
                B: send 20\n\
                deliver   delivers 0..20\n\
                A: FIN-WAIT-2\n\
                deliver\n\
                B: CLOSE-WAIT UNSENT=0 IN-FLIGHT=0",
            caption: Text {
                english: "B answers with 20 bytes. A still receives them, and acknowledges them, also after its FIN.",
                chinese: "B 回答 20 字节。A 仍然接收，即使已发送 FIN，也会确认。",
            },
        },
        LessonStep {
            lines: "\
                B: close\n\
                deliver all\n\
                A: TIME-WAIT\n\
                B: CLOSED",
            caption: Text { english: "B closes its direction too.", chinese: "B 也关闭自己的方向。" },
        },
        LessonStep {
            lines: "\
                + 2 MSL\n\
                A: CLOSED",
            caption: Text { english: "After 2 MSL A is done, too.", chinese: "2 MSL 之后，A 也结束。" },
        },
    ],
};

pub(super) const CLOSING: Lesson = Lesson {
    name: "closing",
    title: Text { english: "Both close at once", chinese: "同时关闭" },
    about: Text {
        english: "\
            Both users close before either FIN has arrived. The FINs cross. Each end has the peer's FIN, but no ACK \
            of its own: that is CLOSING. Both ends pass through TIME-WAIT (RFC 9293, Figure 13).",
        chinese: "\
            双方都在对方的 FIN 到达之前关闭，两个 FIN 交叉。每一端都收到了对方\
            的 FIN，却还没有收到对自己 FIN 的确认：这就是 CLOSING。双方都要经\
            过 TIME-WAIT（RFC 9293 图 13）。",
    },
    visits: [
        &[State::SynSent, State::Established, State::FinWait1, State::Closing, State::TimeWait, State::Closed],
        &[
            State::Listen,
            State::SynReceived,
            State::Established,
            State::FinWait1,
            State::Closing,
            State::TimeWait,
            State::Closed,
        ],
    ],
    steps: &[
        OPENED,
        LessonStep {
            lines: "\
                A: close\n\
                B: close",
            caption: Text {
                english: "Both users close. Two FINs are in flight.",
                chinese: "双方同时关闭，两个 FIN 在途中。",
            },
        },
        LessonStep {
            lines: "\
                deliver\n\
                B: CLOSING",
            caption: Text {
                english: "B is in FIN-WAIT-1 and gets a FIN without an ACK of its own: CLOSING.",
                chinese: "B 在 FIN-WAIT-1 收到 FIN，但没有对自己 FIN 的确认：CLOSING。",
            },
        },
        LessonStep {
            lines: "\
                deliver <SEQ=301><ACK=101><CTL=FIN,ACK>\n\
                A: CLOSING",
            caption: Text { english: "The same at A.", chinese: "A 也一样。" },
        },
        LessonStep {
            lines: "\
                deliver\n\
                deliver\n\
                A: TIME-WAIT\n\
                B: TIME-WAIT",
            caption: Text {
                english: "The two ACKs arrive: TIME-WAIT at both ends.",
                chinese: "两个 ACK 到达：双方都进入 TIME-WAIT。",
            },
        },
        LessonStep {
            lines: "\
                + 2 MSL\n\
                A: CLOSED\n\
                B: CLOSED",
            caption: Text { english: "Both wait for 2 MSL.", chinese: "双方都等待 2 MSL。" },
        },
    ],
};

//! Lessons: what TIME-WAIT is for.

use super::lesson::{Lesson, LessonStep, OPENED, Text};
use crate::State;

pub(super) const LAST_ACK: Lesson = Lesson {
    name: "last-ack",
    title: Text { english: "The last ACK is lost", chinese: "最后一个 ACK 丢失" },
    about: Text {
        english: "\
            A cannot know whether its last ACK arrives: nobody acknowledges an ACK. That is one reason for \
            TIME-WAIT. If the ACK is lost, B sends its FIN again, and A must be there to answer.",
        chinese: "\
            A 无法知道最后的 ACK 是否到达，因为没有人确认 ACK。这是 TIME-WAIT 存\
            在的原因之一：ACK 若丢失，B 会重发 FIN，而 A 必须还在，才能回答。",
    },
    visits: [
        &[State::SynSent, State::Established, State::FinWait1, State::FinWait2, State::TimeWait, State::Closed],
        &[State::Listen, State::SynReceived, State::Established, State::CloseWait, State::LastAck, State::Closed],
    ],
    steps: &[
        OPENED,
        LessonStep {
            lines: "\
                A: close\n\
                deliver all\n\
                B: close\n\
                B: LAST-ACK",
            caption: Text {
                english: "A closes, then B, which sends its FIN.",
                chinese: "A 先关闭，B 随后关闭，并发送 FIN。",
            },
        },
        LessonStep {
            lines: "\
                deliver\n\
                A: TIME-WAIT",
            caption: Text {
                english: "A acknowledges the FIN, and starts the 2 MSL timer.",
                chinese: "A 确认 FIN，启动 2 MSL 定时器。",
            },
        },
        LessonStep {
            lines: "\
                lose\n\
                B: LAST-ACK",
            caption: Text {
                english: "The ACK is lost. B stays in LAST-ACK, and its retransmission timer runs.",
                chinese: "ACK 丢失。B 停留在 LAST-ACK，重传定时器在运行。",
            },
        },
        LessonStep {
            lines: "\
                + next\n\
                B: --> <SEQ=301><ACK=102><CTL=FIN,ACK>",
            caption: Text {
                english: "After one second the timer fires: B sends its FIN again.",
                chinese: "一秒后定时器到期：B 重发 FIN。",
            },
        },
        LessonStep {
            lines: "\
                deliver\n\
                A: TIME-WAIT TIMER=4m\n\
                A: --> <SEQ=102><ACK=302><CTL=ACK>\n\
                deliver\n\
                B: CLOSED",
            caption: Text {
                english: "A answers from TIME-WAIT, and 2 MSL begin again. When the answer arrives, B is done.",
                chinese: "A 在 TIME-WAIT 中回答，2 MSL 重新计时。回答到达后，B 结束。",
            },
        },
        LessonStep {
            lines: "\
                + 2 MSL\n\
                A: CLOSED",
            caption: Text {
                english: "\
                    After 2 MSL A is done, too. Without TIME-WAIT, B would have got a reset for an orderly close.",
                chinese: "2 MSL 之后，A 也结束。如果没有 TIME-WAIT，正常关闭的 B 会收到 RST。",
            },
        },
    ],
};

pub(super) const TWO_MSL: Lesson = Lesson {
    name: "two-msl",
    title: Text { english: "2 MSL, and the ports again", chinese: "2 MSL 与端口重用" },
    about: Text {
        english: "\
            TIME-WAIT has a second reason: a segment of the old connection may still be in the network, and must not \
            be taken for one of the next connection between the same ports. After two maximum segment lifetimes it \
            is gone. As a second guard, a clock moves the initial sequence numbers on.",
        chinese: "\
            TIME-WAIT 的第二个原因：旧连接的报文段可能仍在网络中，不能被同一\
            对端口上的下一个连接误收。经过两个最大报文段生存时间后，它已\
            消失。此外，初始序列号随时钟前进，构成第二道防线。",
    },
    visits: [
        &[
            State::SynSent,
            State::Established,
            State::FinWait1,
            State::FinWait2,
            State::TimeWait,
            State::Closed,
            State::SynSent,
            State::Established,
        ],
        &[
            State::Listen,
            State::SynReceived,
            State::Established,
            State::CloseWait,
            State::LastAck,
            State::Closed,
            State::Listen,
            State::SynReceived,
            State::Established,
        ],
    ],
    steps: &[
        OPENED,
        LessonStep {
            lines: "\
                A: send 5\n\
                double",
            caption: Text {
                english: "A sends five bytes. The network makes a copy, and the copy goes astray.",
                chinese: "A 发送 5 字节。网络复制了这个报文段，副本走了弯路。",
            },
        },
        LessonStep {
            lines: "\
                deliver 1   delivers 0..5\n\
                deliver 2",
            caption: Text {
                english: "B acknowledges the original. The copy still wanders.",
                chinese: "B 确认原报文段。副本仍在网络中游荡。",
            },
        },
        LessonStep {
            lines: "\
                A: close\n\
                deliver 2\n\
                deliver 2\n\
                B: close\n\
                deliver 2\n\
                deliver 2\n\
                A: TIME-WAIT\n\
                B: CLOSED",
            caption: Text {
                english: "Both close. A is in TIME-WAIT.", chinese: "双方关闭。A 进入 TIME-WAIT。"
            },
        },
        LessonStep {
            lines: "A: open active   => error: connection already exists",
            caption: Text {
                english: "The ports are not free yet: an OPEN fails (on real systems: address already in use).",
                chinese: "端口尚未释放：OPEN 失败（实际系统中：address already in use）。",
            },
        },
        LessonStep {
            lines: "\
                + 2 MSL\n\
                A: CLOSED",
            caption: Text {
                english: "2 MSL pass. By now the copy should be gone. Here it lives on, as in a broken network.",
                chinese: "2 MSL 过去。副本本应消失；这里让它继续存在，模拟有缺陷的网络。",
            },
        },
        LessonStep {
            lines: "\
                B: open passive\n\
                A: open active\n\
                deliver 2\n\
                deliver 2\n\
                deliver 2\n\
                B: ESTABLISHED",
            caption: Text {
                english: "The same ports, a new life. The clock has moved the initial sequence numbers far on.",
                chinese: "同样的端口，新的连接。时钟已使初始序列号前进很远。",
            },
        },
        LessonStep {
            lines: "\
                deliver   refused: NotAcceptable\n\
                B: ESTABLISHED UNREAD=0",
            caption: Text {
                english: "\
                    The copy arrives, but its number lies outside the window of the new life. No byte of it is \
                    delivered.",
                chinese: "\
                    副本到达，但它的序列号在新连接的窗口之外，一个字节也不\
                    会交付。",
            },
        },
    ],
};

//! Lessons: connections that stay, though nobody uses them.

use super::lesson::{Lesson, LessonStep, OPENED, Text};
use crate::State;

pub(super) const FIN_WAIT_2: Lesson = Lesson {
    name: "fin-wait-2",
    title: Text { english: "FIN-WAIT-2 leaks", chinese: "FIN-WAIT-2 泄漏" },
    about: Text {
        english: "\
            In FIN-WAIT-2 an end waits for the peer's FIN, and RFC 9293 has no timer for that. A peer that never \
            closes holds it there. Systems end the wait once their user is gone: the Linux setting tcp_fin_timeout \
            is the length of this wait, not of TIME-WAIT.",
        chinese: "\
            在 FIN-WAIT-2，一端等待对方的 FIN，而 RFC 9293 没有为此规定定时器。从\
            不关闭的对端会让它一直等待。实际系统在应用离开后结束等待：\
            Linux 的 tcp_fin_timeout 就是这个时间，而不是 TIME-WAIT 的时间。",
    },
    visits: [
        &[State::SynSent, State::Established, State::FinWait1, State::FinWait2, State::Closed],
        &[State::Listen, State::SynReceived, State::Established, State::CloseWait, State::Closed],
    ],
    steps: &[
        LessonStep {
            lines: "\
                A: config fin_wait_2_timeout=60s\n\
                B: open passive\n\
                A: open active\n\
                deliver all\n\
                A: ESTABLISHED\n\
                B: ESTABLISHED",
            caption: Text {
                english: "Three messages have opened the connection.",
                chinese: "三次握手已完成，连接建立。",
            },
        },
        LessonStep {
            lines: "\
                A: close\n\
                deliver all\n\
                A: FIN-WAIT-2 TIMER=none\n\
                B: CLOSE-WAIT",
            caption: Text {
                english: "A has closed. B's program has not, so A waits in FIN-WAIT-2. No timer runs.",
                chinese: "\
                    A 已关闭，B 的程序没有关闭，所以 A 在 FIN-WAIT-2 等待。没有定\
                    时器在运行。",
            },
        },
        LessonStep {
            lines: "\
                + 24h\n\
                A: FIN-WAIT-2\n\
                A: detach\n\
                A: FIN-WAIT-2 TIMER=1m",
            caption: Text {
                english: "\
                    A day later A is still there. Then A's program ends, so nobody reads any more: now the \
                    FIN-WAIT-2 timeout runs, 60 seconds.",
                chinese: "一天之后，A 仍在那里。随后 A 的程序退出，不再有人读取：此时 FIN-WAIT-2 超时开始计时，60 秒。",
            },
        },
        LessonStep {
            lines: "\
                + 60s\n\
                A: CLOSED",
            caption: Text {
                english: "The timer ends the wait. A keeps nothing.",
                chinese: "定时器结束等待，A 不再保留任何状态。",
            },
        },
        LessonStep {
            lines: "\
                B: send 5\n\
                deliver   refused: NoConnection\n\
                deliver\n\
                B: signal: Reset\n\
                B: CLOSED",
            caption: Text {
                english: "B does not know that A is gone, and sends. A's reset ends B's half as well.",
                chinese: "B 不知道 A 已离开，继续发送。A 的 RST 也结束了 B 的那一半。",
            },
        },
    ],
};

pub(super) const CLOSE_WAIT: Lesson = Lesson {
    name: "close-wait",
    title: Text { english: "CLOSE-WAIT piles up", chinese: "CLOSE-WAIT 堆积" },
    about: Text {
        english: "\
            CLOSE-WAIT means: the peer has closed, and our own program has not. No timer of TCP ends it, because the \
            program may still want to send. A server with thousands of connections in CLOSE-WAIT has a bug: it \
            forgets to close.",
        chinese: "\
            CLOSE-WAIT 的意思是：对端已关闭，而我们自己的程序还没有关闭。TCP 没\
            有定时器结束它，因为程序可能还要发送数据。服务器上有成千上万\
            的 CLOSE-WAIT，说明程序有缺陷：忘了 close。",
    },
    visits: [
        &[State::SynSent, State::Established, State::FinWait1, State::FinWait2, State::Closed],
        &[State::Listen, State::SynReceived, State::Established, State::CloseWait, State::LastAck, State::Closed],
    ],
    steps: &[
        OPENED,
        LessonStep {
            lines: "\
                A: close\n\
                deliver\n\
                B: signal: Closing\n\
                B: CLOSE-WAIT",
            caption: Text {
                english: "\
                    A closes. TCP tells B's program at once: the signal Closing, which is read() = 0 on a socket.",
                chinese: "\
                    A 关闭。TCP 立即通知 B 的程序：信号 Closing，即套接字上的 read() = 0。",
            },
        },
        LessonStep {
            lines: "\
                deliver\n\
                + 24h\n\
                B: CLOSE-WAIT TIMER=none\n\
                A: crash\n\
                + 24h\n\
                B: CLOSE-WAIT",
            caption: Text {
                english: "\
                    B's program ignores it. A day later B is still in CLOSE-WAIT, without a timer. Even A's restart \
                    changes nothing: B has nothing to send, so it never learns of it.",
                chinese: "B 的程序置之不理。一天后 B 仍在 CLOSE-WAIT，没有定时器。即使 A 重启也没有变化：B 没有数据要发，所以永远不会得知。",
            },
        },
        LessonStep {
            lines: "\
                B: close\n\
                B: LAST-ACK",
            caption: Text {
                english: "Only the program's CLOSE leads out: B sends its FIN.",
                chinese: "只有程序调用 CLOSE 才能离开：B 发送 FIN。",
            },
        },
        LessonStep {
            lines: "\
                deliver   refused: NoConnection\n\
                deliver\n\
                B: CLOSED",
            caption: Text {
                english: "A has no such connection any more, and answers with a reset. B is done.",
                chinese: "A 已没有这个连接，用 RST 回答。B 结束。",
            },
        },
    ],
};

pub(super) const HALF_OPEN: Lesson = Lesson {
    name: "half-open",
    title: Text { english: "Half-open after a crash", chinese: "崩溃后的半打开连接" },
    about: Text {
        english: "\
            A crashes and forgets the connection; B knows nothing of it. When A opens again between the same ports, \
            B does not believe the SYN: it only repeats its own numbers. A's reset then proves that the old \
            connection is dead, and the next SYN succeeds (RFC 9293, Figure 9).",
        chinese: "\
            A 崩溃并忘记了连接，B 毫不知情。当 A 在同样的端口上重新打开时，\
            B 不会相信这个 SYN，只是重申自己的序列号。A 的 RST 证明旧连接已死，\
            下一个 SYN 就能成功（RFC 9293 图 9）。",
    },
    visits: [
        &[State::SynSent, State::Established, State::Closed, State::SynSent, State::Established],
        &[
            State::Listen,
            State::SynReceived,
            State::Established,
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
                A: crash\n\
                + 10s\n\
                A: CLOSED\n\
                B: ESTABLISHED",
            caption: Text {
                english: "A's host restarts. B still believes in the connection: it is half-open.",
                chinese: "A 的主机重启。B 仍相信连接存在：这就是半打开连接。",
            },
        },
        LessonStep {
            lines: "A: open active",
            caption: Text {
                english: "A opens again, from the same port. Its SYN has a number of the clock.",
                chinese: "A 从同一端口重新打开。它的 SYN 序列号来自时钟。",
            },
        },
        LessonStep {
            lines: "\
                deliver   refused: NotAcceptable\n\
                B: --> <SEQ=301><ACK=101><CTL=ACK>",
            caption: Text {
                english: "\
                    The number lies outside B's window. The SYN may be old or forged, so B only answers with its own \
                    numbers.",
                chinese: "\
                    序列号在 B 的窗口之外。这个 SYN 可能是旧的或伪造的，所以 B 只\
                    用自己的序列号回答。",
            },
        },
        LessonStep {
            lines: "\
                deliver   refused: AckInSynSent\n\
                A: --> <SEQ=101><CTL=RST>\n\
                deliver\n\
                B: signal: Reset\n\
                B: CLOSED",
            caption: Text {
                english: "\
                    A knows nothing of ACK 101, and sends a reset with exactly this number. It is right: B's old \
                    connection ends, and its user is told.",
                chinese: "A 不认识 ACK 101，于是用恰好这个序列号发送 RST。序列号正确：B 的旧连接结束，并通知应用。",
            },
        },
        LessonStep {
            lines: "\
                B: open passive\n\
                + next\n\
                A: SYN-SENT",
            caption: Text {
                english: "The server listens again. A's SYN is sent again after a second.",
                chinese: "服务器重新监听。一秒后 A 重发 SYN。",
            },
        },
        LessonStep {
            lines: "\
                deliver all\n\
                A: ESTABLISHED\n\
                B: ESTABLISHED",
            caption: Text { english: "The new connection is open.", chinese: "新连接建立。" },
        },
    ],
};

pub(super) const KEEP_ALIVE: Lesson = Lesson {
    name: "keep-alive",
    title: Text { english: "Keep-alive", chinese: "保活机制" },
    about: Text {
        english: "\
            An idle connection sends nothing, so a dead peer goes unnoticed. Keep-alive asks after two hours of \
            silence: a segment with an old number, which the peer must answer. It is off by default. Here it sends \
            three probes, 75 seconds apart.",
        chinese: "\
            空闲的连接什么也不发送，所以对端死亡不会被察觉。保活机制在静\
            默两小时后询问：发送一个带旧序列号的报文段，对端必须回答。默认\
            关闭。这里最多探测三次，间隔 75 秒。",
    },
    visits: [
        &[State::SynSent, State::Established],
        &[State::Listen, State::SynReceived, State::Established, State::Closed],
    ],
    steps: &[
        LessonStep {
            lines: "\
                B: config keep_alive=2h 75s 3\n\
                B: open passive\n\
                A: open active\n\
                deliver all\n\
                A: ESTABLISHED\n\
                B: ESTABLISHED",
            caption: Text {
                english: "Three messages have opened the connection.",
                chinese: "三次握手已完成，连接建立。",
            },
        },
        LessonStep {
            lines: "\
                + 2h\n\
                B: --> <SEQ=300><ACK=101><CTL=ACK>",
            caption: Text {
                english: "\
                    Two hours of silence. B sends a probe: SEQ 300 is a number that A has acknowledged long ago.",
                chinese: "静默两小时。B 发送探测报文段：SEQ 300 是 A 早已确认过的序列号。",
            },
        },
        LessonStep {
            lines: "\
                deliver   refused: NotAcceptable\n\
                A: --> <SEQ=101><ACK=301><CTL=ACK>\n\
                deliver\n\
                B: ESTABLISHED RETRANSMISSIONS=0",
            caption: Text {
                english: "\
                    A refuses the old number, and answers with an ACK. That is all that B wants to know: A is alive, \
                    and B is content for two more hours.",
                chinese: "A 拒绝旧序列号，并用 ACK 回答。B 想知道的正是这个：A 还活着。B 再等两小时。",
            },
        },
        LessonStep {
            lines: "\
                + 2h\n\
                lose\n\
                + 75s\n\
                lose\n\
                + 75s\n\
                lose\n\
                B: ESTABLISHED RETRANSMISSIONS=3",
            caption: Text {
                english: "Now the network is cut: three probes, and no answer.",
                chinese: "现在网络中断：三次探测都没有回答。",
            },
        },
        LessonStep {
            lines: "\
                + 75s\n\
                B: signal: TimedOut\n\
                B: CLOSED",
            caption: Text {
                english: "B gives up, and tells its user. A still believes in the connection.",
                chinese: "B 放弃，并通知应用。A 仍以为连接存在。",
            },
        },
    ],
};

//! An exchange for each arc, which takes it.

use tcp_lifecycle::State;
use tcp_lifecycle::State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived, SynSent, TimeWait,
};
use tcp_lifecycle::diagram::ARCS;

/// The start, the end, the label, and an exchange. The exchange begins at the start or leads there, and ends with the
/// cause of the arc, followed by the outputs other than the transition.
pub(crate) const WALKS: [(State, State, &str, &[&str]); ARCS.len()] = [
    (Closed, Listen, "passive OPEN", &["open passive"]),
    (Closed, SynSent, "active OPEN, SYN out", &["open active", "--> <SEQ=100><CTL=SYN>"]),
    (Listen, Closed, "CLOSE", &["LISTEN", "close"]),
    (Listen, Closed, "DETACH", &["LISTEN", "detach"]),
    (Listen, Closed, "ABORT", &["LISTEN", "abort"]),
    (
        Listen,
        SynReceived,
        "SYN in, SYN,ACK out",
        &["LISTEN", "<-- <SEQ=300><CTL=SYN>", "--> <SEQ=100><ACK=301><CTL=SYN,ACK>"],
    ),
    (Listen, SynSent, "active OPEN, SYN out", &["LISTEN", "open active", "--> <SEQ=100><CTL=SYN>"]),
    (SynSent, Closed, "CLOSE", &["SYN-SENT", "close"]),
    (SynSent, Closed, "DETACH", &["SYN-SENT", "detach"]),
    (SynSent, Closed, "ABORT", &["SYN-SENT", "abort"]),
    (SynSent, Closed, "RST in", &["SYN-SENT SND.NXT=101", "<-- <SEQ=0><ACK=101><CTL=RST,ACK>", "signal: Refused"]),
    (SynSent, Closed, "R2", &["config r1=0, syn_r2=1s", "SYN-SENT", "+ 1s", "signal: TimedOut"]),
    (
        SynSent,
        SynReceived,
        "SYN in, SYN,ACK out",
        &["SYN-SENT SND.NXT=101", "<-- <SEQ=300><CTL=SYN>", "--> <SEQ=100><ACK=301><CTL=SYN,ACK>"],
    ),
    (
        SynSent,
        Established,
        "SYN,ACK in, ACK out",
        &["SYN-SENT SND.NXT=101", "<-- <SEQ=300><ACK=101><CTL=SYN,ACK>", "--> <SEQ=101><ACK=301><CTL=ACK>"],
    ),
    (SynReceived, Listen, "RST in after a passive OPEN", &["SYN-RECEIVED RCV.NXT=301", "<-- <SEQ=301><CTL=RST>"]),
    (
        SynReceived,
        Listen,
        "SYN in after a passive OPEN",
        &["SYN-RECEIVED RCV.NXT=301", "<-- <SEQ=350><CTL=SYN> accepted"],
    ),
    (SynReceived, Listen, "R2 after a passive OPEN", &["config r1=0, syn_r2=1s", "SYN-RECEIVED", "+ 1s"]),
    (
        SynReceived,
        Closed,
        "RST in after an active OPEN",
        &[
            "SYN-SENT SND.NXT=101",
            "<-- <SEQ=300><CTL=SYN>",
            "--> <SEQ=100><ACK=301><CTL=SYN,ACK>",
            "SYN-RECEIVED",
            "<-- <SEQ=301><CTL=RST>",
            "signal: Refused",
        ],
    ),
    (
        SynReceived,
        Closed,
        "R2 after an active OPEN",
        &[
            "config r1=0, syn_r2=1s",
            "SYN-SENT SND.NXT=101",
            "<-- <SEQ=300><CTL=SYN>",
            "--> <SEQ=100><ACK=301><CTL=SYN,ACK>",
            "SYN-RECEIVED",
            "+ 1s",
            "signal: TimedOut",
        ],
    ),
    (SynReceived, Closed, "ABORT, RST out", &["SYN-RECEIVED SND.NXT=101", "abort", "--> <SEQ=101><CTL=RST>"]),
    (
        SynReceived,
        Established,
        "ACK of SYN in",
        &["SYN-RECEIVED SND.NXT=101 RCV.NXT=301", "<-- <SEQ=301><ACK=101><CTL=ACK>"],
    ),
    (
        SynReceived,
        FinWait1,
        "CLOSE, FIN out",
        &["SYN-RECEIVED SND.NXT=101 RCV.NXT=301", "close", "--> <SEQ=101><ACK=301><CTL=FIN,ACK>"],
    ),
    (
        SynReceived,
        Closed,
        "RST in after a CLOSE that was queued",
        &["SYN-RECEIVED RCV.NXT=301", "send 1", "close", "<-- <SEQ=301><CTL=RST>", "signal: Refused"],
    ),
    (
        SynReceived,
        Closed,
        "SYN in after a CLOSE that was queued",
        &["SYN-RECEIVED RCV.NXT=301", "send 1", "close", "<-- <SEQ=350><CTL=SYN> accepted", "signal: Reset"],
    ),
    (
        SynReceived,
        Closed,
        "R2 after a CLOSE that was queued",
        &["config r1=0, syn_r2=1s", "SYN-RECEIVED", "send 1", "close", "+ 1s", "signal: TimedOut"],
    ),
    (
        SynReceived,
        FinWait1,
        "DETACH, FIN out",
        &["SYN-RECEIVED SND.NXT=101 RCV.NXT=301", "detach", "--> <SEQ=101><ACK=301><CTL=FIN,ACK>"],
    ),
    (Established, FinWait1, "DETACH, FIN out", &["ESTABLISHED", "detach", "--> <SEQ=100><ACK=300><CTL=FIN,ACK>"]),
    (
        Established,
        Closed,
        "DETACH with bytes unread, RST out",
        &[
            "ESTABLISHED",
            "<-- <SEQ=300><ACK=100><CTL=ACK><DATA=1>",
            "--> <SEQ=100><ACK=301><CTL=ACK>",
            "detach",
            "--> <SEQ=100><CTL=RST>",
        ],
    ),
    (
        Established,
        Closed,
        "CLOSE half-duplex, with bytes unread, RST out",
        &[
            "config half_duplex_close=on",
            "ESTABLISHED",
            "<-- <SEQ=300><ACK=100><CTL=ACK><DATA=1>",
            "--> <SEQ=100><ACK=301><CTL=ACK>",
            "close",
            "--> <SEQ=100><CTL=RST>",
        ],
    ),
    (Established, FinWait1, "CLOSE, FIN out", &["ESTABLISHED", "close", "--> <SEQ=100><ACK=300><CTL=FIN,ACK>"]),
    (
        Established,
        CloseWait,
        "FIN in, ACK out",
        &["ESTABLISHED", "<-- <SEQ=300><ACK=100><CTL=FIN,ACK>", "signal: Closing", "--> <SEQ=100><ACK=301><CTL=ACK>"],
    ),
    (Established, Closed, "RST in", &["ESTABLISHED", "<-- <SEQ=300><CTL=RST>", "signal: Reset"]),
    (Established, Closed, "ABORT, RST out", &["ESTABLISHED", "abort", "--> <SEQ=100><CTL=RST>"]),
    (
        Established,
        Closed,
        "R2",
        &[
            "config r1=0, r2=1s",
            "ESTABLISHED",
            "send 1",
            "--> <SEQ=100><ACK=300><CTL=ACK><DATA=1>",
            "+ 1s",
            "signal: TimedOut",
        ],
    ),
    (FinWait1, FinWait2, "ACK of FIN in", &["FIN-WAIT-1 SND.NXT=101", "<-- <SEQ=300><ACK=101><CTL=ACK>"]),
    (
        FinWait1,
        Closing,
        "FIN in, ACK out",
        &[
            "FIN-WAIT-1 SND.NXT=101",
            "<-- <SEQ=300><ACK=100><CTL=FIN,ACK>",
            "signal: Closing",
            "--> <SEQ=101><ACK=301><CTL=ACK>",
        ],
    ),
    (
        FinWait1,
        TimeWait,
        "FIN with ACK of FIN in, ACK out",
        &[
            "FIN-WAIT-1 SND.NXT=101",
            "<-- <SEQ=300><ACK=101><CTL=FIN,ACK>",
            "signal: Closing",
            "--> <SEQ=101><ACK=301><CTL=ACK>",
        ],
    ),
    (FinWait1, Closed, "RST in", &["FIN-WAIT-1", "<-- <SEQ=300><CTL=RST>", "signal: Reset"]),
    (FinWait1, Closed, "ABORT, RST out", &["FIN-WAIT-1 SND.NXT=101", "abort", "--> <SEQ=101><CTL=RST>"]),
    (FinWait1, Closed, "R2", &["config r1=0, r2=1s", "FIN-WAIT-1", "+ 1s", "signal: TimedOut"]),
    (
        FinWait2,
        TimeWait,
        "FIN in, ACK out",
        &[
            "FIN-WAIT-2 SND.NXT=101",
            "<-- <SEQ=300><ACK=101><CTL=FIN,ACK>",
            "signal: Closing",
            "--> <SEQ=101><ACK=301><CTL=ACK>",
        ],
    ),
    (FinWait2, Closed, "RST in", &["FIN-WAIT-2", "<-- <SEQ=300><CTL=RST>", "signal: Reset"]),
    (FinWait2, Closed, "ABORT, RST out", &["FIN-WAIT-2 SND.NXT=101", "abort", "--> <SEQ=101><CTL=RST>"]),
    (
        FinWait2,
        Closed,
        "payload in without a user, RST out",
        &[
            "FIN-WAIT-2 SND.NXT=101",
            "detach",
            "<-- <SEQ=300><ACK=101><CTL=ACK><DATA=1> accepted",
            "signal: Reset",
            "--> <SEQ=101><CTL=RST>",
        ],
    ),
    (
        FinWait2,
        Closed,
        "FIN-WAIT-2 timeout without a user",
        &["config fin_wait_2_timeout=1s", "FIN-WAIT-2", "detach", "+ 1s", "signal: TimedOut"],
    ),
    (CloseWait, LastAck, "CLOSE, FIN out", &["CLOSE-WAIT RCV.NXT=301", "close", "--> <SEQ=100><ACK=301><CTL=FIN,ACK>"]),
    (
        CloseWait,
        LastAck,
        "DETACH, FIN out",
        &["CLOSE-WAIT RCV.NXT=301", "detach", "--> <SEQ=100><ACK=301><CTL=FIN,ACK>"],
    ),
    (CloseWait, Closed, "RST in", &["CLOSE-WAIT RCV.NXT=301", "<-- <SEQ=301><CTL=RST>", "signal: Reset"]),
    (CloseWait, Closed, "ABORT, RST out", &["CLOSE-WAIT", "abort", "--> <SEQ=100><CTL=RST>"]),
    (
        CloseWait,
        Closed,
        "user timeout",
        &[
            "config user_timeout=1s",
            "CLOSE-WAIT RCV.NXT=301",
            "send 1",
            "--> <SEQ=100><ACK=301><CTL=ACK><DATA=1>",
            "+ 1s",
            "signal: TimedOut",
        ],
    ),
    (Closing, TimeWait, "ACK of FIN in", &["CLOSING SND.NXT=101 RCV.NXT=301", "<-- <SEQ=301><ACK=101><CTL=ACK>"]),
    (Closing, Closed, "RST in", &["CLOSING RCV.NXT=301", "<-- <SEQ=301><CTL=RST>", "signal: Reset"]),
    (Closing, Closed, "ABORT", &["CLOSING", "abort"]),
    (Closing, Closed, "R2", &["config r1=0, r2=1s", "CLOSING", "+ 1s", "signal: TimedOut"]),
    (LastAck, Closed, "ACK of FIN in", &["LAST-ACK SND.NXT=101 RCV.NXT=301", "<-- <SEQ=301><ACK=101><CTL=ACK>"]),
    (LastAck, Closed, "RST in", &["LAST-ACK RCV.NXT=301", "<-- <SEQ=301><CTL=RST>", "signal: Reset"]),
    (LastAck, Closed, "ABORT", &["LAST-ACK", "abort"]),
    (LastAck, Closed, "R2", &["config r1=0, r2=1s", "LAST-ACK", "+ 1s", "signal: TimedOut"]),
    (TimeWait, Closed, "2 MSL", &["TIME-WAIT", "+ 2 MSL"]),
    (TimeWait, Closed, "ABORT", &["TIME-WAIT", "abort"]),
    (
        TimeWait,
        Closed,
        "RST in by policy",
        &["config reset_in_time_wait=on", "TIME-WAIT RCV.NXT=301", "<-- <SEQ=301><CTL=RST>"],
    ),
];

/// Whether this line of the script is the event, which the transition must follow.
fn is_event(line: &&&str) -> bool {
    let calls = ["open", "close", "detach", "abort", "send", "<--", "+"];
    calls.iter().any(|call| line.starts_with(call))
}

/// The lines up to the event, and those after it.
pub(crate) fn split(lines: &'static [&'static str]) -> (&'static [&'static str], &'static [&'static str]) {
    let event = lines.len() - 1 - lines.iter().rev().position(|line| is_event(&line)).unwrap();
    lines.split_at(event + 1)
}

/// The script of an arc.
pub(crate) fn script((from, to, _, lines): (State, State, &str, &'static [&'static str])) -> String {
    let (before, after) = split(lines);
    format!("{}\n{from} -> {to}\n{}\n{to}", before.join("\n"), after.join("\n"))
}

//! The arcs as a table, with an exchange that walks each.

use tcp_lifecycle::State;
use tcp_lifecycle::State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived, SynSent, TimeWait,
};
use tcp_lifecycle::sim::check;

/// From, to, and what takes a connection along: an exchange that begins at `from` or leads there, and ends with the
/// event, followed by what comes out besides the transition.
pub(crate) const ARCS: &[(State, State, &str, &[&str])] = &[
    (Closed, Listen, "passive OPEN", &["open passive"]),
    (Closed, SynSent, "active OPEN", &["open active", "--> <SEQ=100><CTL=SYN>"]),
    (Listen, Closed, "CLOSE", &["LISTEN", "close"]),
    (Listen, Closed, "DETACH", &["LISTEN", "detach"]),
    (Listen, Closed, "ABORT", &["LISTEN", "abort"]),
    (Listen, SynReceived, "SYN", &["LISTEN", "<-- <SEQ=300><CTL=SYN>", "--> <SEQ=100><ACK=301><CTL=SYN,ACK>"]),
    (Listen, SynSent, "active OPEN", &["LISTEN", "open active", "--> <SEQ=100><CTL=SYN>"]),
    (SynSent, Closed, "CLOSE", &["SYN-SENT", "close"]),
    (SynSent, Closed, "DETACH", &["SYN-SENT", "detach"]),
    (SynSent, Closed, "ABORT", &["SYN-SENT", "abort"]),
    (SynSent, Closed, "reset", &["SYN-SENT SND.NXT=101", "<-- <SEQ=0><ACK=101><CTL=RST,ACK>", "signal: Refused"]),
    (SynSent, Closed, "timeout", &["config r1=0, syn_r2=1s", "SYN-SENT", "+ 1s", "signal: TimedOut"]),
    (
        SynSent,
        SynReceived,
        "SYN",
        &["SYN-SENT SND.NXT=101", "<-- <SEQ=300><CTL=SYN>", "--> <SEQ=100><ACK=301><CTL=SYN,ACK>"],
    ),
    (
        SynSent,
        Established,
        "SYN,ACK",
        &["SYN-SENT SND.NXT=101", "<-- <SEQ=300><ACK=101><CTL=SYN,ACK>", "--> <SEQ=101><ACK=301><CTL=ACK>"],
    ),
    (SynReceived, Listen, "reset, note 1", &["SYN-RECEIVED RCV.NXT=301", "<-- <SEQ=301><CTL=RST>"]),
    (SynReceived, Listen, "another SYN", &["SYN-RECEIVED RCV.NXT=301", "<-- <SEQ=350><CTL=SYN> accepted"]),
    (SynReceived, Listen, "timeout", &["config r1=0, syn_r2=1s", "SYN-RECEIVED", "+ 1s"]),
    (
        SynReceived,
        Closed,
        "reset, after an active OPEN",
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
        "timeout, after an active OPEN",
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
    (SynReceived, Closed, "ABORT", &["SYN-RECEIVED SND.NXT=101", "abort", "--> <SEQ=101><CTL=RST>"]),
    (
        SynReceived,
        Established,
        "ACK of SYN",
        &["SYN-RECEIVED SND.NXT=101 RCV.NXT=301", "<-- <SEQ=301><ACK=101><CTL=ACK>"],
    ),
    (
        SynReceived,
        FinWait1,
        "CLOSE",
        &["SYN-RECEIVED SND.NXT=101 RCV.NXT=301", "close", "--> <SEQ=101><ACK=301><CTL=FIN,ACK>"],
    ),
    (
        SynReceived,
        Closed,
        "reset, after a CLOSE that was queued (D18)",
        &["SYN-RECEIVED RCV.NXT=301", "send 1", "close", "<-- <SEQ=301><CTL=RST>", "signal: Refused"],
    ),
    (
        SynReceived,
        Closed,
        "another SYN, after a CLOSE that was queued (D18, D23)",
        &["SYN-RECEIVED RCV.NXT=301", "send 1", "close", "<-- <SEQ=350><CTL=SYN> accepted", "signal: Reset"],
    ),
    (
        SynReceived,
        Closed,
        "timeout, after a CLOSE that was queued (D18)",
        &["config r1=0, syn_r2=1s", "SYN-RECEIVED", "send 1", "close", "+ 1s", "signal: TimedOut"],
    ),
    (
        SynReceived,
        FinWait1,
        "DETACH",
        &["SYN-RECEIVED SND.NXT=101 RCV.NXT=301", "detach", "--> <SEQ=101><ACK=301><CTL=FIN,ACK>"],
    ),
    (Established, FinWait1, "DETACH", &["ESTABLISHED", "detach", "--> <SEQ=100><ACK=300><CTL=FIN,ACK>"]),
    (
        Established,
        Closed,
        "DETACH, with something unread",
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
        "CLOSE, half-duplex, with something unread",
        &[
            "config half_duplex_close=on",
            "ESTABLISHED",
            "<-- <SEQ=300><ACK=100><CTL=ACK><DATA=1>",
            "--> <SEQ=100><ACK=301><CTL=ACK>",
            "close",
            "--> <SEQ=100><CTL=RST>",
        ],
    ),
    (Established, FinWait1, "CLOSE", &["ESTABLISHED", "close", "--> <SEQ=100><ACK=300><CTL=FIN,ACK>"]),
    (
        Established,
        CloseWait,
        "FIN",
        &["ESTABLISHED", "<-- <SEQ=300><ACK=100><CTL=FIN,ACK>", "signal: Closing", "--> <SEQ=100><ACK=301><CTL=ACK>"],
    ),
    (Established, Closed, "reset, note 3", &["ESTABLISHED", "<-- <SEQ=300><CTL=RST>", "signal: Reset"]),
    (Established, Closed, "ABORT", &["ESTABLISHED", "abort", "--> <SEQ=100><CTL=RST>"]),
    (
        Established,
        Closed,
        "timeout",
        &[
            "config r1=0, r2=1s",
            "ESTABLISHED",
            "send 1",
            "--> <SEQ=100><ACK=300><CTL=ACK><DATA=1>",
            "+ 1s",
            "signal: TimedOut",
        ],
    ),
    (FinWait1, FinWait2, "ACK of FIN", &["FIN-WAIT-1 SND.NXT=101", "<-- <SEQ=300><ACK=101><CTL=ACK>"]),
    (
        FinWait1,
        Closing,
        "FIN",
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
        "FIN with ACK of FIN, note 2",
        &[
            "FIN-WAIT-1 SND.NXT=101",
            "<-- <SEQ=300><ACK=101><CTL=FIN,ACK>",
            "signal: Closing",
            "--> <SEQ=101><ACK=301><CTL=ACK>",
        ],
    ),
    (FinWait1, Closed, "reset", &["FIN-WAIT-1", "<-- <SEQ=300><CTL=RST>", "signal: Reset"]),
    (FinWait1, Closed, "ABORT", &["FIN-WAIT-1 SND.NXT=101", "abort", "--> <SEQ=101><CTL=RST>"]),
    (FinWait1, Closed, "timeout", &["config r1=0, r2=1s", "FIN-WAIT-1", "+ 1s", "signal: TimedOut"]),
    (
        FinWait2,
        TimeWait,
        "FIN",
        &[
            "FIN-WAIT-2 SND.NXT=101",
            "<-- <SEQ=300><ACK=101><CTL=FIN,ACK>",
            "signal: Closing",
            "--> <SEQ=101><ACK=301><CTL=ACK>",
        ],
    ),
    (FinWait2, Closed, "reset", &["FIN-WAIT-2", "<-- <SEQ=300><CTL=RST>", "signal: Reset"]),
    (FinWait2, Closed, "ABORT", &["FIN-WAIT-2 SND.NXT=101", "abort", "--> <SEQ=101><CTL=RST>"]),
    (
        FinWait2,
        Closed,
        "payload, when the user is gone",
        &[
            "FIN-WAIT-2 SND.NXT=101",
            "detach",
            "<-- <SEQ=300><ACK=101><CTL=ACK><DATA=1> accepted",
            "signal: Reset",
            "--> <SEQ=101><CTL=RST>",
        ],
    ),
    (FinWait2, Closed, "policy", &["config fin_wait_2_timeout=1s", "FIN-WAIT-2", "detach", "+ 1s", "signal: TimedOut"]),
    (CloseWait, LastAck, "CLOSE", &["CLOSE-WAIT RCV.NXT=301", "close", "--> <SEQ=100><ACK=301><CTL=FIN,ACK>"]),
    (CloseWait, LastAck, "DETACH", &["CLOSE-WAIT RCV.NXT=301", "detach", "--> <SEQ=100><ACK=301><CTL=FIN,ACK>"]),
    (CloseWait, Closed, "reset", &["CLOSE-WAIT RCV.NXT=301", "<-- <SEQ=301><CTL=RST>", "signal: Reset"]),
    (CloseWait, Closed, "ABORT", &["CLOSE-WAIT", "abort", "--> <SEQ=100><CTL=RST>"]),
    (
        CloseWait,
        Closed,
        "timeout",
        &[
            "config user_timeout=1s",
            "CLOSE-WAIT RCV.NXT=301",
            "send 1",
            "--> <SEQ=100><ACK=301><CTL=ACK><DATA=1>",
            "+ 1s",
            "signal: TimedOut",
        ],
    ),
    (Closing, TimeWait, "ACK of FIN", &["CLOSING SND.NXT=101 RCV.NXT=301", "<-- <SEQ=301><ACK=101><CTL=ACK>"]),
    (Closing, Closed, "reset", &["CLOSING RCV.NXT=301", "<-- <SEQ=301><CTL=RST>", "signal: Reset"]),
    (Closing, Closed, "ABORT", &["CLOSING", "abort"]),
    (Closing, Closed, "timeout", &["config r1=0, r2=1s", "CLOSING", "+ 1s", "signal: TimedOut"]),
    (LastAck, Closed, "ACK of FIN", &["LAST-ACK SND.NXT=101 RCV.NXT=301", "<-- <SEQ=301><ACK=101><CTL=ACK>"]),
    (LastAck, Closed, "reset", &["LAST-ACK RCV.NXT=301", "<-- <SEQ=301><CTL=RST>", "signal: Reset"]),
    (LastAck, Closed, "ABORT", &["LAST-ACK", "abort"]),
    (LastAck, Closed, "timeout", &["config r1=0, r2=1s", "LAST-ACK", "+ 1s", "signal: TimedOut"]),
    (TimeWait, Closed, "2 MSL", &["TIME-WAIT", "+ 2 MSL"]),
    (TimeWait, Closed, "ABORT", &["TIME-WAIT", "abort"]),
    (
        TimeWait,
        Closed,
        "reset, by policy",
        &["config reset_in_time_wait=on", "TIME-WAIT RCV.NXT=301", "<-- <SEQ=301><CTL=RST>"],
    ),
];

/// The line of the script where the event is, behind which the transition must come.
fn is_event(line: &&&str) -> bool {
    let calls = ["open", "close", "detach", "abort", "send", "<--", "+"];
    calls.iter().any(|call| line.starts_with(call))
}

#[test]
fn every_arc_can_be_walked() {
    for (from, to, _, lines) in ARCS {
        let event = lines.len() - 1 - lines.iter().rev().position(|line| is_event(&line)).unwrap();
        let (before, after) = lines.split_at(event + 1);
        check(&format!("{}\n{from} -> {to}\n{}\n{to}", before.join("\n"), after.join("\n")));
    }
}

/// The arcs that Figure 5 draws, without those that lead to CLOSED or back to LISTEN.
#[test]
fn the_table_has_every_arc_of_the_figure() {
    let figure = [
        (Closed, Listen),
        (Closed, SynSent),
        (Listen, Closed),
        (Listen, SynReceived),
        (Listen, SynSent),
        (SynSent, Closed),
        (SynSent, SynReceived),
        (SynSent, Established),
        (SynReceived, Listen),
        (SynReceived, Established),
        (SynReceived, FinWait1),
        (Established, FinWait1),
        (Established, CloseWait),
        (FinWait1, FinWait2),
        (FinWait1, Closing),
        (FinWait1, TimeWait),
        (FinWait2, TimeWait),
        (CloseWait, LastAck),
        (Closing, TimeWait),
        (LastAck, Closed),
        (TimeWait, Closed),
    ];
    for arc in figure {
        assert!(ARCS.iter().any(|(from, to, _, _)| arc == (*from, *to)), "{} -> {}", arc.0, arc.1);
    }
    for (from, to, event, _) in ARCS {
        assert!(figure.contains(&(*from, *to)) || *to == Closed, "{from} -> {to} by {event}");
    }
}

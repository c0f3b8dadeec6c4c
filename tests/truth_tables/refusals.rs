//! Every [`Refusal`] has a segment that causes it, a message, and a rule that exists.

use tcp_lifecycle::Refusal;

use super::table::table;

/// Timestamps are agreed, and the last was 50.
const WITH_TIMESTAMPS: &str = "
    config timestamps=on
    open active
    --> <SEQ=100><CTL=SYN>
    SYN-SENT
    <-- <SEQ=299><ACK=101><CTL=SYN,ACK><TS=50,0>
    --> <SEQ=101><ACK=300><CTL=ACK>
    ESTABLISHED
";

/// Each refusal, a state, and a segment that is refused for that reason, with its answer.
const REFUSALS: [(Refusal, &str, &str); 22] = [
    (Refusal::ResetWithoutConnection, "CLOSED", "<SEQ=1><CTL=RST> =>"),
    (Refusal::NoConnection, "CLOSED", "<SEQ=1><CTL=SYN> => <SEQ=0><ACK=2><CTL=RST,ACK>"),
    (Refusal::ResetInListen, "LISTEN", "<SEQ=1><CTL=RST> =>"),
    (Refusal::AckInListen, "LISTEN", "<SEQ=1><ACK=5><CTL=ACK> => <SEQ=5><CTL=RST>"),
    (Refusal::NoSynInListen, "LISTEN", "<SEQ=1><CTL=FIN> =>"),
    (Refusal::AckInSynSent, "SYN-SENT", "<SEQ=1><ACK=99><CTL=ACK> => <SEQ=99><CTL=RST>"),
    (Refusal::ResetWithBadAckInSynSent, "SYN-SENT", "<SEQ=1><ACK=99><CTL=RST,ACK> =>"),
    (Refusal::ResetWithoutAckInSynSent, "SYN-SENT", "<SEQ=1><CTL=RST> =>"),
    (Refusal::NoSynInSynSent, "SYN-SENT", "<SEQ=1><ACK=100><CTL=ACK> =>"),
    (Refusal::NotAcceptable, "ESTABLISHED", "<SEQ=299><ACK=100><CTL=ACK> => <SEQ=100><ACK=300><CTL=ACK>"),
    (Refusal::ResetOutsideWindow, "ESTABLISHED", "<SEQ=299><CTL=RST> =>"),
    (Refusal::ResetNotAtRcvNxt, "ESTABLISHED", "<SEQ=301><CTL=RST> => <SEQ=100><ACK=300><CTL=ACK>"),
    (Refusal::ResetInTimeWait, "TIME-WAIT", "<SEQ=300><CTL=RST> =>"),
    (Refusal::SynChallenged, "ESTABLISHED", "<SEQ=300><CTL=SYN> => <SEQ=100><ACK=300><CTL=ACK>"),
    (Refusal::SynRepeated, "SYN-RECEIVED", "<SEQ=299><CTL=SYN> => <SEQ=99><ACK=300><CTL=SYN,ACK>"),
    (Refusal::OldTimestamp, WITH_TIMESTAMPS, "<SEQ=300><ACK=101><CTL=ACK><TS=49,0> => <SEQ=101><ACK=300><CTL=ACK>"),
    (Refusal::NoTimestamp, WITH_TIMESTAMPS, "<SEQ=300><ACK=101><CTL=ACK> =>"),
    (Refusal::NoAck, "ESTABLISHED", "<SEQ=300><CTL=FIN> =>"),
    (Refusal::AckOfUnsent, "ESTABLISHED", "<SEQ=300><ACK=101><CTL=ACK> => <SEQ=100><ACK=300><CTL=ACK>"),
    (Refusal::AckTooOld, "ESTABLISHED", "<SEQ=300><ACK=4294901860><CTL=ACK> => <SEQ=100><ACK=300><CTL=ACK>"),
    (Refusal::AckInSynReceived, "SYN-RECEIVED", "<SEQ=300><ACK=99><CTL=ACK> => <SEQ=99><CTL=RST>"),
    (Refusal::OutOfStepInTimeWait, "TIME-WAIT", "<SEQ=301><ACK=100><CTL=ACK> => <SEQ=100><ACK=300><CTL=ACK>"),
];

/// The sections that a refusal may cite.
const SECTIONS: [&str; 10] = [
    "RFC 9293 section 3.10.7.1",
    "RFC 9293 section 3.10.7.2",
    "RFC 9293 section 3.10.7.3",
    "RFC 9293 section 3.10.7.4",
    "RFC 5961 section 3.2",
    "RFC 5961 section 4.2",
    "RFC 5961 section 5.2",
    "RFC 1337 section 3",
    "RFC 7323 section 3.2",
    "RFC 7323 section 5.3",
];

/// The steps of those sections, the three checks of a reset, and the names of rules in other RFCs.
const STEPS: [&str; 11] =
    ["", "first", "second", "third", "fourth", "fifth", "second, 1)", "second, 2)", "second, 3)", "fix F1", "R1"];

#[test]
fn every_refusal_is_earned_by_a_segment() {
    for (refusal, state, row) in REFUSALS {
        table(state, &row.replacen(" =>", &format!(" refused: {refusal:?} =>"), 1));
    }
}

#[test]
fn every_refusal_cites_a_rule_that_exists_and_says_what_is_wrong() {
    for (refusal, ..) in REFUSALS {
        let citation = refusal.citation();
        let (section, step) = citation.split_once(", ").unwrap_or((citation, ""));
        assert!(SECTIONS.contains(&section), "{refusal:?}: {citation}");
        assert!(STEPS.contains(&step), "{refusal:?}: {citation}");
        assert!(!refusal.to_string().is_empty());
    }
}

#[test]
fn no_refusal_is_missing_here() {
    let source = include_str!("../../src/machine/error.rs");
    let refusals = source.split("pub enum Refusal {").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap();
    // An ICMP error causes this refusal, not a segment.
    assert_eq!(Refusal::IcmpNotInFlight.citation(), "RFC 5927 section 4.1");
    assert_eq!(refusals.matches("#[error(").count(), REFUSALS.len() + 1);
}

#[test]
fn no_two_refusals_say_the_same() {
    for (refusal, state, row) in REFUSALS {
        for (other, ..) in REFUSALS.into_iter().filter(|(other, ..)| *other != refusal) {
            assert_ne!(refusal.to_string(), other.to_string(), "{state}: {row}");
        }
    }
}

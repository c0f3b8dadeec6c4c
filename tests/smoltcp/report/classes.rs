//! The classes of differences. Each was looked at in smoltcp's source, `socket/tcp.rs` of 0.14.

use tcp_lifecycle::{Control, Segment};

use super::case::{Case, Outcome};

/// A kind of difference.
pub(crate) struct Class {
    pub(crate) what: &'static str,
    pub(crate) verdict: Verdict,
    is_it: fn(&Difference<'_>) -> bool,
}

/// Whether a difference is a fault.
pub(crate) enum Verdict {
    /// The section that says otherwise.
    Wrong(&'static str),
    /// Why the RFCs allow it.
    Allowed(&'static str),
}

use Verdict::{Allowed, Wrong};

/// The first class that fits counts, so that a special case stands before the general one.
pub(crate) const CLASSES: [Class; 25] = [
    Class {
        what: "two of SYN, FIN and RST in one segment: the parser drops it, whatever the state",
        verdict: Wrong(
            "against RFC 9293 section 3.10.7: the bits are looked at one after the other, and none forbids another",
        ),
        is_it: |d| {
            let bits = [Control::SYN, Control::FIN, Control::RST];
            d.segment().is_some_and(|s| bits.iter().filter(|bit| s.control().contains(**bit)).count() > 1)
        },
    },
    Class {
        what: "a reset of a segment without ACK has no ACK either, unless the segment was a SYN",
        verdict: Wrong("against RFC 9293 section 3.10.7.1: <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>"),
        is_it: |d| d.came == "--> <SEQ=0><CTL=RST>" && d.expected.ends_with("<CTL=RST,ACK>"),
    },
    Class {
        what: "SYN-SENT: an unacceptable ACK beside PSH or FIN draws no reset",
        verdict: Wrong("against RFC 9293 section 3.10.7.3, first"),
        is_it: |d| d.begins("SYN-SENT") && d.expected.ends_with("<CTL=RST>") && d.came == "nothing",
    },
    Class {
        what: "SYN-SENT: the payload of the SYN,ACK is not taken",
        verdict: Allowed("it is not acknowledged, so the peer sends it again: RFC 9293 section 3.4"),
        is_it: |d| d.begins("SYN-SENT") && d.has(Control::SYN) && d.payload() > 0,
    },
    Class {
        what: "SYN-RECEIVED: the SYN,ACK of a simultaneous open does not establish the connection; the ACK of it does",
        verdict: Allowed(
            "RFC 9293 section 3.10.7.4, first, read literally, refuses what Figure 7 takes (MUST-10); see D2",
        ),
        is_it: |d| {
            let is_still = d.expected.ends_with("ESTABLISHED") && d.came.ends_with("SYN-RECEIVED");
            is_still && d.has(Control::SYN | Control::ACK)
        },
    },
    Class {
        what: "SYN-RECEIVED: a SYN in the window does not return a passive open to LISTEN",
        verdict: Wrong("against RFC 9293 section 3.10.7.4, fourth"),
        is_it: |d| d.has(Control::SYN) && d.expected.ends_with("LISTEN"),
    },
    Class {
        what: "a SYN in a synchronized state, or in SYN-RECEIVED, is dropped in silence",
        verdict: Wrong(
            "RFC 9293 section 3.10.7.4, first and fourth: an ACK, if not a challenge then of what is outside",
        ),
        is_it: |d| d.has(Control::SYN) && d.expected.contains("--> ") && d.came.ends_with("nothing"),
    },
    Class {
        what: "SYN-RECEIVED: a segment outside the window with another ACK is reset",
        verdict: Wrong(
            "against RFC 9293 section 3.10.7.4, first: it is acknowledged; the ACK is looked at in the fifth step",
        ),
        is_it: |d| d.expected.ends_with("<CTL=ACK>") && d.came.ends_with("<CTL=RST>"),
    },
    Class {
        what: "CLOSE in SYN-RECEIVED: FIN-WAIT-1 is entered, and no FIN is sent",
        verdict: Wrong("against RFC 9293 section 3.10.4"),
        is_it: |d| d.last == "close" && d.expected.contains("<CTL=FIN,ACK>") && d.came == "nothing",
    },
    Class {
        what: "CLOSE and ABORT in SYN-SENT send a reset",
        verdict: Wrong("against RFC 9293 sections 3.10.4 and 3.10.5: the TCB is deleted, and nothing is sent"),
        is_it: |d| d.came.contains("<ACK=0><CTL=RST,ACK>"),
    },
    Class {
        what: "ABORT in CLOSING, LAST-ACK and TIME-WAIT sends a reset",
        verdict: Wrong("against RFC 9293 section 3.10.5: the TCB is deleted, and nothing is sent"),
        is_it: |d| d.last == "abort" && d.expected == "nothing more",
    },
    Class {
        what: "the reset of ABORT has an ACK",
        verdict: Allowed("a receiver looks at the sequence number alone: RFC 9293 section 3.10.7.4, second"),
        is_it: |d| d.last == "abort" && d.expected.ends_with("<CTL=RST>"),
    },
    Class {
        what: "OPEN makes no listening socket active; SEND before ESTABLISHED fails",
        verdict: Allowed("user interfaces may differ: RFC 9293 section 3.9.1"),
        is_it: |d| d.expected == "no error",
    },
    Class {
        what: "a reset in the window, but not at RCV.NXT, ends the connection",
        verdict: Allowed("the challenge of RFC 5961 is optional: RFC 9293 section 3.10.7.4, second"),
        is_it: |d| d.has(Control::RST) && (d.expected.contains("<CTL=ACK>") || d.came.ends_with("LISTEN")),
    },
    Class {
        what: "a reset ends TIME-WAIT",
        verdict: Allowed("RFC 9293 section 3.10.7.4, second, says so; what keeps it is RFC 1337"),
        is_it: |d| d.has(Control::RST) && (d.came == "CLOSED" || d.expected.ends_with("CLOSED")) && d.has_time_wait(),
    },
    Class {
        what: "a reset with payload does not end a connection with a closed window",
        verdict: Allowed("by Table 6 no segment with payload is acceptable then: RFC 9293 section 3.10.7.4, first"),
        is_it: |d| d.has(Control::RST) && d.payload() > 0,
    },
    Class {
        what: "LAST-ACK: a segment that does not acknowledge the FIN is answered with an ACK",
        verdict: Allowed("an ACK more, at most one a second; RFC 9293 section 3.10.7.4, fifth, asks for none"),
        is_it: |d| d.expected == "nothing more" && d.came.ends_with("<CTL=ACK><WND=65535>") && !d.begins("CLOSING"),
    },
    Class {
        what: "CLOSING: payload behind the peer's FIN is taken, or answered",
        verdict: Wrong("against RFC 9293 section 3.10.7.4, seventh"),
        is_it: |d| d.begins("CLOSING") && d.payload() > 0 && d.came != "nothing",
    },
    Class {
        what: "the FIN of a segment that is cut off at the right edge of the window is taken for the next byte",
        verdict: Wrong(
            "against RFC 9293 section 3.10.7.4, first: what lies outside the window is trimmed, with the FIN",
        ),
        is_it: |d| d.has(Control::FIN) && d.case.contains("receive_buffer=10"),
    },
    Class {
        what: "a FIN behind payload that has been received before is not taken, since it is not counted in the length",
        verdict: Wrong("against RFC 9293 sections 3.4 and 3.10.7.4, first: SEG.LEN includes the FIN"),
        is_it: |d| d.has(Control::FIN) && d.payload() > 0 && d.came.contains("<ACK=3"),
    },
    Class {
        what: "the PSH of the last segment is left out beside FIN",
        verdict: Wrong("against RFC 9293 section 3.9.1.2, MUST-61"),
        is_it: |d| d.expected.contains("FIN,PSH,ACK") && d.came.contains("<CTL=FIN,ACK>"),
    },
    Class {
        what: "a segment ahead of a gap is kept, and delivered with the bytes of the gap",
        verdict: Allowed("RFC 9293 section 3.10.7.4 recommends it (SHLD-31); the scripts assume the caller does it"),
        is_it: |d| {
            d.payload() > 0
                && d.case.matches("ESTABLISHED").count() > 0
                && (d.came == "20 bytes" || d.came.contains("<ACK=320>"))
        },
    },
    Class {
        what: "an ACK of the past, beyond the largest window, draws no ACK",
        verdict: Allowed(
            "it may be ignored; the challenge of RFC 5961 is optional: RFC 9293 section 3.10.7.4, fifth, MAY-12",
        ),
        is_it: |d| d.ack().is_some_and(|ack| !(1..1000).contains(&ack)) && d.came == "nothing",
    },
    Class {
        what: "an ACK below SND.UNA: the whole segment is dropped, with its payload, its FIN, and the ACK due to it",
        verdict: Wrong(
            "against RFC 9293 section 3.10.7.4: the ACK alone may be ignored, in the fifth step; the others stand",
        ),
        is_it: |d| d.ack().is_some_and(|ack| ack < 100) && (d.came.ends_with("nothing") || d.came == "0 bytes"),
    },
    Class {
        what: "a segment without ACK outside the window is not acknowledged",
        verdict: Wrong("against RFC 9293 section 3.10.7.4, first"),
        is_it: |d| d.segment().is_some_and(|s| s.ack().is_none()) && d.came == "nothing",
    },
];

/// A difference, as far as the classes look at it.
struct Difference<'c> {
    case: &'c str,
    last: &'c str,
    expected: &'c str,
    came: &'c str,
}

impl Difference<'_> {
    /// The segment of the last event.
    fn segment(&self) -> Option<Segment> {
        let text = self.last.get(self.last.find("<SEQ")?..)?;
        let end = text.match_indices('>').map(|(end, _)| end + 1).find(|end| !text[*end..].starts_with('<'));
        text.get(..end?)?.parse().ok()
    }

    fn has(&self, control: Control) -> bool {
        self.segment().is_some_and(|segment| segment.control().contains(control))
    }

    fn payload(&self) -> u16 {
        self.segment().map_or(0, |segment| segment.payload_len())
    }

    fn ack(&self) -> Option<u32> {
        self.segment()?.ack().map(|ack| ack.0)
    }

    fn begins(&self, state: &str) -> bool {
        self.case.starts_with(state)
    }

    fn has_time_wait(&self) -> bool {
        self.case.contains("TIME-WAIT") || self.last.contains("TIME-WAIT")
    }
}

/// The first class that fits.
pub(crate) fn class_of(case: &Case) -> Option<usize> {
    let Outcome::Differs { last, expected, came, .. } = &case.outcome else { return None };
    let difference = Difference { case: &case.what, last, expected, came };
    CLASSES.iter().position(|class| (class.is_it)(&difference))
}

//! The arcs of RFC 9293 Figure 5 and its notes, and the events that may lead along each.

use tcp_lifecycle::{Control, Open, Segment, State, Transition};

use State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived, SynSent, TimeWait,
};

/// One event at one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Open(Open),
    Send,
    /// SEND; everything in the send queue is urgent.
    Urge,
    Receive,
    Close,
    Abort,
    Turn(Turn),
    Segment(Segment),
    Timeout,
}

/// A call in addition to those of RFC 9293 section 3.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Turn {
    /// The limit becomes zero.
    Hold,
    /// The limit is removed.
    Free,
    /// Everything in flight is retransmitted.
    Repeat,
    /// The policies change to the other ones of the model.
    Configure,
    /// A router reports that the network is unreachable, about the oldest segment in flight.
    Icmp,
}

impl Cause {
    pub(crate) fn segment(&self) -> Option<&Segment> {
        match self {
            Cause::Segment(segment) => Some(segment),
            Cause::Open(_)
            | Cause::Send
            | Cause::Urge
            | Cause::Receive
            | Cause::Close
            | Cause::Abort
            | Cause::Turn(_)
            | Cause::Timeout => None,
        }
    }

    /// Whether the segment has all of the bits in `bits` and none of those in `none`.
    fn has(&self, bits: Control, none: Control) -> bool {
        self.segment().is_some_and(|segment| segment.control().contains(bits) && !segment.control().intersects(none))
    }

    pub(crate) fn is_rst(&self) -> bool {
        self.has(Control::RST, Control::empty())
    }
}

/// S1: whether this event may lead along this arc. `first` means that the same event has taken no other arc before.
pub(crate) fn allows(arc: Transition, cause: &Cause, first: bool) -> bool {
    let (rst, abort, timeout) = (cause.is_rst(), *cause == Cause::Abort, *cause == Cause::Timeout);
    let close = *cause == Cause::Close;
    let ack = cause.has(Control::ACK, Control::RST);
    let fin = cause.has(Control::ACK | Control::FIN, Control::RST);
    let syn = cause.has(Control::SYN, Control::RST);
    match (arc.from, arc.to) {
        (Closed, Listen) => *cause == Cause::Open(Open::Passive),
        (Closed | Listen, SynSent) => *cause == Cause::Open(Open::Active),
        (Listen, Closed) => close || abort,
        (Listen, SynReceived) | (SynSent, SynReceived) => cause.has(Control::SYN, Control::RST | Control::ACK),
        (SynSent, Established) => syn && ack,
        (SynSent, Closed) => close || abort || timeout || (rst && cause.has(Control::ACK, Control::empty())),
        (SynReceived, Established) => ack,
        (SynReceived, FinWait1) => close,
        // After a passive OPEN: a reset, another SYN (D23), a timeout (D18).
        (SynReceived, Listen) => rst || syn || timeout,
        // With a CLOSE queued.
        (SynReceived, Closed) => abort || rst || syn || timeout,
        (Established, FinWait1) => {
            if first {
                close
            } else {
                ack
            }
        }
        (Established, CloseWait) => fin,
        (FinWait1, FinWait2) | (Closing, TimeWait) => ack,
        (FinWait1, Closing | TimeWait) | (FinWait2, TimeWait) => fin,
        (CloseWait, LastAck) => close || ack || timeout || matches!(cause, Cause::Turn(Turn::Free | Turn::Repeat)),
        (LastAck, Closed) => ack || abort || rst || timeout,
        (Established | FinWait1 | FinWait2 | CloseWait | Closing | TimeWait, Closed) => abort || rst || timeout,
        _ => false,
    }
}

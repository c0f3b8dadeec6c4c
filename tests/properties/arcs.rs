//! The arcs of RFC 9293 Figure 5 and its notes, each with the causes that may lead along it.

use tcp_lifecycle::{Config, Control, IcmpError, Open, Segment, SeqNumber, State};

use State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived, SynSent, TimeWait,
};

/// One event, as far as it may explain its effects.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cause {
    Open(Open),
    Send,
    SendUrgent,
    Receive,
    Close,
    Detach,
    /// An ABORT, with the number of the reset that is due, if one is due, and whether it has timestamps.
    Abort(Option<(SeqNumber, bool)>),
    /// A segment brings payload that nobody reads any more; with the same data of the reset that answers it.
    Late(Option<(SeqNumber, bool)>),
    /// The caller asks for an ACK.
    Acknowledge,
    Limit,
    Retransmit,
    Configure,
    /// A mark of congestion, or the caller's answer to one.
    Mark,
    Icmp(IcmpError),
    Segment(Segment),
    Timeout,
}

/// A cause of an arc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    ActiveOpen,
    PassiveOpen,
    Close,
    Abort,
    /// A SYN without ACK.
    Syn,
    /// A SYN, where RFC 5961 is switched off.
    BareSyn,
    SynAck,
    /// Any segment with ACK and without RST.
    Ack,
    /// Any segment with ACK and FIN, and without RST.
    Fin,
    Rst,
    RstAck,
    /// Payload after the user has left.
    Late,
    /// A hard ICMP error.
    Icmp,
    Timeout,
    /// The window or the caller's limit opens, or recovery earns credit: the last payload is sent.
    Room,
}

/// Each arc: its start, its end, and its causes.
pub(crate) const ARCS: [(State, State, &[By]); 28] = [
    (Closed, Listen, &[By::PassiveOpen]),
    (Closed, SynSent, &[By::ActiveOpen]),
    (Listen, Closed, &[By::Close, By::Abort]),
    (Listen, SynSent, &[By::ActiveOpen]),
    (Listen, SynReceived, &[By::Syn]),
    (SynSent, Closed, &[By::Close, By::Abort, By::RstAck, By::Icmp, By::Timeout]),
    (SynSent, SynReceived, &[By::Syn]),
    (SynSent, Established, &[By::SynAck]),
    // A CLOSE in SYN-RECEIVED with nothing queued; with something queued, the arc passes through ESTABLISHED.
    (SynReceived, FinWait1, &[By::Close]),
    (SynReceived, Established, &[By::Ack]),
    // After a passive OPEN: a reset, another SYN (D23), a hard ICMP error, a timeout (D18).
    (SynReceived, Listen, &[By::Rst, By::Syn, By::SynAck, By::Icmp, By::Timeout]),
    // D18: a user that has closed no longer listens, and the other SYN (D23) ends the connection.
    (SynReceived, Closed, &[By::Abort, By::Rst, By::BareSyn, By::Syn, By::SynAck, By::Icmp, By::Timeout]),
    (Established, FinWait1, &[By::Close]),
    (Established, CloseWait, &[By::Fin]),
    (Established, Closed, &[By::Abort, By::Rst, By::BareSyn, By::Icmp, By::Timeout]),
    (FinWait1, FinWait2, &[By::Ack]),
    (FinWait1, Closing, &[By::Fin]),
    (FinWait1, TimeWait, &[By::Fin]),
    (FinWait1, Closed, &[By::Abort, By::Rst, By::BareSyn, By::Late, By::Icmp, By::Timeout]),
    (FinWait2, TimeWait, &[By::Fin]),
    (FinWait2, Closed, &[By::Abort, By::Rst, By::BareSyn, By::Late, By::Icmp, By::Timeout]),
    (CloseWait, LastAck, &[By::Close, By::Ack, By::Room, By::Timeout]),
    (CloseWait, Closed, &[By::Abort, By::Rst, By::BareSyn, By::Icmp, By::Timeout]),
    (Closing, TimeWait, &[By::Ack]),
    (Closing, Closed, &[By::Abort, By::Rst, By::BareSyn, By::Icmp, By::Timeout]),
    (LastAck, Closed, &[By::Ack, By::Abort, By::Rst, By::BareSyn, By::Icmp, By::Timeout]),
    (TimeWait, Closed, &[By::Abort, By::Rst, By::Timeout]),
    // In the same event, right after the arc into ESTABLISHED: a CLOSE that was queued.
    (Established, FinWait1, &[By::Ack]),
];

impl Cause {
    /// Whether the event may count as this cause.
    pub(crate) fn is(&self, by: By, config: &Config) -> bool {
        let segment = match self {
            Cause::Open(open) => {
                return by == if *open == Open::Active { By::ActiveOpen } else { By::PassiveOpen };
            }
            Cause::Send | Cause::SendUrgent | Cause::Receive | Cause::Configure | Cause::Mark | Cause::Acknowledge => {
                return false;
            }
            Cause::Icmp(error) => return by == By::Icmp && error.is_hard(),
            Cause::Close | Cause::Detach => return by == By::Close,
            Cause::Abort(_) => return by == By::Abort,
            Cause::Late(_) => return by == By::Late,
            Cause::Limit | Cause::Retransmit => return by == By::Room,
            Cause::Timeout => return by == By::Timeout,
            Cause::Segment(segment) => segment,
        };
        let has = |bit| segment.control().contains(bit);
        let rst = has(Control::RST);
        match by {
            By::Syn => has(Control::SYN) && !has(Control::ACK) && !rst,
            By::BareSyn => has(Control::SYN) && !rst && !config.rfc5961,
            By::SynAck => has(Control::SYN) && has(Control::ACK) && !rst,
            By::Ack => has(Control::ACK) && !rst,
            By::Fin => has(Control::FIN) && has(Control::ACK) && !rst,
            By::Rst => rst,
            By::RstAck => rst && has(Control::ACK),
            By::ActiveOpen | By::PassiveOpen | By::Close | By::Abort | By::Late | By::Icmp | By::Timeout | By::Room => {
                false
            }
        }
    }
}

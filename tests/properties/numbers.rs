//! Numbers near those of a connection.

use tcp_lifecycle::{SeqNumber, Status};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    Iss,
    SndUna,
    SndNxt,
    SndEdge,
    Irs,
    RcvNxt,
    RcvEdge,
}

impl Anchor {
    pub(crate) const ALL: [Anchor; 7] =
        [Anchor::Iss, Anchor::SndUna, Anchor::SndNxt, Anchor::SndEdge, Anchor::Irs, Anchor::RcvNxt, Anchor::RcvEdge];

    /// The number at this distance; from zero if the connection has no such number.
    pub(crate) fn beside(self, delta: i32, status: &Status) -> SeqNumber {
        let edge = |from: Option<SeqNumber>, wnd: Option<u32>| from.zip(wnd).map(|(from, wnd)| from + wnd);
        let number = match self {
            Anchor::Iss => status.iss,
            Anchor::SndUna => status.snd_una,
            Anchor::SndNxt => status.snd_nxt,
            Anchor::SndEdge => edge(status.snd_una, status.snd_wnd),
            Anchor::Irs => status.irs,
            Anchor::RcvNxt => status.rcv_nxt,
            Anchor::RcvEdge => edge(status.rcv_nxt, status.rcv_wnd),
        };
        number.unwrap_or_default() + delta as u32
    }
}

//! The output of a connection: transitions, signals to the user, and segments to the peer.

use core::ops::Range;

use crate::machine::icmp::IcmpError;
use crate::machine::segment::Segment;
use crate::machine::state::Transition;
use crate::machine::time::Instant;

/// The output of [`poll`](crate::Connection::poll), in this order: transitions, signals, segments, and then `Wait`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Output {
    /// The state has changed. Signals of the same drain follow, including `Acknowledged` for the last bytes: keep the
    /// send queue until `Wait`.
    Transition(Transition),
    /// A signal to the user.
    Signal(Signal),
    /// A segment to be sent to the peer.
    Transmit(Transmit),
    /// Nothing is left to hand out. `Some`: call [`timeout`](crate::Connection::timeout) at that moment, unless another
    /// event comes first. `None`: no timer runs.
    Wait(Option<Instant>),
}

/// A segment to be sent, and the payload that goes into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Transmit {
    /// The header.
    pub segment: Segment,
    /// The bytes of the user's send queue to put in. The range counts from the front of the queue, after every
    /// [`Signal::Acknowledged`] so far has been applied. It is empty for a keep-alive probe with an octet of garbage,
    /// since that octet is not part of the queue ([`keep_alive_octet`](crate::Config::keep_alive_octet)).
    pub payload: Range<usize>,
}

/// A report to the user: RFC 9293 section 3.10 calls a delayed response a "signal". If several are due, `Acknowledged`
/// comes first and an end of the connection last. A close by the peer and a reset have different signals (MUST-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Signal {
    /// The peer has acknowledged this number of bytes at the front of the send queue: drop them. SYN and FIN are never
    /// counted.
    Acknowledged(usize),
    /// The peer has echoed a congestion mark (ECE of RFC 3168). Reduce the congestion window, once for each window of
    /// data. Then call [`congestion_window_reduced`](crate::Connection::congestion_window_reduced).
    CongestionExperienced,
    /// The peer has sent urgent data, or more of it. The user should consume it quickly (RFC 9293 section 3.8.5,
    /// MUST-32). `Status::urgent` tells how many bytes there are.
    Urgent,
    /// The peer has sent its FIN: "connection closing". No payload follows. The connection ends after our user has
    /// closed too. (This is not [`CallError::ConnectionClosing`](crate::CallError::ConnectionClosing).)
    Closing,
    /// The retransmission timer has fired. The front of the send queue, our SYN or our FIN is sent again. To a
    /// congestion controller everything in flight is lost (RFC 5681 section 3.1). Each timeout is signalled, except
    /// behind a zero window (D48) and in SYN-RECEIVED after a passive OPEN, where only `Status::retransmissions` shows
    /// it.
    RetransmissionTimeout,
    /// The connection has ended: the peer has refused it, by a reset before or with the acknowledgment of our SYN.
    Refused,
    /// The connection has ended: "connection reset". The peer has sent a reset; or we have, because payload arrived
    /// after the user was gone ([`detach`](crate::Connection::detach)). Another SYN in the window may end it in the
    /// same way (D18, D47 in [`decisions`](crate::decisions)).
    Reset,
    /// The connection has ended: the user timeout (RFC 9293 section 3.9.1.1), R2 (section 3.8.3), keep-alive (section
    /// 3.8.4) or [`fin_wait_2_timeout`](crate::Config::fin_wait_2_timeout) has expired.
    TimedOut,
    /// The connection has ended: a hard ICMP error has arrived.
    Unreachable(IcmpError),
    /// A soft ICMP error has arrived, or a hard one that does not end the connection: there may be a problem on the
    /// path. Of several errors before a poll, only the last is signalled.
    SoftError(IcmpError),
    /// R1 of RFC 9293 section 3.8.3 is reached: the same segment has been retransmitted so often that the connection
    /// may be in trouble. The host may tell its IP layer to look for another route ("negative advice").
    Retransmitting,
}

impl Signal {
    /// Returns whether the signal is an end of the connection: one of [`Refused`](Signal::Refused),
    /// [`Reset`](Signal::Reset), [`TimedOut`](Signal::TimedOut) and [`Unreachable`](Signal::Unreachable). A graceful
    /// end has no signal, and the user's own ABORT has none either. Only the transition to CLOSED tells of these.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self, Signal::Refused | Signal::Reset | Signal::TimedOut | Signal::Unreachable(_))
    }
}

//! What comes out of a connection: transitions, signals to the user, and segments to the peer.

use core::ops::Range;

use crate::machine::icmp::IcmpError;
use crate::machine::segment::Segment;
use crate::machine::state::Transition;
use crate::machine::time::Instant;

/// What [`poll`](crate::Connection::poll) hands out, in this order: transitions, signals, segments, and then `Wait`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// The state has changed. Signals of the same drain come behind it, `Acknowledged` of the last bytes too: keep the
    /// send queue until `Wait`.
    Transition(Transition),
    /// The user is to be told.
    Signal(Signal),
    /// A segment to be sent to the peer.
    Transmit(Transmit),
    /// Drained. `Some`: call [`timeout`](crate::Connection::timeout) then, unless something else happens before.
    /// `None`: nothing will happen of itself.
    Wait(Option<Instant>),
}

/// A segment to be sent, and the payload that goes into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transmit {
    /// The header.
    pub segment: Segment,
    /// Which bytes of the user's send queue to put in, counted from its front as it is after every
    /// [`Signal::Acknowledged`] so far. Empty where a probe of keep-alive carries an octet that is none of it
    /// ([`keep_alive_octet`](crate::Config::keep_alive_octet)).
    pub payload: Range<usize>,
}

/// What the user is told, RFC 9293 section 3.10: "signal" there is a delayed response. Of several that are due,
/// `Acknowledged` comes first and an end last. A peer that closes and one that resets are told apart (MUST-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// So many bytes at the front of the send queue have reached the peer: drop them. SYN and FIN are never counted.
    Acknowledged(usize),
    /// The peer echoes a mark of congestion (ECE of RFC 3168): the congestion window is to be reduced, once for each
    /// window of data, and [`congestion_window_reduced`](crate::Connection::congestion_window_reduced) to be called.
    CongestionExperienced,
    /// The peer has sent urgent data, or more of it: it should be consumed quickly (RFC 9293 section 3.8.5, MUST-32).
    /// `Status::urgent` tells how much there is.
    Urgent,
    /// The peer has sent its FIN: "connection closing". No payload comes after it; the connection ends when our user
    /// has closed too. (It is no [`CallError::ConnectionClosing`](crate::CallError::ConnectionClosing).)
    Closing,
    /// The retransmission timer has fired, and what is at the front of the send queue, or our SYN or FIN, goes out
    /// again: to a congestion controller the loss of all that is in flight (RFC 5681 section 3.1). It is told each
    /// time, but not of what goes out behind a closed window (D48), nor in SYN-RECEIVED after a passive OPEN, where
    /// `Status::retransmissions` tells it.
    RetransmissionTimeout,
    /// The end: the peer has refused the connection, by a reset before or with the acknowledgment of our SYN.
    Refused,
    /// The end: "connection reset" by the peer; or by us, where payload came once the user was gone
    /// ([`detach`](crate::Connection::detach)).
    Reset,
    /// The end: the user timeout (RFC 9293 section 3.9.1.1), R2 (section 3.8.3), keep-alive (section 3.8.4), or the
    /// policy for FIN-WAIT-2.
    TimedOut,
    /// The end: a hard ICMP error.
    Unreachable(IcmpError),
    /// A soft ICMP error, or a hard one that does not end the connection: something may be wrong on the way. Of several
    /// before a poll, the last.
    SoftError(IcmpError),
    /// R1 of RFC 9293 section 3.8.3 is reached: the same segment has been sent again so often that the connection may
    /// be in trouble. The host may tell its IP layer to look for another route ("negative advice").
    Retransmitting,
}

impl Signal {
    /// Whether it is the end of the connection: one of [`Refused`](Signal::Refused), [`Reset`](Signal::Reset),
    /// [`TimedOut`](Signal::TimedOut) and [`Unreachable`](Signal::Unreachable). A graceful end has no signal, and the
    /// user's own ABORT none either: the transition to CLOSED tells these.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self, Signal::Refused | Signal::Reset | Signal::TimedOut | Signal::Unreachable(_))
    }
}

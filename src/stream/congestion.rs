//! Congestion control: how much may be in the network at a time (RFC 9293 section 3.8.2, MUST-19, MAY-18; RFC 5681).
//!
//! A [`Controller`] knows nothing of sequence numbers. A [`Stream`](super::Stream) tells it what has arrived, what is
//! lost and when the retransmission timer has fired, and asks for the window. What to send again, and when, is the
//! business of the stream (RFC 6675, RFC 8985, RFC 6937).

mod cubic;
mod hystart;
mod new_reno;

use alloc::boxed::Box;
use core::fmt::Debug;
use core::time::Duration;

use crate::Instant;

pub use cubic::Cubic;
pub use new_reno::NewReno;

/// A congestion controller.
///
/// All sizes are in bytes of payload. The methods are called in the order of events, and `now` never goes back.
pub trait Controller: Debug + Send + Sync {
    /// Returns the congestion window: how many bytes may be in the network. At least one segment.
    fn window(&self) -> u64;

    /// Returns the slow start threshold, if there has been congestion (RFC 5681 section 3.1).
    fn slow_start_threshold(&self) -> Option<u64>;

    /// Takes note that bytes have arrived at the peer, when SND.UNA advances. It is not called in fast recovery.
    fn acknowledged(&mut self, ack: &Acknowledgment);

    /// Takes note of congestion: the first loss of a window of data, or the peer's echo of a mark (RFC 3168).
    /// `in_flight` is FlightSize of RFC 5681.
    fn congested(&mut self, in_flight: u64, now: Instant);

    /// Takes note that the retransmission timer has fired: all in flight counts as lost (RFC 5681 section 3.1). `again`
    /// says that it had fired before for the same data.
    fn timed_out(&mut self, in_flight: u64, again: bool, now: Instant);

    /// Takes back the last `congested` or `timed_out`: nothing was lost, it was late (RFC 4015).
    fn undo(&mut self);

    /// Takes note that nothing was sent for longer than a retransmission timeout (RFC 5681 section 4.1).
    fn idled(&mut self, now: Instant);

    /// Takes note that a SYN was lost: the initial window is one segment (RFC 5681 section 3.1).
    fn syn_lost(&mut self);

    /// Takes note of another maximum segment size, in bytes of payload.
    fn set_segment(&mut self, bytes: u16);

    /// Makes a copy.
    fn boxed(&self) -> Box<dyn Controller>;
}

impl Clone for Box<dyn Controller> {
    fn clone(&self) -> Box<dyn Controller> {
        (**self).boxed()
    }
}

/// What a [`Controller`] is told of an acknowledgment.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Acknowledgment {
    /// The moment.
    pub now: Instant,
    /// The bytes that have arrived at the peer and were not known to have arrived, at least one.
    pub bytes: u64,
    /// The bytes in flight before the acknowledgment.
    pub in_flight: u64,
    /// The position up to which everything has arrived, in bytes of the stream.
    pub una: u64,
    /// The position up to which everything has been sent.
    pub nxt: u64,
    /// The round-trip time of the newest segment that has arrived, unless it was sent twice.
    pub rtt: Option<Duration>,
    /// The smoothed round-trip time (RFC 6298).
    pub srtt: Option<Duration>,
    /// The window had no room for bytes that waited to be sent. If not, the user or the peer's window was the bound,
    /// and the window must not grow (RFC 9438 section 5.8, RFC 7661).
    pub is_window_limited: bool,
}

impl Acknowledgment {
    /// Makes the acknowledgment of `bytes` bytes, with the window as the bound, and zero or `None` in the other fields:
    /// for the tests of a [`Controller`].
    #[must_use]
    pub const fn new(now: Instant, bytes: u64) -> Acknowledgment {
        Acknowledgment { now, bytes, in_flight: 0, una: 0, nxt: 0, rtt: None, srtt: None, is_window_limited: true }
    }
}

/// Makes the controller of a connection whose segments carry up to `segment` bytes: [`NewReno::start`],
/// [`Cubic::start`], or a function of the user. `threshold` is the slow start threshold from before an idle time.
pub type StartController = fn(segment: u16, threshold: Option<u32>) -> Box<dyn Controller>;

/// The factor of two segments in the window, RFC 6928 section 2: the initial window.
pub(super) fn initial_window(segment: u64) -> u64 {
    segment.saturating_mul(10).min(segment.saturating_mul(2).max(14_600))
}

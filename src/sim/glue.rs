//! What a script plays against: a connection, or what somebody has put around one.

use core::ops::Range;

use crate::config::Config;
use crate::connection::{Connection, Open};
use crate::error::{CallError, Refusal};
use crate::icmp::IcmpError;
use crate::poll::Output;
use crate::segment::Segment;
use crate::seq::SeqNumber;
use crate::time::Instant;

/// Somebody's own code around a [`Connection`], so that a [`Script`] can be played against it.
///
/// Every method does to the connection what its namesake does. A test gives its own where its code stands between the
/// connection and the world: a call that keeps bytes in a queue, a signal that the code acts on, a timer of its own.
///
/// ```
/// use core::ops::Range;
/// use tcp_lifecycle::sim::{Glue, check_with};
/// use tcp_lifecycle::{Config, Connection, Instant, Output, Refusal, Segment, Signal};
///
/// /// Sends back whatever comes, and closes when the peer has closed.
/// struct Echo(Connection);
///
/// impl Glue for Echo {
///     fn connection(&mut self) -> &mut Connection {
///         &mut self.0
///     }
///     fn segment_arrives(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
///         let new = self.0.segment_arrives(segment, now)?;
///         if !new.is_empty() {
///             self.0.receive(new.len()).and_then(|()| self.0.send(new.len(), now)).expect("it is open");
///         }
///         Ok(new)
///     }
///     fn poll(&mut self, now: Instant) -> Output {
///         let output = self.0.poll(now);
///         if output == Output::Signal(Signal::Closing) {
///             self.0.close(now).expect("it is open");
///         }
///         output
///     }
/// }
///
/// check_with(|config: &Config| Echo(Connection::new(config, 0)), "
///     ESTABLISHED                                       SND.NXT=100 RCV.NXT=300
///     <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>
///     --> <SEQ=100><ACK=305><CTL=ACK><DATA=5>           bytes 0..5
///     <-- <SEQ=305><ACK=105><CTL=FIN,ACK>
///     signal: Acknowledged 5
///     signal: Closing
///     --> <SEQ=105><ACK=306><CTL=FIN,ACK>
///     LAST-ACK                                          UNREAD=0
/// ");
/// ```
///
/// [`Script`]: super::Script
pub trait Glue {
    /// The connection. A script looks at its variables, and does to it what no other method here does: `limit`,
    /// `retransmit`, `configure`, the marks of congestion, and the choice of the initial sequence number.
    fn connection(&mut self) -> &mut Connection;

    /// OPEN.
    ///
    /// # Errors
    ///
    /// As of [`Connection::open`]; likewise for the other methods.
    fn open(&mut self, open: Open, now: Instant) -> Result<(), CallError> {
        self.connection().open(open, now)
    }

    /// SEND.
    ///
    /// # Errors
    ///
    /// As of [`Connection::send`].
    fn send(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.connection().send(bytes, now)
    }

    /// SEND with the URGENT flag.
    ///
    /// # Errors
    ///
    /// As of [`Connection::send_urgent`].
    fn send_urgent(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.connection().send_urgent(bytes, now)
    }

    /// RECEIVE.
    ///
    /// # Errors
    ///
    /// As of [`Connection::receive`].
    fn receive(&mut self, bytes: usize) -> Result<(), CallError> {
        self.connection().receive(bytes)
    }

    /// CLOSE.
    ///
    /// # Errors
    ///
    /// As of [`Connection::close`].
    fn close(&mut self, now: Instant) -> Result<(), CallError> {
        self.connection().close(now)
    }

    /// ABORT.
    ///
    /// # Errors
    ///
    /// As of [`Connection::abort`].
    fn abort(&mut self) -> Result<(), CallError> {
        self.connection().abort()
    }

    /// SEGMENT ARRIVES.
    ///
    /// # Errors
    ///
    /// As of [`Connection::segment_arrives`].
    fn segment_arrives(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        self.connection().segment_arrives(segment, now)
    }

    /// An ICMP error arrives.
    ///
    /// # Errors
    ///
    /// As of [`Connection::icmp`].
    fn icmp(&mut self, error: IcmpError, quoted: SeqNumber) -> Result<(), Refusal> {
        self.connection().icmp(error, quoted)
    }

    /// The time has come.
    fn timeout(&mut self, now: Instant) {
        self.connection().timeout(now);
    }

    /// What is due next; after every event the script polls until `Wait`.
    fn poll(&mut self, now: Instant) -> Output {
        self.connection().poll(now)
    }

    /// When [`timeout`](Self::timeout) is to be called, as the last `Wait` said.
    fn next_timeout(&mut self) -> Option<Instant> {
        self.connection().deadline()
    }
}

/// Nothing around it.
impl Glue for Connection {
    fn connection(&mut self) -> &mut Connection {
        self
    }
}

/// Makes a connection afresh, whose initial sequence numbers the script chooses.
pub(super) fn connection(config: &Config) -> Connection {
    Connection::new(config, 0)
}

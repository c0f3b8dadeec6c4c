//! The other side of a script: a connection, or a program around one.

use core::ops::Range;
use std::vec::Vec;

use crate::{CallError, Config, Connection, IcmpError, Instant, Open, Output, Refusal, Segment, SeqNumber, Signal};

/// A program around a [`Connection`], so that a [`Script`] can be played against it.
///
/// Every method does to the connection what its namesake does. A test writes those behind which its program stands; the
/// others keep their defaults. The script is the world around the program: user, peer, clock. It calls
/// [`timeout`](Self::timeout) only when the program has asked for it, and fails where the program
///
/// * has asked for no timeout, or a later one, when the connection's [`deadline`](Connection::deadline) comes;
/// * has left something in the connection that a poll would hand out;
/// * sends, or gives its user, other bytes than came in;
/// * has given bytes to its user without a [`receive`](Connection::receive) for them;
/// * puts out something that no line lists, or does not put out what a line lists.
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
/// # Queues of bytes
///
/// A program with a send queue takes [`send_bytes`](Self::send_bytes) and answers [`payload`](Self::payload); one with
/// a receive queue takes [`payload_arrives`](Self::payload_arrives) and [`receive_bytes`](Self::receive_bytes). No two
/// neighbouring bytes of a script are alike, so that each fault in a queue shows.
///
/// ```
/// use core::ops::Range;
/// use tcp_lifecycle::sim::{Glue, check_with};
/// use tcp_lifecycle::{CallError, Config, Connection, Instant, Output, Refusal, Segment, Signal};
///
/// struct Queues {
///     connection: Connection,
///     unacknowledged: Vec<u8>,
///     unread: Vec<u8>,
/// }
///
/// impl Glue for Queues {
///     fn connection(&mut self) -> &mut Connection {
///         &mut self.connection
///     }
///     fn send_bytes(&mut self, bytes: &[u8], now: Instant) -> Result<(), CallError> {
///         self.connection.send(bytes.len(), now)?;
///         self.unacknowledged.extend_from_slice(bytes);
///         Ok(())
///     }
///     fn payload(&mut self, range: Range<usize>) -> Option<Vec<u8>> {
///         Some(self.unacknowledged[range].to_vec())
///     }
///     fn payload_arrives(
///         &mut self,
///         segment: &Segment,
///         payload: &[u8],
///         now: Instant,
///     ) -> Result<Range<usize>, Refusal> {
///         let new = self.connection.segment_arrives(segment, now)?;
///         self.unread.extend_from_slice(&payload[new.clone()]);
///         Ok(new)
///     }
///     fn receive_bytes(&mut self, bytes: usize) -> Result<Option<Vec<u8>>, CallError> {
///         self.connection.receive(bytes)?;
///         Ok(Some(self.unread.drain(..bytes).collect()))
///     }
///     fn poll(&mut self, now: Instant) -> Output {
///         let output = self.connection.poll(now);
///         if let Output::Signal(Signal::Acknowledged(bytes)) = output {
///             self.unacknowledged.drain(..bytes);
///         }
///         output
///     }
/// }
///
/// let queues = |config: &Config| {
///     Queues { connection: Connection::new(config, 0), unacknowledged: Vec::new(), unread: Vec::new() }
/// };
/// check_with(queues, "
///     ESTABLISHED
///     send 10
///     --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>          # these are the bytes of the send queue
///     <-- <SEQ=300><ACK=106><CTL=ACK><DATA=5>
///     signal: Acknowledged 6
///     --> <SEQ=110><ACK=305><CTL=ACK>
///     + 1s
///     signal: RetransmissionTimeout
///     --> <SEQ=106><ACK=305><CTL=ACK><DATA=4>           # and still are
///     receive 5                                         # the user gets the five bytes that came
///     ESTABLISHED                                       UNREAD=0
/// ");
/// ```
///
/// # A timer of its own
///
/// A program that keeps its timer beside the connection answers [`next_timeout`](Self::next_timeout) from it.
///
/// ```
/// use tcp_lifecycle::sim::{Glue, check_with};
/// use tcp_lifecycle::{Config, Connection, Instant, Output};
///
/// struct Timed {
///     connection: Connection,
///     timer: Option<Instant>,
/// }
///
/// impl Glue for Timed {
///     fn connection(&mut self) -> &mut Connection {
///         &mut self.connection
///     }
///     fn poll(&mut self, now: Instant) -> Output {
///         let output = self.connection.poll(now);
///         if let Output::Wait(until) = output {
///             self.timer = until; // without this line: `timeout() at 1s` was expected
///         }
///         output
///     }
///     fn next_timeout(&mut self) -> Option<Instant> {
///         self.timer
///     }
///     fn timeout(&mut self, now: Instant) {
///         self.timer = None;
///         self.connection.timeout(now);
///     }
/// }
///
/// check_with(|config: &Config| Timed { connection: Connection::new(config, 0), timer: None }, "
///     open active
///     --> <SEQ=100><CTL=SYN>
///     SYN-SENT
///     + 1s
///     signal: RetransmissionTimeout
///     --> <SEQ=100><CTL=SYN>
/// ");
/// ```
///
/// # A loop of its own
///
/// A program that polls by itself answers [`emitted`](Self::emitted) with what its loop has handed to the network and
/// to the user. Its own time comes from [`clock`](Self::clock).
///
/// ```
/// use core::ops::Range;
/// use tcp_lifecycle::sim::{Emitted, Glue, check_with};
/// use tcp_lifecycle::{CallError, Config, Connection, Instant, Open, Output, Refusal, Segment, Signal, Transmit};
///
/// struct Socket {
///     connection: Connection,
///     now: Instant,
///     unacknowledged: Vec<u8>,
///     sent: Vec<Emitted>,
/// }
///
/// impl Socket {
///     fn event<T>(&mut self, event: impl FnOnce(&mut Connection, Instant) -> T) -> T {
///         let result = event(&mut self.connection, self.now);
///         loop {
///             match self.connection.poll(self.now) {
///                 Output::Transition(_) => {}
///                 Output::Signal(Signal::Acknowledged(bytes)) => drop(self.unacknowledged.drain(..bytes)),
///                 Output::Signal(signal) => self.sent.push(Emitted::Signal(signal)),
///                 Output::Transmit(Transmit { segment, payload }) => {
///                     let mut bytes = self.unacknowledged[payload].to_vec();
///                     bytes.resize(segment.payload_len().into(), 0); // the octet of a keep-alive probe
///                     self.sent.push(Emitted::Segment(segment, bytes));
///                 }
///                 Output::Wait(_) => return result,
///             }
///         }
///     }
/// }
///
/// impl Glue for Socket {
///     fn connection(&mut self) -> &mut Connection {
///         &mut self.connection
///     }
///     fn clock(&mut self, now: Instant) {
///         self.now = now;
///     }
///     fn open(&mut self, open: Open, _: Instant) -> Result<(), CallError> {
///         self.event(|connection, now| connection.open(open, now))
///     }
///     fn send_bytes(&mut self, bytes: &[u8], _: Instant) -> Result<(), CallError> {
///         self.unacknowledged.extend_from_slice(bytes);
///         self.event(|connection, now| connection.send(bytes.len(), now))
///     }
///     fn segment_arrives(&mut self, segment: &Segment, _: Instant) -> Result<Range<usize>, Refusal> {
///         self.event(|connection, now| connection.segment_arrives(segment, now))
///     }
///     fn timeout(&mut self, _: Instant) {
///         self.event(|connection, now| connection.timeout(now));
///     }
///     fn emitted(&mut self) -> Option<Vec<Emitted>> {
///         Some(core::mem::take(&mut self.sent))
///     }
/// }
///
/// let socket = |config: &Config| {
///     let connection = Connection::new(config, 0);
///     Socket { connection, now: Instant::ZERO, unacknowledged: Vec::new(), sent: Vec::new() }
/// };
/// check_with(socket, "
///     open active
///     --> <SEQ=100><CTL=SYN>
///     SYN-SENT
///     <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
///     --> <SEQ=101><ACK=301><CTL=ACK>
///     ESTABLISHED
///     send 5
///     --> <SEQ=101><ACK=301><CTL=ACK><DATA=5>
///     <-- <SEQ=301><ACK=106><CTL=ACK>                   # the loop keeps Acknowledged to itself
///     <-- <SEQ=301><CTL=RST>
///     signal: Reset
///     CLOSED
/// ");
/// ```
///
/// [`Script`]: super::Script
pub trait Glue {
    /// The connection. A script looks at its variables, and chooses its initial sequence numbers.
    fn connection(&mut self) -> &mut Connection;

    /// OPEN.
    ///
    /// # Errors
    ///
    /// As of [`Connection::open`]; likewise for the other methods.
    fn open(&mut self, open: Open, now: Instant) -> Result<(), CallError> {
        self.connection().open(open, now)
    }

    /// SEND, for a program that keeps no bytes.
    ///
    /// # Errors
    ///
    /// As of [`Connection::send`].
    fn send(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.connection().send(bytes, now)
    }

    /// SEND of these bytes. [`send`](Self::send) by default.
    ///
    /// # Errors
    ///
    /// As of [`Connection::send`].
    fn send_bytes(&mut self, bytes: &[u8], now: Instant) -> Result<(), CallError> {
        self.send(bytes.len(), now)
    }

    /// SEND with the URGENT flag, for a program that keeps no bytes.
    ///
    /// # Errors
    ///
    /// As of [`Connection::send_urgent`].
    fn send_urgent(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.connection().send_urgent(bytes, now)
    }

    /// SEND of these bytes with the URGENT flag. [`send_urgent`](Self::send_urgent) by default.
    ///
    /// # Errors
    ///
    /// As of [`Connection::send_urgent`].
    fn send_urgent_bytes(&mut self, bytes: &[u8], now: Instant) -> Result<(), CallError> {
        self.send_urgent(bytes.len(), now)
    }

    /// RECEIVE, for a program that keeps no bytes.
    ///
    /// # Errors
    ///
    /// As of [`Connection::receive`].
    fn receive(&mut self, bytes: usize) -> Result<(), CallError> {
        self.connection().receive(bytes)
    }

    /// The user takes this number of bytes from the receive queue. `None` where the program keeps no bytes:
    /// [`receive`](Self::receive) by default.
    ///
    /// # Errors
    ///
    /// As of [`Connection::receive`].
    fn receive_bytes(&mut self, bytes: usize) -> Result<Option<Vec<u8>>, CallError> {
        self.receive(bytes).map(|()| None)
    }

    /// CLOSE.
    ///
    /// # Errors
    ///
    /// As of [`Connection::close`].
    fn close(&mut self, now: Instant) -> Result<(), CallError> {
        self.connection().close(now)
    }

    /// The user is gone.
    ///
    /// # Errors
    ///
    /// As of [`Connection::detach`].
    fn detach(&mut self, now: Instant) -> Result<(), CallError> {
        self.connection().detach(now)
    }

    /// ABORT.
    ///
    /// # Errors
    ///
    /// As of [`Connection::abort`].
    fn abort(&mut self) -> Result<(), CallError> {
        self.connection().abort()
    }

    /// Any other call: `limit`, `retransmit`, `configure`, the marks of congestion. A program that polls by itself
    /// polls after it.
    fn call(&mut self, call: &mut dyn FnMut(&mut Connection)) {
        call(self.connection());
    }

    /// SEGMENT ARRIVES, for a program that keeps no bytes.
    ///
    /// # Errors
    ///
    /// As of [`Connection::segment_arrives`].
    fn segment_arrives(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        self.connection().segment_arrives(segment, now)
    }

    /// SEGMENT ARRIVES with this payload. [`segment_arrives`](Self::segment_arrives) by default.
    ///
    /// # Errors
    ///
    /// As of [`Connection::segment_arrives`].
    fn payload_arrives(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> Result<Range<usize>, Refusal> {
        let _ = payload;
        self.segment_arrives(segment, now)
    }

    /// An ICMP error arrives.
    ///
    /// # Errors
    ///
    /// As of [`Connection::icmp`].
    fn icmp(&mut self, error: IcmpError, quoted: SeqNumber) -> Result<(), Refusal> {
        self.connection().icmp(error, quoted)
    }

    /// The time that [`next_timeout`](Self::next_timeout) asked for has come.
    fn timeout(&mut self, now: Instant) {
        self.connection().timeout(now);
    }

    /// The next output; after every event the script polls until `Wait`, unless the program polls by itself.
    fn poll(&mut self, now: Instant) -> Output {
        self.connection().poll(now)
    }

    /// The bytes that go into a segment, just handed out by [`poll`](Self::poll): this range of the send queue. `None`,
    /// the default, where the program keeps no bytes.
    fn payload(&mut self, range: Range<usize>) -> Option<Vec<u8>> {
        let _ = range;
        None
    }

    /// When the program wants [`timeout`](Self::timeout) to be called. It is called at no other time.
    fn next_timeout(&mut self) -> Option<Instant> {
        self.connection().deadline()
    }

    /// The time of the next event, for a program that reads a clock.
    fn clock(&mut self, now: Instant) {
        let _ = now;
    }

    /// All that a program which polls by itself has put out since the last call, in order; the script asks after every
    /// event. `None`, the default, where the script is to [`poll`](Self::poll). It must not poll itself: the program
    /// polls after each event, or the script fails.
    ///
    /// The script lists the segments, and the signals that the user is told. Of several changes of state at one event
    /// it sees the last. No event can be joined by `&`: the program has polled already.
    fn emitted(&mut self) -> Option<Vec<Emitted>> {
        None
    }
}

/// An output of a program that polls by itself; see [`Glue::emitted`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Emitted {
    /// A segment went to the network, with this payload.
    Segment(Segment, Vec<u8>),
    /// The user was told.
    Signal(Signal),
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

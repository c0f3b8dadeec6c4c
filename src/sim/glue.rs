//! The program that a script tests: a connection, or a program around a connection.

use core::ops::Range;
use std::vec::Vec;

use super::emitted::Emitted;
use crate::{CallError, Config, Connection, IcmpError, Instant, Open, Output, Refusal, Segment, SeqNumber};

/// A program around a [`Connection`], against which a [`Script`] can be played.
///
/// A method stands for the event or the call of the same name. A test implements the methods that its program handles
/// itself. The other methods keep their defaults, which use the bare connection. The script is the world around the
/// program: user, peer, clock. It calls [`timeout`](Self::timeout) only when the program has asked for it. It fails if
/// the program
///
/// * has asked for no timeout, or a later one, when the connection's [`deadline`](Connection::deadline) comes;
/// * leaves an output in the connection that a poll would hand out;
/// * sends bytes that are not its user's, or gives its user bytes that are not the peer's;
/// * gives its user the bytes of a RECEIVE in the script without a [`receive`](Connection::receive) for them;
/// * puts out something that no line lists, or does not put out something that a line lists.
///
/// Of a program that consumes by itself what arrives, `UNREAD=0` after a state shows that it has called `receive`.
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
///     fn segment_arrives(
///         &mut self,
///         segment: &Segment,
///         now: Instant,
///     ) -> Result<Range<usize>, Refusal> {
///         let new = self.0.segment_arrives(segment, now)?;
///         if !new.is_empty() {
///             self.0.receive(new.len()).expect("it is open");
///             self.0.send(new.len(), now).expect("it is open");
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
/// A program with a send queue implements [`send_bytes`](Self::send_bytes) and [`payload`](Self::payload). A program
/// with a receive queue implements [`payload_arrives`](Self::payload_arrives) and
/// [`receive_bytes`](Self::receive_bytes). Neighbouring bytes of a script differ, so that each fault in a queue shows.
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
///     let connection = Connection::new(config, 0);
///     Queues { connection, unacknowledged: Vec::new(), unread: Vec::new() }
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
/// A program that keeps a timer of its own implements [`next_timeout`](Self::next_timeout).
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
/// A program that polls by itself implements [`emitted`](Self::emitted), which returns the outputs that its loop has
/// handed to the network and to the user. The script tells it the time by [`clock`](Self::clock).
///
/// ```
/// use core::ops::Range;
/// use tcp_lifecycle::sim::{Emitted, Glue, check_with};
/// use tcp_lifecycle::{CallError, Config, Connection, Instant, Open, Refusal, Segment};
/// use tcp_lifecycle::{Output, Signal, Transmit};
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
///                 Output::Signal(Signal::Acknowledged(bytes)) => {
///                     self.unacknowledged.drain(..bytes);
///                 }
///                 Output::Signal(signal) => self.sent.push(Emitted::Signal(signal)),
///                 Output::Transmit(Transmit { segment, payload }) => {
///                     let mut bytes = self.unacknowledged[payload].to_vec();
///                     // The octet of a keep-alive probe.
///                     bytes.resize(segment.payload_len().into(), 0);
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
///     fn segment_arrives(
///         &mut self,
///         segment: &Segment,
///         _: Instant,
///     ) -> Result<Range<usize>, Refusal> {
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
    /// Returns the connection. The script reads its variables, and chooses its initial sequence numbers.
    fn connection(&mut self) -> &mut Connection;

    /// OPEN.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::open`].
    fn open(&mut self, open: Open, now: Instant) -> Result<(), CallError> {
        self.connection().open(open, now)
    }

    /// SEND, for a program that keeps no bytes.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send`].
    fn send(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.connection().send(bytes, now)
    }

    /// SEND of these bytes. The default calls [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send`].
    fn send_bytes(&mut self, bytes: &[u8], now: Instant) -> Result<(), CallError> {
        self.send(bytes.len(), now)
    }

    /// SEND with the URGENT flag, for a program that keeps no bytes.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send_urgent`].
    fn send_urgent(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.connection().send_urgent(bytes, now)
    }

    /// SEND of these bytes with the URGENT flag. The default calls [`send_urgent`](Self::send_urgent).
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send_urgent`].
    fn send_urgent_bytes(&mut self, bytes: &[u8], now: Instant) -> Result<(), CallError> {
        self.send_urgent(bytes.len(), now)
    }

    /// RECEIVE, for a program that keeps no bytes.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::receive`].
    fn receive(&mut self, bytes: usize) -> Result<(), CallError> {
        self.connection().receive(bytes)
    }

    /// RECEIVE: returns this number of bytes from the receive queue, or `None` if the program keeps no bytes. The
    /// default calls [`receive`](Self::receive).
    ///
    /// # Errors
    ///
    /// Those of [`Connection::receive`].
    fn receive_bytes(&mut self, bytes: usize) -> Result<Option<Vec<u8>>, CallError> {
        self.receive(bytes).map(|()| None)
    }

    /// CLOSE.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::close`].
    fn close(&mut self, now: Instant) -> Result<(), CallError> {
        self.connection().close(now)
    }

    /// Tells the connection that the user is gone.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::detach`].
    fn detach(&mut self, now: Instant) -> Result<(), CallError> {
        self.connection().detach(now)
    }

    /// ABORT.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::abort`].
    fn abort(&mut self) -> Result<(), CallError> {
        self.connection().abort()
    }

    /// Makes any other call: `limit`, `retransmit`, `configure`, or a call for ECN. A program that polls by itself
    /// polls after it.
    fn call(&mut self, call: &mut dyn FnMut(&mut Connection)) {
        call(self.connection());
    }

    /// SEGMENT ARRIVES, for a program that keeps no bytes.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::segment_arrives`].
    fn segment_arrives(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        self.connection().segment_arrives(segment, now)
    }

    /// SEGMENT ARRIVES with this payload. The default calls [`segment_arrives`](Self::segment_arrives).
    ///
    /// # Errors
    ///
    /// Those of [`Connection::segment_arrives`].
    fn payload_arrives(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> Result<Range<usize>, Refusal> {
        let _ = payload;
        self.segment_arrives(segment, now)
    }

    /// An ICMP error arrives.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::icmp`].
    fn icmp(&mut self, error: IcmpError, quoted: SeqNumber) -> Result<(), Refusal> {
        self.connection().icmp(error, quoted)
    }

    /// The time that [`next_timeout`](Self::next_timeout) asked for has come.
    fn timeout(&mut self, now: Instant) {
        self.connection().timeout(now);
    }

    /// Returns the next output. After every event the script polls until `Wait`, unless the program polls by itself.
    fn poll(&mut self, now: Instant) -> Output {
        self.connection().poll(now)
    }

    /// Returns this range of the send queue: the payload of the segment that [`poll`](Self::poll) has just handed out.
    /// Returns `None`, the default, if the program keeps no bytes.
    fn payload(&mut self, range: Range<usize>) -> Option<Vec<u8>> {
        let _ = range;
        None
    }

    /// Returns when the script is to call [`timeout`](Self::timeout). The script calls it at no other time.
    fn next_timeout(&mut self) -> Option<Instant> {
        self.connection().deadline()
    }

    /// Tells the time of the next event to a program that reads a clock.
    fn clock(&mut self, now: Instant) {
        let _ = now;
    }

    /// Returns all outputs since the last call, in order, if the program polls by itself. The script asks after every
    /// event. Returns `None`, the default, if the script is to [`poll`](Self::poll). This method must not poll: the
    /// program polls after each event, or the script fails.
    ///
    /// The script lists the segments, and the signals that the user gets. Of several changes of state in one event it
    /// sees only the last. No event can be joined by `&`, since the program has polled already.
    fn emitted(&mut self) -> Option<Vec<Emitted>> {
        None
    }
}

/// A connection without a program around it.
impl Glue for Connection {
    fn connection(&mut self) -> &mut Connection {
        self
    }
}

/// Makes a new connection. The script chooses its initial sequence numbers.
pub(super) fn connection(config: &Config) -> Connection {
    Connection::new(config, 0)
}

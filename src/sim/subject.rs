//! The TCP that a script tests: this crate's connection, a program around it, or any other TCP.

use core::ops::Range;
use std::string::String;
use std::vec::Vec;

use super::emitted::Emitted;
use super::variable::Value;
use crate::{CallError, Config, Connection, IcmpError, Instant, Open, Refusal, Segment, SeqNumber, State};

/// A TCP that a [`Script`] or a [`Figure`] tests. It needs no [`Connection`]. Every [`Glue`](super::Glue) is a subject,
/// and so is a `Connection`.
///
/// User calls, segments and time go in; segments go out. Everything else is optional. A subject that cannot tell its
/// state, its variables or its signals passes no line about them: the line is [counted](Played::unchecked) as not
/// checked. A line that needs a call or a policy that the subject does not have ends the script with an error that is
/// [not a failure](super::ScriptError::is_not_supported).
///
/// After every event the script calls [`outputs`](Self::outputs) until it returns nothing. It calls
/// [`wake`](Self::wake) at the time of [`wakes_at`](Self::wakes_at), and at no other time.
///
/// ```
/// use tcp_lifecycle::sim::{Arrival, Emitted, Failure, Script, Subject, Tolerances, UserCall};
/// use tcp_lifecycle::{Config, Control, Instant, Open, Segment, SeqNumber, State};
///
/// /// The smallest listener: it knows LISTEN, SYN-RECEIVED and ESTABLISHED. Its ISS is 7000.
/// #[derive(Debug)]
/// struct Tiny {
///     state: State,
///     rcv_nxt: SeqNumber,
///     out: Vec<Emitted>,
/// }
///
/// impl Subject for Tiny {
///     fn user_call(
///         &mut self,
///         call: UserCall<'_>,
///         _: Instant,
///     ) -> Result<Option<Vec<u8>>, Failure> {
///         match call {
///             UserCall::Open(Open::Passive) => self.state = State::Listen,
///             _ => return Err(Failure::NotSupported),
///         }
///         Ok(None)
///     }
///     fn segment_in(&mut self, segment: &Segment, _payload: &[u8], _: Instant) -> Arrival {
///         let (iss, control) = (SeqNumber(7000), segment.control());
///         if self.state == State::Listen && control == Control::SYN {
///             (self.state, self.rcv_nxt) = (State::SynReceived, segment.seq() + 1);
///             let answer = Segment::new(iss, self.rcv_nxt, Control::SYN | Control::ACK);
///             self.out.push(Emitted::Segment(answer.with_window(1000), Vec::new()));
///         } else if self.state == State::SynReceived && segment.ack() == Some(iss + 1) {
///             self.state = State::Established;
///         }
///         Arrival::Untold
///     }
///     fn outputs(&mut self, _: Instant) -> Vec<Emitted> {
///         std::mem::take(&mut self.out)
///     }
///     fn wakes_at(&mut self) -> Option<Instant> {
///         None // it retransmits nothing
///     }
///     fn wake(&mut self, _: Instant) {}
///     fn tell_state(&mut self) -> Option<State> {
///         Some(self.state)
///     }
///     fn tolerances(&self) -> Tolerances {
///         // The 100 of a script stands for 7000.
///         Tolerances { own_iss: true, ..Tolerances::NONE }
///     }
/// }
///
/// let tiny = |_: &Config| Tiny { state: State::Closed, rcv_nxt: SeqNumber(0), out: Vec::new() };
/// let handshake = Script::parse("
///     open passive
///     LISTEN
///     <-- <SEQ=300><CTL=SYN>
///     --> <SEQ=100><ACK=301><CTL=SYN,ACK>
///     SYN-RECEIVED                            RCV.NXT=301
///     <-- <SEQ=301><ACK=101><CTL=ACK>
///     ESTABLISHED
/// ")?;
/// let played = handshake.run_subject(&Config::DEFAULT, tiny)?;
/// // Everything else was checked.
/// assert_eq!(played.unchecked[0].to_string(), "line 6: RCV.NXT is not told");
///
/// // RFC 9293 section 3.10.7.4, second: a reset at RCV.NXT ends the connection.
/// // Tiny knows no resets, and no active OPEN.
/// let reset = Script::parse("ESTABLISHED\n<-- <SEQ=300><CTL=RST>\nsignal: Reset\nCLOSED")?;
/// assert!(reset.run_subject(&Config::DEFAULT, tiny).unwrap_err().is_not_supported());
/// let reset = Script::parse("SYN-RECEIVED\n<-- <SEQ=300><CTL=RST>\nLISTEN")?;
/// let error = reset.run_subject(&Config::DEFAULT, tiny).unwrap_err();
/// assert_eq!((error.line(), error.difference()), (3, Some(("LISTEN", "SYN-RECEIVED"))));
/// # Ok::<(), tcp_lifecycle::sim::ScriptError>(())
/// ```
///
/// [`Script`]: super::Script
/// [`Figure`]: super::Figure
pub trait Subject {
    /// Makes a call of the user. RECEIVE returns the bytes that the user gets, or `None` if the subject keeps no bytes.
    /// Every other call returns `None`.
    ///
    /// # Errors
    ///
    /// Returns why the call fails, or [`Failure::NotSupported`] if the subject has no such call.
    fn user_call(&mut self, call: UserCall<'_>, now: Instant) -> Result<Option<Vec<u8>>, Failure>;

    /// A segment arrives, with its payload.
    fn segment_in(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> Arrival;

    /// Returns outputs since the last call, in order. The script asks until there are none.
    fn outputs(&mut self, now: Instant) -> Vec<Emitted>;

    /// Returns when the script is to call [`wake`](Self::wake).
    fn wakes_at(&mut self) -> Option<Instant>;

    /// The time that [`wakes_at`](Self::wakes_at) asked for has come.
    fn wake(&mut self, now: Instant);

    /// An ICMP error arrives that quotes this sequence number. Returns `None`, the default, if the subject takes no
    /// ICMP errors.
    fn icmp_in(&mut self, error: IcmpError, quoted: SeqNumber, now: Instant) -> Option<Arrival> {
        let _ = (error, quoted, now);
        None
    }

    /// Returns the state; `None`, the default, if the subject cannot tell it.
    fn tell_state(&mut self) -> Option<State> {
        None
    }

    /// Returns a variable by the name that a [`Script`](super::Script) writes; `None`, the default, if the subject
    /// cannot tell it. A sequence number is the subject's own, also with [`own_iss`](Tolerances::own_iss).
    fn tell_variable(&mut self, name: &str, now: Instant) -> Option<Value> {
        let _ = (name, now);
        None
    }

    /// Returns whether the subject can follow this policy of a `config` line. The default is false. A policy that has
    /// this value already is not asked about.
    fn supports(&self, policy: &str, value: &str) -> bool {
        let _ = (policy, value);
        false
    }

    /// Returns the differences that do not count. The default is none.
    fn tolerances(&self) -> Tolerances {
        Tolerances::NONE
    }

    /// The next initial sequence number must be this one, if the subject does not choose it
    /// [itself](Tolerances::own_iss). The script calls it before every event.
    fn set_iss(&mut self, iss: SeqNumber, now: Instant) {
        let _ = (iss, now);
    }

    /// Returns the connection of this crate inside, if there is one. The script then also checks the contract between
    /// the connection and the program around it; see [`Glue`](super::Glue).
    fn connection_inside(&mut self) -> Option<&mut Connection> {
        None
    }
}

/// A call of the user.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum UserCall<'a> {
    /// OPEN.
    Open(Open),
    /// SEND of these bytes.
    Send(&'a [u8]),
    /// SEND of these bytes with the URGENT flag.
    SendUrgent(&'a [u8]),
    /// SEND of more bytes than a script makes, 2^24: only their number is known.
    SendMany(usize),
    /// The same with the URGENT flag.
    SendManyUrgent(usize),
    /// RECEIVE of this number of bytes.
    Receive(usize),
    /// CLOSE: the user sends no more.
    Close,
    /// The user is gone; see [`Connection::detach`].
    Detach,
    /// ABORT.
    Abort,
    /// A call to acknowledge at once; see [`Connection::acknowledge_now`].
    AcknowledgeNow,
    /// The congestion window; see [`Connection::limit`].
    Limit(u32),
    /// A retransmission of these bytes of the send queue; see [`Connection::retransmit`].
    Retransmit(Range<usize>),
    /// The last segment came with Congestion Experienced; see [`Connection::congestion_experienced`].
    CongestionExperienced,
    /// The user has halved its congestion window; see [`Connection::congestion_window_reduced`].
    CongestionWindowReduced,
    /// Other policies during the life of the connection; see [`Connection::configure`].
    Configure(&'a Config),
}

/// Why a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// An error of the RFC. The text must be the text in the script.
    Error(CallError),
    /// An error of the subject. It fits every error in the script, and the text counts as not checked.
    Other(String),
    /// The subject has no such call.
    NotSupported,
}

/// The outcome of a segment or of an ICMP error, as far as the subject tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// These bytes of the payload were delivered, in order; or the segment was refused.
    Told(Result<Range<usize>, Refusal>),
    /// This number of bytes became readable. The range and the reason of a refusal are not told.
    Delivered(usize),
    /// Nothing is told.
    Untold,
}

/// Differences between a subject and a script that do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerances {
    /// The subject chooses its initial sequence numbers itself. The numbers of a script are relative then: the number
    /// that the script expects stands for the number in the subject's SYN.
    pub own_iss: bool,
    /// WND of an outbound segment is not compared. It counts as not checked.
    pub windows: bool,
    /// The options of an outbound segment are not compared. They count as not checked.
    pub options: bool,
    /// The subject does not tell its signals. A line with a signal counts as not checked.
    pub signals: bool,
    /// A segment with nothing but an ACK may come without a line for it.
    pub extra_acks: bool,
}

impl Tolerances {
    /// Everything counts.
    pub const NONE: Tolerances =
        Tolerances { own_iss: false, windows: false, options: false, signals: false, extra_acks: false };
}

/// A subject at the end of a script, and the parts of the script that could not be checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Played<S> {
    /// The subject as it is at the end.
    pub subject: S,
    /// Everything that the script says and the subject does not tell, in order.
    pub unchecked: Vec<Unchecked>,
}

/// A part of a line that could not be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unchecked {
    /// The number of the line, counted from one.
    pub line: usize,
    /// The part that is not told.
    pub what: String,
}

impl core::fmt::Display for Unchecked {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "line {}: {} is not told", self.line, self.what)
    }
}

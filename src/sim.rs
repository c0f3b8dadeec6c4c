//! A simulator of connections, in memory and in virtual time: for tests, for simulations, and to watch TCP at work.
//!
//! # A test in ten lines
//!
//! [`check`] plays a script, in the RFC's notation, against one connection. The script plays the peer. An output that
//! the script does not list fails the test, and the message shows the exchange up to there; see [`Script`].
//!
//! ```
//! tcp_lifecycle::sim::check("
//!     FIN-WAIT-2                             SND.NXT=101 RCV.NXT=300
//!     <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
//!     signal: Closing
//!     --> <SEQ=101><ACK=301><CTL=ACK>
//!     TIME-WAIT
//!     + 4m                                   # 2 MSL
//!     CLOSED
//! ");
//! ```
//!
//! [`check_with`] plays a script against a [`Glue`], a program around a connection with queues, a timer and a loop.
//!
//! ```
//! use core::ops::Range;
//! use tcp_lifecycle::sim::{Glue, check_with};
//! use tcp_lifecycle::{Config, Connection, Instant, Refusal, Segment};
//!
//! /// Consumes whatever comes, at once.
//! struct Reader(Connection);
//!
//! impl Glue for Reader {
//!     fn connection(&mut self) -> &mut Connection {
//!         &mut self.0
//!     }
//!     fn segment_arrives(
//!         &mut self,
//!         segment: &Segment,
//!         now: Instant,
//!     ) -> Result<Range<usize>, Refusal> {
//!         let new = self.0.segment_arrives(segment, now)?;
//!         let _ = self.0.receive(new.len()); // it may have been reset
//!         Ok(new)
//!     }
//! }
//!
//! check_with(|config: &Config| Reader(Connection::new(config, 0)), "
//!     ESTABLISHED
//!     <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>
//!     --> <SEQ=100><ACK=305><CTL=ACK>
//!     ESTABLISHED                             UNREAD=0
//! ");
//! ```
//!
//! # Test your own TCP
//!
//! A script, and a figure, can be played against any TCP: see [`Subject`]. It needs five methods: for
//! the calls of the user, for segments in, for segments out, and two for its timer. It may tell its state and
//! its variables. [`Script::run_subject`] counts everything that the script says and the TCP does not tell, so that
//! nothing passes unseen. `tests/smoltcp/report.rs` plays the scripts of this crate's own tests against smoltcp.
//!
//! ```
//! use tcp_lifecycle::sim::{Arrival, Emitted, Failure, Script, Subject, UserCall};
//! use tcp_lifecycle::{Config, Instant, Segment};
//!
//! /// A TCP that knows no connection, and answers nothing.
//! struct Silent;
//!
//! impl Subject for Silent {
//!     fn user_call(&mut self, _: UserCall<'_>, _: Instant) -> Result<Option<Vec<u8>>, Failure> {
//!         Err(Failure::NotSupported)
//!     }
//!     fn segment_in(&mut self, _: &Segment, _payload: &[u8], _: Instant) -> Arrival {
//!         Arrival::Untold
//!     }
//!     fn outputs(&mut self, _: Instant) -> Vec<Emitted> {
//!         Vec::new()
//!     }
//!     fn wakes_at(&mut self) -> Option<Instant> {
//!         None
//!     }
//!     fn wake(&mut self, _: Instant) {}
//! }
//!
//! // RFC 9293 section 3.10.7.1: a SYN to a closed port is reset.
//! let reset = Script::parse("
//!     <-- <SEQ=300><CTL=SYN>              refused
//!     --> <SEQ=0><ACK=301><CTL=RST,ACK>
//! ")?;
//! let error = reset.run_subject(&Config::DEFAULT, |_: &Config| Silent).map(|_| ()).unwrap_err();
//! assert_eq!(error.difference(), Some(("--> <SEQ=0><ACK=301><CTL=RST,ACK>", "nothing")));
//! # Ok::<(), tcp_lifecycle::sim::ScriptError>(())
//! ```
//!
//! [`Script::packetdrill`] writes a script in the language of packetdrill, which plays it against a kernel.
//!
//! # Two connections, row by row
//!
//! [`check_figure`] plays an exchange between two connections, row by row as the RFC draws it. Its segments can be
//! delayed, lost or duplicated; see [`Figure`].
//!
//! # Two connections, step by step
//!
//! A [`Pair`] has two connections, the bytes of their users, and a [`Network`] between them that can be operated by
//! hand. Its [`Trace`] prints as a ladder, which a test can [check](check_ladder), and [as a diagram](Trace::mermaid):
//!
//! ```
//! use tcp_lifecycle::sim::{Network, Pair, Side, check_ladder};
//! use tcp_lifecycle::{Config, Open};
//!
//! let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::BY_HAND);
//! pair.open(Side::B, Open::Passive)?;
//! pair.open(Side::A, Open::Active)?;
//! pair.deliver(0);
//! pair.deliver(0);
//! pair.lose(0);
//! check_ladder(pair.trace(), "
//!     time    A                                                    B
//!     0.000s  CLOSED                                               CLOSED
//!                                              (open passive)      LISTEN
//!             SYN-SENT         (open active)
//!             SYN-SENT     --> <SEQ=100><CTL=SYN>              --> SYN-RECEIVED
//!             ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED
//!             ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>     x
//! ");
//! # Ok::<(), tcp_lifecycle::CallError>(())
//! ```
//!
//! The comparison goes by the words of each row; blanks do not count. To renew a ladder in place, write it with the
//! crate `expect-test`: with `UPDATE_EXPECT=1`, `cargo test` rewrites the text in the source.
//!
//! ```
//! use expect_test::expect;
//! use tcp_lifecycle::Config;
//! use tcp_lifecycle::sim::{Network, Pair, Side};
//!
//! let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
//! pair.handshake()?;
//! pair.settle()?;
//! pair.take_trace();
//! pair.abort(Side::A)?;
//! pair.drive()?;
//! expect![[r#"
//!       time  A                                                     B
//!     0.030s  ESTABLISHED                                           ESTABLISHED
//!             CLOSED           (abort)
//!             CLOSED       --> <SEQ=101><CTL=RST>               --> CLOSED
//!                                               (signal: Reset)     CLOSED
//! "#]]
//! .assert_eq(&pair.trace().to_string());
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Scenarios and lessons
//!
//! A [`Scenario`] operates two ends and the network between them by lines of text. [`LESSONS`] teaches TCP in such
//! scenarios: why there are three messages, what TIME-WAIT is for, how connections leak, how they are attacked.
//!
//! ```
//! use tcp_lifecycle::sim::{LESSONS, Language};
//!
//! for lesson in &LESSONS {
//!     println!("{}\n{}", lesson.title.get(Language::English), lesson.play()?.pair().trace());
//! }
//! # Ok::<(), tcp_lifecycle::sim::ScriptError>(())
//! ```
//!
//! # A faulty network
//!
//! A [`Network`] delays, loses, duplicates, corrupts, reorders and [marks](Network::marking) segments at random. The
//! faults come from a seed, so that every run can be repeated. For some time the network can let [nothing
//! through](Pair::partition). Hours of virtual time take milliseconds. A program can [subscribe](Pair::subscribe) to
//! all events, and the pair [counts](Pair::counts) segments and faults.
//!
//! ```
//! use core::time::Duration;
//! use tcp_lifecycle::Config;
//! use tcp_lifecycle::sim::{Network, Pair, Side};
//!
//! let network = Network { loss: 100, ..Network::faulty(42) };
//! let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, network);
//! pair.handshake()?;
//! pair.partition(pair.now()..pair.now() + Duration::from_secs(30));
//! pair.send(Side::A, &[7; 5_000])?;
//! pair.close(Side::A)?;
//! pair.close(Side::B)?;
//! pair.drive()?; // until both are at rest, checking the bytes on the way
//! assert_eq!(pair.received(Side::B), [7; 5_000]);
//! println!("{} segments, {} faults", pair.counts().sent, pair.counts().faults());
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # A protocol over TCP
//!
//! [`Pair::drive_with`] tells a callback what the two users learn: connected, these bytes received, closed by the peer,
//! ended. The callback sends and closes. So a byte protocol runs over every network that a test wants.
//!
//! ```
//! use tcp_lifecycle::sim::{Network, Pair, Side, UserEvent};
//! use tcp_lifecycle::{Config, Open};
//!
//! for seed in 0..20 {
//!     let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::faulty(seed));
//!     pair.open(Side::B, Open::Passive)?;
//!     pair.open(Side::A, Open::Active)?;
//!     let mut line = Vec::new();
//!     pair.drive_with(|pair, event| match event {
//!         UserEvent::Connected(Side::A) => pair.send(Side::A, b"who are you?\n").unwrap(),
//!         UserEvent::Received(Side::B, bytes) => {
//!             line.extend(bytes); // a line may come in pieces
//!             if line.ends_with(b"\n") {
//!                 pair.send(Side::B, b"a server\n").unwrap();
//!                 pair.close(Side::B).unwrap();
//!             }
//!         }
//!         UserEvent::PeerClosed(Side::A) => pair.close(Side::A).unwrap(),
//!         _ => {}
//!     })?;
//!     assert_eq!(line, b"who are you?\n");
//!     assert_eq!(pair.received(Side::A), b"a server\n");
//! }
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! In a script, a figure or a scenario the bytes stand as strings: `send "who are you?\n"`, `<DATA="a server\n">`.
//!
//! A script can also be played against one end over such a network: see [`Script::run_over`].
//!
//! With the feature `pcapng`, `Trace::write_pcapng` writes a trace as a capture for Wireshark.

mod bytes;
mod comparison;
mod cookies;
mod difference;
mod emitted;
mod end;
mod excerpt;
mod figure;
mod flights;
mod given;
mod glue;
mod glued;
mod hint;
mod ladder;
mod lessons;
mod line;
mod mermaid;
mod network;
mod octets;
mod over;
mod packetdrill;
mod pair;
mod pattern;
#[cfg(feature = "pcapng")]
mod pcapng;
mod player;
mod policy;
mod reassembly;
mod scenario;
mod script;
mod subject;
mod subscribers;
mod text;
mod trace;
mod variable;
mod violation;

use core::fmt;
use core::time::Duration;

use crate::Instant;
pub use comparison::{LadderError, check_ladder};
pub use emitted::Emitted;
pub use figure::{Figure, check_figure};
pub use glue::Glue;
pub use lessons::{LESSONS, Language, Lesson, LessonStep, Text};
pub use mermaid::Mermaid;
pub use network::{Counts, Flight, Network};
pub use pair::{Pair, UserEvent};
pub use scenario::Scenario;
pub use script::{Script, ScriptError, check, check_with};
pub use subject::{Arrival, Failure, Played, Subject, Tolerances, Unchecked, UserCall};
pub use trace::{Event, Trace, What};
pub use variable::Value;
pub use violation::Violation;

/// One of two ends, as the RFC's figures name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Side {
    /// The end on the left.
    A,
    /// The end on the right.
    B,
}

impl Side {
    /// A, then B.
    pub const BOTH: [Side; 2] = [Side::A, Side::B];

    /// Returns the other end.
    #[must_use]
    pub const fn other(self) -> Side {
        match self {
            Side::A => Side::B,
            Side::B => Side::A,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Side::A => "A",
            Side::B => "B",
        })
    }
}

fn after(start: Instant, time: Duration) -> Instant {
    start + time
}

//! Connections in memory and in virtual time: for tests, for simulators, and to watch TCP live.
//!
//! # Scripts
//!
//! [`check`] plays an exchange between one connection and a peer whose part the script plays, in the notation of the
//! RFC. What is not listed fails; see [`Script`].
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
//! [`check_figure`] plays an exchange between two connections, row by row as the RFC draws it, with segments that are
//! held up, lost, or arrive again; see [`Figure`].
//!
//! # Simulation
//!
//! A [`Pair`] is two connections with the bytes of their users over a [`Network`] that delays, loses, duplicates and
//! reorders, from a seed or by hand. Its [`Trace`] prints as a ladder:
//!
//! ```
//! use tcp_lifecycle::sim::{Network, Pair, Side};
//! use tcp_lifecycle::{Config, Open};
//!
//! let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::BY_HAND);
//! pair.open(Side::B, Open::Passive)?;
//! pair.open(Side::A, Open::Active)?;
//! pair.deliver(0);
//! pair.deliver(0);
//! pair.lose(0);
//! assert_eq!(format!("\n{}", pair.trace()), "
//!      time  A                                                     B
//!    0.000s  CLOSED                                                CLOSED
//!                                               (open passive)     LISTEN
//!            SYN-SENT         (open active)
//!            SYN-SENT     --> <SEQ=100><CTL=SYN>               --> SYN-RECEIVED
//!            ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK>  <-- SYN-RECEIVED
//!            ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>      x
//! ");
//! # Ok::<(), tcp_lifecycle::CallError>(())
//! ```

mod difference;
mod end;
mod figure;
mod given;
mod glue;
mod ladder;
mod line;
mod network;
mod pair;
mod player;
mod policy;
mod script;
mod trace;
mod variable;

use core::fmt;
use core::time::Duration;

pub use figure::{Figure, check_figure};
pub use glue::Glue;
pub use network::{Counts, Flight, Network};
pub use pair::{Pair, Violation};
pub use script::{Script, ScriptError, check, check_with};
pub use trace::{Event, Trace, What};

use crate::time::Instant;

/// One of two ends, as the RFC's figures name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one on the left.
    A,
    /// The one on the right.
    B,
}

impl Side {
    /// The other one.
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

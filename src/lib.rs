//! The life of one TCP connection as a pure state machine.

#![no_std]
#![warn(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used
)]

#[cfg(feature = "sim")]
extern crate std;

mod arrives;
mod calls;
mod config;
mod connection;
mod error;
mod options;
mod poll;
mod rto;
mod segment;
mod seq;
mod state;
mod status;
mod tcb;
mod time;
mod timeouts;

pub use config::{Config, ConfigError};
pub use connection::{Connection, Open};
pub use error::{CallError, Refusal};
pub use options::Options;
pub use poll::{Output, Signal, Transmit};
pub use segment::{Control, ParseSegmentError, Segment};
pub use seq::SeqNumber;
pub use state::{State, Transition};
pub use status::Status;
pub use time::Instant;

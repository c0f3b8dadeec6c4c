//! The state machine of one connection, without I/O, a clock, heap memory or the standard library. It imports nothing
//! from the crate's other modules.

mod arrives;
mod calls;
mod config;
mod connection;
mod context;
pub mod diagram;
mod error;
mod extensions;
mod fast_path;
mod icmp;
pub mod isn;
pub mod listener;
mod options;
mod outbox;
mod output;
mod poll;
mod prediction;
mod rebase;
mod rto;
mod segment;
mod seq;
#[cfg(feature = "serde")]
mod snapshot;
mod state;
mod status;
mod tcb;
mod time;
mod time_wait;
mod timeouts;
mod variables;

pub use config::{Config, ConfigError, KeepAlive, Policy, TimeWaitPolicy};
pub use connection::{Connection, Open};
pub use error::{CallError, Refusal};
pub use icmp::IcmpError;
pub use options::Options;
pub use output::{Output, Signal, Transmit};
pub use segment::{Control, ParseSegmentError, Segment};
pub use seq::SeqNumber;
pub use state::{State, Transition};
pub use status::Status;
pub use time::Instant;
pub use time_wait::TimeWait;

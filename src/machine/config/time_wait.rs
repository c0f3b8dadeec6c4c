//! The policies that matter in TIME-WAIT.

use super::Config;
use super::policy::{Policy, Switches};
use crate::machine::time::Span;

/// The policies of a [`Config`] that matter in TIME-WAIT, in twelve bytes. The calls of a [`TimeWait`](crate::TimeWait)
/// take them.
///
/// ```
/// use tcp_lifecycle::{Config, TimeWaitPolicy};
///
/// let policy = TimeWaitPolicy::new(&Config::DEFAULT); // one for many connections
/// assert_eq!(size_of_val(&policy), 12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeWaitPolicy {
    receive_buffer: u32,
    msl: Span,
    challenge_token: Span,
    switches: Switches,
    challenge_limit: u8,
}

impl TimeWaitPolicy {
    /// Converts `config`. A value out of range becomes the nearest value in range (see [`Config::check`]).
    #[must_use]
    pub const fn new(config: &Config) -> TimeWaitPolicy {
        TimeWaitPolicy::of(&Policy::new(config))
    }

    /// Fills the other policies from [`Config::DEFAULT`]. They have no effect in TIME-WAIT.
    pub(crate) const fn policy(self) -> Policy {
        const DEFAULT: Policy = Policy::new(&Config::DEFAULT);
        Policy {
            receive_buffer: self.receive_buffer,
            msl: self.msl,
            challenge_token: self.challenge_token,
            switches: self.switches,
            challenge_limit: self.challenge_limit,
            ..DEFAULT
        }
    }

    const fn of(policy: &Policy) -> TimeWaitPolicy {
        TimeWaitPolicy {
            receive_buffer: policy.receive_buffer,
            msl: policy.msl,
            challenge_token: policy.challenge_token,
            switches: policy.switches,
            challenge_limit: policy.challenge_limit,
        }
    }
}

impl From<&Config> for TimeWaitPolicy {
    fn from(config: &Config) -> TimeWaitPolicy {
        TimeWaitPolicy::new(config)
    }
}

impl From<Policy> for TimeWaitPolicy {
    fn from(policy: Policy) -> TimeWaitPolicy {
        TimeWaitPolicy::of(&policy)
    }
}

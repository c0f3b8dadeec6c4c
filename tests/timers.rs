//! The effects of time on a connection: RFC 9293 sections 3.8.3 and 3.10.8, RFC 6298, TIME-WAIT and the policies.

#[path = "timers/asked.rs"]
mod asked;
#[path = "timers/clock.rs"]
mod clock;
#[path = "timers/closing.rs"]
mod closing;
#[path = "timers/counts.rs"]
mod counts;
#[path = "timers/failures.rs"]
mod failures;
#[path = "timers/fired.rs"]
mod fired;
#[path = "timers/limit.rs"]
mod limit;
#[path = "timers/persist.rs"]
mod persist;
#[path = "timers/r1_first.rs"]
mod r1_first;
#[path = "timers/recovery.rs"]
mod recovery;
#[path = "timers/retransmission.rs"]
mod retransmission;
#[path = "timers/rtt.rs"]
mod rtt;
#[path = "timers/status.rs"]
mod status;
#[path = "timers/user_timeout.rs"]
mod user_timeout;
#[path = "timers/user_timeout_in_persist.rs"]
mod user_timeout_in_persist;

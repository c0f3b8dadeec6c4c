//! Delayed acknowledgments, RFC 9293 section 3.8.6.3.

#[path = "delayed_ack/at_once.rs"]
mod at_once;
#[path = "delayed_ack/clock.rs"]
mod clock;
#[path = "delayed_ack/gaps.rs"]
mod gaps;
#[path = "delayed_ack/now.rs"]
mod now;
#[path = "delayed_ack/piggyback.rs"]
mod piggyback;
#[path = "delayed_ack/policy.rs"]
mod policy;
#[path = "delayed_ack/timestamps.rs"]
mod timestamps;

//! The decisions where the RFCs contradict themselves or leave room, by the numbers that `src/decisions.md` gives them.

#[path = "decisions/arriving.rs"]
mod arriving;
#[path = "decisions/close_in_syn_received.rs"]
mod close_in_syn_received;
#[path = "decisions/closing.rs"]
mod closing;
#[path = "decisions/handshake.rs"]
mod handshake;
#[path = "decisions/limiter.rs"]
mod limiter;
#[path = "decisions/options.rs"]
mod options;
#[path = "decisions/sending.rs"]
mod sending;
#[path = "decisions/time_wait.rs"]
mod time_wait;

//! The decisions where the RFCs contradict themselves or leave room, by the numbers that `src/decisions.md` gives them.

#[path = "decisions/arriving.rs"]
mod arriving;
#[path = "decisions/bucket.rs"]
mod bucket;
#[path = "decisions/close_in_syn_received.rs"]
mod close_in_syn_received;
#[path = "decisions/close_queued.rs"]
mod close_queued;
#[path = "decisions/closing.rs"]
mod closing;
#[path = "decisions/exempt.rs"]
mod exempt;
#[path = "decisions/fin_at_the_edge.rs"]
mod fin_at_the_edge;
#[path = "decisions/handshake.rs"]
mod handshake;
#[path = "decisions/left_of_the_window.rs"]
mod left_of_the_window;
#[path = "decisions/limiter.rs"]
mod limiter;
#[path = "decisions/options.rs"]
mod options;
#[path = "decisions/repeated_fin.rs"]
mod repeated_fin;
#[path = "decisions/sending.rs"]
mod sending;
#[path = "decisions/time_wait.rs"]
mod time_wait;

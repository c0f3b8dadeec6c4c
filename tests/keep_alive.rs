//! Keep-alive, RFC 9293 section 3.8.4.

#[path = "keep_alive/children.rs"]
mod children;
#[path = "keep_alive/count.rs"]
mod count;
#[path = "keep_alive/end.rs"]
mod end;
#[path = "keep_alive/interplay.rs"]
mod interplay;
#[path = "keep_alive/mid_life.rs"]
mod mid_life;
#[path = "keep_alive/octet.rs"]
mod octet;
#[path = "keep_alive/owed.rs"]
mod owed;
#[path = "keep_alive/peers.rs"]
mod peers;
#[path = "keep_alive/probes.rs"]
mod probes;
#[path = "keep_alive/signs_of_life.rs"]
mod signs_of_life;
#[path = "keep_alive/states.rs"]
mod states;

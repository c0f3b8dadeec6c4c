//! A host of its own behind a TUN device, whose TCP is this crate: a web server for curl, and a client.
//!
//! What an embedder has to bring along is here, and no more, each in a file of its own:
//!
//! * `socket.rs`: a connection with its queues; here the rule of the contract is kept.
//! * `reassembly.rs`: payload that has come ahead of its turn.
//! * `table.rs`: which connection a segment is for, SYN cookies when there are too many, TIME-WAIT and its reopening.
//! * `time_waits.rs`: the connections in TIME-WAIT, in little memory.
//! * `wire.rs`: segments as packets.
//! * `host.rs`: the device, the clock, and what the policies have to be set to.
//! * `users.rs`: what the connections are for, and the loop.
//!
//! A host in a network that others use too needs more: congestion control in place of the fixed limit in `socket.rs`
//! (`examples/congestion` has it), the errors of ICMP (`Connection::icmp`; of those that a packet is too large, a smaller
//! `max_segment` by `Connection::configure`), and patience that ends: a client that says nothing, or that never closes,
//! keeps its place in the table here.
//!
//! It needs a TUN device, and to make one takes root: `cargo run --example tun -- --help` says how, and what to try.

#[cfg(target_os = "linux")]
mod arguments;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod reassembly;
#[cfg(target_os = "linux")]
mod socket;
#[cfg(target_os = "linux")]
mod table;
#[cfg(target_os = "linux")]
mod time_waits;
#[cfg(target_os = "linux")]
mod users;
#[cfg(target_os = "linux")]
mod wire;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let outcome = arguments::parse().map_err(Into::into).and_then(|arguments| users::run(&arguments));
    outcome.unwrap_or_else(|error: Box<dyn std::error::Error>| {
        eprintln!("tun: {error}");
        std::process::ExitCode::FAILURE
    })
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("this example needs the TUN device of Linux");
}

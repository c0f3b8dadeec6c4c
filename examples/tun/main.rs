//! A host of its own behind a TUN device, whose TCP is this crate: a web server for curl, and a client.
//!
//! The example has everything that an embedder has to add to the crate, each part in a file of its own:
//!
//! * `socket.rs`: a connection with its queues; it keeps the rule "after every event, poll until `Wait`".
//! * `reassembly.rs`: payload that arrives out of order.
//! * `table.rs`: which connection a segment is for, SYN cookies when too many are half-open, TIME-WAIT and its
//!   reopening.
//! * `time_waits.rs`: the connections in TIME-WAIT, in little memory.
//! * `host.rs`: the device, its packets (`tcp_lifecycle::wire`), the clock, and the policies for the link.
//! * `users.rs`: the server and the client on top of the connections, and the event loop.
//!
//! A host in a network that others use too needs more:
//!
//! * congestion control in place of the fixed limit in `socket.rs` (`examples/congestion` has it);
//! * the errors of ICMP (`IcmpMessage` and `Connection::icmp`; after "packet too big", a smaller `max_segment` by
//!   `Connection::configure`);
//! * a limit on idle clients: here a client that says nothing, or never closes, keeps its place in the table.
//!
//! The example needs a TUN device, and root to create it: `cargo run --example tun -- --help` says how, and what to
//! try.

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

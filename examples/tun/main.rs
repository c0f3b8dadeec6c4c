//! A host of its own behind a TUN device, whose TCP is this crate: a web server for curl, and a client.
//!
//! What an embedder has to bring along is here, and no more: `socket.rs` has the queues of a connection and keeps the
//! rule of the contract, `host.rs` has the device, the table of connections and the clock, `wire.rs` the packets,
//! `users.rs` what the connections are for.
//!
//! It needs a TUN device, and to make one takes root: `cargo run --example tun -- --help` says how, and what to try.

#[cfg(target_os = "linux")]
mod arguments;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod socket;
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

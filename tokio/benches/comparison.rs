//! TCP stacks beside each other: the Linux kernel, this crate, smoltcp (by netstack-smoltcp) and ipstack.
//!
//! ```sh
//! sudo -E cargo bench -p tcp-lifecycle-tokio --bench comparison             # the whole table, some minutes
//! sudo -E cargo bench -p tcp-lifecycle-tokio --bench comparison -- --quick  # less of it; fails if this crate errs
//! sudo -E cargo bench -p tcp-lifecycle-tokio --bench comparison -- "20 ms"  # the transfers over this path
//! ```
//!
//! `PAIRS` is how often each transfer is repeated (3). It needs root and `/dev/net/tun`. Without them it says so and
//! succeeds; with `REQUIRE_KERNEL=1` it fails.
//!
//! The client is always the kernel, in a network namespace of its own; the server is one of the stacks. A path in user
//! space forwards the packets between them, and delays, loses and reorders them from a seed. The client, the path and
//! the server have one thread each. The kernel pays for a TUN device at both ends, where a stack in user space has a
//! pair of datagram sockets. Each stack has an MTU of 1500 bytes, no offload, checksums as they are by default, and
//! receive and send buffers of up to 6 and 4 MiB, where it has them. Both kernels use CUBIC.

#[cfg(target_os = "linux")]
#[path = "comparison/mod.rs"]
mod comparison;

#[cfg(target_os = "linux")]
fn main() {
    comparison::run();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    assert!(std::env::var_os("REQUIRE_KERNEL").is_none(), "the comparison runs on Linux only");
    println!("not compared: this is not Linux");
}

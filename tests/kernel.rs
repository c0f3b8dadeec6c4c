//! The Linux kernel as the peer, in both roles: what it does to us, and what it says that we did to it.
//!
//! Each case has a network namespace and a TUN device of its own. The kernel's end is a plain socket; ours is a
//! connection of this crate; every packet between them goes through the hands of the harness, which can hold it back,
//! lose it, delay it or send it twice. What is asserted is the way our connection went through the states, and what
//! the kernel reports: errno, the end of its stream, its table of sockets.
//!
//! `faults.rs` has hundreds of connections at once on one device; `twin.rs` plays the same lives to the kernel and to a
//! connection with `Config::linux()`, and compares. `KERNEL_SOAK=600` lets either go on for so many seconds.
//!
//! Namespaces and devices need root and `/dev/net/tun`. Without them a case says what it skips and passes, unless
//! `REQUIRE_KERNEL=1` is set. `checksums.rs` needs neither.

#![cfg(target_os = "linux")]

#[path = "kernel/blind.rs"]
mod blind;
#[path = "kernel/checksums.rs"]
mod checksums;
#[path = "kernel/closing.rs"]
mod closing;
#[path = "kernel/cookies.rs"]
mod cookies;
#[path = "kernel/device.rs"]
mod device;
#[path = "kernel/door.rs"]
mod door;
#[path = "kernel/ecn.rs"]
mod ecn;
#[path = "kernel/faults.rs"]
mod faults;
#[path = "kernel/harness.rs"]
mod harness;
#[path = "kernel/icmp.rs"]
mod icmp;
#[path = "kernel/keep_alive.rs"]
mod keep_alive;
#[path = "kernel/link.rs"]
mod link;
#[path = "kernel/losses.rs"]
mod losses;
#[path = "kernel/options.rs"]
mod options;
#[path = "kernel/peer.rs"]
mod peer;
#[path = "kernel/resets.rs"]
mod resets;
#[path = "kernel/time_wait.rs"]
mod time_wait;
#[path = "kernel/transfer.rs"]
mod transfer;
#[path = "kernel/twin.rs"]
mod twin;
#[path = "kernel/urgent.rs"]
mod urgent;
#[path = "kernel/us.rs"]
mod us;
#[path = "../examples/tun/wire.rs"]
mod wire;

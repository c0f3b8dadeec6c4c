//! The Linux kernel as the peer, in both roles: how it treats our connection, and what it reports about our segments.
//!
//! Each case has a network namespace and a TUN device of its own. The kernel's end is a plain socket; ours is a
//! connection of this crate. Every packet between them passes through the harness, which can hold it back, lose it,
//! delay it or send it twice. The tests check the states that our connection went through, and the kernel's reports:
//! errno, the end of its stream, its table of sockets.
//!
//! `faults.rs` has hundreds of connections at once on one device. `twin.rs` plays the same lives to the kernel and to a
//! connection with `Config::linux()`, and compares. `KERNEL_SOAK=600` lets either go on for 600 seconds.
//!
//! Namespaces and devices need root and `/dev/net/tun`. Without them a case prints what it skips and passes, unless
//! `REQUIRE_KERNEL=1` is set.

#![cfg(target_os = "linux")]

#[path = "kernel/blind.rs"]
mod blind;
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
#[path = "kernel/ipv6.rs"]
mod ipv6;
#[path = "kernel/keep_alive.rs"]
mod keep_alive;
#[path = "kernel/link.rs"]
mod link;
#[path = "kernel/losses.rs"]
mod losses;
#[path = "kernel/migrate.rs"]
mod migrate;
#[path = "kernel/options.rs"]
mod options;
#[path = "kernel/packets.rs"]
mod packets;
#[path = "kernel/peer.rs"]
mod peer;
#[path = "kernel/resets.rs"]
mod resets;
#[path = "kernel/sack.rs"]
mod sack;
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

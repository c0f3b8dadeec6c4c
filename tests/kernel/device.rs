//! A TUN device in a network namespace of its own, and the kernel's policies and counters there.

use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::process::Command;
use std::time::Duration;
use std::{fmt, fs, path};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use tun_rs::{DeviceBuilder, SyncDevice};

use crate::harness::THEIR_ADDRESS;
use crate::ipv6;
use crate::packets::check_layout;

/// A TUN device in a namespace that ends with the thread.
pub(crate) struct Device(SyncDevice);

impl Device {
    pub(crate) fn new() -> Result<Device, String> {
        let missing = |what: &'static str| move |error| format!("{what}: {error}");
        if !path::Path::new("/dev/net/tun").exists() {
            return Err("there is no /dev/net/tun".to_owned());
        }
        own_network()?;
        let device = DeviceBuilder::new()
            .name("tun0")
            .mtu(1500)
            // The device itself loses no packet.
            .tx_queue_len(10_000)
            .ipv4(THEIR_ADDRESS, 24, None)
            .build_sync()
            .map_err(missing("no TUN device can be made"))?;
        device.set_nonblocking(true).map_err(missing("the TUN device always blocks"))?;
        // The kernel's timeouts, in proportion to ours. An older kernel lacks these policies: 200 ms, and 2 min.
        set_policy_if_there("tcp_rto_min_us", "40000");
        set_policy_if_there("tcp_rto_max_ms", "1000");
        // Otherwise our reset of a repeated ACK could end the kernel's TIME-WAIT (RFC 1337) on a busy machine.
        set_policy("tcp_rfc1337", "1");
        Ok(Device(device))
    }

    /// The same with a small table of sockets, which is read quickly. An older kernel has one table for all namespaces.
    pub(crate) fn with_small_table() -> Result<Device, String> {
        own_network()?;
        set_policy_if_there("tcp_child_ehash_entries", "1024");
        Device::new()
    }

    /// The same with an address of IPv6.
    pub(crate) fn with_ipv6() -> Result<Device, String> {
        let device = Device::new()?;
        ip(&format!("-6 address add {}/64 dev tun0 nodad", ipv6::THEIRS.ip()))?;
        Ok(device)
    }

    pub(crate) fn receive(&self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 65_536];
        match self.0.recv(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                check_layout(&buffer);
                Some(buffer)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("the TUN device cannot be read: {error}"),
        }
    }

    pub(crate) fn send(&self, bytes: &[u8]) {
        let sent = self.0.send(bytes).expect("the TUN device can be written");
        assert_eq!(sent, bytes.len());
    }

    /// Sleeps until a packet comes, but no longer than this.
    pub(crate) fn wait(&self, at_most: Duration) {
        let timeout = PollTimeout::try_from(at_most.as_millis() + 1).expect("a short time");
        poll(&mut [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)], timeout).expect("poll");
    }
}

/// Gives the rest of this thread a namespace of its own.
pub(crate) fn own_network() -> Result<(), String> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|error| format!("no network namespace can be made: {error}"))
}

/// Runs `ip` in this namespace.
pub(crate) fn ip(arguments: &str) -> Result<(), String> {
    match Command::new("ip").args(arguments.split(' ')).status() {
        Ok(status) if status.success() => Ok(()),
        outcome => Err(format!("ip {arguments}: {outcome:?}")),
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Device")
    }
}

/// Sets a policy of the kernel, for this namespace.
#[track_caller]
pub(crate) fn set_policy(name: &str, value: &str) {
    fs::write(in_proc(name), value).expect("a policy of the kernel");
}

/// The same, for a policy that an older kernel lacks.
pub(crate) fn set_policy_if_there(name: &str, value: &str) {
    let _ = fs::write(in_proc(name), value);
}

fn in_proc(policy: &str) -> String {
    format!("/proc/sys/net/ipv4/{policy}")
}

/// The kernel's counter of this name (`TcpExt`) in this namespace.
#[track_caller]
pub(crate) fn counted(name: &str) -> u64 {
    let table = fs::read_to_string("/proc/thread-self/net/netstat").expect("the kernel's counters");
    let mut lines = table.lines().filter(|line| line.starts_with("TcpExt:")).map(str::split_whitespace);
    let (names, values) = (lines.next().expect("names"), lines.next().expect("values"));
    let (_, value) = names.zip(values).find(|(found, _)| *found == name).expect("a counter of this name");
    value.parse().expect("a number")
}

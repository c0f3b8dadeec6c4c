//! The kernel behind its device, with everything switched off that does not belong to the life of a connection.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant as Clock;

use tcp_lifecycle::Instant;

use super::life::Life;
use super::play::Play;
use crate::device::{Device, ip, set_policy, set_policy_if_there};
use crate::harness::{OURS, THEIRS};

/// The kernel's features that cannot be compared step by step, with the reason.
const POLICIES: [(&str, &str); 18] = [
    // A connection leaves congestion control, recovery and its timers to the caller: only the window is the bound.
    ("tcp_congestion_control", "reno"),
    ("tcp_recovery", "0"),
    ("tcp_early_retrans", "0"),
    ("tcp_frto", "0"),
    ("tcp_reordering", "300"),
    ("tcp_max_reordering", "300"),
    ("tcp_no_metrics_save", "1"),
    // How long an ACK, or a small segment, waits for the next one.
    ("tcp_comp_sack_nr", "0"),
    ("tcp_autocorking", "0"),
    // The buffers keep their sizes.
    ("tcp_moderate_rcvbuf", "0"),
    ("tcp_wmem", "4096 1048576 4194304"),
    // Each challenge is answered.
    ("tcp_invalid_ratelimit", "0"),
    ("tcp_challenge_ack_limit", "2147483647"),
    // The kernel's default, which the harness has changed.
    ("tcp_rfc1337", "0"),
    // One kind of handshake, and no marks.
    ("tcp_fastopen", "0"),
    ("tcp_syncookies", "0"),
    ("tcp_ecn", "0"),
    // D21
    ("tcp_min_snd_mss", "48"),
];

/// The same for policies that an older kernel lacks: defaults that the harness has changed, and RFC 6298's back-off of
/// a SYN.
const YOUNG_POLICIES: [(&str, &str); 3] =
    [("tcp_rto_min_us", "200000"), ("tcp_rto_max_ms", "120000"), ("tcp_syn_linear_timeouts", "0")];

/// The kernel and its device, for one life after another.
pub(crate) struct World {
    pub(crate) device: Device,
    start: Clock,
    port: u16,
    /// How often each allowed difference was seen.
    pub(crate) allowed: BTreeMap<&'static str, usize>,
}

/// How a life ended.
#[derive(Debug)]
pub(crate) enum Played {
    Same,
    /// The machine was too slow for it.
    Slow,
    Differs(Box<Difference>),
}

/// Where the two ends differ.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The life so far, in the notation of the RFC.
    pub(crate) script: Vec<String>,
    /// The state before the step, and the event.
    pub(crate) kind: String,
    pub(crate) step: usize,
}

impl World {
    pub(crate) fn new(device: Device) -> Result<World, String> {
        POLICIES.iter().for_each(|(name, value)| set_policy(name, value));
        YOUNG_POLICIES.iter().for_each(|(name, value)| set_policy_if_there(name, value));
        // Each segment is acknowledged at once, since the kernel's delay depends on its guess about the other end; and
        // no congestion window limits.
        let route = "route replace 10.0.0.0/24 dev tun0 proto kernel scope link src 10.0.0.1 quickack 1 initcwnd 1000";
        ip(route)?;
        Ok(World { device, start: Clock::now(), port: 0, allowed: BTreeMap::new() })
    }

    pub(crate) fn play(&mut self, life: &Life) -> Played {
        for (name, value) in
            [("tcp_timestamps", life.timestamps), ("tcp_sack", life.sack), ("tcp_window_scaling", life.window_scaling)]
        {
            set_policy(name, if value { "1" } else { "0" });
        }
        self.port = self.port % 30_000 + 1;
        let local = SocketAddr::new(THEIRS.ip(), 1_000 + self.port);
        let remote = SocketAddr::new(OURS.ip(), 2_000 + self.port);
        let mut play = Play::new(self, life, local, remote);
        let outcome = play.all();
        play.clean_up();
        outcome
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed()
    }
}

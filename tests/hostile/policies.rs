//! The policies of the attacked end: those of RFC 9293, of other systems, and mixtures.

use core::time::Duration;

use tcp_lifecycle::{Config, KeepAlive};

use super::acts::Bytes;

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Half of them are the unchanged policies of one system.
pub(super) fn read(bytes: &mut Bytes<'_>) -> Config {
    match bytes.next() % 8 {
        0 | 1 => Config::DEFAULT,
        2 => Config::linux(),
        3 => Config::bsd(),
        4 | 5 => mixture(Config::DEFAULT, bytes),
        6 => mixture(Config::linux(), bytes),
        _ => mixture(Config::bsd(), bytes),
    }
}

/// The times are short enough for an attack to outlast them, and long enough that hours do not take too many timeouts.
fn mixture(system: Config, bytes: &mut Bytes<'_>) -> Config {
    let keep_alive = KeepAlive { idle: secs(20), interval: secs(5), probes: 3 };
    Config {
        mss: bytes.one_of(&[536, 100, 1_460]),
        max_segment: bytes.one_of(&[u16::MAX, 1_480, 120]),
        receive_buffer: bytes.one_of(&[system.receive_buffer, 65_535, 1_000, 2_000, 200_000]),
        window_scale: bytes.one_of(&[system.window_scale, Some(0), Some(2)]),
        timestamps: bytes.is(),
        sack_permitted: bytes.is(),
        ecn: bytes.is(),
        fin_wait_2_timeout: bytes.one_of(&[system.fin_wait_2_timeout, None, Some(secs(10))]),
        user_timeout: bytes.one_of(&[system.user_timeout, None, Some(secs(10)), Some(secs(60))]),
        r2: bytes.one_of(&[system.r2, secs(20), secs(100)]),
        syn_r2: bytes.one_of(&[system.syn_r2, secs(20)]),
        rto_min: bytes.one_of(&[system.rto_min, millis(200), secs(1)]),
        rto_max: bytes.one_of(&[system.rto_max, secs(4), secs(60)]),
        nagle: bytes.is(),
        delayed_ack: bytes.one_of(&[None, Some(millis(40)), Some(millis(200))]),
        keep_alive: bytes.one_of(&[system.keep_alive, None, Some(keep_alive)]),
        keep_alive_octet: bytes.is(),
        reset_in_time_wait: bytes.is(),
        half_duplex_close: bytes.is(),
        icmp_aborts: bytes.is(),
        rfc5961: !bytes.is(),
        challenge_limit: bytes.one_of(&[system.challenge_limit, 0, 1, 3]),
        accept_ecn: bytes.is(),
        tolerate_missing_timestamps: bytes.is(),
        user_timeout_in_persist: bytes.is(),
        r2_count: bytes.one_of(&[system.r2_count, None, Some(5)]),
        window_scaling: !bytes.is(),
        ..system
    }
}

/// The window of the peer's SYN, and its options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    pub(super) mss: Option<u16>,
    pub(super) scale: Option<u8>,
    pub(super) window: u16,
    pub(super) times: bool,
    pub(super) sack: bool,
    pub(super) ecn: bool,
}

impl Offer {
    pub(super) fn read(bytes: &mut Bytes<'_>) -> Offer {
        Offer {
            mss: bytes.one_of(&[Some(1_460), None, Some(536), Some(1), Some(0), Some(u16::MAX), Some(100)]),
            scale: bytes.one_of(&[None, Some(7), Some(0), Some(14), Some(15), Some(2)]),
            window: bytes.one_of(&[u16::MAX, 0, 1, 1_000, 20_000]),
            times: bytes.is(),
            sack: bytes.is(),
            ecn: bytes.is(),
        }
    }
}

//! The policies in the compact form that a connection keeps.

use super::{Config, HEADER, KeepAlive, LEAST_PEER_MSS, MOST_BUFFER, MOST_DELAY, most_scale_for, scale_for};
use crate::machine::time::Span;

/// The policies of a [`Config`] as a connection keeps them, in 44 bytes: made once, for many connections.
///
/// A `Config` that the compiler knows costs nothing to turn into it; any other costs a few hundred instructions each
/// time.
///
/// ```
/// use tcp_lifecycle::{Config, Connection, Policy, TimeWaitPolicy};
///
/// let config = Config { mss: 1220, ..Config::DEFAULT };
/// let policy = Policy::new(&config);
/// let connections = [100, 200].map(|isn_offset| Connection::with_policy(policy, isn_offset));
/// let of_time_wait = TimeWaitPolicy::from(policy);
/// # assert_eq!(connections[0], Connection::new(&config, 100));
/// # assert_eq!(of_time_wait, TimeWaitPolicy::new(&config));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    pub(crate) receive_buffer: u32,
    pub(crate) mss: u16,
    pub(crate) max_payload: u16,
    pub(crate) default_peer_mss: u16,
    pub(crate) msl: Span,
    pub(crate) fin_wait_2_timeout: Span,
    pub(crate) user_timeout: Span,
    pub(crate) r2: Span,
    pub(crate) syn_r2: Span,
    pub(crate) rto_initial: Span,
    pub(crate) rto_min: Span,
    /// No longer than the user timeout.
    pub(crate) rto_max: Span,
    pub(crate) rto_after_syn_timeout: Span,
    /// `challenge_period` for each of `challenge_limit`.
    pub(crate) challenge_token: Span,
    /// Zero for none.
    pub(crate) delayed_ack: Span,
    pub(crate) keep_alive_idle: Span,
    pub(crate) keep_alive_interval: Span,
    pub(crate) keep_alive_probes: u8,
    pub(crate) challenge_limit: u8,
    pub(crate) r1: u8,
    /// R2 as a count.
    pub(crate) r2_count: Count,
    pub(crate) syn_r2_count: Count,
    pub(crate) syn_ack_r2_count: Count,
    pub(super) switches: Switches,
}

/// The longest that one challenge takes to come back, in milliseconds: two hours, so that a bucket is full after 24
/// days at most, and what lies ahead can be told from what lies behind.
const MOST_TOKEN: u64 = 1 << 23;

/// Where the shift count stands in [`Switches`].
const SHIFT: u32 = 12;

/// A limit by count, in one byte: 255 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Count(u8);

impl Count {
    const fn new(limit: Option<u8>) -> Count {
        match limit {
            Some(count) => Count(count),
            None => Count(u8::MAX),
        }
    }

    pub(crate) const fn limit(self) -> Option<u8> {
        if self.0 == u8::MAX { None } else { Some(self.0) }
    }
}

bitflags::bitflags! {
    /// The policies that are on or off, and the shift count. A policy whose feature is off has no bit.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub(super) struct Switches: u16 {
        const TIMESTAMPS = if cfg!(feature = "timestamps") { 1 } else { 0 };
        const SACK_PERMITTED = 2;
        const RESET_IN_TIME_WAIT = 4;
        const RFC5961 = 8;
        const HALF_DUPLEX_CLOSE = 16;
        const ICMP_ABORTS = 32;
        const NAGLE = 64;
        const KEEP_ALIVE_OCTET = 128;
        const ECN = if cfg!(feature = "ecn") { 256 } else { 0 };
        const ACCEPT_ECN = if cfg!(feature = "ecn") { 512 } else { 0 };
        const TOLERATE_MISSING_TIMESTAMPS = 1024;
        const USER_TIMEOUT_IN_PERSIST = 2048;
        /// The shift count that our SYNs offer, and all of its bits if they offer none.
        const WINDOW_SCALE = 0xF000;
    }
}

impl From<&Config> for Policy {
    #[inline(always)]
    fn from(config: &Config) -> Policy {
        Policy::new(config)
    }
}

impl Policy {
    /// Those of `config`, each value the nearest that makes sense (see [`Config::check`]).
    #[inline(always)]
    #[must_use]
    pub const fn new(config: &Config) -> Policy {
        let (idle, interval, probes) = match config.keep_alive {
            Some(KeepAlive { idle, interval, probes }) if !Span::new(idle).is_forever() => {
                (Span::at_least_a_millisecond(idle), Span::at_least_a_millisecond(interval), probes)
            }
            _ => (Span::FOREVER, Span::FOREVER, 0),
        };
        let user_timeout = match config.user_timeout {
            Some(timeout) => Span::at_least_a_millisecond(timeout),
            None => Span::FOREVER,
        };
        let delayed_ack = match config.delayed_ack {
            Some(delay) => Span::new(delay).min(Span::new(MOST_DELAY)),
            None => Span::ZERO,
        };
        Policy {
            receive_buffer: if config.receive_buffer < MOST_BUFFER { config.receive_buffer } else { MOST_BUFFER },
            mss: at_least(config.mss, 1),
            max_payload: at_least(config.max_segment.saturating_sub(HEADER), 1),
            default_peer_mss: at_least(config.default_peer_mss, LEAST_PEER_MSS),
            msl: Span::at_least_a_millisecond(config.msl),
            fin_wait_2_timeout: Span::or_forever(config.fin_wait_2_timeout),
            user_timeout,
            r2: Span::new(config.r2),
            syn_r2: Span::new(config.syn_r2),
            rto_initial: Span::new(config.rto_initial),
            rto_min: Span::at_least_a_millisecond(config.rto_min),
            rto_max: Span::at_least_a_millisecond(config.rto_max).min(user_timeout),
            rto_after_syn_timeout: Span::new(config.rto_after_syn_timeout),
            challenge_token: Span::part(config.challenge_period, config.challenge_limit, MOST_TOKEN),
            delayed_ack,
            keep_alive_idle: idle,
            keep_alive_interval: interval,
            keep_alive_probes: probes,
            challenge_limit: config.challenge_limit,
            r1: config.r1,
            r2_count: Count::new(config.r2_count),
            syn_r2_count: Count::new(config.syn_r2_count),
            syn_ack_r2_count: Count::new(config.syn_ack_r2_count),
            switches: Switches::from_bits_retain(
                window_scale(config)
                    | switch(config.timestamps, Switches::TIMESTAMPS)
                    | switch(config.ecn, Switches::ECN)
                    | switch(config.accept_ecn, Switches::ACCEPT_ECN)
                    | switch(config.tolerate_missing_timestamps, Switches::TOLERATE_MISSING_TIMESTAMPS)
                    | switch(config.user_timeout_in_persist, Switches::USER_TIMEOUT_IN_PERSIST)
                    | switch(config.sack_permitted, Switches::SACK_PERMITTED)
                    | switch(config.reset_in_time_wait, Switches::RESET_IN_TIME_WAIT)
                    | switch(config.rfc5961, Switches::RFC5961)
                    | switch(config.half_duplex_close, Switches::HALF_DUPLEX_CLOSE)
                    | switch(config.icmp_aborts, Switches::ICMP_ABORTS)
                    | switch(config.nagle, Switches::NAGLE)
                    | switch(config.keep_alive_octet, Switches::KEEP_ALIVE_OCTET),
            ),
        }
    }

    /// The policies in their long form, each as it is kept.
    pub(crate) fn config(&self) -> Config {
        let keep_alive = self.keep_alive().map(|(idle, interval, probes)| KeepAlive {
            idle: idle.duration(),
            interval: interval.duration(),
            probes,
        });
        // A user timeout cuts the longest timeout short, also below the others.
        let rto_max = if self.rto_max == self.user_timeout {
            self.rto_max.max(self.rto_min).max(self.rto_initial)
        } else {
            self.rto_max
        };
        Config {
            mss: self.mss,
            max_segment: self.max_payload.saturating_add(HEADER),
            default_peer_mss: self.default_peer_mss,
            receive_buffer: self.receive_buffer,
            window_scale: self.window_scale(),
            window_scaling: self.window_scale().is_some() || scale_for(self.receive_buffer) == 0,
            timestamps: self.timestamps(),
            tolerate_missing_timestamps: self.tolerates_missing_timestamps(),
            sack_permitted: self.sack_permitted(),
            ecn: self.ecn(),
            accept_ecn: self.switches.intersects(Switches::ACCEPT_ECN),
            msl: self.msl.duration(),
            fin_wait_2_timeout: self.fin_wait_2_timeout.finite(),
            user_timeout: self.user_timeout.finite(),
            user_timeout_in_persist: self.switches.intersects(Switches::USER_TIMEOUT_IN_PERSIST),
            r1: self.r1,
            r2: self.r2.duration(),
            syn_r2: self.syn_r2.duration(),
            r2_count: self.r2_count.limit(),
            syn_r2_count: self.syn_r2_count.limit(),
            syn_ack_r2_count: self.syn_ack_r2_count.limit(),
            rto_initial: self.rto_initial.duration(),
            rto_min: self.rto_min.duration(),
            rto_max: rto_max.duration(),
            rto_after_syn_timeout: self.rto_after_syn_timeout.duration(),
            reset_in_time_wait: self.reset_in_time_wait(),
            nagle: self.nagle(),
            delayed_ack: self.delays_acks().then(|| self.delayed_ack.duration()),
            keep_alive,
            keep_alive_octet: self.keep_alive_octet(),
            half_duplex_close: self.half_duplex_close(),
            icmp_aborts: self.icmp_aborts(),
            rfc5961: self.rfc5961(),
            challenge_limit: self.challenge_limit,
            challenge_period: self.challenge_token.duration().saturating_mul(u32::from(self.challenge_limit).max(1)),
        }
    }

    /// A buffer of less than one step of the window's field could never be told: it is one step, but for none at all.
    pub(crate) fn cover_step(&mut self, scale: u8) {
        if self.receive_buffer > 0 {
            self.receive_buffer = self.receive_buffer.max(1_u32.wrapping_shl(u32::from(scale)));
        }
    }

    pub(crate) const fn window_scale(&self) -> Option<u8> {
        let shift = self.switches.intersection(Switches::WINDOW_SCALE);
        if shift.bits() == Switches::WINDOW_SCALE.bits() { None } else { Some((shift.bits() >> SHIFT) as u8) }
    }

    pub(crate) const fn timestamps(&self) -> bool {
        self.switches.intersects(Switches::TIMESTAMPS)
    }

    pub(crate) const fn sack_permitted(&self) -> bool {
        self.switches.intersects(Switches::SACK_PERMITTED)
    }

    pub(crate) const fn ecn(&self) -> bool {
        self.switches.intersects(Switches::ECN)
    }

    /// ECN is agreed to where a peer offers it.
    pub(crate) const fn accepts_ecn(&self) -> bool {
        self.switches.intersects(Switches::ECN.union(Switches::ACCEPT_ECN))
    }

    pub(crate) const fn tolerates_missing_timestamps(&self) -> bool {
        self.switches.intersects(Switches::TOLERATE_MISSING_TIMESTAMPS)
    }

    /// There is a user timeout, and it bounds a persist.
    pub(crate) const fn user_timeout_in_persist(&self) -> bool {
        self.switches.intersects(Switches::USER_TIMEOUT_IN_PERSIST) && !self.user_timeout.is_forever()
    }

    pub(crate) const fn reset_in_time_wait(&self) -> bool {
        self.switches.intersects(Switches::RESET_IN_TIME_WAIT)
    }

    pub(crate) const fn half_duplex_close(&self) -> bool {
        self.switches.intersects(Switches::HALF_DUPLEX_CLOSE)
    }

    pub(crate) const fn nagle(&self) -> bool {
        self.switches.intersects(Switches::NAGLE)
    }

    /// Idle time, interval and probes, if it is on.
    pub(crate) fn keep_alive(&self) -> Option<(Span, Span, u8)> {
        self.keeps_alive().then_some((self.keep_alive_idle, self.keep_alive_interval, self.keep_alive_probes))
    }

    pub(crate) const fn keeps_alive(&self) -> bool {
        cfg!(feature = "keep-alive") && !self.keep_alive_idle.is_forever()
    }

    pub(crate) const fn delays_acks(&self) -> bool {
        cfg!(feature = "delayed-ack") && !self.delayed_ack.is_zero()
    }

    pub(crate) const fn keep_alive_octet(&self) -> bool {
        self.switches.intersects(Switches::KEEP_ALIVE_OCTET)
    }

    /// How long one token of the bucket of challenges takes to come back, and the whole bucket, in milliseconds.
    #[inline]
    pub(crate) fn challenges(&self) -> (u32, u32) {
        let token = self.challenge_token.millis() as u32;
        (token, token.wrapping_mul(u32::from(self.challenge_limit)))
    }

    pub(crate) const fn icmp_aborts(&self) -> bool {
        self.switches.intersects(Switches::ICMP_ABORTS)
    }

    pub(crate) const fn rfc5961(&self) -> bool {
        self.switches.intersects(Switches::RFC5961)
    }
}

const fn switch(on: bool, bit: Switches) -> u16 {
    if on { bit.bits() } else { 0 }
}

/// The bits of the shift count that `config` offers.
const fn window_scale(config: &Config) -> u16 {
    let needed = scale_for(config.receive_buffer);
    let shift = match config.window_scale {
        _ if !config.window_scaling => return Switches::WINDOW_SCALE.bits(),
        Some(shift) => least(shift, most_scale_for(config.receive_buffer)),
        None if needed == 0 => return Switches::WINDOW_SCALE.bits(),
        None => needed,
    };
    (shift as u16) << SHIFT
}

const fn least(a: u8, b: u8) -> u8 {
    if a < b { a } else { b }
}

const fn at_least(value: u16, least: u16) -> u16 {
    if value < least { least } else { value }
}

//! The policies in the compact form that a connection stores.

use super::{Config, HEADER, KeepAlive, MAX_BUFFER, MAX_DELAY, MIN_PEER_MSS, max_scale_for, scale_for};
use crate::machine::time::Span;

/// The policies of a [`Config`] as a connection stores them, in 44 bytes. Make it once for many connections.
///
/// The conversion of a constant `Config` costs nothing at run time. Any other conversion costs a few hundred
/// instructions.
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
    /// The time in which the bucket of challenges gains one token: `challenge_period` divided by `challenge_limit`.
    pub(crate) challenge_token: Span,
    /// Zero is off.
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

/// The longest time in which the bucket of challenges gains one token, in milliseconds: two hours and 20 minutes. The
/// largest bucket then fills within 24 days and 20 hours, less than 2^31 ms. Within this limit a 32-bit clock can tell
/// whether the moment when the bucket is full lies ahead or behind.
const MAX_TOKEN: u64 = 1 << 23;

/// The position of the shift count in [`Switches`], in bits.
const SHIFT: u32 = 12;
/// Our SYNs offer no window scale.
const NO_SHIFT: u8 = 15;

/// A limit by count, in one byte; 255 is no limit.
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

/// The policies that are on or off, one bit each, and in the upper four bits the shift count that our SYNs offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Switches(u16);

/// Declares a policy that is on or off in one line: the name of its field in [`Config`] and of its method in
/// [`Policy`], and its bit.
macro_rules! switches {
    ($($policy:ident: $bit:expr;)+) => {
        impl Switches {
            #[inline(always)]
            const fn of(config: &Config) -> Switches {
                Switches(window_scale(config) $(| if config.$policy { $bit } else { 0 })+)
            }

            fn unpack(self, config: &mut Config) {
                $(config.$policy = self.0 & $bit != 0;)+
            }
        }

        impl Policy {
            $(
                #[inline]
                pub(crate) const fn $policy(&self) -> bool {
                    self.switches.0 & $bit != 0
                }
            )+
        }
    };
}

// A policy whose crate feature is off has no bit.
switches! {
    timestamps: if cfg!(feature = "timestamps") { 1 } else { 0 };
    ecn: if cfg!(feature = "ecn") { 2 } else { 0 };
    accept_ecn: if cfg!(feature = "ecn") { 4 } else { 0 };
    tolerate_missing_timestamps: 8;
    sack_permitted: 16;
    user_timeout_in_persist: 32;
    reset_in_time_wait: 64;
    nagle: 128;
    keep_alive_octet: 256;
    half_duplex_close: 512;
    icmp_aborts: 1024;
    rfc5961: 2048;
}

impl From<&Config> for Policy {
    #[inline(always)]
    fn from(config: &Config) -> Policy {
        Policy::new(config)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Policy {
    /// Serialises the [`Config`] with these policies.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.config().serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Policy {
    /// Takes a [`Config`], as [`Policy::new`] does.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Policy, D::Error> {
        Config::deserialize(deserializer).map(|config| Policy::new(&config))
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Policy {
    fn format(&self, f: defmt::Formatter<'_>) {
        self.config().format(f);
    }
}

impl Policy {
    /// Converts `config`. A value out of range becomes the nearest value in range (see [`Config::check`]).
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
            Some(delay) => Span::new(delay).min(Span::new(MAX_DELAY)),
            None => Span::ZERO,
        };
        Policy {
            receive_buffer: if config.receive_buffer < MAX_BUFFER { config.receive_buffer } else { MAX_BUFFER },
            mss: at_least(config.mss, 1),
            max_payload: at_least(config.max_segment.saturating_sub(HEADER), 1),
            default_peer_mss: at_least(config.default_peer_mss, MIN_PEER_MSS),
            msl: Span::at_least_a_millisecond(config.msl),
            fin_wait_2_timeout: Span::or_forever(config.fin_wait_2_timeout),
            user_timeout,
            r2: Span::new(config.r2),
            syn_r2: Span::new(config.syn_r2),
            rto_initial: Span::new(config.rto_initial),
            rto_min: Span::at_least_a_millisecond(config.rto_min),
            rto_max: Span::at_least_a_millisecond(config.rto_max).min(user_timeout),
            rto_after_syn_timeout: Span::new(config.rto_after_syn_timeout),
            challenge_token: Span::part(config.challenge_period, config.challenge_limit, MAX_TOKEN),
            delayed_ack,
            keep_alive_idle: idle,
            keep_alive_interval: interval,
            keep_alive_probes: probes,
            challenge_limit: config.challenge_limit,
            r1: config.r1,
            r2_count: Count::new(config.r2_count),
            syn_r2_count: Count::new(config.syn_r2_count),
            syn_ack_r2_count: Count::new(config.syn_ack_r2_count),
            switches: Switches::of(config),
        }
    }

    /// Returns the policies as a `Config`, each value as it is stored.
    pub(crate) fn config(&self) -> Config {
        let keep_alive = self.keep_alive().map(|(idle, interval, probes)| KeepAlive {
            idle: idle.duration(),
            interval: interval.duration(),
            probes,
        });
        // A user timeout may have lowered `rto_max` below `rto_min` and `rto_initial`.
        let rto_max = if self.rto_max == self.user_timeout {
            self.rto_max.max(self.rto_min).max(self.rto_initial)
        } else {
            self.rto_max
        };
        let mut config = Config {
            mss: self.mss,
            max_segment: self.max_payload.saturating_add(HEADER),
            default_peer_mss: self.default_peer_mss,
            receive_buffer: self.receive_buffer,
            window_scale: self.window_scale(),
            window_scaling: self.window_scale().is_some() || scale_for(self.receive_buffer) == 0,
            msl: self.msl.duration(),
            fin_wait_2_timeout: self.fin_wait_2_timeout.finite(),
            user_timeout: self.user_timeout.finite(),
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
            delayed_ack: self.delays_acks().then(|| self.delayed_ack.duration()),
            keep_alive,
            challenge_limit: self.challenge_limit,
            challenge_period: self.challenge_token.duration().saturating_mul(u32::from(self.challenge_limit).max(1)),
            ..Config::DEFAULT
        };
        self.switches.unpack(&mut config);
        config
    }

    /// Raises the receive buffer to at least one step of the window field, since the field cannot express less. A
    /// buffer of zero stays zero.
    pub(crate) fn raise_buffer_to_step(&mut self, scale: u8) {
        if self.receive_buffer > 0 {
            self.receive_buffer = self.receive_buffer.max(1_u32.wrapping_shl(u32::from(scale)));
        }
    }

    pub(crate) const fn window_scale(&self) -> Option<u8> {
        let shift = (self.switches.0 >> SHIFT) as u8;
        if shift == NO_SHIFT { None } else { Some(shift) }
    }

    /// Returns whether ECN is accepted from a peer that offers it.
    pub(crate) const fn accepts_ecn(&self) -> bool {
        self.ecn() || self.accept_ecn()
    }

    /// Returns whether there is a user timeout that also bounds the time behind a closed window.
    pub(crate) const fn bounds_persist(&self) -> bool {
        self.user_timeout_in_persist() && !self.user_timeout.is_forever()
    }

    /// Returns the idle time, the interval and the number of probes, if keep-alive is on.
    pub(crate) fn keep_alive(&self) -> Option<(Span, Span, u8)> {
        self.keeps_alive().then_some((self.keep_alive_idle, self.keep_alive_interval, self.keep_alive_probes))
    }

    pub(crate) const fn keeps_alive(&self) -> bool {
        cfg!(feature = "keep-alive") && !self.keep_alive_idle.is_forever()
    }

    pub(crate) const fn delays_acks(&self) -> bool {
        cfg!(feature = "delayed-ack") && !self.delayed_ack.is_zero()
    }

    /// Returns the time in which the bucket of challenges gains one token, and the time in which it fills, in
    /// milliseconds.
    #[inline]
    pub(crate) fn challenges(&self) -> (u32, u32) {
        let token = self.challenge_token.millis() as u32;
        (token, token.wrapping_mul(u32::from(self.challenge_limit)))
    }
}

/// Returns the bits of the shift count that our SYNs offer under `config`.
#[inline(always)]
const fn window_scale(config: &Config) -> u16 {
    let needed = scale_for(config.receive_buffer);
    let shift = match config.window_scale {
        _ if !config.window_scaling => NO_SHIFT,
        Some(shift) => min(shift, max_scale_for(config.receive_buffer)),
        None if needed == 0 => NO_SHIFT,
        None => needed,
    };
    (shift as u16) << SHIFT
}

const fn min(a: u8, b: u8) -> u8 {
    if a < b { a } else { b }
}

const fn at_least(value: u16, least: u16) -> u16 {
    if value < least { least } else { value }
}

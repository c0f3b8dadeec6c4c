//! The policies in the compact form that a connection keeps.

use super::{Config, HEADER, KeepAlive, LEAST_PEER_MSS, LEAST_PROBES, MOST_BUFFER, MOST_DELAY, scale_for};
use crate::time::Span;

/// The policies as a connection keeps them, each within its sane range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Policy {
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
    pub(crate) challenge_period: Span,
    /// Zero for none.
    pub(crate) delayed_ack: Span,
    pub(crate) keep_alive_idle: Span,
    pub(crate) keep_alive_interval: Span,
    pub(crate) keep_alive_probes: u8,
    pub(crate) challenge_limit: u8,
    pub(crate) r1: u8,
    /// The shift count that our SYNs offer, if they offer one.
    shift: u8,
    switches: Switches,
}

bitflags::bitflags! {
    /// The policies that are on or off.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Switches: u16 {
        const TIMESTAMPS = 1;
        const SACK_PERMITTED = 2;
        const RESET_IN_TIME_WAIT = 4;
        const RFC5961 = 8;
        const WINDOW_SCALE = 16;
        const HALF_DUPLEX_CLOSE = 32;
        const ICMP_ABORTS = 64;
        const NAGLE = 128;
        const KEEP_ALIVE = 256;
        const KEEP_ALIVE_OCTET = 512;
        const ECN = 1024;
    }
}

impl Policy {
    #[inline(always)]
    pub(crate) const fn new(config: &Config) -> Policy {
        let (idle, interval, probes) = match config.keep_alive {
            Some(KeepAlive { idle, interval, probes }) => {
                (Span::at_least_a_millisecond(idle), Span::at_least_a_millisecond(interval), probes)
            }
            None => (Span::FOREVER, Span::FOREVER, 0),
        };
        let user_timeout = match config.user_timeout {
            Some(timeout) => Span::at_least_a_millisecond(timeout),
            None => Span::FOREVER,
        };
        let delayed_ack = match config.delayed_ack {
            Some(delay) => Span::new(delay).or(Span::new(MOST_DELAY)),
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
            rto_max: Span::at_least_a_millisecond(config.rto_max).or(user_timeout),
            challenge_period: Span::at_least_a_millisecond(config.challenge_period),
            delayed_ack,
            keep_alive_idle: idle,
            keep_alive_interval: interval,
            keep_alive_probes: if probes < LEAST_PROBES { LEAST_PROBES } else { probes },
            challenge_limit: config.challenge_limit,
            r1: config.r1,
            shift: match (config.window_scale, scale_for(config.receive_buffer)) {
                (Some(shift), needed) if shift < needed => shift,
                (_, needed) => needed,
            },
            switches: Switches::from_bits_retain(
                switch(config.window_scale.is_some() || scale_for(config.receive_buffer) > 0, Switches::WINDOW_SCALE)
                    | switch(config.timestamps, Switches::TIMESTAMPS)
                    | switch(config.ecn, Switches::ECN)
                    | switch(config.sack_permitted, Switches::SACK_PERMITTED)
                    | switch(config.reset_in_time_wait, Switches::RESET_IN_TIME_WAIT)
                    | switch(config.rfc5961, Switches::RFC5961)
                    | switch(config.half_duplex_close, Switches::HALF_DUPLEX_CLOSE)
                    | switch(config.icmp_aborts, Switches::ICMP_ABORTS)
                    | switch(config.nagle, Switches::NAGLE)
                    | switch(config.keep_alive.is_some(), Switches::KEEP_ALIVE)
                    | switch(config.keep_alive_octet, Switches::KEEP_ALIVE_OCTET),
            ),
        }
    }

    pub(crate) const fn window_scale(&self) -> Option<u8> {
        if self.switches.contains(Switches::WINDOW_SCALE) { Some(self.shift) } else { None }
    }

    pub(crate) const fn timestamps(&self) -> bool {
        self.switches.contains(Switches::TIMESTAMPS)
    }

    pub(crate) const fn sack_permitted(&self) -> bool {
        self.switches.contains(Switches::SACK_PERMITTED)
    }

    pub(crate) const fn ecn(&self) -> bool {
        self.switches.contains(Switches::ECN)
    }

    pub(crate) const fn reset_in_time_wait(&self) -> bool {
        self.switches.contains(Switches::RESET_IN_TIME_WAIT)
    }

    pub(crate) const fn half_duplex_close(&self) -> bool {
        self.switches.contains(Switches::HALF_DUPLEX_CLOSE)
    }

    pub(crate) const fn nagle(&self) -> bool {
        self.switches.contains(Switches::NAGLE)
    }

    /// Idle time, interval and probes, if it is on.
    pub(crate) fn keep_alive(&self) -> Option<(Span, Span, u8)> {
        self.keeps_alive().then_some((self.keep_alive_idle, self.keep_alive_interval, self.keep_alive_probes))
    }

    pub(crate) const fn keeps_alive(&self) -> bool {
        self.switches.contains(Switches::KEEP_ALIVE)
    }

    pub(crate) const fn keep_alive_octet(&self) -> bool {
        self.switches.contains(Switches::KEEP_ALIVE_OCTET)
    }

    /// Acknowledgments are delayed, or idle connections kept alive.
    pub(crate) const fn watches(&self) -> bool {
        !self.delayed_ack.is_zero() || self.keeps_alive()
    }

    pub(crate) const fn icmp_aborts(&self) -> bool {
        self.switches.contains(Switches::ICMP_ABORTS)
    }

    pub(crate) const fn rfc5961(&self) -> bool {
        self.switches.contains(Switches::RFC5961)
    }
}

const fn switch(on: bool, bit: Switches) -> u16 {
    if on { bit.bits() } else { 0 }
}

const fn at_least(value: u16, least: u16) -> u16 {
    if value < least { least } else { value }
}

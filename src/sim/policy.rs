//! The policies that a script sets.

use core::fmt;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::hint::hint;
use super::text::{Mistake, duration, number};
use crate::{Config, KeepAlive};

/// `msl=30s`
#[derive(Clone, Debug)]
pub(super) struct Setting {
    name: String,
    value: String,
}

impl Setting {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// Parses `msl=30s, mss=100`.
pub(super) fn parse(text: &str) -> Result<Vec<Setting>, Mistake<'_>> {
    let mut settings: Vec<Setting> = Vec::new();
    for text in text.split(',').map(str::trim) {
        let (name, value) =
            text.split_once('=').ok_or_else(|| Mistake::new(text, format!("`{text}` is not: policy=value")))?;
        let (name, value) = (name.trim(), value.trim());
        if settings.iter().any(|setting| setting.name == name) {
            return Err(Mistake::new(name, format!("`{name}` stands twice")));
        }
        if let Some(next) = value.split_whitespace().skip(1).find(|word| word.contains('=')) {
            let twice = next.split('=').next() == Some(name);
            let comma = format!("a comma is missing before `{next}`");
            return Err(Mistake::new(next, if twice { format!("`{name}` stands twice, and {comma}") } else { comma }));
        }
        set(name, value, &mut Config::DEFAULT.clone())?;
        settings.push(Setting { name: name.to_string(), value: value.to_string() });
    }
    Ok(settings)
}

pub(super) fn apply(settings: &[Setting], config: &mut Config) {
    for Setting { name, value } in settings {
        // `parse` has checked that it succeeds.
        let _ = set(name, value, config);
    }
}

fn set<'t>(name: &'t str, value: &'t str, config: &mut Config) -> Result<(), Mistake<'t>> {
    let policy = POLICIES.iter().find(|(known, _)| *known == name);
    let hint = || hint(name, POLICIES.map(|(known, _)| known));
    let (_, set) = policy.ok_or_else(|| Mistake::new(name, format!("`{name}` is no policy{}", hint())))?;
    set(config, value)
}

/// Sets one policy to a value as a script writes it.
type Set = for<'t> fn(&mut Config, &'t str) -> Result<(), Mistake<'t>>;

/// All policies, by the names of the fields of [`Config`].
const POLICIES: [(&str, Set); 35] = [
    ("mss", |config, value| to(&mut config.mss, number(value))),
    ("max_segment", |config, value| to(&mut config.max_segment, number(value))),
    ("default_peer_mss", |config, value| to(&mut config.default_peer_mss, number(value))),
    ("receive_buffer", |config, value| to(&mut config.receive_buffer, number(value))),
    ("window_scale", |config, value| to(&mut config.window_scale, or_none(value, number))),
    ("window_scaling", |config, value| to(&mut config.window_scaling, switch(value))),
    ("timestamps", |config, value| to(&mut config.timestamps, switch(value))),
    ("tolerate_missing_timestamps", |config, value| to(&mut config.tolerate_missing_timestamps, switch(value))),
    ("ecn", |config, value| to(&mut config.ecn, switch(value))),
    ("accept_ecn", |config, value| to(&mut config.accept_ecn, switch(value))),
    ("sack_permitted", |config, value| to(&mut config.sack_permitted, switch(value))),
    ("msl", |config, value| to(&mut config.msl, duration(value))),
    ("fin_wait_2_timeout", |config, value| to(&mut config.fin_wait_2_timeout, or_none(value, duration))),
    ("user_timeout", |config, value| to(&mut config.user_timeout, or_none(value, duration))),
    ("user_timeout_in_persist", |config, value| to(&mut config.user_timeout_in_persist, switch(value))),
    ("r1", |config, value| to(&mut config.r1, number(value))),
    ("r2", |config, value| to(&mut config.r2, or_without_end(value))),
    ("syn_r2", |config, value| to(&mut config.syn_r2, or_without_end(value))),
    ("r2_count", |config, value| to(&mut config.r2_count, or_none(value, number))),
    ("syn_r2_count", |config, value| to(&mut config.syn_r2_count, or_none(value, number))),
    ("syn_ack_r2_count", |config, value| to(&mut config.syn_ack_r2_count, or_none(value, number))),
    ("rto_initial", |config, value| to(&mut config.rto_initial, duration(value))),
    ("rto_min", |config, value| to(&mut config.rto_min, duration(value))),
    ("rto_max", |config, value| to(&mut config.rto_max, duration(value))),
    ("rto_after_syn_timeout", |config, value| to(&mut config.rto_after_syn_timeout, duration(value))),
    ("reset_in_time_wait", |config, value| to(&mut config.reset_in_time_wait, switch(value))),
    ("nagle", |config, value| to(&mut config.nagle, switch(value))),
    ("delayed_ack", |config, value| to(&mut config.delayed_ack, or_none(value, duration))),
    ("keep_alive", |config, value| to(&mut config.keep_alive, keep_alive(value))),
    ("keep_alive_octet", |config, value| to(&mut config.keep_alive_octet, switch(value))),
    ("half_duplex_close", |config, value| to(&mut config.half_duplex_close, switch(value))),
    ("icmp_aborts", |config, value| to(&mut config.icmp_aborts, switch(value))),
    ("rfc5961", |config, value| to(&mut config.rfc5961, switch(value))),
    ("challenge_limit", |config, value| to(&mut config.challenge_limit, number(value))),
    ("challenge_period", |config, value| to(&mut config.challenge_period, duration(value))),
];

fn to<'t, T>(field: &mut T, value: Result<T, Mistake<'t>>) -> Result<(), Mistake<'t>> {
    *field = value?;
    Ok(())
}

/// Parses `none`, `on`, or `2h 75s 9`: idle time, interval and number of probes.
fn keep_alive(value: &str) -> Result<Option<KeepAlive>, Mistake<'_>> {
    match value.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["none"] => Ok(None),
        ["on"] => Ok(Some(KeepAlive::DEFAULT)),
        [idle, interval, probes] => {
            Ok(Some(KeepAlive { idle: duration(idle)?, interval: duration(interval)?, probes: number(probes)? }))
        }
        _ => Err(Mistake::new(value, format!("`{value}` is not: none, on, or idle interval probes"))),
    }
}

fn or_none<'t, T>(value: &'t str, read: fn(&'t str) -> Result<T, Mistake<'t>>) -> Result<Option<T>, Mistake<'t>> {
    if value == "none" { Ok(None) } else { read(value).map(Some) }
}

fn or_without_end(value: &str) -> Result<Duration, Mistake<'_>> {
    Ok(or_none(value, duration)?.unwrap_or(Duration::MAX))
}

fn switch(value: &str) -> Result<bool, Mistake<'_>> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Mistake::new(value, format!("`{value}` is neither on nor off"))),
    }
}

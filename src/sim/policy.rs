//! The policies that a script sets.

use core::fmt;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::line::{duration, number};
use crate::config::{Config, KeepAlive};

/// `msl=30s`
#[derive(Clone, Debug)]
pub(super) struct Setting {
    name: String,
    value: String,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// `msl=30s, mss=100`
pub(super) fn parse(text: &str) -> Result<Vec<Setting>, String> {
    text.split(',').map(Setting::parse).collect()
}

pub(super) fn apply(settings: &[Setting], config: &mut Config) {
    for setting in settings {
        setting.apply(config);
    }
}

impl Setting {
    fn parse(text: &str) -> Result<Setting, String> {
        let (name, value) = text.split_once('=').ok_or_else(|| format!("`{}` is not: policy=value", text.trim()))?;
        let setting = Setting { name: name.trim().to_string(), value: value.trim().to_string() };
        setting.try_apply(&mut Config::DEFAULT.clone())?;
        Ok(setting)
    }

    fn apply(&self, config: &mut Config) {
        // It was tried when it was read.
        let _ = self.try_apply(config);
    }

    fn try_apply(&self, config: &mut Config) -> Result<(), String> {
        let value = self.value.as_str();
        match self.name.as_str() {
            "mss" => config.mss = number(value)?,
            "max_segment" => config.max_segment = number(value)?,
            "default_peer_mss" => config.default_peer_mss = number(value)?,
            "receive_buffer" => config.receive_buffer = number(value)?,
            "window_scale" => config.window_scale = if value == "none" { None } else { Some(number(value)?) },
            "timestamps" => config.timestamps = switch(value)?,
            "ecn" => config.ecn = switch(value)?,
            "sack_permitted" => config.sack_permitted = switch(value)?,
            "msl" => config.msl = duration(value)?,
            "fin_wait_2_timeout" => config.fin_wait_2_timeout = or_none(value)?,
            "user_timeout" => config.user_timeout = or_none(value)?,
            "r1" => config.r1 = number(value)?,
            "r2" => config.r2 = or_none(value)?.unwrap_or(Duration::MAX),
            "syn_r2" => config.syn_r2 = or_none(value)?.unwrap_or(Duration::MAX),
            "rto_initial" => config.rto_initial = duration(value)?,
            "rto_min" => config.rto_min = duration(value)?,
            "rto_max" => config.rto_max = duration(value)?,
            "reset_in_time_wait" => config.reset_in_time_wait = switch(value)?,
            "nagle" => config.nagle = switch(value)?,
            "delayed_ack" => config.delayed_ack = or_none(value)?,
            "keep_alive" => config.keep_alive = keep_alive(value)?,
            "keep_alive_octet" => config.keep_alive_octet = switch(value)?,
            "half_duplex_close" => config.half_duplex_close = switch(value)?,
            "icmp_aborts" => config.icmp_aborts = switch(value)?,
            "rfc5961" => config.rfc5961 = switch(value)?,
            "challenge_limit" => config.challenge_limit = number(value)?,
            "challenge_period" => config.challenge_period = duration(value)?,
            name => return Err(format!("`{name}` is no policy")),
        }
        Ok(())
    }
}

/// `none`, `on`, or `2h 75s 9`: idle time, interval and probes.
fn keep_alive(value: &str) -> Result<Option<KeepAlive>, String> {
    match value.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["none"] => Ok(None),
        ["on"] => Ok(Some(KeepAlive::DEFAULT)),
        [idle, interval, probes] => {
            Ok(Some(KeepAlive { idle: duration(idle)?, interval: duration(interval)?, probes: number(probes)? }))
        }
        _ => Err(format!("`{value}` is not: none, on, or idle interval probes")),
    }
}

fn or_none(value: &str) -> Result<Option<Duration>, String> {
    if value == "none" { Ok(None) } else { duration(value).map(Some) }
}

fn switch(value: &str) -> Result<bool, String> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("`{value}` is neither on nor off")),
    }
}

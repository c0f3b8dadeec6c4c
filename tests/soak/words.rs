//! The words of a life that is written as text.

use core::str::FromStr;
use core::time::Duration;

use tcp_lifecycle::{Config, KeepAlive};

/// The kind of a failure: where it occurred, and its message without the numbers.
pub(crate) fn kind(told: &str) -> String {
    let place = told.lines().next().unwrap_or_default().to_string();
    let words = told.lines().nth(1).unwrap_or_default().split_whitespace();
    let words = words.filter(|word| !word.contains(|c: char| "<=#".contains(c) || c.is_ascii_digit()));
    core::iter::once(place.as_str()).chain(words).collect::<Vec<_>>().join(" ")
}

pub(crate) fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is no number that fits"))
}

/// Milliseconds.
pub(crate) fn duration(text: &str) -> Result<u64, String> {
    let text = text.trim();
    if let Some(millis) = text.strip_suffix("ms") {
        return number(millis);
    }
    let seconds = text.strip_suffix('s').ok_or(format!("`{text}` is no time, in `ms` or `s`"))?;
    number::<u64>(seconds).map(|seconds| seconds * 1_000)
}

pub(crate) fn pair_of(text: &str) -> Result<(&str, &str), String> {
    text.split_once(' ').ok_or(format!("`{text}` is not two words"))
}

/// These policies with the changes that the text names.
pub(crate) fn change(config: &Config, text: &str) -> Result<Config, String> {
    let mut changed = *config;
    for setting in text.split(',').map(str::trim).filter(|setting| !setting.is_empty()) {
        let (name, value) = setting.split_once('=').ok_or(format!("`{setting}` is not: policy=value"))?;
        set(&mut changed, name, value)?;
    }
    Ok(changed)
}

fn set(config: &mut Config, name: &str, value: &str) -> Result<(), String> {
    match name {
        "mss" => config.mss = number(value)?,
        "max_segment" => config.max_segment = number(value)?,
        "default_peer_mss" => config.default_peer_mss = number(value)?,
        "receive_buffer" => config.receive_buffer = number(value)?,
        "window_scale" => config.window_scale = if value == "none" { None } else { Some(number(value)?) },
        "window_scaling" => config.window_scaling = value == "on",
        "timestamps" => config.timestamps = value == "on",
        "tolerate_missing_timestamps" => config.tolerate_missing_timestamps = value == "on",
        "sack_permitted" => config.sack_permitted = value == "on",
        "ecn" => config.ecn = value == "on",
        "accept_ecn" => config.accept_ecn = value == "on",
        "msl" => config.msl = of_time(value)?,
        "fin_wait_2_timeout" => config.fin_wait_2_timeout = or_never(value)?,
        "user_timeout" => config.user_timeout = or_never(value)?,
        "user_timeout_in_persist" => config.user_timeout_in_persist = value == "on",
        "r1" => config.r1 = number(value)?,
        "r2" => config.r2 = of_time(value)?,
        "syn_r2" => config.syn_r2 = of_time(value)?,
        "r2_count" => config.r2_count = or_no_limit(value)?,
        "syn_r2_count" => config.syn_r2_count = or_no_limit(value)?,
        "syn_ack_r2_count" => config.syn_ack_r2_count = or_no_limit(value)?,
        "rto_initial" => config.rto_initial = of_time(value)?,
        "rto_min" => config.rto_min = of_time(value)?,
        "rto_max" => config.rto_max = of_time(value)?,
        "rto_after_syn_timeout" => config.rto_after_syn_timeout = of_time(value)?,
        "nagle" => config.nagle = value == "on",
        "delayed_ack" => config.delayed_ack = or_never(value)?,
        "keep_alive" => config.keep_alive = keep_alive(value)?,
        "keep_alive_octet" => config.keep_alive_octet = value == "on",
        "reset_in_time_wait" => config.reset_in_time_wait = value == "on",
        "half_duplex_close" => config.half_duplex_close = value == "on",
        "icmp_aborts" => config.icmp_aborts = value == "on",
        "rfc5961" => config.rfc5961 = value == "on",
        "challenge_limit" => config.challenge_limit = number(value)?,
        "challenge_period" => config.challenge_period = of_time(value)?,
        _ => return Err(format!("`{name}` is no policy")),
    }
    Ok(())
}

fn or_no_limit(value: &str) -> Result<Option<u8>, String> {
    if value == "none" { Ok(None) } else { number(value).map(Some) }
}

fn keep_alive(value: &str) -> Result<Option<KeepAlive>, String> {
    match value.split(' ').collect::<Vec<_>>().as_slice() {
        ["none"] => Ok(None),
        [idle, interval, probes] => {
            Ok(Some(KeepAlive { idle: of_time(idle)?, interval: of_time(interval)?, probes: number(probes)? }))
        }
        _ => Err(format!("`{value}` is not: none, or idle interval probes")),
    }
}

fn or_never(value: &str) -> Result<Option<Duration>, String> {
    if value == "none" { Ok(None) } else { of_time(value).map(Some) }
}

fn of_time(value: &str) -> Result<Duration, String> {
    if value == "none" { Ok(Duration::MAX) } else { duration(value).map(Duration::from_millis) }
}

//! Policies in the notation of scripts: `nagle=off, mss=100`.

use core::time::Duration;

use tcp_lifecycle::{Config, KeepAlive};

/// The policies that differ from the default, for a line of a script; `None` if there are none.
pub(crate) fn settings(config: &Config) -> Option<String> {
    let settings: Vec<_> = all(config)
        .into_iter()
        .zip(all(&Config::DEFAULT))
        .filter(|(this, default)| this != default)
        .map(|((name, value), _)| format!("{name}={value}"))
        .collect();
    (!settings.is_empty()).then(|| settings.join(", "))
}

fn all(config: &Config) -> Vec<(&'static str, String)> {
    let switch = |on: bool| if on { "on" } else { "off" }.to_string();
    let keep_alive = |KeepAlive { idle, interval, probes }| format!("{} {} {probes}", time(idle), time(interval));
    let count = |limit: Option<u8>| limit.map_or("none".to_string(), |limit| limit.to_string());
    let or_none = |value: Option<Duration>| value.map_or("none".to_string(), time);
    vec![
        ("mss", config.mss.to_string()),
        ("max_segment", config.max_segment.to_string()),
        ("default_peer_mss", config.default_peer_mss.to_string()),
        ("receive_buffer", config.receive_buffer.to_string()),
        ("window_scale", config.window_scale.map_or("none".to_string(), |shift| shift.to_string())),
        ("window_scaling", switch(config.window_scaling)),
        ("timestamps", switch(config.timestamps)),
        ("tolerate_missing_timestamps", switch(config.tolerate_missing_timestamps)),
        ("sack_permitted", switch(config.sack_permitted)),
        ("ecn", switch(config.ecn)),
        ("accept_ecn", switch(config.accept_ecn)),
        ("msl", time(config.msl)),
        ("fin_wait_2_timeout", or_none(config.fin_wait_2_timeout)),
        ("user_timeout", or_none(config.user_timeout)),
        ("user_timeout_in_persist", switch(config.user_timeout_in_persist)),
        ("r1", config.r1.to_string()),
        ("r2", time(config.r2)),
        ("syn_r2", time(config.syn_r2)),
        ("r2_count", count(config.r2_count)),
        ("syn_r2_count", count(config.syn_r2_count)),
        ("syn_ack_r2_count", count(config.syn_ack_r2_count)),
        ("rto_initial", time(config.rto_initial)),
        ("rto_min", time(config.rto_min)),
        ("rto_max", time(config.rto_max)),
        ("rto_after_syn_timeout", time(config.rto_after_syn_timeout)),
        ("nagle", switch(config.nagle)),
        ("delayed_ack", or_none(config.delayed_ack)),
        ("keep_alive", config.keep_alive.map_or("none".to_string(), keep_alive)),
        ("keep_alive_octet", switch(config.keep_alive_octet)),
        ("reset_in_time_wait", switch(config.reset_in_time_wait)),
        ("half_duplex_close", switch(config.half_duplex_close)),
        ("icmp_aborts", switch(config.icmp_aborts)),
        ("rfc5961", switch(config.rfc5961)),
        ("challenge_limit", config.challenge_limit.to_string()),
        ("challenge_period", time(config.challenge_period)),
    ]
}

/// `none` for an unbounded time; otherwise the time in the largest unit of scripts that is exact.
pub(crate) fn time(time: Duration) -> String {
    match time.as_micros() {
        micros if time == Duration::MAX || micros == 0 => if micros == 0 { "0s" } else { "none" }.to_string(),
        micros if micros % 1_000_000 == 0 => format!("{}s", micros / 1_000_000),
        micros if micros % 1_000 == 0 => format!("{}ms", micros / 1_000),
        micros => format!("{micros}us"),
    }
}

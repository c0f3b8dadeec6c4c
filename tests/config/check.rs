//! `Config::check`: each error has a value that causes it, and the nearest value that does not.

use core::time::Duration;

use tcp_lifecycle::{Config, ConfigError, KeepAlive};

const DEFAULT: Config = Config::DEFAULT;
const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn kept(idle: Duration, interval: Duration, probes: u8) -> Option<KeepAlive> {
    Some(KeepAlive { idle, interval, probes })
}

/// Absurd values, each with the value that a connection uses instead, as `ConfigError` documents.
pub(crate) fn absurd() -> Vec<(ConfigError, Config, Config)> {
    let (ms, nothing) = (millis(1), Duration::ZERO);
    let rto = |rto_min, rto_initial, rto_max| Config { rto_min, rto_initial, rto_max, ..DEFAULT };
    vec![
        (ConfigError::Mss, Config { mss: 0, ..DEFAULT }, Config { mss: 1, ..DEFAULT }),
        (ConfigError::MaxSegment, Config { max_segment: 0, ..DEFAULT }, Config { max_segment: 21, ..DEFAULT }),
        (ConfigError::MaxSegment, Config { max_segment: 20, ..DEFAULT }, Config { max_segment: 21, ..DEFAULT }),
        (ConfigError::DefaultPeerMss, Config { default_peer_mss: 0, ..DEFAULT }, peer_mss(48)),
        (ConfigError::DefaultPeerMss, peer_mss(47), peer_mss(48)),
        (ConfigError::ReceiveBuffer, buffer((1 << 30) + 1, None), buffer(1 << 30, None)),
        (ConfigError::ReceiveBuffer, buffer(u32::MAX, Some(14)), buffer(1 << 30, Some(14))),
        (ConfigError::WindowScale, buffer(1_023, Some(10)), buffer(1_023, Some(9))),
        (ConfigError::WindowScale, buffer(65_536, Some(15)), buffer(65_536, Some(14))),
        (ConfigError::WindowScale, buffer(1 << 30, Some(15)), buffer(1 << 30, Some(14))),
        (ConfigError::WindowScale, buffer(0, Some(u8::MAX)), buffer(0, Some(0))),
        (ConfigError::Msl, Config { msl: nothing, ..DEFAULT }, Config { msl: ms, ..DEFAULT }),
        (
            ConfigError::UserTimeout,
            Config { user_timeout: Some(nothing), ..DEFAULT },
            Config { user_timeout: Some(ms), ..DEFAULT },
        ),
        (ConfigError::Rto, rto(nothing, nothing, nothing), rto(ms, ms, ms)),
        (ConfigError::Rto, rto(nothing, millis(1_000), millis(60_000)), rto(ms, millis(1_000), millis(60_000))),
        (
            ConfigError::Rto,
            rto(millis(2_000), millis(2_000), millis(1_000)),
            rto(millis(1_000), millis(1_000), millis(1_000)),
        ),
        (ConfigError::Rto, rto(millis(500), millis(100), millis(1_000)), rto(millis(500), millis(500), millis(1_000))),
        (
            ConfigError::Rto,
            rto(millis(500), millis(5_000), millis(1_000)),
            rto(millis(500), millis(1_000), millis(1_000)),
        ),
        (ConfigError::DelayedAck, delayed(Duration::from_nanos(500_000_001)), delayed(millis(499))),
        (ConfigError::DelayedAck, delayed(millis(501)), delayed(millis(499))),
        (ConfigError::DelayedAck, delayed(Duration::MAX), delayed(millis(499))),
        (ConfigError::KeepAlive, alive(kept(nothing, ms, 2)), alive(kept(ms, ms, 2))),
        (ConfigError::KeepAlive, alive(kept(ms, nothing, 2)), alive(kept(ms, ms, 2))),
        (ConfigError::KeepAlive, alive(kept(nothing, nothing, 1)), alive(kept(ms, ms, 1))),
        (ConfigError::ChallengePeriod, period(nothing), period(ms)),
    ]
}

fn peer_mss(default_peer_mss: u16) -> Config {
    Config { default_peer_mss, ..DEFAULT }
}

fn buffer(receive_buffer: u32, window_scale: Option<u8>) -> Config {
    Config { receive_buffer, window_scale, ..DEFAULT }
}

fn delayed(delay: Duration) -> Config {
    Config { delayed_ack: Some(delay), ..DEFAULT }
}

fn alive(keep_alive: Option<KeepAlive>) -> Config {
    Config { keep_alive, ..DEFAULT }
}

fn period(challenge_period: Duration) -> Config {
    Config { challenge_period, ..DEFAULT }
}

#[test]
fn what_the_crate_offers_makes_sense() {
    for config in [Config::DEFAULT, Config::default(), Config::linux(), Config::bsd()] {
        assert_eq!(config.check(), Ok(()));
    }
    assert_eq!(Config::default(), Config::DEFAULT);
}

#[test]
fn policies_are_constants_where_that_is_wanted() {
    const LINUX: Config = Config::linux();
    const BSD: Config = Config { nagle: false, ..Config::bsd() };
    static SHARED: Config = LINUX;
    const {
        assert!(LINUX.check().is_ok() && BSD.check().is_ok());
        assert!(!BSD.nagle && LINUX.nagle);
    }
    assert_eq!(SHARED, Config::linux());
    assert_ne!(LINUX, BSD);
}

#[test]
fn each_value_without_sense_is_named_and_the_one_in_its_place_is_not() {
    for (error, config, taken) in absurd() {
        assert_eq!(config.check(), Err(error), "{config:?}");
        assert_eq!(taken.check(), Ok(()), "in the place of {config:?}");
        assert!(!error.to_string().is_empty());
    }
}

/// The list has every error; of two errors the one of the earlier field is named.
#[test]
fn the_first_in_the_order_of_the_fields_is_named() {
    let mut found: Vec<ConfigError> = absurd().into_iter().map(|(error, ..)| error).collect();
    found.dedup();
    let order = [
        ConfigError::Mss,
        ConfigError::MaxSegment,
        ConfigError::DefaultPeerMss,
        ConfigError::ReceiveBuffer,
        ConfigError::WindowScale,
        ConfigError::Msl,
        ConfigError::UserTimeout,
        ConfigError::Rto,
        ConfigError::DelayedAck,
        ConfigError::KeepAlive,
        ConfigError::ChallengePeriod,
    ];
    assert_eq!(found, order);

    let mut all = Config {
        mss: 0,
        max_segment: 0,
        default_peer_mss: 0,
        receive_buffer: u32::MAX,
        window_scale: Some(15),
        msl: Duration::ZERO,
        user_timeout: Some(Duration::ZERO),
        rto_min: Duration::ZERO,
        delayed_ack: Some(Duration::MAX),
        keep_alive: kept(Duration::ZERO, Duration::ZERO, 0),
        challenge_period: Duration::ZERO,
        ..DEFAULT
    };
    for error in order {
        assert_eq!(all.check(), Err(error));
        match error {
            ConfigError::Mss => all.mss = 1,
            ConfigError::MaxSegment => all.max_segment = 21,
            ConfigError::DefaultPeerMss => all.default_peer_mss = 48,
            ConfigError::ReceiveBuffer => all.receive_buffer = 1 << 30,
            ConfigError::WindowScale => all.window_scale = Some(14),
            ConfigError::Msl => all.msl = millis(1),
            ConfigError::UserTimeout => all.user_timeout = None,
            ConfigError::Rto => all.rto_min = millis(1),
            ConfigError::DelayedAck => all.delayed_ack = Some(millis(500)),
            ConfigError::KeepAlive => all.keep_alive = kept(millis(1), millis(1), 2),
            ConfigError::ChallengePeriod | _ => all.challenge_period = millis(1),
        }
    }
    assert_eq!(all.check(), Ok(()));
}

/// The least and the greatest sensible values.
#[test]
fn the_least_and_the_most_pass() {
    let day = Duration::from_secs(86_400);
    for config in [
        Config { mss: u16::MAX, max_segment: u16::MAX, default_peer_mss: u16::MAX, ..DEFAULT },
        Config { receive_buffer: 0, window_scale: Some(0), ..DEFAULT },
        Config { msl: Duration::from_nanos(1), challenge_period: Duration::from_nanos(1), ..DEFAULT },
        Config { msl: Duration::MAX, challenge_period: Duration::MAX, challenge_limit: 0, ..DEFAULT },
        Config { rto_min: day, rto_initial: day, rto_max: day, ..DEFAULT },
        Config { rto_max: Duration::MAX, r2: Duration::MAX, syn_r2: Duration::MAX, r1: u8::MAX, ..DEFAULT },
        Config { user_timeout: None, fin_wait_2_timeout: None, keep_alive: None, delayed_ack: None, ..DEFAULT },
        alive(kept(Duration::MAX, Duration::MAX, u8::MAX)),
        delayed(Duration::ZERO),
        delayed(millis(500)),
    ] {
        assert_eq!(config.check(), Ok(()), "{config:?}");
    }
}

/// One probe is a sensible policy; zero stands for probes without end.
#[test]
fn any_number_of_probes_makes_sense() {
    for probes in [0, 1, 2, u8::MAX] {
        assert_eq!(alive(kept(millis(1), millis(1), probes)).check(), Ok(()), "{probes}");
    }
}

//! A connection made from absurd policies uses the nearest sensible values, and works.

use core::time::Duration;

use tcp_lifecycle::{Config, ConfigError, Connection, Instant, KeepAlive, Open, State};

use super::check::absurd;
use super::life::{Log, established, live};

/// Otherwise a timeout of a millisecond would fire very often.
fn soon_given_up(config: Config) -> Config {
    Config { r2: Duration::from_secs(3), syn_r2: Duration::from_secs(3), ..config }
}

/// The two connections are equal, so they can never behave differently.
#[test]
fn the_nearest_value_is_taken() {
    for (error, config, taken) in absurd() {
        let (config, taken) = (soon_given_up(config), soon_given_up(taken));
        let made = |config: &Config| Connection::new(config, 100);
        let configured = |config| {
            let mut connection = established(&Config::DEFAULT);
            connection.configure(config);
            connection
        };
        // Timeouts that cross are adjusted when they are used.
        if error != ConfigError::Rto {
            assert_eq!(made(&config), made(&taken), "{error:?}: {config:?}");
            assert_eq!(configured(&config), configured(&taken), "{error:?}: {config:?}");
        }
        let lives = |mut connection: Connection| {
            let mut log = Log::default();
            if connection.state() == State::Closed {
                connection.open(Open::Active, Instant::ZERO).unwrap();
            } else {
                connection.send(10, Instant::ZERO).unwrap();
            }
            let end = log.wait_for_the_end(&mut connection, Instant::ZERO);
            (end, log.sent, log.signals)
        };
        assert_eq!(lives(made(&config)), lives(made(&taken)), "{error:?}: {config:?}");
        assert_eq!(lives(configured(&config)), lives(configured(&taken)), "{error:?}: {config:?}");
    }
}

#[test]
fn no_value_without_sense_makes_a_life_without_end() {
    for (_, config, _) in absurd() {
        let config = soon_given_up(config);
        live(&config);
        live(&Config { timestamps: true, sack_permitted: true, nagle: false, ..config });
    }
}

/// All of them at once, together with extreme values that are not checked because they may be wanted.
#[test]
fn nor_do_all_of_them_together() {
    let nothing = Duration::ZERO;
    let none = Config {
        mss: 0,
        max_segment: 0,
        default_peer_mss: 0,
        receive_buffer: 0,
        window_scale: Some(255),
        msl: nothing,
        fin_wait_2_timeout: Some(nothing),
        user_timeout: Some(nothing),
        r1: 0,
        r2: nothing,
        syn_r2: nothing,
        rto_initial: nothing,
        rto_min: nothing,
        rto_max: nothing,
        delayed_ack: Some(nothing),
        keep_alive: Some(KeepAlive { idle: nothing, interval: nothing, probes: 1 }),
        challenge_limit: 0,
        challenge_period: nothing,
        ..Config::DEFAULT
    };
    live(&none);
    live(&Config { user_timeout: None, ..none });
    live(&Config { receive_buffer: 10_000, r2: Duration::from_secs(1), syn_r2: Duration::from_secs(1), ..none });
    live(&Config { user_timeout: Some(Duration::from_secs(1)), fin_wait_2_timeout: None, ..none });
}

#[test]
fn times_that_are_zero_or_for_ever() {
    let (nothing, ever) = (Duration::ZERO, Duration::MAX);
    for config in [
        Config { user_timeout: Some(nothing), ..Config::DEFAULT },
        Config { user_timeout: Some(Duration::from_nanos(1)), ..Config::DEFAULT },
        Config { fin_wait_2_timeout: Some(nothing), ..Config::DEFAULT },
        Config { r2: nothing, ..Config::DEFAULT },
        Config { syn_r2: nothing, ..Config::DEFAULT },
        Config { rto_initial: ever, rto_min: ever, rto_max: ever, ..Config::DEFAULT },
        Config { rto_max: ever, ..Config::DEFAULT },
        Config { msl: ever, ..Config::DEFAULT },
        Config { challenge_limit: 0, ..Config::DEFAULT },
        Config { challenge_period: ever, ..Config::DEFAULT },
        Config { keep_alive: Some(KeepAlive { idle: ever, interval: ever, probes: 255 }), ..Config::DEFAULT },
        Config { mss: 65_535, max_segment: 65_535, default_peer_mss: 65_535, ..Config::DEFAULT },
        Config { max_segment: 21, default_peer_mss: 48, mss: 1, ..Config::DEFAULT },
    ] {
        live(&config);
    }
}

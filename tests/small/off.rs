//! A policy whose feature is off counts as off.

use core::time::Duration;

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, ConfigError, Connection, KeepAlive};

const POLICIES: [Config; 5] = [
    Config { timestamps: true, ..Config::DEFAULT },
    Config { ecn: true, ..Config::DEFAULT },
    Config { accept_ecn: true, ..Config::DEFAULT },
    Config { keep_alive: Some(KeepAlive::DEFAULT), ..Config::DEFAULT },
    Config { delayed_ack: Some(Duration::from_millis(40)), ..Config::DEFAULT },
];

#[test]
fn check_finds_it() {
    for config in POLICIES {
        assert_eq!(config.check(), Err(ConfigError::FeatureOff));
    }
    assert_eq!(Config::DEFAULT.check(), Ok(()));
}

#[test]
fn config_says_so() {
    for config in POLICIES {
        assert_eq!(Connection::new(&config, 100).config(), Config::DEFAULT);
    }
}

#[test]
fn a_syn_offers_neither_timestamps_nor_ecn() {
    check("config timestamps=on, ecn=on\nopen active\nCLOSED -> SYN-SENT\n--> <SEQ=100><CTL=SYN><TS=none>");
    check(
        "config timestamps=on\nLISTEN\n<-- <SEQ=300><CTL=SYN><TS=7,0>\nLISTEN -> SYN-RECEIVED\n--> <SEQ=100><ACK=301><CTL=SYN,ACK><TS=none>",
    );
    check(
        "config ecn=on\nLISTEN\n<-- <SEQ=300><CTL=SYN,ECE,CWR>\nLISTEN -> SYN-RECEIVED\n--> <SEQ=100><ACK=301><CTL=SYN,ACK>",
    );
}

#[test]
fn an_ack_is_not_delayed_and_nothing_is_kept_alive() {
    check(
        "config delayed_ack=200ms\nESTABLISHED\n<-- <SEQ=300><ACK=100><CTL=ACK><DATA=1>\n--> <SEQ=100><ACK=301><CTL=ACK>",
    );
    check("config keep_alive=1s 1s 3\nESTABLISHED\n<-- <SEQ=300><ACK=100><CTL=ACK>\n+ 10s");
}

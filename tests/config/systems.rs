//! The behavior of a connection under `Config::linux()` and `Config::bsd()`, with exact times.

use core::time::Duration;

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Instant, Open, Signal};

use super::life::{Log, established, live};

fn seconds(seconds: &[f64]) -> Vec<Duration> {
    seconds.iter().map(|seconds| Duration::from_secs_f64(*seconds)).collect()
}

/// The times of an unanswered SYN and its retransmissions, and the time when it is given up.
#[track_caller]
fn unanswered_syn(config: &Config) -> (Vec<Duration>, Duration) {
    let mut connection = Connection::new(config, 100);
    let mut log = Log::default();
    connection.open(Open::Active, Instant::ZERO).unwrap();
    log.wait_for_the_end(&mut connection, Instant::ZERO);
    let (end, signal) = *log.signals.last().unwrap();
    assert_eq!(signal, Signal::TimedOut);
    (log.times(Instant::ZERO), end.saturating_duration_since(Instant::ZERO))
}

/// The same for payload, with the smallest timeout.
#[track_caller]
fn unanswered_payload(config: &Config) -> (Vec<Duration>, Duration) {
    let mut connection = established(config);
    let mut log = Log::default();
    connection.send(10, Instant::ZERO).unwrap();
    log.wait_for_the_end(&mut connection, Instant::ZERO);
    log.signals.retain(|(_, signal)| *signal != Signal::RetransmissionTimeout);
    assert_eq!(log.signals.len(), 2);
    assert_eq!(log.signals[0], (log.sent[usize::from(config.r1)].0, Signal::Retransmitting));
    assert_eq!(log.signals[1].1, Signal::TimedOut);
    (log.times(Instant::ZERO), log.signals[1].0.saturating_duration_since(Instant::ZERO))
}

#[track_caller]
fn check(script: &str, config: &Config) {
    Script::parse(script).unwrap().run(config).unwrap();
}

/// tcp_syn_retries: six, after 1, 3, 7, 15, 31 and 63 s, and the end at 127 s.
#[test]
fn linux_sends_a_syn_seven_times_in_127_seconds() {
    let (times, end) = unanswered_syn(&Config::linux());
    assert_eq!(times, seconds(&[0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0]));
    assert_eq!(end, Duration::from_secs(127));
}

/// tcp_retries2: fifteen, and the end after 924.6 s if the timeout begins at its minimum.
#[test]
fn linux_sends_payload_again_fifteen_times_in_924_seconds_and_a_half() {
    let (times, end) = unanswered_payload(&Config::linux());
    let expected = [0.0, 0.2, 0.6, 1.4, 3.0, 6.2, 12.6, 25.4, 51.0, 102.2, 204.6, 324.6, 444.6, 564.6, 684.6, 804.6];
    assert_eq!(times, seconds(&expected));
    assert_eq!(end, Duration::from_millis(924_600));
}

#[test]
fn linux_waits_a_minute_in_fin_wait_2_and_in_time_wait() {
    check("FIN-WAIT-2 DEADLINE=none\n + 1h\n detach\n + 60s\n CLOSED\n signal: TimedOut", &Config::linux());
    check("TIME-WAIT DEADLINE=60s\n + 60s\n CLOSED", &Config::linux());
}

/// tcp_rfc1337 is off: a reset ends TIME-WAIT.
#[test]
fn linux_takes_a_reset_in_time_wait() {
    check("TIME-WAIT SND.NXT=100 RCV.NXT=300\n <-- <SEQ=300><CTL=RST>\n CLOSED", &Config::linux());
}

#[test]
fn linux_offers_all_there_is() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN><MSS=1460><SACK><WS=7><TS=0,0><WND=65535>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK><MSS=1460><SACK><WS=7><TS=5,0>
        --> <SEQ=101><ACK=301><CTL=ACK><TS=0,5>
        ESTABLISHED SND.SCALE=7 RCV.SCALE=7 TIMESTAMPS=1 SACK=1 DEADLINE=none
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=100><TS=5,0>
        ESTABLISHED DEADLINE=40ms
        + 40ms
        --> <SEQ=101><ACK=401><CTL=ACK>
        ",
        &Config::linux(),
    );
}

/// SHLD-3, as on both systems: unread bytes at close(2) cause a reset.
#[test]
fn both_reset_where_bytes_are_lost() {
    for config in [Config::linux(), Config::bsd()] {
        check(
            "
            ESTABLISHED SND.NXT=100 RCV.NXT=300
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
            detach
            --> <SEQ=100><CTL=RST>
            CLOSED
            ",
            &config,
        );
    }
}

/// tcp_invalid_ratelimit: one answer in half a second.
#[test]
fn linux_answers_what_is_invalid_twice_a_second() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=301><CTL=RST> refused
        --> <SEQ=100><ACK=300><CTL=ACK>
        + 499ms
        <-- <SEQ=301><CTL=RST> refused
        + 1ms
        <-- <SEQ=301><CTL=RST> refused
        --> <SEQ=100><ACK=300><CTL=ACK>
        ",
        &Config::linux(),
    );
}

/// TCP_MAXRXTSHIFT: twelve retransmissions, from 230 ms to 64 s.
#[test]
fn bsd_sends_payload_again_twelve_times() {
    let (times, end) = unanswered_payload(&Config::bsd());
    let expected = [0.0, 0.23, 0.69, 1.61, 3.45, 7.13, 14.49, 29.21, 58.65, 117.53, 181.53, 245.53, 309.53];
    assert_eq!(times, seconds(&expected));
    assert_eq!(end, Duration::from_millis(373_530));
}

/// keepinit: after 75 s there is no further SYN. The connection ends when the timer fires next.
#[test]
fn bsd_sends_a_syn_no_more_after_75_seconds() {
    let (times, end) = unanswered_syn(&Config::bsd());
    assert_eq!(times, seconds(&[0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0]));
    assert_eq!(end, Duration::from_secs(127));
}

#[test]
fn bsd_waits_ten_minutes_in_fin_wait_2_and_one_in_time_wait() {
    check("FIN-WAIT-2 DEADLINE=2h\n + 1h\n detach\n + 10m\n CLOSED\n signal: TimedOut", &Config::bsd());
    check(
        "TIME-WAIT SND.NXT=100 RCV.NXT=300 DEADLINE=60s\n <-- <SEQ=300><CTL=RST> refused\n + 60s\n CLOSED",
        &Config::bsd(),
    );
}

/// always_keepalive, keepidle, keepintvl, keepcnt.
#[test]
fn bsd_keeps_alive_with_eight_probes_after_two_hours() {
    let probe = "+ 75s\n --> <SEQ=99><ACK=300><CTL=ACK>\n".repeat(7);
    check(
        &format!(
            "ESTABLISHED DEADLINE=2h
            + 2h
            --> <SEQ=99><ACK=300><CTL=ACK>
            {probe}
            + 75s
            CLOSED
            signal: TimedOut"
        ),
        &Config::bsd(),
    );
}

#[test]
fn both_live_with_dead_peers_and_lossy_networks() {
    live(&Config::linux());
    live(&Config::bsd());
}

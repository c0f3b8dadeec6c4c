//! Which echo is a round-trip time: RFC 7323 sections 4.1 and 4.2, RFC 6298 section 3, and the test of the Eifel
//! algorithm. D44.
//!
//! While everything has been sent once, the timed segment is measured. During retransmission an echo tells which
//! transmission was answered, provided that it is not older than the last transmission of the front.

use core::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Side, check};
use tcp_lifecycle::{Config, Instant};

use crate::once_agreed;

/// Ten bytes are in flight; they were sent at 20 ms, at 1020 ms and at 3020 ms.
const SENT_THREE_TIMES: &str = "
    send 10
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=20,1000>
    + 1s
    signal: RetransmissionTimeout
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=1020,1000>
    + 2s
    signal: RetransmissionTimeout
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=3020,1000>
    ESTABLISHED                         RTO=4s
    + 100ms
    ";

/// Karn: no sample, and the back-off stays in force.
#[test]
fn an_echo_older_than_the_last_transmission_of_the_front_is_no_sample() {
    for echo in [1, 19, 20, 21, 1_020, 1_021, 3_019, 4_294_967_295_u32, 2_147_486_768] {
        once_agreed(&format!(
            "{SENT_THREE_TIMES}
            <-- <SEQ=300><ACK=110><CTL=ACK><TS=4120,{echo}>
            signal: Acknowledged 10
            ESTABLISHED                     SRTT=20ms RTTVAR=10ms RTO=4s
            "
        ));
    }
}

#[test]
fn an_echo_of_the_last_transmission_is_a_sample_and_ends_the_back_off() {
    once_agreed(&format!(
        "{SENT_THREE_TIMES}
        <-- <SEQ=300><ACK=110><CTL=ACK><TS=4120,3020>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=30ms RTTVAR=27500us RTO=1s
        "
    ));
}

/// We never sent that value: it is from the future, or zero.
#[test]
fn an_echo_that_we_never_said_is_no_sample() {
    for echo in [3_121, 4_000, 2_147_486_767, 0_u32] {
        once_agreed(&format!(
            "{SENT_THREE_TIMES}
            <-- <SEQ=300><ACK=110><CTL=ACK><TS=4120,{echo}>
            signal: Acknowledged 10
            ESTABLISHED                     SRTT=20ms RTTVAR=10ms RTO=4s
            "
        ));
    }
}

/// The peer's echo may be arbitrary: our own timing is 40 ms, whatever it echoes.
#[test]
fn while_all_is_sent_once_no_echo_changes_what_was_timed() {
    for echo in [0, 1, 20, 59, 60, 61, 4_294_967_295_u32] {
        once_agreed(&format!(
            "
            send 10
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=20,1000>
            + 100ms
            <-- <SEQ=300><ACK=110><CTL=ACK><TS=1100,{echo}>
            signal: Acknowledged 10
            ESTABLISHED                     SRTT=30ms RTTVAR=27500us RTO=1s
            "
        ));
    }
}

/// The ACK of the handshake may echo anything.
#[test]
fn an_echo_on_the_handshake_is_no_measure_of_hours() {
    for echo in [0_u32, 1, 70, 3_600_000, 3_599_999, 3_600_041, 4_294_967_295] {
        check(&format!(
            "
            config timestamps=on
            ISS=99
            open passive
            LISTEN
            + 1h
            <-- <SEQ=299><CTL=SYN><TS=1000,0>
            --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=3600000,1000>
            SYN-RECEIVED
            + 40ms
            <-- <SEQ=300><ACK=100><CTL=ACK><TS=1040,{echo}>
            ESTABLISHED                     SRTT=40ms RTTVAR=20ms RTO=1s
            "
        ));
        check(&format!(
            "
            config timestamps=on
            ISS=99
            + 1h
            open active
            --> <SEQ=99><CTL=SYN><TS=3600000,0>
            SYN-SENT
            + 40ms
            <-- <SEQ=299><ACK=100><CTL=SYN,ACK><TS=1040,{echo}>
            --> <SEQ=100><ACK=300><CTL=ACK>
            ESTABLISHED                     SRTT=40ms RTTVAR=20ms RTO=1s
            "
        ));
    }
}

/// The SYN,ACK was sent twice, and the echo is of the first transmission: it is no sample.
#[test]
fn an_echo_of_a_syn_ack_before_the_last_is_no_sample() {
    for echo in [0, 50, 500, 1_499] {
        check(&format!(
            "
            config timestamps=on
            ISS=99
            open passive
            LISTEN
            + 500ms
            <-- <SEQ=299><CTL=SYN><TS=1000,0>
            --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=500,1000>
            SYN-RECEIVED
            + 1s
            --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=1500,1000>
            + 40ms
            <-- <SEQ=300><ACK=100><CTL=ACK><TS=2040,{echo}>
            ESTABLISHED                     SRTT=none RTO=3s
            "
        ));
    }
}

/// A FIN is retransmitted as payload is, and payload in CLOSE-WAIT as in any other state.
#[test]
fn an_echo_of_a_fin_before_the_last_is_no_sample() {
    for (echo, srtt) in [(20, "20ms"), (1_019, "20ms"), (1_020, "30ms")] {
        once_agreed(&format!(
            "
            close
            --> <SEQ=100><ACK=300><CTL=FIN,ACK><TS=20,1000>
            FIN-WAIT-1
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=300><CTL=FIN,ACK><TS=1020,1000>
            + 100ms
            <-- <SEQ=300><ACK=101><CTL=ACK><TS=2120,{echo}>
            FIN-WAIT-2                      SRTT={srtt}
            "
        ));
        once_agreed(&format!(
            "
            <-- <SEQ=300><ACK=100><CTL=FIN,ACK><TS=1000,20>
            signal: Closing
            --> <SEQ=100><ACK=301><CTL=ACK>
            CLOSE-WAIT
            send 10
            --> <SEQ=100><ACK=301><CTL=ACK><DATA=10><TS=20,1000>
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=301><CTL=ACK><DATA=10><TS=1020,1000>
            + 100ms
            <-- <SEQ=301><ACK=110><CTL=ACK><TS=2120,{echo}>
            signal: Acknowledged 10
            CLOSE-WAIT                      SRTT={srtt}
            "
        ));
    }
}

/// The front of a flight was lost: the ACK of the rest echoes the front's second transmission.
#[test]
fn in_recovery_the_echo_of_the_front_measures() {
    once_agreed(
        "
        send 1048
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=524><TS=20,1000>
        --> <SEQ=624><ACK=300><CTL=PSH,ACK><DATA=524><TS=20,1000>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=524><TS=1020,1000>
        + 100ms
        <-- <SEQ=300><ACK=1148><CTL=ACK><TS=2120,1020>
        signal: Acknowledged 1048
        ESTABLISHED                         SRTT=30ms RTTVAR=27500us RTO=1s
        ",
    );
}

/// The clock wraps between the first transmission and the second: 2^32 ms are 1193 h 2 m 47.296 s.
#[test]
fn the_clock_may_come_round_in_recovery() {
    for (echo, srtt, rtt_var) in
        [(4_294_966_796_u32, "20ms", "10ms"), (499, "20ms", "10ms"), (500, "30ms", "27500us"), (601, "20ms", "10ms")]
    {
        once_agreed(&format!(
            "
            + 1193h 2m 46s
            + 776ms                             # 2^32 - 500 ms
            send 10
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=4294966796,1000>
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=500,1000>
            + 100ms
            <-- <SEQ=300><ACK=110><CTL=ACK><TS=1100,{echo}>
            signal: Acknowledged 10
            ESTABLISHED                     SRTT={srtt} RTTVAR={rtt_var}
            "
        ));
    }
}

/// A path of 20 ms. The ACK of each segment is lost once, and the next ACK echoes the second transmission.
#[test]
fn a_lost_ack_does_not_raise_the_timeout() {
    for config in [Config { timestamps: true, ..Config::DEFAULT }, Config { delayed_ack: None, ..Config::linux() }] {
        let network = Network { delay: Duration::from_millis(10), ..Network::PERFECT };
        let mut pair = Pair::new(&config, &config, network);
        pair.handshake().unwrap();
        pair.drive_for(Duration::from_millis(50)).unwrap();
        for _ in 0..8 {
            pair.send(Side::A, &[7; 100]).unwrap();
            pair.drive_for(Duration::from_millis(15)).unwrap();
            assert!(pair.lose(0), "the ACK");
            pair.drive_for(Duration::from_secs(20)).unwrap();
            assert!(pair.send_queue(Side::A).is_empty());
            let status = pair.status(Side::A);
            assert!(status.srtt <= Some(Duration::from_millis(21)), "{status:?}");
            assert!(status.rto <= Some(config.rto_initial), "{status:?}");
        }
    }
}

/// Whatever is lost on a path of 20 ms, none of our own timeouts is taken for a round trip.
#[test]
fn losses_do_not_raise_the_round_trip_time() {
    for seed in 0..40 {
        let config =
            Config { timestamps: true, rto_min: Duration::from_millis(200), r2: Duration::MAX, ..Config::DEFAULT };
        let delay = Duration::from_millis(10);
        let mut pair = Pair::new(&config, &config, Network { delay, ..Network::PERFECT });
        pair.handshake().unwrap();
        pair.set_network(Network { delay, loss: 100, seed, ..Network::PERFECT });
        pair.send(Side::A, &[7; 10_000]).unwrap();
        while !pair.send_queue(Side::A).is_empty() && pair.now() < Instant::from_micros(1_000_000_000) {
            pair.drive_for(Duration::from_millis(100)).unwrap();
            let srtt = pair.status(Side::A).srtt;
            assert!(srtt <= Some(Duration::from_millis(60)), "seed {seed}: {srtt:?}\n{}", pair.trace());
        }
        assert!(pair.send_queue(Side::A).is_empty(), "seed {seed}");
    }
}

/// The probe's byte is retransmitted together with new payload, and more follows later: the first new payload is timed.
#[test]
fn what_goes_out_behind_a_refused_probe_is_timed_from_when_it_went() {
    check(
        "
        config nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 200
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=200>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=200>
        + 300ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        send 50
        --> <SEQ=300><ACK=300><CTL=ACK><DATA=50>
        + 100ms
        <-- <SEQ=300><ACK=300><CTL=ACK><WND=1000>
        signal: Acknowledged 200
        ESTABLISHED                         SRTT=50ms          # an eighth of 400 ms
        ",
    );
}

/// The first probe of a closed window is a transmission of the front, although nothing is sent again.
#[test]
fn an_echo_older_than_the_first_probe_is_no_sample() {
    for (echo, measured) in
        [(20, "SRTT=20ms RTTVAR=10ms"), (1_019, "SRTT=20ms RTTVAR=10ms"), (1_020, "SRTT=30ms RTTVAR=27500us")]
    {
        once_agreed(&format!(
            "<-- <SEQ=300><ACK=100><CTL=ACK><WND=0><TS=1000,20>
            send 1
            + 1s
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=1><TS=1020,1000>
            + 100ms
            <-- <SEQ=300><ACK=101><CTL=ACK><WND=1000><TS=1100,{echo}>
            signal: Acknowledged 1
            ESTABLISHED                     {measured}
            "
        ));
    }
}

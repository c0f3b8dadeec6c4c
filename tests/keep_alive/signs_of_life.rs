//! Which segments count as a sign of life, and probes during an attack.

use core::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Side, check};
use tcp_lifecycle::{Config, Segment, State};

use super::end::QUICK_CONFIG;

/// The answer to the peer's probe of our window was lost: we have its byte, and the peer does not know. Its answers to
/// our keep-alive lie one number left of RCV.NXT.
#[test]
fn an_ack_one_left_of_rcv_nxt_is_a_sign_of_life() {
    for octet in ["off", "on"] {
        let probe = if octet == "on" { "<DATA=1>" } else { "" };
        for (state, answer) in
            [("ESTABLISHED", ""), ("CLOSE-WAIT", ""), ("FIN-WAIT-2", ""), ("ESTABLISHED", "<DATA=1>")]
        {
            check(&format!(
                "
                config keep_alive=1m 10s 2, keep_alive_octet={octet}
                {state} SND.NXT=100 RCV.NXT=300
                + 1m
                --> <SEQ=99><ACK=300><CTL=ACK>{probe}
                + 5s
                <-- <SEQ=299><ACK=100><CTL=ACK>{answer}     refused
                --> <SEQ=100><ACK=300><CTL=ACK>
                {state} DEADLINE=1m
                + 1m
                --> <SEQ=99><ACK=300><CTL=ACK>{probe}
                + 10s
                --> <SEQ=99><ACK=300><CTL=ACK>{probe}
                + 5s
                <-- <SEQ=299><ACK=100><CTL=ACK>{answer}     refused
                --> <SEQ=100><ACK=300><CTL=ACK>
                {state} DEADLINE=1m
                "
            ));
        }
    }
}

/// Out of range it may come from anybody, and so may one further left.
#[test]
fn no_other_refused_ack_is_one() {
    for arrives in [
        "<SEQ=299><ACK=101><CTL=ACK>",
        "<SEQ=299><ACK=4294901860><CTL=ACK>",
        "<SEQ=298><ACK=100><CTL=ACK>",
        "<SEQ=299><ACK=100><CTL=SYN,ACK>",
    ] {
        check(&format!(
            "
            config keep_alive=1m 10s 2
            ESTABLISHED SND.NXT=100 RCV.NXT=300
            + 1m
            --> <SEQ=99><ACK=300><CTL=ACK>
            + 5s
            <-- {arrives} refused
            --> <SEQ=100><ACK=300><CTL=ACK>
            ESTABLISHED DEADLINE=5s
            "
        ));
    }
}

/// Ten blind ACKs each half second spend the limiter; the honest peer's probes are answered.
#[test]
fn a_flood_of_blind_acks_does_not_starve_the_peers_keep_alive() {
    for probed in [Config::DEFAULT, Config { challenge_limit: 0, ..Config::DEFAULT }, Config::linux(), Config::bsd()] {
        let probed = Config { keep_alive: None, timestamps: false, ..probed };
        let network = Network { delay: Duration::from_millis(20), ..Network::PERFECT };
        let mut pair = Pair::new(&QUICK_CONFIG, &probed, network);
        pair.handshake().unwrap();
        let blind: Segment = "<SEQ=3000000000><ACK=4000000000><CTL=ACK><WND=1000>".parse().unwrap();
        for _ in 0..600 {
            for _ in 0..10 {
                pair.inject(Side::A, blind, &[]);
            }
            pair.drive_for(Duration::from_millis(500)).unwrap();
        }
        assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Established, State::Established));
        assert!(pair.signals(Side::A).is_empty());
    }
}

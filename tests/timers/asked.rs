//! `retransmit`: retransmissions that the caller asks for, in addition to those of the retransmission timer.

use tcp_lifecycle::sim::check;

/// Four segments of 200 bytes are in flight. The timer has fired, and retransmissions are cut at 536 bytes.
const AFTER_A_TIMEOUT: &str = "
    config nagle=off
    ESTABLISHED
    send 200
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=200>
    send 200
    --> <SEQ=300><ACK=300><CTL=ACK><DATA=200>
    send 200
    --> <SEQ=500><ACK=300><CTL=ACK><DATA=200>
    send 200
    --> <SEQ=700><ACK=300><CTL=ACK><DATA=200>
    + 1s
    signal: RetransmissionTimeout
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>    bytes 0..536
";

#[track_caller]
fn after_a_timeout(rest: &str) {
    check(&format!("{AFTER_A_TIMEOUT}\n{rest}"));
}

/// A segment is sent whole or not at all, and a call that returns Ok releases one.
#[test]
fn in_recovery_at_least_one_whole_segment_goes() {
    for bytes in [1, 199, 200, 400, 535, 536] {
        after_a_timeout(&format!(
            "
            retransmit 0..{bytes}
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>    bytes 0..536
            ESTABLISHED SND.NXT=900
            "
        ));
    }
}

#[test]
fn in_recovery_what_comes_behind_the_front_goes_whole_too() {
    for bytes in [1, 200, 263, 264] {
        after_a_timeout(&format!(
            "
            retransmit 536..{}
            --> <SEQ=636><ACK=300><CTL=ACK><DATA=264>    bytes 536..800
            ESTABLISHED SND.NXT=900
            ",
            536 + bytes
        ));
    }
}

#[test]
fn in_recovery_all_that_is_asked_for_goes() {
    after_a_timeout(
        "
        retransmit 0..800
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>        bytes 0..536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=264>        bytes 536..800
        ",
    );
}

/// The window and the limit still apply.
#[test]
fn in_recovery_no_more_goes_than_the_limit_allows() {
    after_a_timeout(
        "
        limit 100
        retransmit 0..200
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>        bytes 0..100
        ",
    );
}

/// RFC 6298 section 5: the timer expires a whole timeout after the front was last sent, however much was sent with it.
#[test]
fn several_segments_from_the_front_restart_the_timer() {
    let piece = |seq| format!("--> <SEQ={seq}><ACK=300><CTL=ACK><DATA=100>\n");
    for (range, pieces, deadline) in [
        ("0..100", &[100][..], "1s"),
        ("0..200", &[100, 200], "1s"),
        ("0..300", &[100, 200, 300], "1s"),
        ("100..300", &[200, 300], "400ms"),
    ] {
        let segments = pieces.iter().map(piece).collect::<String>();
        check(&format!(
            "
            config default_peer_mss=100
            ESTABLISHED
            send 300
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
            --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
            --> <SEQ=300><ACK=300><CTL=ACK><DATA=100>
            + 600ms
            retransmit {range}
            {segments}
            ESTABLISHED DEADLINE={deadline}
            "
        ));
    }
}

//! D16, D17, D27, D29: which segments are sent, and when.

use tcp_lifecycle::sim::check;

// D16
#[test]
fn after_a_timeout_the_front_alone_is_sent_again_and_each_ack_releases_twice_what_it_acknowledged() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><ACK=101><CTL=SYN,ACK><MSS=100><WND=800>
        --> <SEQ=101><ACK=300><CTL=ACK>
        ESTABLISHED
        send 1000
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=100> bytes 0..100
        --> <SEQ=201><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=301><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=401><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=501><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=601><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=701><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=801><ACK=300><CTL=ACK><DATA=100> bytes 700..800
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=100> bytes 0..100
        ESTABLISHED SND.NXT=901 RETRANSMISSIONS=1
        <-- <SEQ=301><CTL=RST>     refused        # SND.NXT is not rolled back
        --> <SEQ=901><ACK=300><CTL=ACK>
        <-- <SEQ=300><ACK=201><CTL=ACK>
        signal: Acknowledged 100
        --> <SEQ=201><ACK=300><CTL=ACK><DATA=100> bytes 0..100
        --> <SEQ=301><ACK=300><CTL=ACK><DATA=100> bytes 100..200
        <-- <SEQ=300><ACK=301><CTL=ACK>
        signal: Acknowledged 100
        --> <SEQ=401><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=501><ACK=300><CTL=ACK><DATA=100>
        <-- <SEQ=300><ACK=901><CTL=ACK>           # the rest had arrived
        signal: Acknowledged 600
        --> <SEQ=901><ACK=300><CTL=ACK><DATA=100> bytes 0..100
        --> <SEQ=1001><ACK=300><CTL=PSH,ACK><DATA=100> bytes 100..200
        ESTABLISHED UNSENT=0
        ",
    );
}

// D16
#[test]
fn what_is_to_be_sent_again_goes_before_new_payload_and_fin() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><ACK=101><CTL=SYN,ACK><MSS=100><WND=400>
        --> <SEQ=101><ACK=300><CTL=ACK>
        ESTABLISHED
        send 500
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=201><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=301><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=401><ACK=300><CTL=ACK><DATA=100>
        close
        FIN-WAIT-1
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=100>
        <-- <SEQ=300><ACK=201><CTL=ACK><WND=5000>     # room for all, and credit for 200 bytes
        signal: Acknowledged 100
        --> <SEQ=201><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=301><ACK=300><CTL=ACK><DATA=100>
        FIN-WAIT-1 SND.NXT=501 UNSENT=100
        <-- <SEQ=300><ACK=251><CTL=ACK><WND=5000>     # credit for 100 more
        signal: Acknowledged 50
        --> <SEQ=401><ACK=300><CTL=ACK><DATA=100>
        FIN-WAIT-1 SND.NXT=501 UNSENT=100
        <-- <SEQ=300><ACK=301><CTL=ACK><WND=5000>
        signal: Acknowledged 50
        FIN-WAIT-1 SND.NXT=501 UNSENT=100             # with its FIN the last segment would be one too many
        <-- <SEQ=300><ACK=302><CTL=ACK><WND=5000>
        signal: Acknowledged 1
        --> <SEQ=501><ACK=300><CTL=FIN,ACK><DATA=100>
        FIN-WAIT-1 SND.NXT=602 UNSENT=0
        ",
    );
}

// D16
#[test]
fn the_credit_that_an_ack_does_not_use_adds_up() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><ACK=101><CTL=SYN,ACK><MSS=100><WND=400>
        --> <SEQ=101><ACK=300><CTL=ACK>
        ESTABLISHED
        send 400
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=201><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=301><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=401><ACK=300><CTL=ACK><DATA=100>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=100>
        <-- <SEQ=300><ACK=201><CTL=ACK><WND=50>       # 200 are released, and there is room for 50
        signal: Acknowledged 100
        --> <SEQ=201><ACK=300><CTL=ACK><DATA=50>
        <-- <SEQ=300><ACK=201><CTL=ACK><WND=400>
        --> <SEQ=251><ACK=300><CTL=ACK><DATA=100>
        <-- <SEQ=300><ACK=251><CTL=ACK><WND=400>      # 50 and 100 more
        signal: Acknowledged 50
        --> <SEQ=351><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=451><ACK=300><CTL=ACK><DATA=50>
        ESTABLISHED
        ",
    );
}

/// Four segments of 100 bytes are in flight, and the first has been retransmitted.
const AFTER_A_TIMEOUT: &str = "
    open active
    --> <SEQ=100><CTL=SYN>
    SYN-SENT
    <-- <SEQ=299><ACK=101><CTL=SYN,ACK><MSS=100><WND=5000>
    --> <SEQ=101><ACK=300><CTL=ACK>
    ESTABLISHED
    send 400
    --> <SEQ=101><ACK=300><CTL=ACK><DATA=100>
    --> <SEQ=201><ACK=300><CTL=ACK><DATA=100>
    --> <SEQ=301><ACK=300><CTL=ACK><DATA=100>
    --> <SEQ=401><ACK=300><CTL=ACK><DATA=100>
    + 1s
    signal: RetransmissionTimeout
    --> <SEQ=101><ACK=300><CTL=ACK><DATA=100>
";

// D16
#[test]
fn what_had_arrived_is_not_sent_again() {
    check(&format!(
        "
        {AFTER_A_TIMEOUT}
        <-- <SEQ=300><ACK=401><CTL=ACK>
        signal: Acknowledged 300
        --> <SEQ=401><ACK=300><CTL=ACK><DATA=100> bytes 0..100
        ESTABLISHED
        "
    ));
}

// D16
#[test]
fn once_all_of_it_is_acknowledged_nothing_holds_new_payload_back() {
    check(&format!(
        "
        {AFTER_A_TIMEOUT}
        <-- <SEQ=300><ACK=501><CTL=ACK><WND=5000>
        signal: Acknowledged 400
        send 1000
        {}
        ESTABLISHED UNSENT=0
        ",
        (0..10).map(|n| format!("--> <SEQ={}><ACK=300><CTL=ACK><DATA=100>\n", 501 + n * 100)).collect::<String>()
    ));
}

// D16
#[test]
fn what_was_sent_twice_is_not_timed() {
    check(
        "
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 10ms
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=100>
        signal: Acknowledged 10
        ESTABLISHED SRTT=1us      # that of the handshake
        ",
    );
}

// D17
#[test]
fn with_a_window_that_shrank_a_bare_ack_and_a_reset_stand_at_its_right_edge() {
    check(
        "
        ESTABLISHED SND.NXT=5000 SND.WND=500
        send 500
        --> <SEQ=5000><ACK=300><CTL=ACK><DATA=500>
        <-- <SEQ=300><ACK=5100><CTL=ACK><WND=50>
        signal: Acknowledged 100
        <-- <SEQ=300><ACK=5100><CTL=ACK><DATA=10>
        --> <SEQ=5150><ACK=310><CTL=ACK>
        <-- <SEQ=309><CTL=RST>                     refused
        <-- <SEQ=311><CTL=RST>                     refused
        --> <SEQ=5150><ACK=310><CTL=ACK>
        abort
        --> <SEQ=5150><CTL=RST>
        CLOSED
        ",
    );
}

// D17
#[test]
fn while_a_probe_is_out_a_bare_ack_stands_before_it() {
    check(
        "
        ESTABLISHED SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1> bytes 0..1
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>            # not 101, which the peer would refuse
        ESTABLISHED SND.NXT=101
        ",
    );
}

// D17
#[test]
fn a_refused_probe_byte_is_sent_again_as_soon_as_the_window_opens() {
    check(
        "
        ESTABLISHED SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1> bytes 0..1
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=100>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5> bytes 0..5
        ESTABLISHED SND.NXT=105 UNSENT=0
        ",
    );
}

// D17
#[test]
fn a_probe_byte_that_is_taken_is_followed_by_the_rest_without_its_long_timeout() {
    check(
        "
        ESTABLISHED SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 2s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=100>
        signal: Acknowledged 1
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=4> bytes 0..4
        ESTABLISHED RTO=1s DEADLINE=1s
        ",
    );
}

// D17
#[test]
fn before_our_syn_is_acknowledged_a_bare_ack_stands_at_snd_nxt() {
    check(
        "
        SYN-RECEIVED SND.WND=0
        <-- <SEQ=301><CTL=RST>                     refused
        --> <SEQ=100><ACK=300><CTL=ACK>
        ",
    );
}

// D27
#[test]
fn the_fin_rides_on_the_last_payload_when_it_fits_into_the_window() {
    check(
        "
        SYN-SENT
        send 536
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>
        & close
        --> <SEQ=100><ACK=300><CTL=FIN,PSH,ACK><DATA=536> bytes 0..536
        SYN-SENT -> ESTABLISHED
        ESTABLISHED -> FIN-WAIT-1
        ",
    );
    check(
        "
        ESTABLISHED SND.WND=10
        send 10
        & close
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10> bytes 0..10
        FIN-WAIT-1 SND.NXT=110
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        ",
    );
}

// D27
#[test]
fn after_a_timeout_of_our_syn_the_rto_is_three_seconds_once_established() {
    check(
        "
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=99><CTL=SYN>
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED RTO=3s
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=3s
        ",
    );
    check(
        "
        SYN-RECEIVED
        + 1s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED RTO=3s
        ",
    );
    check(
        "
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED RTO=1s
        ",
    );
}

// D29
#[test]
fn receive_alone_is_told_to_the_peer_when_the_window_has_doubled() {
    check(
        "
        config receive_buffer=4000
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=2000>
        --> <SEQ=100><ACK=2300><CTL=ACK><WND=2000>
        receive 1999
        ESTABLISHED RCV.WND=2000
        receive 1
        --> <SEQ=100><ACK=2300><CTL=ACK><WND=4000>
        ESTABLISHED RCV.WND=4000
        ",
    );
}

// D29
#[test]
fn a_closed_window_opens_by_one_segment_or_half_the_buffer_at_least() {
    check(
        "
        config receive_buffer=4000
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=4000>
        --> <SEQ=100><ACK=4300><CTL=ACK><WND=0>
        receive 535
        receive 1
        --> <SEQ=100><ACK=4300><CTL=ACK><WND=536>
        receive 535
        receive 1
        --> <SEQ=100><ACK=4300><CTL=ACK><WND=1072>
        receive 536
        ESTABLISHED RCV.WND=1072
        ",
    );
}

// D29
#[test]
fn a_smaller_gain_rides_on_the_next_segment() {
    check(
        "
        config receive_buffer=4000
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000>
        --> <SEQ=100><ACK=1300><CTL=ACK><WND=3000>
        receive 1000
        send 10
        --> <SEQ=100><ACK=1300><CTL=ACK><DATA=10><WND=4000>
        ",
    );
}

//! The peer's SYN is retransmitted while ours is unacknowledged: its timestamp is echoed, and an option that it no
//! longer offers is not agreed (D6, RFC 7323 sections 2.2, 3.2 and 4.3).

use tcp_lifecycle::sim::check;

const RECEIVED: &str = "
    config timestamps=on, window_scale=3, sack_permitted=on
    ISS=99
    open passive
    LISTEN
    <-- <SEQ=299><CTL=SYN><WND=8000><TS=1000,0><WS=7><SACK>
    --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=0,1000><WS=3><SACK>
    SYN-RECEIVED
    ";

#[track_caller]
fn received(script: &str) {
    check(&format!("{RECEIVED}{script}"));
}

/// Otherwise the peer's round-trip time would include the time between both SYNs.
#[test]
fn the_answer_echoes_the_syn_that_came_again() {
    received(
        "
        + 900ms
        <-- <SEQ=299><CTL=SYN><WND=8000><TS=2000,0><WS=7><SACK>     refused: SynRepeated
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=900,2000><WS=3><SACK>
        <-- <SEQ=299><CTL=SYN><WND=8000><TS=1500,0><WS=7><SACK>     refused: OldTimestamp
        --> <SEQ=100><ACK=300><CTL=ACK><TS=900,2000>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=2001,900>
        --> <SEQ=100><ACK=305><CTL=ACK><TS=900,2001>
        ESTABLISHED
        ",
    );
}

/// A peer that suspects its options to be why no answer came sends none the next time.
#[test]
fn a_peer_that_falls_back_to_no_options_gets_none_and_is_served() {
    received(
        "
        + 900ms
        <-- <SEQ=299><CTL=SYN><WND=8000>                            refused: SynRepeated
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><MSS=536>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=8000>
        --> <SEQ=100><ACK=305><CTL=ACK><WND=65530>
        ESTABLISHED                     SND.WND=8000 RCV.SCALE=0
        send 10
        --> <SEQ=100><ACK=305><CTL=PSH,ACK><DATA=10>
        ",
    );
}

/// Each option is withdrawn independently; an option that was not agreed does not become so.
#[test]
fn each_option_is_taken_back_on_its_own() {
    for (again, answer, window) in [
        ("<WS=7><SACK>", "<WS=3><SACK>", 1_024_000),
        ("<TS=1000,0><SACK>", "<TS=900,1000><SACK>", 8_000),
        ("<TS=1000,0><WS=7>", "<TS=900,1000><WS=3>", 1_024_000),
    ] {
        let sack = u8::from(again.contains("SACK"));
        let stamp = if again.contains("TS") { "<TS=1001,900>" } else { "" };
        received(&format!(
            "
            + 900ms
            <-- <SEQ=299><CTL=SYN><WND=8000>{again}                 refused: SynRepeated
            --> <SEQ=99><ACK=300><CTL=SYN,ACK>{answer}
            <-- <SEQ=299><CTL=SYN><WND=8000><TS=1000,0><WS=7><SACK> refused: SynRepeated
            --> <SEQ=99><ACK=300><CTL=SYN,ACK>{answer}
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=8000>{stamp}
            ESTABLISHED                 SND.WND={window} SACK={sack}
            "
        ));
    }
}

/// Crossed SYNs, and a FIN behind ours.
#[test]
fn it_is_so_in_a_simultaneous_open_and_in_fin_wait_1() {
    check(
        "
        config timestamps=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><TS=0,0>
        SYN-SENT
        <-- <SEQ=299><CTL=SYN><TS=1000,0>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=0,1000>
        SYN-RECEIVED
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><TS=0,1000>
        FIN-WAIT-1
        <-- <SEQ=299><CTL=SYN>                                      refused: SynRepeated
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><MSS=536>
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2
        ",
    );
}

/// Last.ACK.sent: a segment that arrives right after the SYN,ACK, before our ACK is sent, is not echoed by that ACK.
#[test]
fn before_our_first_ack_nothing_but_the_syn_is_echoed() {
    check(
        "
        config timestamps=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><TS=0,0>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><TS=1000,0>
        & <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=1001,0>
        --> <SEQ=100><ACK=305><CTL=ACK><TS=0,1000>
        ESTABLISHED
        ",
    );
}

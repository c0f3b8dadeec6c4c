//! `Status::timer`: the one timer, whatever its purpose; and the separate delayed ACK.

use tcp_lifecycle::sim::check;

#[test]
fn it_runs_for_what_is_awaited() {
    for (given, timer) in [
        ("CLOSED", "none"),
        ("LISTEN", "none"),
        // Retransmission, RFC 6298.
        ("SYN-SENT", "1s"),
        ("ESTABLISHED SND.NXT=100 RCV.NXT=300\nsend 10\n--> <SEQ=100><ACK=300><CTL=ACK><DATA=10>\nESTABLISHED", "1s"),
        ("LAST-ACK", "1s"),
        // A persist, RFC 9293 section 3.8.6.1.
        ("ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0\nsend 10\nESTABLISHED", "1s"),
        // Keep-alive, section 3.8.4.
        ("ESTABLISHED", "1m"),
        // FIN-WAIT-2 without a user, and with one.
        ("FIN-WAIT-2\ndetach\nFIN-WAIT-2", "30s"),
        ("FIN-WAIT-2", "1m"),
        // 2 MSL.
        ("TIME-WAIT", "40s"),
    ] {
        check(&format!("config keep_alive=1m 10s 2, fin_wait_2_timeout=30s, msl=20s\n{given} TIMER={timer}"));
    }
}

#[test]
fn a_delayed_ack_has_a_time_of_its_own() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED SND.NXT=100 RCV.NXT=300                TIMER=none  DEADLINE=none
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED                                        TIMER=none  DEADLINE=200ms
        + 200ms
        --> <SEQ=100><ACK=310><CTL=ACK>
        send 10
        --> <SEQ=100><ACK=310><CTL=ACK><DATA=10>
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED                                        TIMER=1s    DEADLINE=200ms
        + 150ms
        ESTABLISHED                                        TIMER=850ms DEADLINE=50ms
        ",
    );
}

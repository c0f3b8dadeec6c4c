//! CLOSE: nothing follows the held payload, so waiting has no use; but CLOSE does not enlarge the window.

use tcp_lifecycle::sim::check;

#[test]
fn close_lets_what_waits_go_with_the_fin() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        send 20
        ESTABLISHED                         UNSENT=20
        close
        --> <SEQ=110><ACK=300><CTL=FIN,PSH,ACK><DATA=20>    bytes 10..30
        FIN-WAIT-1                          SND.NXT=131
        ",
    );
    check(
        "
        CLOSE-WAIT                          SND.NXT=100 RCV.NXT=301
        send 10
        --> <SEQ=100><ACK=301><CTL=ACK><DATA=10>
        send 20
        CLOSE-WAIT                          UNSENT=20
        close
        --> <SEQ=110><ACK=301><CTL=FIN,PSH,ACK><DATA=20>    bytes 10..30
        LAST-ACK                            SND.NXT=131
        ",
    );
}

/// A FIN alone is never held.
#[test]
fn a_fin_alone_does_not_wait() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        close
        --> <SEQ=110><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        ",
    );
}

/// The window has room for the payload and not for the FIN.
#[test]
fn close_lets_what_waits_go_where_the_fin_has_no_room() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=30>
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        send 20
        close
        --> <SEQ=110><ACK=300><CTL=PSH,ACK><DATA=20>
        FIN-WAIT-1                          SND.NXT=130
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=30>
        signal: Acknowledged 10
        --> <SEQ=130><ACK=300><CTL=FIN,ACK>
        ",
    );
}

#[test]
fn close_does_not_make_a_silly_segment_worth_it() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=15>
        send 20
        close
        FIN-WAIT-1                          SND.NXT=110 UNSENT=20
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=15>
        signal: Acknowledged 10
        FIN-WAIT-1                          UNSENT=20 DEADLINE=1s
        + 1s
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=15>        bytes 0..15
        FIN-WAIT-1                          RETRANSMISSIONS=0 DEADLINE=1s
        <-- <SEQ=300><ACK=125><CTL=ACK><WND=15>
        signal: Acknowledged 15
        --> <SEQ=125><ACK=300><CTL=FIN,PSH,ACK><DATA=5>
        <-- <SEQ=300><ACK=131><CTL=ACK><WND=15>
        signal: Acknowledged 5
        FIN-WAIT-2
        ",
    );
}

/// "Segmentized" means sent: held payload keeps CLOSE-WAIT.
#[test]
fn in_close_wait_last_ack_waits_for_what_is_held() {
    check(
        "
        CLOSE-WAIT                          SND.NXT=100 RCV.NXT=301 SND.WND=1000
        <-- <SEQ=301><ACK=100><CTL=ACK><WND=10>
        send 15
        close
        CLOSE-WAIT                          UNSENT=15 DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=301><CTL=ACK><DATA=10>
        CLOSE-WAIT                          UNSENT=5
        <-- <SEQ=301><ACK=110><CTL=ACK><WND=10>
        signal: Acknowledged 10
        CLOSE-WAIT -> LAST-ACK
        --> <SEQ=110><ACK=301><CTL=FIN,PSH,ACK><DATA=5>
        <-- <SEQ=301><ACK=116><CTL=ACK><WND=10>
        signal: Acknowledged 5
        CLOSED
        ",
    );
}

#[test]
fn in_closing_the_override_comes_too() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
        send 15
        close
        FIN-WAIT-1
        + 400ms
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><WND=10>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        CLOSING                             DEADLINE=600ms
        + 600ms
        --> <SEQ=100><ACK=301><CTL=ACK><DATA=10>
        <-- <SEQ=301><ACK=110><CTL=ACK><WND=10>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=301><CTL=FIN,ACK><DATA=5>
        <-- <SEQ=301><ACK=116><CTL=ACK><WND=10>
        signal: Acknowledged 5
        TIME-WAIT
        ",
    );
}

/// A CLOSE before the handshake is complete: everything is sent after the ACK of our SYN, the last segment with the
/// FIN.
#[test]
fn a_close_that_waited_for_the_handshake_holds_nothing_back() {
    check(
        "
        SYN-RECEIVED                        SND.NXT=100 RCV.NXT=300
        send 540
        close
        <-- <SEQ=300><ACK=100><CTL=ACK>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=FIN,PSH,ACK><DATA=4>
        SYN-RECEIVED -> ESTABLISHED
        ESTABLISHED -> FIN-WAIT-1
        ",
    );
}

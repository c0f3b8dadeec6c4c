//! CLOSE, RFC 9293 section 3.10.4.

use tcp_lifecycle::sim::check;

use super::table::table;

#[test]
fn close_state_by_state() {
    table(
        "
        CLOSED: close         => error: connection does not exist
        LISTEN: close         => LISTEN -> CLOSED; CLOSED DEADLINE=none
        SYN-SENT: close       => SYN-SENT -> CLOSED; CLOSED ISS=none DEADLINE=none
        SYN-RECEIVED: close   => <SEQ=100><ACK=300><CTL=FIN,ACK>; SYN-RECEIVED -> FIN-WAIT-1; FIN-WAIT-1 SND.NXT=101
        ESTABLISHED: close    => <SEQ=100><ACK=300><CTL=FIN,ACK>; ESTABLISHED -> FIN-WAIT-1; FIN-WAIT-1 SND.NXT=101 IN-FLIGHT=1 DEADLINE=1s
        FIN-WAIT-1: close     => error: connection closing
        FIN-WAIT-2: close     => error: connection closing
        CLOSE-WAIT: close     => <SEQ=100><ACK=300><CTL=FIN,ACK>; CLOSE-WAIT -> LAST-ACK; LAST-ACK SND.NXT=101 IN-FLIGHT=1 DEADLINE=1s
        CLOSING: close        => error: connection closing
        LAST-ACK: close       => error: connection closing
        TIME-WAIT: close      => error: connection closing
        ",
    );
}

#[test]
fn close_in_syn_received_after_an_active_open_sends_a_fin_too() {
    check(
        "
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><CTL=SYN>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        ",
    );
}

#[test]
fn close_in_syn_received_with_something_queued_waits_for_established() {
    check(
        "
        SYN-RECEIVED
        send 10
        close
        SYN-RECEIVED
        send 1        => error: connection closing
        close         => error: connection closing
        open active   => error: connection already exists
        SYN-RECEIVED UNSENT=10
        <-- <SEQ=300><ACK=100><CTL=ACK>
        --> <SEQ=100><ACK=300><CTL=FIN,PSH,ACK><DATA=10> bytes 0..10
        SYN-RECEIVED -> ESTABLISHED
        ESTABLISHED -> FIN-WAIT-1
        <-- <SEQ=300><ACK=111><CTL=ACK>
        signal: Acknowledged 10
        FIN-WAIT-2
        ",
    );
}

#[test]
fn a_queued_close_meets_the_peers_fin() {
    check(
        "
        SYN-RECEIVED
        send 10
        close
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=FIN,ACK><DATA=10> bytes 0..10
        SYN-RECEIVED -> ESTABLISHED
        ESTABLISHED -> FIN-WAIT-1
        FIN-WAIT-1 -> CLOSING
        <-- <SEQ=301><ACK=111><CTL=ACK>
        signal: Acknowledged 10
        TIME-WAIT
        ",
    );
}

#[test]
fn a_queued_close_that_never_found_its_peer_ends_in_closed() {
    check(
        "
        SYN-RECEIVED
        send 10
        close
        <-- <SEQ=300><CTL=RST>
        signal: Refused
        SYN-RECEIVED -> CLOSED
        CLOSED UNSENT=0 DEADLINE=none
        ",
    );
}

#[test]
fn close_in_syn_sent_drops_what_is_queued_without_a_word() {
    check(
        "
        SYN-SENT
        send 10
        close
        SYN-SENT -> CLOSED
        CLOSED UNSENT=0 IN-FLIGHT=0 DEADLINE=none
        + 1h
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>     refused
        --> <SEQ=100><CTL=RST>
        ",
    );
}

#[test]
fn close_enters_fin_wait_1_at_once_and_the_fin_follows_what_is_queued() {
    check(
        "
        config default_peer_mss=48
        ESTABLISHED SND.WND=0
        send 54
        close
        ESTABLISHED -> FIN-WAIT-1
        FIN-WAIT-1 SND.NXT=100 UNSENT=54
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=48>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=48> bytes 0..48
        <-- <SEQ=300><ACK=148><CTL=ACK><WND=6>    # all that was sent is acknowledged, the FIN was not sent
        signal: Acknowledged 48
        --> <SEQ=148><ACK=300><CTL=ACK><DATA=6> bytes 0..6
        FIN-WAIT-1 UNSENT=0 SND.NXT=154
        <-- <SEQ=300><ACK=154><CTL=ACK><WND=100>
        signal: Acknowledged 6
        --> <SEQ=154><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1 SND.NXT=155
        <-- <SEQ=300><ACK=155><CTL=ACK>
        FIN-WAIT-2
        ",
    );
}

#[test]
fn in_close_wait_last_ack_is_entered_when_the_last_payload_can_go() {
    check(
        "
        config default_peer_mss=48
        CLOSE-WAIT SND.WND=48
        send 54
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=48> bytes 0..48
        close
        CLOSE-WAIT UNSENT=6
        send 1    => error: connection closing
        close     => error: connection closing
        <-- <SEQ=300><ACK=148><CTL=ACK><WND=100>
        signal: Acknowledged 48
        --> <SEQ=148><ACK=300><CTL=FIN,ACK><DATA=6> bytes 0..6
        CLOSE-WAIT -> LAST-ACK
        <-- <SEQ=300><ACK=155><CTL=ACK>
        signal: Acknowledged 6
        CLOSED
        ",
    );
}

#[test]
fn a_fin_that_was_not_sent_is_not_acknowledged_by_an_ack_of_all_that_was() {
    check(
        "
        config default_peer_mss=48
        ESTABLISHED SND.WND=48
        send 54
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=48>
        close
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=148><ACK=301><CTL=ACK>
        CLOSING
        <-- <SEQ=301><ACK=148><CTL=ACK><WND=0>
        signal: Acknowledged 48
        CLOSING SND.UNA=148 SND.NXT=148 UNSENT=6
        <-- <SEQ=301><ACK=148><CTL=ACK><WND=100>
        --> <SEQ=148><ACK=301><CTL=FIN,ACK><DATA=6>
        <-- <SEQ=301><ACK=155><CTL=ACK>
        signal: Acknowledged 6
        TIME-WAIT
        ",
    );
    check(
        "
        CLOSE-WAIT SND.WND=10
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        close                     # the window has no room for the FIN
        LAST-ACK
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=0>
        signal: Acknowledged 10
        LAST-ACK SND.UNA=110 SND.NXT=110
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=1>
        --> <SEQ=110><ACK=300><CTL=FIN,ACK>
        <-- <SEQ=300><ACK=111><CTL=ACK>
        CLOSED
        ",
    );
}

#[test]
fn the_last_byte_that_goes_as_a_probe_takes_last_ack_with_it() {
    check(
        "
        CLOSE-WAIT SND.WND=0
        send 2
        close
        CLOSE-WAIT UNSENT=2
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1> bytes 0..1
        CLOSE-WAIT UNSENT=1
        ",
    );
    check(
        "
        CLOSE-WAIT SND.WND=0
        send 1
        close
        CLOSE-WAIT UNSENT=1
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1> bytes 0..1
        CLOSE-WAIT -> LAST-ACK
        ",
    );
}

#[test]
fn payload_still_arrives_after_close() {
    check(
        "
        ESTABLISHED
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=101><ACK=310><CTL=ACK>
        <-- <SEQ=310><ACK=101><CTL=ACK><DATA=10>
        --> <SEQ=101><ACK=320><CTL=ACK>
        FIN-WAIT-2
        <-- <SEQ=320><ACK=101><CTL=ACK><DATA=10>
        --> <SEQ=101><ACK=330><CTL=ACK>
        receive 30
        FIN-WAIT-2 UNREAD=0
        ",
    );
}

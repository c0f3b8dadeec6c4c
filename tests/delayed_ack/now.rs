//! `acknowledge_now`: a caller that reassembles, or has reasons of its own, sends the ACK at once.

use tcp_lifecycle::sim::check;

#[test]
fn it_ends_the_delay() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        + 50ms
        acknowledge now
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=none
        + 1h
        ",
    );
}

#[test]
fn where_nothing_waits_an_ack_goes_out_all_the_same() {
    for (state, ack) in [
        ("SYN-RECEIVED", "<SEQ=100><ACK=300><CTL=ACK>"),
        ("ESTABLISHED", "<SEQ=100><ACK=300><CTL=ACK>"),
        ("FIN-WAIT-1", "<SEQ=100><ACK=300><CTL=ACK>"),
        ("FIN-WAIT-2", "<SEQ=100><ACK=300><CTL=ACK>"),
        ("CLOSE-WAIT", "<SEQ=100><ACK=300><CTL=ACK>"),
        ("CLOSING", "<SEQ=100><ACK=300><CTL=ACK>"),
        ("LAST-ACK", "<SEQ=100><ACK=300><CTL=ACK>"),
        ("TIME-WAIT", "<SEQ=100><ACK=300><CTL=ACK>"),
    ] {
        check(&format!("config challenge_limit=0\n{state}\nacknowledge now\n--> {ack}\n{state}"));
    }
}

#[test]
fn where_there_is_nothing_to_acknowledge_nothing_goes_out() {
    for state in ["CLOSED", "LISTEN", "SYN-SENT"] {
        check(&format!("{state}\nacknowledge now\n{state}"));
    }
    check(
        "
        SYN-SENT
        acknowledge now
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED
        ",
    );
}

#[test]
fn it_rides_on_what_goes_out_anyhow_and_twice_is_once() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        & acknowledge now
        & acknowledge now
        --> <SEQ=100><ACK=310><CTL=ACK>
        acknowledge now
        & send 10
        --> <SEQ=100><ACK=310><CTL=ACK><DATA=10>
        ESTABLISHED
        ",
    );
}

/// A caller that reassembles hands in the payload that it kept, and no part of it waits for its ACK.
#[test]
fn what_was_put_together_is_acknowledged_in_one() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000>
        & acknowledge now
        --> <SEQ=100><ACK=1300><CTL=ACK>
        ESTABLISHED DEADLINE=none
        ",
    );
}

/// D17: it has the number of the right edge; otherwise the peer would refuse it.
#[test]
fn it_stands_where_every_ack_stands() {
    check(
        "
        ESTABLISHED SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        acknowledge now
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED SND.NXT=101
        ",
    );
}

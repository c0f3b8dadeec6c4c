//! SND.WL1 keeps an older window from replacing a newer one, and must not freeze the newest: an ACK that advances
//! SND.UNA sets the window whatever SND.WL1 says.

use tcp_lifecycle::sim::check;

/// A forged ACK ahead of RCV.NXT has closed the window: ten bytes are in flight, and five wait.
const FROZEN: &str = "
    config r1=0
    ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
    send 10
    --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
    <-- <SEQ=60000><ACK=100><CTL=ACK><WND=0>
    ESTABLISHED                         SND.WND=0
    <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>       # the honest peer's, and older to all that SND.WL1 knows
    ESTABLISHED                         SND.WND=0
    send 5
    ";

#[track_caller]
fn frozen(script: &str) {
    check(&format!("{FROZEN}{script}"));
}

#[test]
fn an_ack_that_advances_opens_the_window_that_a_segment_ahead_has_closed() {
    frozen(
        "
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=900>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=PSH,ACK><DATA=5>
        ESTABLISHED                     SND.WND=900
        ",
    );
}

/// SND.WL1 and SND.WL2 are those of the ACK: the peer's next update counts.
#[test]
fn after_it_the_peers_updates_count_again() {
    frozen(
        "
        <-- <SEQ=300><ACK=105><CTL=ACK><WND=900>
        signal: Acknowledged 5
        ESTABLISHED                     SND.WND=900
        <-- <SEQ=300><ACK=105><CTL=ACK><WND=800>
        ESTABLISHED                     SND.WND=800
        <-- <SEQ=300><ACK=105><CTL=ACK><DATA=10><WND=700>
        --> <SEQ=110><ACK=310><CTL=ACK>
        ESTABLISHED                     SND.WND=700
        <-- <SEQ=300><ACK=105><CTL=ACK><DATA=10><WND=600>       refused     # an older one does not
        --> <SEQ=110><ACK=310><CTL=ACK>
        ESTABLISHED                     SND.WND=700
        <-- <SEQ=310><ACK=104><CTL=ACK><WND=600>                            # nor an older acknowledgment
        ESTABLISHED                     SND.WND=700
        ",
    );
}

/// The same for segments that pass all eight steps: with payload, a FIN, urgent data, or a part that is already known.
#[test]
fn whatever_comes_with_the_acknowledgment() {
    for (segment, comes) in [
        ("<SEQ=300><ACK=105><CTL=ACK><DATA=10><WND=900>", "--> <SEQ=110><ACK=310><CTL=ACK>"),
        ("<SEQ=300><ACK=105><CTL=FIN,ACK><WND=900>", "signal: Closing\n--> <SEQ=110><ACK=301><CTL=ACK>\nCLOSE-WAIT"),
        ("<SEQ=300><ACK=105><CTL=URG,ACK><URG=5><WND=900>", "signal: Urgent"),
        ("<SEQ=310><ACK=105><CTL=ACK><DATA=10><WND=900>    delivers nothing", "--> <SEQ=110><ACK=300><CTL=ACK>"),
        ("<SEQ=310><ACK=105><CTL=ACK><WND=900>", ""),
    ] {
        let state = if comes.contains("CLOSE-WAIT") { "CLOSE-WAIT" } else { "ESTABLISHED" };
        frozen(&format!("<-- {segment}\nsignal: Acknowledged 5\n{comes}\n{state} SND.UNA=105 SND.WND=900"));
    }
}

/// The acknowledgment of a bare old segment is used (D4), and so is its window.
#[test]
fn the_window_of_a_bare_old_segment_counts_if_it_acknowledges() {
    for seq in [299, 298, 4_294_902_060_u32] {
        frozen(&format!(
            "
            <-- <SEQ={seq}><ACK=105><CTL=ACK><WND=900>      accepted
            signal: Acknowledged 5
            --> <SEQ=110><ACK=300><CTL=ACK>
            ESTABLISHED                     SND.UNA=105 SND.WND=900
            <-- <SEQ={seq}><ACK=105><CTL=ACK><WND=77>       refused
            --> <SEQ=110><ACK=300><CTL=ACK>
            ESTABLISHED                     SND.WND=900
            "
        ));
    }
}

/// Our probe of the window that only the forger has closed, and the peer's answer.
#[test]
fn the_answer_to_a_probe_that_is_taken_opens_it() {
    check(
        "
        config r1=0
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=60000><ACK=100><CTL=ACK><WND=0>
        send 600
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=999>
        signal: Acknowledged 1
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=536>
        ESTABLISHED                         SND.WND=999 UNSENT=63
        ",
    );
}

/// An acknowledgment of everything ends the stall in each state that has something in flight.
#[test]
fn in_every_state_with_something_in_flight() {
    for (state, after) in [("ESTABLISHED", "FIN-WAIT-1"), ("CLOSE-WAIT", "LAST-ACK")] {
        check(&format!(
            "
            config r1=0
            {state}                         SND.NXT=100 RCV.NXT=300 SND.WND=10
            send 10
            & close
            --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
            {after}                         SND.NXT=110
            <-- <SEQ=60000><ACK=100><CTL=ACK><WND=0>
            <-- <SEQ=300><ACK=105><CTL=ACK><WND=900>
            signal: Acknowledged 5
            --> <SEQ=110><ACK=300><CTL=FIN,ACK>
            {after}                         SND.WND=900
            "
        ));
    }
    check(
        "
        FIN-WAIT-1                          SND.NXT=101 RCV.NXT=300
        <-- <SEQ=60000><ACK=100><CTL=ACK><WND=0>
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=900>
        FIN-WAIT-2                          SND.WND=900
        ",
    );
    check(
        "
        CLOSING                             SND.NXT=101 RCV.NXT=301
        <-- <SEQ=60000><ACK=100><CTL=ACK><WND=0>
        <-- <SEQ=301><ACK=101><CTL=ACK><WND=900>
        TIME-WAIT                           SND.WND=900
        ",
    );
}

/// The forged number lies across 2^32, and so does the acknowledgment.
#[test]
fn the_numbers_may_lie_on_both_sides_of_zero() {
    check(
        "
        ESTABLISHED                         SND.NXT=4294967291 RCV.NXT=4294967290 SND.WND=1000
        send 10
        --> <SEQ=4294967291><ACK=4294967290><CTL=PSH,ACK><DATA=10>
        <-- <SEQ=60000><ACK=4294967291><CTL=ACK><WND=0>
        <-- <SEQ=4294967290><ACK=5><CTL=ACK><WND=900>
        signal: Acknowledged 10
        ESTABLISHED                         SND.WND=900 SND.UNA=5
        <-- <SEQ=4294967290><ACK=5><CTL=ACK><WND=800>
        ESTABLISHED                         SND.WND=800
        ",
    );
}

#[test]
fn a_scaled_window_counts_as_such() {
    check(
        "
        config window_scale=0
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><WS=0>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=1000><WS=7>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        <-- <SEQ=60000><ACK=100><CTL=ACK><WND=0>
        <-- <SEQ=299><ACK=105><CTL=ACK><WND=9>              accepted
        signal: Acknowledged 5
        --> <SEQ=110><ACK=300><CTL=ACK>
        ESTABLISHED                         SND.WND=1152
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=8>
        signal: Acknowledged 5
        ESTABLISHED                         SND.WND=1024
        ",
    );
}

/// Two ACKs are reordered: the ACK that acknowledges more sets the window, and the other has no effect.
#[test]
fn of_two_acks_that_change_places_the_one_that_acknowledges_more_counts() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 20
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=20>
        <-- <SEQ=300><ACK=120><CTL=ACK><WND=980>
        & <-- <SEQ=300><ACK=110><CTL=ACK><WND=990>
        signal: Acknowledged 20
        ESTABLISHED                         SND.WND=980
        ",
    );
}

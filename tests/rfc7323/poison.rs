//! D30: TS.Recent is set only after step five. A blind segment whose timestamp lies far ahead must not make the peer's
//! own segments old.

use tcp_lifecycle::sim::check;

use crate::once_agreed;

/// Lets an attacker's segment arrive, which is refused or has no effect on TS.Recent; then the peer's next segment must
/// count.
#[track_caller]
fn does_not_poison(attack: &str) {
    once_agreed(&format!(
        "
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        {attack}
        <-- <SEQ=300><ACK=110><CTL=ACK><DATA=5><TS=1001,20>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=305><CTL=ACK><TS=20,1001>
        "
    ));
}

const CHALLENGE: &str = "--> <SEQ=110><ACK=300><CTL=ACK><TS=20,1000>";

#[test]
fn a_challenged_syn_does_not() {
    does_not_poison(&format!(
        "<-- <SEQ=300><CTL=SYN><TS=2000000000,0>               refused: SynChallenged\n{CHALLENGE}"
    ));
    does_not_poison(&format!(
        "<-- <SEQ=299><CTL=SYN><TS=2000000000,0>               refused: NotAcceptable\n{CHALLENGE}"
    ));
    does_not_poison(&format!("<-- <SEQ=299><ACK=100><CTL=SYN,ACK><TS=2000000000,0>   refused\n{CHALLENGE}"));
}

#[test]
fn a_segment_outside_the_window_does_not() {
    does_not_poison(&format!(
        "<-- <SEQ=299><ACK=100><CTL=ACK><TS=2000000000,0>               refused: NotAcceptable\n{CHALLENGE}"
    ));
    does_not_poison(&format!(
        "<-- <SEQ=200><ACK=100><CTL=ACK><DATA=9><TS=2000000000,0>       refused: NotAcceptable\n{CHALLENGE}"
    ));
    does_not_poison(&format!(
        "<-- <SEQ=2000000000><ACK=100><CTL=ACK><TS=2000000000,0>        refused: NotAcceptable\n{CHALLENGE}"
    ));
}

#[test]
fn an_acknowledgment_out_of_range_does_not() {
    does_not_poison(&format!(
        "<-- <SEQ=300><ACK=111><CTL=ACK><DATA=9><TS=2000000000,0>       refused: AckOfUnsent\n{CHALLENGE}"
    ));
    does_not_poison(&format!(
        "<-- <SEQ=300><ACK=2500000000><CTL=ACK><DATA=9><TS=2000000000,0>   refused: AckTooOld\n{CHALLENGE}"
    ));
}

#[test]
fn a_segment_without_ack_does_not() {
    does_not_poison("<-- <SEQ=300><CTL=PSH><DATA=9><TS=2000000000,0>     refused: NoAck");
}

#[test]
fn a_segment_ahead_of_a_gap_does_not() {
    does_not_poison(&format!(
        "<-- <SEQ=301><ACK=100><CTL=ACK><DATA=9><TS=2000000000,0>   delivers nothing\n{CHALLENGE}"
    ));
    does_not_poison("<-- <SEQ=301><ACK=100><CTL=ACK><TS=2000000000,0>   accepted");
}

/// 5.2: the option of a reset must not update any state.
#[test]
fn a_reset_does_not() {
    does_not_poison(&format!("<-- <SEQ=301><CTL=RST><TS=2000000000,0>     refused: ResetNotAtRcvNxt\n{CHALLENGE}"));
    does_not_poison("<-- <SEQ=299><CTL=RST><TS=2000000000,0>              refused: ResetOutsideWindow");
}

/// SYN-RECEIVED: neither a bad acknowledgment nor a retransmitted SYN sets TS.Recent.
#[test]
fn nothing_that_does_not_establish_poisons_syn_received() {
    for attack in [
        "<-- <SEQ=300><ACK=5000><CTL=ACK><TS=2000000000,0>      refused: AckInSynReceived
        --> <SEQ=5000><CTL=RST><TS=0,2000000000>",
        "<-- <SEQ=300><CTL=PSH><DATA=5><TS=2000000000,0>        refused: NoAck",
        "<-- <SEQ=298><CTL=SYN><TS=2000000000,0>                refused: NotAcceptable
        --> <SEQ=100><ACK=300><CTL=ACK><TS=0,1000>",
    ] {
        check(&format!(
            "
            config timestamps=on
            ISS=99
            open passive
            LISTEN
            <-- <SEQ=299><CTL=SYN><TS=1000,0>
            --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=0,1000>
            SYN-RECEIVED
            {attack}
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=1001,0>
            --> <SEQ=100><ACK=305><CTL=ACK><TS=0,1001>
            ESTABLISHED
            "
        ));
    }
}

/// SYN-SENT: a segment that does not answer our SYN has no effect.
#[test]
fn nothing_that_is_refused_in_syn_sent_leaves_its_timestamp() {
    check(
        "
        config timestamps=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><TS=0,0>
        SYN-SENT
        <-- <SEQ=299><ACK=4000><CTL=SYN,ACK><TS=2000000000,0>   refused: AckInSynSent
        --> <SEQ=4000><CTL=RST><TS=0,2000000000>
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><TS=1000,0>
        --> <SEQ=100><ACK=300><CTL=ACK><TS=0,1000>
        ESTABLISHED
        ",
    );
}

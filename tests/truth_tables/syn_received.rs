//! RFC 9293 section 3.10.7.4 in SYN-RECEIVED: ISS 99, IRS 299, RCV.NXT 300, after a passive and after an active OPEN.

use super::table::{CROSSED_SYNS, table};

#[track_caller]
fn after_either_open(rows: &str) {
    table("SYN-RECEIVED", rows);
    table(CROSSED_SYNS, rows);
}

#[test]
fn a_segment_outside_the_window_is_acknowledged_and_a_reset_there_is_dropped() {
    after_either_open(
        "
        <SEQ=65836><ACK=100><CTL=ACK>             refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=65835><ACK=100><CTL=ACK><DATA=1>     refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=299><ACK=99><CTL=ACK>                refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=290><ACK=100><CTL=ACK><DATA=10>      refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=299><CTL=>                           refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=298><CTL=SYN>                        refused => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=65835><CTL=SYN>                      refused => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=290><CTL=SYN><DATA=20>               refused => <SEQ=100><ACK=300><CTL=ACK> # text reaches in, the SYN does not
        <SEQ=299><CTL=RST>                        refused: ResetOutsideWindow =>
        <SEQ=65835><CTL=RST>                      refused: ResetOutsideWindow =>
        <SEQ=299><ACK=100><CTL=RST,ACK>           refused: ResetOutsideWindow =>
        ",
    );
}

#[test]
fn the_peers_syn_again_gets_the_syn_ack_again() {
    after_either_open(
        "
        <SEQ=299><CTL=SYN>                   refused: SynRepeated => <SEQ=99><ACK=300><CTL=SYN,ACK>
        <SEQ=299><CTL=SYN,ECE,CWR>           refused: SynRepeated => <SEQ=99><ACK=300><CTL=SYN,ACK>
        <SEQ=299><CTL=FIN,SYN><DATA=10>      refused: SynRepeated => <SEQ=99><ACK=300><CTL=SYN,ACK>
        ",
    );
}

#[test]
fn a_syn_ack_that_acknowledges_our_syn_establishes_as_in_figure_7() {
    after_either_open(
        "
        <SEQ=299><ACK=100><CTL=SYN,ACK>      accepted => ESTABLISHED SND.UNA=100 RCV.NXT=300 DEADLINE=none
        <SEQ=299><ACK=101><CTL=SYN,ACK>      refused: AckInSynReceived => <SEQ=101><CTL=RST>
        <SEQ=299><ACK=99><CTL=SYN,ACK>       refused: AckInSynReceived => <SEQ=99><CTL=RST>
        ",
    );
}

#[test]
fn a_reset_in_the_window_but_not_at_its_left_edge_is_challenged() {
    after_either_open(
        "
        <SEQ=301><CTL=RST>                   refused: ResetNotAtRcvNxt => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=65834><ACK=100><CTL=RST,ACK>    refused: ResetNotAtRcvNxt => <SEQ=100><ACK=300><CTL=ACK>
        ",
    );
}

#[test]
fn a_reset_returns_a_passive_open_to_listen_in_silence() {
    table(
        "SYN-RECEIVED",
        "
        <SEQ=300><CTL=RST>                         => SYN-RECEIVED -> LISTEN; LISTEN DEADLINE=none
        <SEQ=300><ACK=100><CTL=RST,ACK>            => LISTEN
        <SEQ=300><ACK=7><CTL=RST,ACK>              => LISTEN
        <SEQ=300><CTL=SYN,RST>                     => LISTEN
        <SEQ=300><CTL=FIN,RST><DATA=10>            delivers nothing => LISTEN
        ",
    );
}

#[test]
fn a_reset_refuses_an_active_open() {
    table(
        CROSSED_SYNS,
        "
        <SEQ=300><CTL=RST>                         => signal: Refused; SYN-RECEIVED -> CLOSED; CLOSED DEADLINE=none
        <SEQ=300><ACK=100><CTL=RST,ACK>            => signal: Refused; CLOSED
        <SEQ=300><CTL=SYN,RST>                     => signal: Refused; CLOSED
        ",
    );
}

#[test]
fn another_syn_in_the_window_returns_a_passive_open_to_listen() {
    table(
        "SYN-RECEIVED",
        "
        <SEQ=300><CTL=SYN>                         accepted => LISTEN
        <SEQ=301><CTL=SYN>                         accepted => LISTEN
        <SEQ=65834><CTL=SYN>                       accepted => LISTEN
        <SEQ=300><ACK=100><CTL=SYN,ACK>            accepted => LISTEN
        ",
    );
}

#[test]
fn another_syn_in_the_window_is_challenged_after_an_active_open() {
    table(
        CROSSED_SYNS,
        "
        <SEQ=300><CTL=SYN>                         refused: SynChallenged => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=65834><CTL=SYN>                       refused: SynChallenged => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=300><ACK=100><CTL=SYN,ACK>            refused: SynChallenged => <SEQ=100><ACK=300><CTL=ACK>
        ",
    );
}

#[test]
fn without_an_ack_a_segment_is_dropped() {
    after_either_open(
        "
        <SEQ=300><CTL=>                            refused: NoAck =>
        <SEQ=300><CTL=PSH><DATA=10>                refused: NoAck =>
        <SEQ=300><CTL=FIN>                         refused: NoAck =>
        ",
    );
}

#[test]
fn an_ack_that_does_not_acknowledge_our_syn_is_reset() {
    after_either_open(
        "
        <SEQ=300><ACK=99><CTL=ACK>                 refused: AckInSynReceived => <SEQ=99><CTL=RST>
        <SEQ=300><ACK=101><CTL=ACK>                refused: AckInSynReceived => <SEQ=101><CTL=RST>
        <SEQ=300><ACK=98><CTL=ACK>                 refused: AckInSynReceived => <SEQ=98><CTL=RST>
        <SEQ=300><ACK=2147483748><CTL=ACK>         refused: AckInSynReceived => <SEQ=2147483748><CTL=RST>
        <SEQ=300><ACK=101><CTL=FIN,ACK><DATA=10>   refused: AckInSynReceived => <SEQ=101><CTL=RST>
        <SEQ=400><ACK=101><CTL=ACK>                refused: AckInSynReceived => <SEQ=101><CTL=RST>
        ",
    );
}

#[test]
fn an_ack_of_our_syn_establishes_and_what_comes_with_it_counts() {
    after_either_open(
        "
        <SEQ=300><ACK=100><CTL=ACK>                => SYN-RECEIVED -> ESTABLISHED; ESTABLISHED SND.UNA=100 SND.NXT=100 DEADLINE=none
        <SEQ=300><ACK=100><CTL=ACK><WND=7>         => ESTABLISHED SND.WND=7
        <SEQ=300><ACK=100><CTL=ACK><DATA=10>       delivers 0..10 => <SEQ=100><ACK=310><CTL=ACK>; ESTABLISHED RCV.NXT=310
        <SEQ=300><ACK=100><CTL=FIN,ACK>            => signal: Closing; <SEQ=100><ACK=301><CTL=ACK>; SYN-RECEIVED -> ESTABLISHED; ESTABLISHED -> CLOSE-WAIT
        <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=10>   delivers 0..10 => signal: Closing; <SEQ=100><ACK=311><CTL=ACK>; CLOSE-WAIT
        <SEQ=310><ACK=100><CTL=ACK><DATA=10>       delivers nothing => <SEQ=100><ACK=300><CTL=ACK>; ESTABLISHED RCV.NXT=300
        ",
    );
}

#[test]
fn without_rfc_5961_any_reset_in_the_window_counts() {
    table(
        "config rfc5961=off\nSYN-RECEIVED",
        "
        <SEQ=301><CTL=RST>                         => LISTEN
        <SEQ=65834><CTL=RST>                       => LISTEN
        <SEQ=65835><CTL=RST>                       refused: ResetOutsideWindow =>
        <SEQ=299><CTL=RST>                         refused: ResetOutsideWindow =>
        ",
    );
    table(
        &format!("config rfc5961=off\n{CROSSED_SYNS}"),
        "
        <SEQ=301><CTL=RST>                         => signal: Refused; CLOSED
        <SEQ=65835><CTL=RST>                       refused: ResetOutsideWindow =>
        ",
    );
}

#[test]
fn without_rfc_5961_another_syn_in_the_window_resets_an_active_open() {
    table("config rfc5961=off\nSYN-RECEIVED", "<SEQ=300><CTL=SYN>                             accepted => LISTEN");
    table(
        &format!("config rfc5961=off\n{CROSSED_SYNS}"),
        "
        <SEQ=300><CTL=SYN>                         => signal: Reset; <SEQ=0><ACK=301><CTL=RST,ACK>; CLOSED DEADLINE=none
        <SEQ=298><CTL=SYN>                         refused => <SEQ=100><ACK=300><CTL=ACK>
        ",
    );
}

//! Figures 6 to 13 of RFC 9293, row by row, and exchanges from related RFCs.

use super::{check, check_figure, check_figure_without_rfc5961};

#[test]
fn figure_6_basic_three_way_handshake() {
    check_figure(
        "
        1.  CLOSED                                                     LISTEN
        A: open active
        2.  SYN-SENT     --> <SEQ=100><CTL=SYN>                    --> SYN-RECEIVED
        3.  ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK>       <-- SYN-RECEIVED
        4.  ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>           --> ESTABLISHED
        A: send 10
        5.  ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>  --> ESTABLISHED
            ESTABLISHED  <-- <SEQ=301><ACK=111><CTL=ACK>           <-- ESTABLISHED
        A: signal: Acknowledged 10
        A: ESTABLISHED SND.UNA=111 SND.NXT=111 RCV.NXT=301 DEADLINE=none
        B: ESTABLISHED SND.UNA=301 SND.NXT=301 RCV.NXT=111 DEADLINE=none
        ",
    );
}

#[test]
fn figure_7_simultaneous_open() {
    check_figure(
        "
        1.  CLOSED                                                  CLOSED
        A: open active
        2.  SYN-SENT      --> <SEQ=100><CTL=SYN>                ... CLOSED
        B: open active
        3.  SYN-RECEIVED  <-- <SEQ=300><CTL=SYN>                <-- SYN-SENT
        4.  SYN-RECEIVED  ... <SEQ=100><CTL=SYN>                --> SYN-RECEIVED
        5.  SYN-RECEIVED  --> <SEQ=100><ACK=301><CTL=SYN,ACK>   ... SYN-RECEIVED
        6.  ESTABLISHED   <-- <SEQ=300><ACK=101><CTL=SYN,ACK>   <-- SYN-RECEIVED
        7.  ESTABLISHED   ... <SEQ=100><ACK=301><CTL=SYN,ACK>   --> ESTABLISHED
        A: ESTABLISHED SND.UNA=101 SND.NXT=101 RCV.NXT=301 DEADLINE=none
        B: ESTABLISHED SND.UNA=301 SND.NXT=301 RCV.NXT=101 DEADLINE=none
        ",
    );
}

#[test]
fn figure_8_recovery_from_an_old_duplicate_syn() {
    check_figure(
        "
        1.  CLOSED                                                      LISTEN
        A: open active
        2.  SYN-SENT         --> <SEQ=100><CTL=SYN>                 ... LISTEN
        3.  (duplicate)      ... <SEQ=90><CTL=SYN>                  --> SYN-RECEIVED
        4.  SYN-SENT         <-- <SEQ=300><ACK=91><CTL=SYN,ACK>     <-- SYN-RECEIVED  refused
        5.  SYN-SENT         --> <SEQ=91><CTL=RST>                  --> LISTEN
        B: ISS=400
        6.  SYN-SENT         ... <SEQ=100><CTL=SYN>                 --> SYN-RECEIVED
        7.  ESTABLISHED      <-- <SEQ=400><ACK=101><CTL=SYN,ACK>    <-- SYN-RECEIVED
        8.  ESTABLISHED      --> <SEQ=101><ACK=401><CTL=ACK>        --> ESTABLISHED
        ",
    );
}

const FIGURE_9: &str = "
        A: ISS=400     B: ESTABLISHED SND.NXT=300 RCV.NXT=100
        2.  CLOSED                                               ESTABLISHED
        A: open active
        3.  SYN-SENT   --> <SEQ=400><CTL=SYN>                --> ESTABLISHED  refused
        4.  SYN-SENT   <-- <SEQ=300><ACK=100><CTL=ACK>       <-- ESTABLISHED  refused
        5.  SYN-SENT   --> <SEQ=100><CTL=RST>                --> CLOSED
        B: signal: Reset
        B: open passive
        B: LISTEN
        + 1s
        A: signal: RetransmissionTimeout
        7.  SYN-SENT    --> <SEQ=400><CTL=SYN>               --> SYN-RECEIVED
            ESTABLISHED <-- <SEQ=300><ACK=401><CTL=SYN,ACK>  <-- SYN-RECEIVED
            ESTABLISHED --> <SEQ=401><ACK=301><CTL=ACK>      --> ESTABLISHED
        ";

#[test]
fn figure_9_half_open_connection_discovery() {
    check_figure(FIGURE_9);
}

#[test]
fn figure_9_without_rfc_5961_where_the_syn_lies_outside_the_window() {
    check_figure_without_rfc5961(&format!("config receive_buffer=200\n{FIGURE_9}"));
}

#[test]
fn figure_10_active_side_causes_half_open_connection_discovery() {
    check_figure(
        "
        B: ESTABLISHED SND.NXT=300 RCV.NXT=100
        1.  CLOSED                                                ESTABLISHED
        B: send 10
        2.  CLOSED  <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>  <-- ESTABLISHED  refused
        3.  CLOSED  --> <SEQ=100><CTL=RST>                    --> CLOSED
        B: signal: Reset
        ",
    );
}

#[test]
fn figure_11_old_duplicate_syn_initiates_a_reset_on_two_passive_sockets() {
    check_figure(
        "
        1.  LISTEN                                             LISTEN
        2.  (duplicate) ... <SEQ=700><CTL=SYN>             --> SYN-RECEIVED
        3.  LISTEN      <-- <SEQ=300><ACK=701><CTL=SYN,ACK> <-- SYN-RECEIVED  refused
        4.  LISTEN      --> <SEQ=701><CTL=RST>             --> LISTEN
        ",
    );
}

#[test]
fn figure_12_normal_close_sequence() {
    check_figure(
        "
        1.  ESTABLISHED                                           ESTABLISHED
        A: close
        2.  FIN-WAIT-1  --> <SEQ=100><ACK=300><CTL=FIN,ACK>   --> CLOSE-WAIT
        B: signal: Closing
        3.  FIN-WAIT-2  <-- <SEQ=300><ACK=101><CTL=ACK>       <-- CLOSE-WAIT
        B: close
        4.  TIME-WAIT   <-- <SEQ=300><ACK=101><CTL=FIN,ACK>   <-- LAST-ACK
        A: signal: Closing
        5.  TIME-WAIT   --> <SEQ=101><ACK=301><CTL=ACK>       --> CLOSED
        A: TIME-WAIT DEADLINE=4m
        + 2 MSL
        6.  CLOSED                                                CLOSED
        ",
    );
}

#[test]
fn figure_13_simultaneous_close_sequence() {
    check_figure(
        "
        1.  ESTABLISHED                                           ESTABLISHED
        A: close
        2.  FIN-WAIT-1  --> <SEQ=100><ACK=300><CTL=FIN,ACK>   ... ESTABLISHED
        B: close
            CLOSING     <-- <SEQ=300><ACK=100><CTL=FIN,ACK>   <-- FIN-WAIT-1
        A: signal: Closing
            CLOSING     ... <SEQ=100><ACK=300><CTL=FIN,ACK>   --> CLOSING
        B: signal: Closing
        3.  CLOSING     --> <SEQ=101><ACK=301><CTL=ACK>       ... CLOSING
            TIME-WAIT   <-- <SEQ=301><ACK=101><CTL=ACK>       <-- CLOSING
            TIME-WAIT   ... <SEQ=101><ACK=301><CTL=ACK>       --> TIME-WAIT
        A: TIME-WAIT DEADLINE=4m     B: TIME-WAIT DEADLINE=4m
        + 2 MSL
        4.  CLOSED                                                CLOSED
        ",
    );
}

/// RFC 1337, figure 1: an old duplicate in TIME-WAIT draws an ACK, and the ACK draws a reset from a peer that has gone.
const TIME_WAIT_ASSASSINATION: &str = "
        1.  ESTABLISHED                                           ESTABLISHED
        A: close
        2.  FIN-WAIT-1  --> <SEQ=100><ACK=300><CTL=FIN,ACK>   --> CLOSE-WAIT
        B: signal: Closing
        3.  FIN-WAIT-2  <-- <SEQ=300><ACK=101><CTL=ACK>       <-- CLOSE-WAIT
        B: close
        4.  TIME-WAIT   <-- <SEQ=300><ACK=101><CTL=FIN,ACK>   <-- LAST-ACK
        A: signal: Closing
        5.  TIME-WAIT   --> <SEQ=101><ACK=301><CTL=ACK>       --> CLOSED
        5.1 TIME-WAIT   <-- <SEQ=255><ACK=33><CTL=ACK>        ... (duplicate) refused
        5.2 TIME-WAIT   --> <SEQ=101><ACK=301><CTL=ACK>       --> CLOSED refused
        ";

#[test]
fn rfc_1337_a_reset_does_not_end_time_wait() {
    check_figure(&format!(
        "{TIME_WAIT_ASSASSINATION}
        5.3 TIME-WAIT   <-- <SEQ=301><CTL=RST>                <-- CLOSED  refused: RFC 1337 section 3, fix F1
        A: TIME-WAIT DEADLINE=4m
        "
    ));
}

#[test]
fn rfc_1337_without_its_fix_a_reset_ends_time_wait() {
    check_figure(&format!(
        "config reset_in_time_wait=on
        {TIME_WAIT_ASSASSINATION}
        5.3 CLOSED      <-- <SEQ=301><CTL=RST>                <-- CLOSED
        "
    ));
}

/// RFC 1337, figure 4: an old duplicate at A draws a reset that lies in B's window, but not at its left edge.
const HANDSHAKE_ASSASSINATION: &str = "
        config receive_buffer=800
        A: open active     B: LISTEN
        1.  SYN-SENT     --> <SEQ=100><CTL=SYN>               --> SYN-RECEIVED
            SYN-SENT     ... <SEQ=300><ACK=101><CTL=SYN,ACK>  <-- SYN-RECEIVED
        2.  SYN-SENT     <-- <SEQ=300><ACK=123><CTL=ACK>      ... (duplicate) refused
        ";

#[test]
fn rfc_1337_a_reset_within_the_window_is_challenged_in_the_handshake() {
    check_figure(&format!(
        "{HANDSHAKE_ASSASSINATION}
        3.  SYN-SENT     --> <SEQ=123><CTL=RST>               --> SYN-RECEIVED  refused: ResetNotAtRcvNxt
            SYN-SENT     <-- <SEQ=301><ACK=101><CTL=ACK>      <-- SYN-RECEIVED  refused: NoSynInSynSent
            ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK>  ... SYN-RECEIVED
            ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>      --> ESTABLISHED
        "
    ));
}

#[test]
fn rfc_1337_without_rfc_5961_it_ends_the_handshake() {
    check_figure_without_rfc5961(&format!(
        "{HANDSHAKE_ASSASSINATION}
        3.  SYN-SENT     --> <SEQ=123><CTL=RST>               --> LISTEN
            ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK>  ... LISTEN
            ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>      --> LISTEN  refused: AckInListen
            CLOSED       <-- <SEQ=301><CTL=RST>               <-- LISTEN
        A: signal: Reset
        "
    ));
}

#[test]
fn rfc_5961_section_8_a_reset_that_overtook_the_data_is_sent_again() {
    check(
        "
        ESTABLISHED                                         SND.NXT=101 RCV.NXT=300
        <-- <SEQ=300><ACK=101><CTL=ACK><DATA=100>
        --> <SEQ=101><ACK=400><CTL=ACK>
        <-- <SEQ=500><CTL=RST>                              refused: RFC 9293 section 3.10.7.4, second, 3)
        --> <SEQ=101><ACK=400><CTL=ACK>                     # the challenge
        <-- <SEQ=400><ACK=101><CTL=ACK><DATA=100>
        --> <SEQ=101><ACK=500><CTL=ACK>
        <-- <SEQ=400><CTL=RST>                              refused: RFC 9293 section 3.10.7.4, second, 1)
        ESTABLISHED                                         # the answer to the challenge came too late
        <-- <SEQ=500><CTL=RST>
        signal: Reset
        CLOSED
        ",
    );
}

#[test]
fn close_in_syn_received_sends_the_fin_behind_the_syn() {
    check(
        "
        ISS=300
        open passive
        LISTEN
        <-- <SEQ=100><CTL=SYN>
        --> <SEQ=300><ACK=101><CTL=SYN,ACK>
        SYN-RECEIVED
        close
        --> <SEQ=301><ACK=101><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=101><ACK=301><CTL=ACK>                     # of the SYN alone
        FIN-WAIT-1                                          SND.UNA=301 SND.NXT=302
        <-- <SEQ=101><ACK=302><CTL=ACK>
        FIN-WAIT-2                                          SND.UNA=302
        ",
    );
}

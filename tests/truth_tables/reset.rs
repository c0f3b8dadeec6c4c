//! RFC 9293 section 3.10.7.4, second: the RST bit, in every synchronized state.

use super::table::table;

/// The end of each state when a reset is accepted.
const ENDS: [(&str, &str); 6] = [
    ("ESTABLISHED", "signal: Reset"),
    ("FIN-WAIT-1", "signal: Reset"),
    ("FIN-WAIT-2", "signal: Reset"),
    ("CLOSE-WAIT", "signal: Reset"),
    ("CLOSING", "signal: Reset"), // our FIN has not been acknowledged
    ("LAST-ACK", "signal: Reset"),
];

#[test]
fn a_reset_at_rcv_nxt_ends_the_connection_and_one_beside_it_is_challenged_or_dropped() {
    for (state, signal) in ENDS {
        table(
            state,
            &format!(
                "
                <SEQ=300><CTL=RST>                      => {signal}; {state} -> CLOSED; CLOSED DEADLINE=none
                <SEQ=300><ACK=100><CTL=RST,ACK>         => {signal}; CLOSED
                <SEQ=300><ACK=7><CTL=RST,ACK>           => {signal}; CLOSED
                <SEQ=300><CTL=SYN,RST>                  => {signal}; CLOSED
                <SEQ=300><CTL=FIN,RST><DATA=10>         delivers nothing => {signal}; CLOSED
                <SEQ=301><CTL=RST>                      refused: ResetNotAtRcvNxt => <SEQ=100><ACK=300><CTL=ACK>
                <SEQ=301><CTL=SYN,RST>                  refused: ResetNotAtRcvNxt => <SEQ=100><ACK=300><CTL=ACK>
                <SEQ=301><ACK=100><CTL=RST,ACK><DATA=1> refused: ResetNotAtRcvNxt => <SEQ=100><ACK=300><CTL=ACK>
                <SEQ=65834><CTL=RST>                    refused: ResetNotAtRcvNxt => <SEQ=100><ACK=300><CTL=ACK>
                <SEQ=65835><CTL=RST>                    refused: ResetOutsideWindow =>
                <SEQ=299><CTL=RST>                      refused: ResetOutsideWindow =>
                <SEQ=299><CTL=RST><DATA=1>              refused: ResetOutsideWindow =>
                <SEQ=299><CTL=SYN,RST>                  refused: ResetOutsideWindow =>
                <SEQ=2147483948><CTL=RST>               refused: ResetOutsideWindow =>
                "
            ),
        );
    }
}

#[test]
fn without_rfc_5961_a_reset_anywhere_in_the_window_ends_the_connection() {
    for (state, signal) in ENDS {
        table(
            &format!("config rfc5961=off\n{state}"),
            &format!(
                "
                <SEQ=300><CTL=RST>                      => {signal}; CLOSED
                <SEQ=301><CTL=RST>                      => {signal}; CLOSED DEADLINE=none
                <SEQ=65834><CTL=RST>                    => {signal}; CLOSED
                <SEQ=65835><CTL=RST>                    refused: ResetOutsideWindow =>
                <SEQ=299><CTL=RST>                      refused: ResetOutsideWindow =>
                "
            ),
        );
    }
}

#[test]
fn time_wait_ignores_a_reset() {
    for policy in ["on", "off"] {
        table(
            &format!("config rfc5961={policy}\nTIME-WAIT"),
            "
            <SEQ=300><CTL=RST>                          refused: ResetInTimeWait =>
            <SEQ=300><ACK=100><CTL=RST,ACK>             refused: ResetInTimeWait =>
            <SEQ=65835><CTL=RST>                        refused: ResetOutsideWindow =>
            <SEQ=299><CTL=RST>                          refused: ResetOutsideWindow =>
            ",
        );
    }
}

#[test]
fn by_policy_a_reset_ends_time_wait_without_a_word() {
    table(
        "config reset_in_time_wait=on\nTIME-WAIT",
        "
        <SEQ=300><CTL=RST>                              => TIME-WAIT -> CLOSED; CLOSED DEADLINE=none
        <SEQ=301><CTL=RST>                              refused: ResetNotAtRcvNxt => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=299><CTL=RST>                              refused: ResetOutsideWindow =>
        ",
    );
    table(
        "config reset_in_time_wait=on, rfc5961=off\nTIME-WAIT",
        "
        <SEQ=301><CTL=RST>                              => TIME-WAIT -> CLOSED
        ",
    );
}

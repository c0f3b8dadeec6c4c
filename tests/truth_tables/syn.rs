//! RFC 9293 section 3.10.7.4, fourth: the SYN bit, in every synchronized state.

use super::table::{SYNCHRONIZED, table};

#[test]
fn a_syn_is_challenged_wherever_it_lies() {
    for state in SYNCHRONIZED {
        table(
            state,
            "
            <SEQ=300><CTL=SYN>                          refused: SynChallenged => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=301><CTL=SYN>                          refused: SynChallenged => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=65834><CTL=SYN>                        refused: SynChallenged => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=300><ACK=100><CTL=SYN,ACK>             refused: SynChallenged => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=300><ACK=100><CTL=FIN,SYN,ACK>         refused: SynChallenged => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=300><CTL=SYN><DATA=10>                 refused: SynChallenged => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=65835><CTL=SYN>                        refused => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=298><CTL=SYN>                          refused => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=299><ACK=100><CTL=SYN,ACK>             refused => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=2147483948><CTL=SYN>                   refused => <SEQ=100><ACK=300><CTL=ACK>
            ",
        );
    }
}

#[test]
fn without_rfc_5961_a_syn_in_the_window_resets_the_connection() {
    for state in ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK"] {
        table(
            &format!("config rfc5961=off\n{state}"),
            "
            <SEQ=300><CTL=SYN>                          => signal: Reset; <SEQ=0><ACK=301><CTL=RST,ACK>; CLOSED DEADLINE=none
            <SEQ=65834><CTL=SYN>                        => signal: Reset; <SEQ=0><ACK=65835><CTL=RST,ACK>; CLOSED
            <SEQ=300><ACK=100><CTL=SYN,ACK>             => signal: Reset; <SEQ=100><CTL=RST>; CLOSED
            <SEQ=65835><CTL=SYN>                        refused => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=298><CTL=SYN>                          refused => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=290><CTL=SYN><DATA=20>                 refused => <SEQ=100><ACK=300><CTL=ACK> # text reaches in, the SYN does not
            ",
        );
    }
    table(
        "config rfc5961=off\nTIME-WAIT", // 2 MSL must not be cut short
        "<SEQ=300><CTL=SYN>   refused => <SEQ=100><ACK=300><CTL=ACK>",
    );
}

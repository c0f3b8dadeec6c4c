//! The number of probes: one, or without end (RFC 9293 section 3.8.4). MUST-29 of the RFC is about the default; a user
//! that asks for one probe has decided how long a peer may be silent.

use tcp_lifecycle::sim::check;

#[test]
fn one_probe_ends_the_connection_one_interval_later() {
    check(
        "
        config keep_alive=1m 10s 1
        ESTABLISHED                         DEADLINE=1m
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        ESTABLISHED                         DEADLINE=10s
        + 10s
        signal: TimedOut
        CLOSED                              DEADLINE=none
        ",
    );
    check(
        "
        config keep_alive=1m 10s 1
        ESTABLISHED
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 9s
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED                         DEADLINE=1m
        ",
    );
}

#[test]
fn without_an_end_a_dead_peer_is_probed_on_and_on() {
    for state in ["ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-2"] {
        let probe = "+ 10s\n--> <SEQ=99><ACK=300><CTL=ACK>\n".repeat(600);
        check(&format!(
            "
            config keep_alive=1m 10s 0
            {state}
            + 50s
            {probe}
            {state} DEADLINE=10s
            <-- <SEQ=300><ACK=100><CTL=ACK>
            {state} DEADLINE=1m
            "
        ));
    }
}

/// Keep-alive probes are no retransmissions: the user timeout and R2 have nothing to count.
#[test]
fn without_an_end_no_other_limit_ends_it() {
    let probe = "+ 10s\n--> <SEQ=99><ACK=300><CTL=ACK>\n".repeat(100);
    check(&format!("config keep_alive=10s 10s 0, user_timeout=30s, r2=30s\n ESTABLISHED\n {probe} ESTABLISHED"));
}

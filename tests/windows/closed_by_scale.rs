//! A scaled window that reads zero: RFC 7323 section 2.4 and RFC 9293 section 3.8.6.1. The window may still be open by
//! less than a step of its field, or it may be closed; the answers to the timer's segments tell which. D17, D20.

use tcp_lifecycle::sim::check;

/// Plays a script with a peer whose window counts in steps of 2^scale.
#[track_caller]
fn scaled(scale: u8, policies: &str, script: &str) {
    check(&format!(
        "
        config window_scale=0, mss=1000, r1=0{policies}
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><WS=0>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=1000><MSS=1000><WS={scale}>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED
        {script}"
    ));
}

const CLOSED: &str = "<-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\n";

/// MUST-37, SHLD-17: a hundred bytes in flight are less than a step of 128, and the peer has no room for any of them.
/// It answers, for an hour and more.
#[test]
fn a_peer_that_answers_is_not_given_up_though_less_than_a_step_is_in_flight() {
    let mut script = format!("send 100\n --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=100>\n {CLOSED}");
    for pause in [1, 2, 4, 8, 16, 32].into_iter().chain([60; 70]) {
        script += &format!("+ {pause}s\n --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=100>\n {CLOSED}");
    }
    // The window opens: the refused bytes are sent at once, and the back-off ends.
    script += "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=500>
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=100>
        ESTABLISHED                     RTO=1s DEADLINE=1s";
    scaled(7, "", &script);
}

/// The same with a FIN alone in flight, with a scale or without.
#[test]
fn nor_for_a_fin_alone() {
    for scale in [0, 7] {
        let mut script = format!("close\n FIN-WAIT-1\n --> <SEQ=100><ACK=300><CTL=FIN,ACK>\n {CLOSED}");
        for pause in [1, 2, 4, 8, 16, 32].into_iter().chain([60; 70]) {
            script += &format!("+ {pause}s\n --> <SEQ=100><ACK=300><CTL=FIN,ACK>\n {CLOSED}");
        }
        scaled(scale, "", &script);
    }
}

/// Without an answer the peer is given up, as behind any closed window.
#[test]
fn a_peer_that_does_not_answer_is_given_up() {
    let again = "--> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=100>";
    scaled(
        7,
        ", r2=6s",
        &format!(
            "send 100\n {again}\n {CLOSED} + 1s\n {again}\n + 2s\n {again}\n + 4s\n {again}\n + 8s
            signal: TimedOut
            CLOSED"
        ),
    );
}

/// D17: our acknowledgments have a number that a peer without room accepts.
#[test]
fn what_was_refused_moves_our_acknowledgments_back() {
    scaled(
        7,
        "",
        "
        send 100
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=100>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1><WND=0>
        --> <SEQ=200><ACK=301><CTL=ACK>             # rounding, for all that we know
        + 1s
        --> <SEQ=100><ACK=301><CTL=PSH,ACK><DATA=100>
        <-- <SEQ=301><ACK=100><CTL=ACK><DATA=1><WND=0>
        --> <SEQ=100><ACK=302><CTL=ACK>
        ",
    );
}

/// If the peer does accept it, the rest is sent as after a timeout: driven by acknowledgments, not by timers.
#[test]
fn a_flight_within_the_rounding_is_repaired_as_any_other() {
    let mut script = String::from("<-- <SEQ=300><ACK=100><CTL=ACK><WND=1>\n send 5000\n");
    for seq in [100, 1100, 2100, 3100, 4100] {
        let control = if seq == 4100 { "PSH,ACK" } else { "ACK" };
        script += &format!("--> <SEQ={seq}><ACK=300><CTL={control}><DATA=1000>\n");
    }
    script += "
        <-- <SEQ=300><ACK=1100><CTL=ACK><WND=0>
        signal: Acknowledged 1000
        + 1s
        --> <SEQ=1100><ACK=300><CTL=ACK><DATA=1000>
        <-- <SEQ=300><ACK=2100><CTL=ACK><WND=0>
        signal: Acknowledged 1000
        --> <SEQ=2100><ACK=300><CTL=ACK><DATA=1000>
        --> <SEQ=3100><ACK=300><CTL=ACK><DATA=1000>
        ESTABLISHED                     RTO=1s          # the peer has answered
        <-- <SEQ=300><ACK=4100><CTL=ACK><WND=0>
        signal: Acknowledged 2000
        --> <SEQ=4100><ACK=300><CTL=PSH,ACK><DATA=1000>
        <-- <SEQ=300><ACK=5100><CTL=ACK><WND=0>
        signal: Acknowledged 1000
        ESTABLISHED                     DEADLINE=none";
    scaled(14, "", &script);
}

/// RFC 7323 2.4: what the caller considers lost is sent as well, together with a FIN.
#[test]
fn the_caller_may_send_again_what_only_the_rounding_has_taken_back() {
    for closes in [false, true] {
        let control = if closes { "FIN,ACK" } else { "ACK" };
        let close = if closes { "& close" } else { "" };
        let state = if closes { "FIN-WAIT-1" } else { "" };
        scaled(
            7,
            ", nagle=off",
            &format!(
                "
                send 120
                {close}
                --> <SEQ=100><ACK=300><CTL={control}><DATA=120>
                {state}
                <-- <SEQ=300><ACK=151><CTL=ACK><WND=0>
                signal: Acknowledged 51
                retransmit 0..69
                --> <SEQ=151><ACK=300><CTL={control}><DATA=69>
                "
            ),
        );
    }
}

/// Behind a closed window three acknowledgments of the same number answer three probes. They indicate no loss (RFC 5681
/// section 2), and a caller that takes them for a loss changes nothing.
#[test]
fn answers_to_probes_are_no_duplicates_and_a_caller_who_counts_them_ends_nothing() {
    for scale in [0, 7] {
        let mut script = format!("{CLOSED} send 2000\n");
        for pause in [1, 2, 4, 8, 16, 32].into_iter().chain([60; 20]) {
            script += &format!(
                "+ {pause}s\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>\n {CLOSED} ESTABLISHED DUPLICATE-ACKS=0\n retransmit 0..1\n"
            );
        }
        script += "
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1><WND=0>
            --> <SEQ=100><ACK=301><CTL=ACK>
            <-- <SEQ=301><ACK=100><CTL=ACK><WND=2000>
            --> <SEQ=100><ACK=301><CTL=ACK><DATA=1000>
            --> <SEQ=1100><ACK=301><CTL=PSH,ACK><DATA=1000>
            ESTABLISHED                 RTO=1s DEADLINE=1s";
        scaled(scale, "", &script);
    }
}

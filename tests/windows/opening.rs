//! A window that closes and opens: which segments are sent again, and which are not. D40.
//!
//! Only a probe was sent against the window, and only a probe was refused. The rest was sent while the window was open.
//! Whether it is lost, only the timer tells, not the peer's window.

use tcp_lifecycle::sim::check;

/// A thousand bytes were sent just now, and the peer takes its window back.
const TAKEN_BACK: &str = "
    config r1=0, nagle=off
    ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
    send 1000
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=464>
    + 400ms
    <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
    ESTABLISHED                         SND.WND=0 DEADLINE=600ms
    ";

#[track_caller]
fn taken_back(script: &str) {
    check(&format!("{TAKEN_BACK}{script}"));
}

#[test]
fn a_window_that_opens_without_a_probe_outstanding_sends_nothing_again_and_restarts_no_timer() {
    taken_back(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        ESTABLISHED                     SND.WND=1000 IN-FLIGHT=1000 RTO=1s DEADLINE=600ms
        + 600ms
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>       bytes 0..536
        ESTABLISHED                     RTO=2s DEADLINE=2s
        ",
    );
}

/// It makes no difference how often the window does so, and which segments bring it.
#[test]
fn a_window_that_toggles_draws_nothing() {
    for payload in ["", "<DATA=1>"] {
        let mut script = String::new();
        for toggle in 0..20 {
            let seq = if payload.is_empty() { 300 } else { 300 + 2 * toggle };
            let answer = |ack: u32, at: u32| match payload {
                "" => String::new(),
                _ => format!("--> <SEQ={at}><ACK={}><CTL=ACK>\n", ack + 1),
            };
            let next = if payload.is_empty() { seq } else { seq + 1 };
            script += &format!(
                "<-- <SEQ={seq}><ACK=100><CTL=ACK>{payload}<WND=1000>
                {}<-- <SEQ={next}><ACK=100><CTL=ACK>{payload}<WND=0>
                {}+ 10ms\n",
                answer(seq, 1_100),
                answer(next, 100),
            );
        }
        taken_back(&format!("{script} ESTABLISHED DEADLINE=400ms"));
    }
}

/// The same in each state that has something in flight; a FIN counts.
#[test]
fn nor_does_it_in_any_other_state() {
    for (state, after) in [("ESTABLISHED", "FIN-WAIT-1"), ("CLOSE-WAIT", "LAST-ACK")] {
        check(&format!(
            "
            config r1=0
            {state}                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
            send 10
            & close
            --> <SEQ=100><ACK=300><CTL=FIN,PSH,ACK><DATA=10>
            {after}
            + 400ms
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
            {after}                         DEADLINE=600ms
            + 600ms
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=300><CTL=FIN,PSH,ACK><DATA=10>
            "
        ));
    }
    check(
        "
        config r1=0
        CLOSING                             SND.NXT=101 RCV.NXT=301
        <-- <SEQ=301><ACK=100><CTL=ACK><WND=0>
        <-- <SEQ=301><ACK=100><CTL=ACK><WND=1000>
        CLOSING                             DEADLINE=1s
        ",
    );
}

/// RFC 9293 3.8.3: without an acknowledgment there is no progress, whatever the window says.
#[test]
fn a_peer_that_toggles_its_window_and_acknowledges_nothing_is_given_up() {
    let toggle = "<-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\n<-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>\n";
    for policy in ["user_timeout=6s, r2=none", "user_timeout=none, r2=6s"] {
        let end = if policy.starts_with("user_timeout=6s") { "+ 3s" } else { "+ 4s" };
        let flight = TAKEN_BACK.replace("config ", &format!("config {policy}, "));
        check(&format!(
            "{flight}
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
            {toggle}
            + 600ms
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
            {toggle}
            + 2s
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
            {toggle}
            {end}
            signal: TimedOut
            CLOSED
            "
        ));
    }
}

/// The peer refused a probe of a flight of a thousand: one segment from the front is sent, and the rest as after a
/// timeout (D16).
#[test]
fn behind_a_probe_of_a_larger_flight_one_segment_from_the_front_goes() {
    taken_back(
        "
        + 600ms
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>         bytes 0..1
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>       bytes 0..536
        ESTABLISHED                     DEADLINE=1s
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        ESTABLISHED                     DEADLINE=1s
        <-- <SEQ=300><ACK=636><CTL=ACK><WND=1000>
        signal: Acknowledged 536
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=464>
        <-- <SEQ=300><ACK=1100><CTL=ACK><WND=1000>
        signal: Acknowledged 464
        ESTABLISHED                     DEADLINE=none
        ",
    );
}

/// Bytes that were in the peer's buffer all the time are not sent again.
#[test]
fn what_the_front_fills_up_is_not_sent_again() {
    taken_back(
        "
        + 600ms
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=1100><CTL=ACK><WND=1000>
        signal: Acknowledged 1000
        send 10
        --> <SEQ=1100><ACK=300><CTL=PSH,ACK><DATA=10>
        ",
    );
}

/// The refused byte is sent at once, followed by new payload; a second opening does not send it again.
#[test]
fn a_refused_probe_goes_again_once_and_not_at_each_opening() {
    for (state, number) in [("ESTABLISHED", 100_u32), ("CLOSE-WAIT", 100), ("ESTABLISHED", 4_294_967_295)] {
        check(&format!(
            "
            config r1=0
            {state}                         SND.NXT={number} RCV.NXT=300 SND.WND=0
            send 5
            + 1s
            --> <SEQ={number}><ACK=300><CTL=ACK><DATA=1>
            <-- <SEQ=300><ACK={number}><CTL=ACK><WND=0>
            <-- <SEQ=300><ACK={number}><CTL=ACK><WND=1000>
            --> <SEQ={number}><ACK=300><CTL=PSH,ACK><DATA=5>    bytes 0..5
            {state}                         DEADLINE=1s
            + 300ms
            <-- <SEQ=300><ACK={number}><CTL=ACK><WND=0>
            <-- <SEQ=300><ACK={number}><CTL=ACK><WND=1000>
            <-- <SEQ=300><ACK={number}><CTL=ACK><WND=0>
            <-- <SEQ=300><ACK={number}><CTL=ACK><WND=1000>
            {state}                         IN-FLIGHT=5 DEADLINE=700ms
            "
        ));
    }
}

/// The window closes before the poll, so nothing can be sent.
#[test]
fn a_window_that_opens_and_closes_before_the_poll_sends_nothing() {
    check(
        "
        config r1=0
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        & <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        ESTABLISHED                         SND.WND=0 SND.NXT=101
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=5>
        ",
    );
}

/// During a recovery an opening earns no credit.
#[test]
fn an_opening_releases_nothing_of_a_recovery() {
    check(
        "
        config r1=0, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=3000
        send 2144
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1708><ACK=300><CTL=PSH,ACK><DATA=536>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=3000>
        ESTABLISHED                         DEADLINE=2s
        <-- <SEQ=300><ACK=636><CTL=ACK><WND=0>
        signal: Acknowledged 536
        ESTABLISHED                         SND.WND=0
        <-- <SEQ=300><ACK=636><CTL=ACK><WND=3000>       # what the ACK before has earned, and no more
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=636><CTL=ACK><WND=0>
        <-- <SEQ=300><ACK=636><CTL=ACK><WND=3000>
        ESTABLISHED                         IN-FLIGHT=1608
        ",
    );
}

/// The peer's window counts in steps of 128, and reads 0 while it has room for 69: it has taken nothing back.
const ROUNDED_TO_ZERO: &str = "
    config window_scale=0, r1=0
    ISS=99
    open active
    --> <SEQ=99><CTL=SYN><WS=0>
    SYN-SENT
    <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=120><WS=7>
    --> <SEQ=100><ACK=300><CTL=ACK>
    ESTABLISHED
    send 120
    --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=120>
    + 400ms
    <-- <SEQ=300><ACK=151><CTL=ACK><WND=0>
    signal: Acknowledged 51
    ESTABLISHED                         SND.WND=0 IN-FLIGHT=69 DEADLINE=1s
    ";

#[test]
fn a_flight_smaller_than_one_step_of_the_scale_is_not_sent_again_when_the_window_opens() {
    check(&format!(
        "{ROUNDED_TO_ZERO}
        + 300ms
        <-- <SEQ=300><ACK=151><CTL=ACK><WND=1>
        <-- <SEQ=300><ACK=151><CTL=ACK><WND=0>
        <-- <SEQ=300><ACK=151><CTL=ACK><WND=2>
        ESTABLISHED                         SND.WND=256 IN-FLIGHT=69 DEADLINE=700ms
        + 700ms
        signal: RetransmissionTimeout
        --> <SEQ=151><ACK=300><CTL=PSH,ACK><DATA=69>
        "
    ));
    // The timer's segment behind the closed window is a probe, even though it is the whole flight. Refused, it is sent
    // again at once.
    check(&format!(
        "{ROUNDED_TO_ZERO}
        + 1s
        --> <SEQ=151><ACK=300><CTL=PSH,ACK><DATA=69>
        <-- <SEQ=300><ACK=151><CTL=ACK><WND=1>
        --> <SEQ=151><ACK=300><CTL=PSH,ACK><DATA=69>
        <-- <SEQ=300><ACK=151><CTL=ACK><WND=0>
        <-- <SEQ=300><ACK=151><CTL=ACK><WND=1>
        ESTABLISHED                         IN-FLIGHT=69 DEADLINE=1s
        "
    ));
}

/// New payload is sent as the window allows, without the flight.
#[test]
fn what_is_new_goes_alone_behind_a_flight_that_was_not_refused() {
    check(&format!(
        "{ROUNDED_TO_ZERO}
        send 100
        <-- <SEQ=300><ACK=151><CTL=ACK><WND=2>
        ESTABLISHED                         UNSENT=100 IN-FLIGHT=69     # Nagle's algorithm
        <-- <SEQ=300><ACK=220><CTL=ACK><WND=2>
        signal: Acknowledged 69
        --> <SEQ=220><ACK=300><CTL=PSH,ACK><DATA=100>
        "
    ));
    taken_back(
        "
        send 536
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=2000>
        --> <SEQ=1100><ACK=300><CTL=PSH,ACK><DATA=536>
        ",
    );
}

/// The number of the peer's window update may lie anywhere, and timestamps change nothing.
#[test]
fn timestamps_change_nothing() {
    check(
        "
        config timestamps=on, r1=0
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><TS=0,0>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=1000><TS=1000,0>
        --> <SEQ=100><ACK=300><CTL=ACK><TS=0,1000>
        ESTABLISHED
        send 524
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=524><TS=0,1000>
        + 400ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0><TS=1400,0>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000><TS=1401,0>
        ESTABLISHED                         IN-FLIGHT=524 DEADLINE=600ms
        + 600ms
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=524><TS=1000,1401>
        ",
    );
}

/// The same with a delayed ACK due, which is sent when it is due.
#[test]
fn a_delayed_ack_is_not_hurried_by_an_opening() {
    check(
        "
        config delayed_ack=200ms, r1=0
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 10
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=0>
        + 100ms
        <-- <SEQ=305><ACK=100><CTL=ACK><WND=1000>
        + 100ms
        --> <SEQ=110><ACK=305><CTL=ACK>
        ESTABLISHED                         DEADLINE=800ms
        ",
    );
}

/// The timer has fired, but no probe has been sent: nothing was refused.
#[test]
fn a_probe_that_was_never_handed_out_is_not_outstanding() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 1
        limit 0
        + 1s
        limit 4294967295
        & <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        ESTABLISHED                         IN-FLIGHT=1
        ",
    );
}

/// Nothing is in flight. A window of a byte that opens and closes postpones neither the probe nor the override (RFC
/// 9293 sections 3.8.6.1 and 3.8.6.2.1, D42).
#[test]
fn a_window_that_toggles_does_not_put_off_what_is_held_back() {
    let toggle = "+ 300ms\n<-- <SEQ=300><ACK=100><CTL=ACK><WND=1>\n+ 100ms\n<-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\n";
    check(&format!(
        "
        config r1=0
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=5000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        send 100
        {toggle}{toggle}{toggle}{toggle}
        ESTABLISHED                         DEADLINE=400ms      # two timeouts after the window was first too small
        + 400ms
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        "
    ));
    check(&format!(
        "
        config r1=0
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=5000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1>
        send 100
        + 200ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        {toggle}
        + 300ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1>
        ESTABLISHED                         DEADLINE=700ms      # one timeout after the window has closed
        + 700ms
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        "
    ));
}

/// The pause between two probes may be a minute; a window that is too small is overridden within a second.
#[test]
fn a_small_window_behind_a_closed_one_is_overridden_within_a_second() {
    check(
        "
        config r1=0
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=5000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        send 100
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 2s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 4s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=0>
        signal: Acknowledged 1
        ESTABLISHED                         RTO=8s DEADLINE=8s
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=1>
        ESTABLISHED                         RTO=1s DEADLINE=1s
        + 1s
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=1>
        ",
    );
}

/// RFC 9293 section 3.8.2: the back-off of a loss lasts until an acknowledgment of something that was sent once. A
/// window that closes and opens without a probe gives no such information.
#[test]
fn an_opening_without_a_probe_leaves_the_back_off_of_a_loss() {
    check(
        "
        config r1=0
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 10
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=0>
        signal: Acknowledged 10
        send 10
        ESTABLISHED                         RTO=4s
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=1000>
        --> <SEQ=110><ACK=300><CTL=PSH,ACK><DATA=10>
        ESTABLISHED                         RTO=4s DEADLINE=4s
        ",
    );
}

//! How long a closed window is probed: RFC 9293 sections 3.8.3, 3.8.6.1 and 3.9.1.1. D20.
//!
//! One lost probe, or one lost answer, ends nothing: at least three probes go unanswered before the end. The pauses
//! between them are at most a third of the user timeout.

use tcp_lifecycle::sim::check;

const PROBE: &str = "--> <SEQ=100><ACK=300><CTL=ACK><DATA=1>\n";
const ANSWER: &str = "<-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\n";

/// Five bytes wait behind a closed window. The probes are sent after these pauses, and are answered.
fn answered(policies: &str, pauses: &[u32]) -> String {
    let mut script = format!("config r1=0, {policies}\nESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0\nsend 5\n");
    for pause in pauses {
        script += &format!("+ {pause}s\n{PROBE}{ANSWER}");
    }
    script
}

/// Probes after these pauses, without answers.
fn unanswered(pauses: &[u32]) -> String {
    pauses.iter().map(|pause| format!("+ {pause}s\n{PROBE}")).collect()
}

const END: &str = "signal: TimedOut\nCLOSED DEADLINE=none\n";

#[test]
fn the_pause_is_no_longer_than_a_third_of_the_user_timeout() {
    for (timeout, pauses) in [
        (3, &[1, 1, 1, 1, 1][..]),
        (6, &[1, 2, 2, 2, 2]),
        (12, &[1, 2, 4, 4, 4]),
        (60, &[1, 2, 4, 8, 16, 20, 20]),
        (150, &[1, 2, 4, 8, 16, 32, 50, 50]),
        (180, &[1, 2, 4, 8, 16, 32, 60, 60]),
        (300, &[1, 2, 4, 8, 16, 32, 60, 60]),
    ] {
        check(&answered(&format!("user_timeout={timeout}s"), pauses));
    }
    check(&answered("user_timeout=none", &[1, 2, 4, 8, 16, 32, 60, 60]));
}

/// RFC 6298 section 5: never sooner than one RTO after the last probe, however short the user timeout is.
#[test]
fn the_pause_is_no_shorter_than_the_timeout_without_its_back_off() {
    for timeout in ["1s", "1500ms", "2s", "2900ms"] {
        check(&answered(&format!("user_timeout={timeout}"), &[1; 10]));
    }
}

/// A user timeout of a minute: the connection is hours old, and one probe is lost.
#[test]
fn one_lost_probe_ends_nothing_however_short_the_user_timeout_is() {
    let hours = [[1, 2, 4, 8, 16].as_slice(), &[20; 500]].concat();
    let long = answered("user_timeout=60s", &hours);
    check(&format!("{long}{}+ 20s\n{PROBE}{ANSWER}+ 20s\n{PROBE}{ANSWER}ESTABLISHED", unanswered(&[20])));
    check(&format!("{long}{}+ 20s\n{PROBE}{ANSWER}ESTABLISHED DEADLINE=20s", unanswered(&[20, 20])));
    let short = answered("user_timeout=3s", &[1; 100]);
    check(&format!("{short}{}+ 1s\n{PROBE}{ANSWER}ESTABLISHED DEADLINE=1s", unanswered(&[1, 1])));
}

#[test]
fn three_unanswered_probes_and_the_user_timeout_end_it() {
    let r2 = "r2=none";
    check(&format!("{}{}+ 1s\n{END}", answered(&format!("user_timeout=3s, {r2}"), &[]), unanswered(&[1, 1, 1])));
    check(&format!("{}{}+ 2s\n{END}", answered(&format!("user_timeout=6s, {r2}"), &[1, 2, 2]), unanswered(&[2, 2, 2])));
    check(&format!(
        "{}{}+ 20s\n{END}",
        answered(&format!("user_timeout=60s, {r2}"), &[1, 2, 4, 8, 16, 20]),
        unanswered(&[20, 20, 20])
    ));
}

/// R2 of 100 s is over after two pauses of a minute, and a third probe is still sent.
#[test]
fn r2_waits_for_the_third_unanswered_probe_too() {
    let minutes = [1, 2, 4, 8, 16, 32, 60, 60];
    for policies in ["user_timeout=300s", "user_timeout=none"] {
        check(&format!("{}{}+ 60s\n{END}", answered(policies, &minutes), unanswered(&[60, 60, 60])));
        check(&format!("{}{}+ 60s\n{PROBE}{ANSWER}ESTABLISHED", answered(policies, &minutes), unanswered(&[60, 60])));
    }
    check(&format!("{}{}+ 8s\n{END}", answered("r2=2s", &[]), unanswered(&[1, 2, 4])));
    check(&format!("{}{}+ 8s\n{END}", answered("r2=0s", &[]), unanswered(&[1, 2, 4])));
}

/// If three probes do not last until R2, more are sent.
#[test]
fn a_longer_r2_takes_more_probes() {
    check(&format!("{}{}+ 16s\n{END}", answered("r2=20s", &[]), unanswered(&[1, 2, 4, 8])));
}

/// A late answer restarts the count.
#[test]
fn an_answer_to_the_third_probe_begins_the_count_again() {
    check(&format!(
        "{}{}{ANSWER}{}{ANSWER}{}+ 1s\n{END}",
        answered("user_timeout=3s, r2=none", &[]),
        unanswered(&[1, 1, 1]),
        unanswered(&[1, 1, 1]),
        unanswered(&[1, 1, 1]),
    ));
}

/// A FIN probes as a byte does, and the states after it have the same patience.
#[test]
fn a_fin_that_probes_has_the_same_patience() {
    for (state, after) in [("ESTABLISHED", "FIN-WAIT-1"), ("CLOSE-WAIT", "LAST-ACK")] {
        let fin = "--> <SEQ=100><ACK=300><CTL=FIN,ACK>\n";
        let given = format!(
            "config r1=0, user_timeout=6s, r2=none\n{state} SND.NXT=100 RCV.NXT=300 SND.WND=0\nclose\n{after} DEADLINE=1s\n"
        );
        check(&format!("{given}+ 1s\n{fin}{ANSWER}+ 2s\n{fin}+ 2s\n{fin}{ANSWER}{after} DEADLINE=2s"));
        check(&format!("{given}+ 1s\n{fin}{ANSWER}+ 2s\n{fin}+ 2s\n{fin}+ 2s\n{fin}+ 2s\n{END}"));
    }
}

#[test]
fn payload_in_close_wait_has_the_same_patience() {
    let given = answered("user_timeout=6s, r2=none", &[1, 2]).replace("ESTABLISHED", "CLOSE-WAIT");
    check(&format!("{given}{}+ 2s\n{END}", unanswered(&[2, 2, 2])));
}

/// A window that was taken back over a flight, and then no answer.
#[test]
fn a_flight_behind_a_closed_window_has_the_same_patience() {
    check(&format!(
        "
        config r1=0, user_timeout=6s, r2=none
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 10
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 1s
        {PROBE}{ANSWER}
        + 2s
        {PROBE}{ANSWER}
        + 2s
        {PROBE}
        + 2s
        {PROBE}
        + 2s
        {PROBE}
        + 2s
        {END}"
    ));
}

/// With an open window the user timeout bounds unacknowledged payload as usual: neither the third nor the three probes
/// apply.
#[test]
fn an_open_window_has_no_such_patience() {
    check(
        "
        config r1=0, user_timeout=6s, r2=none
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 10
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        + 3s
        signal: TimedOut
        CLOSED
        ",
    );
}

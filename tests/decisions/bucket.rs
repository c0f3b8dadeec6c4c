//! D12: the limiter is a token bucket. It holds `challenge_limit`, is full at first, and is refilled within one
//! `challenge_period`.

use tcp_lifecycle::sim::check;

const BLIND: &str = "<-- <SEQ=301><CTL=RST> refused\n";
const ANSWER: &str = "--> <SEQ=100><ACK=300><CTL=ACK>\n";

fn answered(times: usize) -> String {
    format!("{BLIND}{ANSWER}").repeat(times)
}

fn silent(times: usize) -> String {
    BLIND.repeat(times)
}

/// Ten in five seconds are one in half a second.
#[test]
fn one_answer_comes_back_in_its_part_of_the_period() {
    check(&format!(
        "ESTABLISHED\n{}{}+ 499ms\n{}+ 1ms\n{}{}+ 500ms\n{}{}+ 1500ms\n{}{}",
        answered(10),
        silent(3),
        silent(1),
        answered(1),
        silent(1),
        answered(1),
        silent(1),
        answered(3),
        silent(1),
    ));
}

/// The refill is continuous: neither an answer nor a silence restarts it.
#[test]
fn parts_of_an_answer_add_up() {
    check(&format!(
        "ESTABLISHED\n{}+ 250ms\n{}+ 250ms\n{}{}+ 700ms\n{}{}+ 300ms\n{}{}",
        answered(10),
        silent(2),
        answered(1),
        silent(1),
        answered(1),
        silent(1),
        answered(1),
        silent(1),
    ));
}

/// Independent of the length of a silence, and of where a period might begin or end.
#[test]
fn it_never_holds_more_than_its_limit() {
    for pause in ["5s", "1h", "1000h"] {
        check(&format!(
            "ESTABLISHED\n{}+ {pause}\n{}{}+ {pause}\n{}{}",
            answered(10),
            answered(10),
            silent(1),
            answered(10),
            silent(1),
        ));
    }
    check(&format!("ESTABLISHED\n+ 1h\n{}+ 4900ms\n{}{}+ 100ms\n{}", answered(1), answered(10), silent(1), silent(1)));
}

/// An attacker that spends every token still leaves a share for honest segments, and no five seconds of silence.
#[test]
fn a_flood_leaves_no_long_silence() {
    let mut script = format!("ESTABLISHED\n{}", answered(10));
    for _ in 0..30 {
        script += &format!("{}+ 500ms\n{}", silent(20), answered(1));
    }
    check(&script);
}

#[test]
fn limit_and_period_are_policies() {
    check(&format!(
        "config challenge_limit=1, challenge_period=500ms\nESTABLISHED\n{}{}+ 499ms\n{}+ 1ms\n{}{}",
        answered(1),
        silent(1),
        silent(1),
        answered(1),
        silent(1),
    ));
    check(&format!(
        "config challenge_limit=5, challenge_period=1s\nESTABLISHED\n{}{}+ 200ms\n{}{}+ 1s\n{}{}",
        answered(5),
        silent(1),
        answered(1),
        silent(1),
        answered(5),
        silent(1),
    ));
    check(&format!("config challenge_limit=0\nESTABLISHED\n{}+ 1h\n{}", silent(1), silent(1)));
    check(&format!(
        "config challenge_limit=255, challenge_period=1ms\nESTABLISHED\n{}{}+ 255ms\n{}",
        answered(255),
        silent(1),
        answered(255),
    ));
}

/// The limiter is the same in each state that answers refused segments.
#[test]
fn every_synchronized_state_has_it() {
    for state in ["FIN-WAIT-2", "CLOSE-WAIT", "TIME-WAIT"] {
        let blind = "<-- <SEQ=298><ACK=100><CTL=ACK> refused\n";
        check(&format!(
            "config msl=1h\n{state} SND.NXT=100 RCV.NXT=300\n{}{blind}+ 500ms\n{blind}{ANSWER}{blind}",
            format!("{blind}{ANSWER}").repeat(10),
        ));
    }
    for state in ["FIN-WAIT-1", "CLOSING", "LAST-ACK"] {
        let blind = "<-- <SEQ=298><ACK=99><CTL=ACK> refused\n";
        check(&format!(
            "{state} SND.NXT=100 RCV.NXT=300\n{}{blind}+ 500ms\n{blind}{ANSWER}{blind}",
            format!("{blind}{ANSWER}").repeat(10),
        ));
    }
}

/// A 32-bit clock of milliseconds bounds the time for one answer: 2^23 ms, rounded up.
#[test]
fn an_answer_comes_back_within_2_hours_and_20_minutes_at_the_latest() {
    for period in ["3h", "1000h"] {
        check(&format!(
            "config challenge_limit=1, challenge_period={period}\nESTABLISHED\n{}{}+ 2h 19m\n{}+ 1m\n{}{}",
            answered(1),
            silent(1),
            silent(1),
            answered(1),
            silent(1),
        ));
    }
}

//! Scenarios: lines for two ends and the network between them, and the mistakes in them.

use tcp_lifecycle::State;
use tcp_lifecycle::sim::{Scenario, ScriptError, Side};

const OPEN: &str = "B: open passive\nA: open active\ndeliver all\n";

#[track_caller]
fn play(text: &str) -> Scenario {
    Scenario::run(text).unwrap()
}

#[track_caller]
fn error_of(text: &str) -> ScriptError {
    Scenario::run(text).map(|scenario| scenario.pair().trace().to_string()).unwrap_err()
}

#[track_caller]
fn not_understood(line: &str, column: usize, why: &str) {
    let error = error_of(&format!("# a comment\n{line}"));
    assert_eq!((error.line(), error.column(), error.difference()), (2, column, None), "{error}");
    assert!(error.to_string().contains(why), "{error}");
}

#[track_caller]
fn differs(text: &str, expected: &str, came: &str) {
    let error = error_of(text);
    assert_eq!(error.line(), text.lines().count(), "{error}");
    assert_eq!(error.difference(), Some((expected, came)), "{error}");
}

#[test]
fn a_line_that_is_not_understood_is_shown_with_its_place() {
    not_understood("  A: clos", 6, "did you mean `close`?");
    not_understood("delivr", 1, "did you mean `deliver`?");
    not_understood("snooze", 1, "one of A:, B:, deliver, lose, double, delay, inject, config, note, +");
    not_understood("5s", 1, "did you mean `+ 5s`?");
    not_understood("wait 2 MSL", 1, "did you mean `+ 2 MSL`?");
    not_understood("drop 2", 1, "did you mean `lose`?");
    not_understood("  deliver --> <SEQ=1><CTL=SYN>", 11, "without an arrow");
    not_understood("deliver <SEQ=x>", 10, "SEQ");
    not_understood("lose 2 accepted", 8, "no number of a segment");
    not_understood("inject <SEQ=1>", 8, "A or B");
    not_understood("inject A <SEQ=1><CTL=SYN> 7", 27, "nothing stands behind");
    not_understood("A:", 3, "is missing");
    not_understood("A: + 1s", 4, "time passes at both ends");
    not_understood("deliver & lose", 11, "only a call can be joined");
    not_understood("+ 1 hour", 3, "no length of time");
}

#[test]
fn a_line_of_one_end_lacks_its_end() {
    for line in ["close", "send 5", "open active", "ESTABLISHED SND.NXT=1", "--> <SEQ=100><CTL=SYN>"] {
        not_understood(line, 1, &format!("did you mean `A: {line}`?"));
    }
    not_understood("clsoe", 1, "did you mean `A: close`?");
    not_understood("listen", 1, "did you mean `A: open passive`?");
    not_understood("A: CLOSE", 4, "did you mean `close`?");
}

#[test]
fn an_error_that_comes_is_shown_as_a_line_would_expect_it() {
    let error = error_of("A: close").to_string();
    assert!(error.contains("ends with `=> error: connection does not exist`\n"), "{error}");
    play("A: close   => error: connection does not exist");
}

#[test]
fn an_expectation_that_does_not_hold_says_what_came_instead() {
    differs("A: ESTABLISHED SND.NXT=1", "A: ESTABLISHED SND.NXT=1", "A: CLOSED SND.NXT=none");
    differs("A: close", "no error", "error: connection does not exist");
    differs("deliver", "segment 1 in flight", "no segment is in flight");
    let syn = "<SEQ=100><CTL=SYN><WND=65535><MSS=536>";
    differs("A: open active\ndeliver 9", "segment 9 in flight", &format!("only 1 segment is in flight: {syn}"));
    differs(
        "A: open active\ndouble\nlose 3",
        "segment 3 in flight",
        &format!("only 2 segments are in flight: {syn}, {syn}"),
    );
    differs(
        "A: open active\nlose <SEQ=1><CTL=SYN>",
        "<SEQ=1><CTL=SYN> in flight",
        &format!("only 1 segment is in flight: {syn}"),
    );
    differs(
        "A: open active\ndelay",
        "a next segment from the same end",
        &format!("only 1 segment is in flight: {syn}"),
    );
    differs("A: open active\nconfig mss=7", "policies before the first event, or configure", "an event before");
    differs("+ next", "a timer", "no timer runs");
    differs(&format!("{OPEN}A: signal: Reset"), "A: signal: Reset", "A: nothing of the kind by the last event");
    differs(
        "A: open active\ndeliver accepted",
        "accepted",
        "refused: there is no connection (NoConnection: RFC 9293 section 3.10.7.1)",
    );
}

#[test]
fn a_line_that_fails_changes_nothing() {
    let mut scenario = play(OPEN);
    let before = scenario.pair().trace().to_string();
    for wrong in ["A: clos", "deliver", "A: send 1   => error: connection closing", "A: CLOSED"] {
        assert!(scenario.play(wrong).is_err(), "{wrong}");
        assert_eq!(scenario.pair().trace().to_string(), before);
    }
    scenario.play("A: send 1").unwrap();
    assert_eq!(scenario.lines().len(), 4);
}

#[test]
fn segments_are_chosen_by_place_or_by_look() {
    let three = "config nagle=off\nB: open passive\nA: open active\ndeliver all\nA: send 1\nA: send 2\nA: send 3\n";
    let received = |lines: &str| play(&format!("{three}{lines}")).pair().received(Side::B).to_vec();
    assert_eq!(received("deliver\n"), b"a");
    assert_eq!(received("deliver 2   delivers nothing\ndeliver"), b"abc");
    assert_eq!(received("deliver <SEQ=102><ACK=301><CTL=ACK><DATA=2>   delivers nothing\nlose\n"), b"");
    assert_eq!(received("delay\ndeliver\ndeliver   delivers 0..1"), b"abc");
    assert_eq!(received("double\ndeliver 4\ndeliver 1   refused: NotAcceptable"), b"a");
    assert_eq!(received("deliver all"), b"abcdef");
}

#[test]
fn a_user_can_stop_reading_and_read_a_part() {
    let scenario = play(&format!(
        "{OPEN}B: stop reading\nA: send 5\ndeliver all\nB: ESTABLISHED UNREAD=5\nB: receive 2\nB: ESTABLISHED UNREAD=3"
    ));
    assert_eq!(scenario.pair().received(Side::B), b"abcde");
    differs(&format!("{OPEN}B: receive 2"), "no error", "error: more bytes consumed than delivered");
}

#[test]
fn a_joined_call_comes_before_the_answer() {
    let scenario = play(&format!("{OPEN}A: close\ndeliver & B: close\nB: --> <SEQ=301><ACK=102><CTL=FIN,ACK>"));
    assert_eq!(scenario.pair().in_flight().len(), 1);
}

#[test]
fn an_old_segment_that_is_taken_for_a_new_one_is_remarked() {
    let mut scenario = play(
        &format!("{OPEN}A: send 5\ndouble\ndeliver\nlose 2\nA: crash\nB: crash\nconfigure=1")
            .replace("\nconfigure=1", ""),
    );
    assert_eq!(scenario.pair().in_flight().len(), 1);
    for line in ["B: open passive", "A: open active", "deliver 2", "deliver 2", "deliver 2", "deliver", "+ 1s"] {
        scenario.play(line).unwrap();
    }
    assert!(scenario.pair().trace().to_string().contains("B was given bytes of another life of its peer"));
}

#[test]
fn a_forged_segment_may_carry_bytes() {
    let scenario = play(&format!("{OPEN}inject A <SEQ=101><ACK=301><CTL=ACK><DATA=3>\ndeliver   delivers 0..3\n+ 1s"));
    assert_eq!(scenario.pair().received(Side::B), b"abc");
}

#[test]
fn cookies_need_no_memory_and_a_crash_ends_them() {
    let scenario = play("B: open passive\nB: answer with cookies\nA: open active\ndeliver\nB: LISTEN\ndeliver all");
    assert_eq!(Side::BOTH.map(|side| scenario.pair().state(side)), [State::Established; 2]);
    play(
        "B: open passive\nB: answer with cookies\nB: crash\nB: open passive\nA: open active\ndeliver\nB: SYN-RECEIVED",
    );
}

#[test]
fn a_line_does_not_run_without_end() {
    let lines =
        "config user_timeout=none, r2=1000000h\nB: open passive\nA: open active\ndeliver all\nA: send 5\n+ 100000h";
    let (expected, came) = ("at most 10000 timers in one step", "more");
    differs(lines, expected, came);
}

#[test]
fn a_ladder_of_many_days_keeps_its_columns() {
    let ladder = play("A: open passive\n+ 300h\nA: close").pair().trace().to_string();
    let columns: Vec<Option<usize>> =
        ladder.lines().map(|line| line.find(" A ").or(line.find(" CLOSED")).or(line.find(" LISTEN"))).collect();
    assert!(ladder.contains("1080000.000s  CLOSED"), "{ladder}");
    assert!(columns.iter().all(|column| *column == columns[0]), "{ladder}");
}

//! The program: its output, its errors and its exit codes.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use tcp_lifecycle::diagram;
use tcp_lifecycle::sim::{LESSONS, Language};

/// Runs the program with these arguments and this standard input.
fn run_with(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tcp-lifecycle"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that fails at once may not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Returns what the program prints when it succeeds.
fn printed(arguments: &[&str]) -> String {
    succeeded(run_with(arguments, ""))
}

fn succeeded(output: Output) -> String {
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && error.is_empty(), "{}: {error}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the message of the program when it fails with this exit code.
fn failed(output: Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_handshake_has_the_numbers_of_the_user() {
    let story = printed(&["handshake", "-j", "4294967295", "-k", "9", "--msl", "30s"]);
    for part in [
        "j = 4294967295. B answers j+1 = 0",
        "--> <SEQ=4294967295><CTL=SYN>",
        "<-- <SEQ=9><ACK=0><CTL=SYN,ACK>",
        "--> <SEQ=0><ACK=10><CTL=ACK>",
        "Its FIN has the number n = 5.",
        "60.000s  CLOSED",
    ] {
        assert!(story.contains(part), "{part}:\n{story}");
    }
    assert!(!story.contains('{'), "{story}");
}

#[test]
fn the_handshake_is_told_in_chinese_and_drawn_for_mermaid() {
    assert!(printed(&["handshake", "--language", "zh"]).contains("三次握手"));
    assert!(printed(&["handshake", "--mermaid"]).starts_with("sequenceDiagram\n"));
}

#[test]
fn lines_fit_a_terminal_of_120_columns() {
    let help = printed(&["--help"]);
    let told = [printed(&["handshake"]), printed(&["lesson", "life"]), printed(&["lesson", "syn-flood"]), help];
    for line in told.iter().flat_map(|text| text.lines()) {
        assert!(line.chars().count() <= 120, "{line}");
    }
}

#[test]
fn every_lesson_is_listed_and_plays_by_number_and_by_name_in_both_languages() {
    let list = printed(&["lesson"]);
    assert_eq!(list.lines().count(), LESSONS.len());
    for (number, lesson) in (1..).zip(&LESSONS) {
        let line = list.lines().nth(number - 1).unwrap();
        assert!(line.contains(lesson.name) && line.contains(lesson.title.english), "{line}");
        let by_number = printed(&["lesson", &number.to_string()]);
        assert_eq!(by_number, printed(&["lesson", lesson.name]));
        let chinese = printed(&["lesson", lesson.name, "--language", "zh"]);
        for (told, language) in [(by_number, Language::English), (chinese, Language::Chinese)] {
            // Wherever the lines break.
            let told: String = told.split_whitespace().collect();
            let captions = lesson.steps.iter().map(|step| step.caption);
            for text in [lesson.title, lesson.about].into_iter().chain(captions) {
                let text: String = text.get(language).split_whitespace().collect();
                assert!(told.contains(&text), "{text}");
            }
        }
    }
}

#[test]
fn a_lesson_as_a_scenario_can_be_played_with_its_captions() {
    for language in ["en", "zh"] {
        let scenario = printed(&["lesson", "last-ack", "--scenario", "--language", language]);
        let played = succeeded(run_with(&["play", "-"], &scenario));
        let lesson = printed(&["lesson", "last-ack", "--language", language]);
        // Behind its title and its first paragraph the lesson is the same, but for the language of the legend.
        let ladder = played.split("\n...").next().unwrap();
        assert!(ladder.lines().count() > 20 && lesson.contains(ladder), "{ladder}\n{lesson}");
    }
    let scenario = printed(&["lesson", "last-ack", "--scenario"]);
    assert!(succeeded(run_with(&["play", "--mermaid", "-"], &scenario)).starts_with("sequenceDiagram\n"));
}

#[test]
fn the_handshake_as_a_scenario_can_be_played_too() {
    let numbers = ["handshake", "-j", "7", "-k", "9", "--msl", "30s"];
    let scenario = printed(&[&numbers[..], &["--scenario"]].concat());
    assert_eq!(succeeded(run_with(&["play", "-"], &scenario)), printed(&numbers));
}

#[test]
fn the_marks_of_a_ladder_are_explained_below_it() {
    let marks = ["...", "x", "(again)", "(duplicate)"];
    let explained = |exchange: &str| {
        let (ladder, legend) = exchange.rsplit_once("\n\n").unwrap();
        let is_explained = |mark: &str| legend.lines().any(|line| line.split("  ").next() == Some(mark));
        for mark in marks {
            assert_eq!(ladder.split_whitespace().any(|word| word == mark), is_explained(mark), "{mark}:\n{exchange}");
        }
        marks.iter().filter(|mark| is_explained(mark)).count()
    };
    assert_eq!(explained(&printed(&["lesson", "two-messages"])), 3);
    assert_eq!(explained(&printed(&["lesson", "two-msl"])), 2);
    assert_eq!(explained(&printed(&["lesson", "last-ack", "--language", "zh"])), 2);
    assert!(printed(&["lesson", "last-ack", "--language", "zh"]).ends_with("网络丢失的报文段\n"));
    assert_eq!(explained(&printed(&["handshake"])), 0);
    let in_flight = succeeded(run_with(&["play", "-"], "A: open active"));
    assert!(in_flight.contains("\n\n...          a segment on its way"), "{in_flight}");
}

const SCRIPT: &str = "\
    ESTABLISHED                 SND.NXT=101 RCV.NXT=300
    <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
    signal: Closing
    --> <SEQ=101><ACK=301><CTL=ACK>
    CLOSE-WAIT
";

const FIGURE: &str = "\
    1. CLOSED                                                LISTEN
    A: open active
    2. SYN-SENT     --> <SEQ=100><CTL=SYN>               --> SYN-RECEIVED
    3. ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK>  <-- SYN-RECEIVED
    4. ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>      --> ESTABLISHED
";

#[test]
fn a_script_and_a_figure_are_recognised_and_played() {
    for (text, kind, last) in [(SCRIPT, "script", "ESTABLISHED -> CLOSE-WAIT"), (FIGURE, "figure", "ESTABLISHED")] {
        let exchange = succeeded(run_with(&["play", "-"], text));
        assert!(exchange.contains(last), "{exchange}");
        assert_eq!(exchange, succeeded(run_with(&["play", "-", "--as", kind], text)));
    }
}

#[test]
fn a_bad_file_is_reported_with_its_name_its_kind_and_its_place() {
    for (text, parts) in [
        ("A: open activ", ["as a scenario, line 1, column 4 is not understood", "did you mean `open active`"]),
        ("open activ", ["as a script, line 1, column 1 is not understood", "did you mean `open active`"]),
        ("ESTABLISHD", ["as a script, line 1", "did you mean `ESTABLISHED`"]),
        ("B: open passive\nclose\ndeliver all", ["as a scenario, line 2", "did you mean `A: close`"]),
        ("B: open passive\nA: open active\n5s\ndeliver", ["as a scenario, line 3", "did you mean `+ 5s`"]),
        ("B: open passive\nsnooze\ndeliver", ["as a scenario, line 2", "See --as in tcp-lifecycle --help"]),
        ("B: open passive\nA: open active\ndeliver\nB: ESTABLISHED", ["at line 4", "came      B: SYN-RECEIVED"]),
        (&SCRIPT.replace("ACK=301", "ACK=300"), ["at line 4", "came      --> <SEQ=101><ACK=301><CTL=ACK>"]),
        (&SCRIPT.replace("signal: Closing", "signal: Closin"), ["line 3, column 13 is not understood", "Closing"]),
        (&SCRIPT.replace("signal: Closing", "sgnal: Closing"), ["as a script, line 3", "did you mean `signal:`"]),
        (&FIGURE.replace("ACK=101", "ACK=102"), ["as a figure, at line 4", "<ACK=101>"]),
        (&FIGURE.replace("LISTEN", ""), ["as a figure, line 1", "did you mean `A: CLOSED`"]),
    ] {
        let message = failed(run_with(&["play", "-"], text), 1);
        assert!(message.starts_with("tcp-lifecycle: -: "), "{message}");
        assert!(parts.iter().all(|part| message.contains(part)), "{parts:?}:\n{message}");
    }
    let message = failed(run_with(&["play", "-", "--as", "figure"], "snooze"), 1);
    assert!(message.contains("as a figure") && !message.contains("--as"), "{message}");
}

#[test]
fn a_file_that_cannot_be_read_is_reported() {
    for file in ["no/such/file", "src"] {
        let message = failed(run_with(&["play", file], ""), 1);
        assert!(message.starts_with(&format!("tcp-lifecycle: {file}: ")), "{message}");
    }
}

#[test]
fn a_file_with_nothing_to_play_is_an_error() {
    for text in ["", "\n", "# a comment\n\n  # another one"] {
        for arguments in [&["play", "-"][..], &["play", "-", "--as", "figure"]] {
            let message = failed(run_with(arguments, text), 1);
            assert_eq!(message, "tcp-lifecycle: -: nothing is in it to play\n");
        }
    }
}

#[test]
fn the_diagram_is_drawn_in_three_forms() {
    assert_eq!(printed(&["diagram"]), diagram::FIGURE);
    assert_eq!(printed(&["diagram", "mermaid"]), diagram::mermaid(diagram::is_in_figure).to_string());
    assert_eq!(printed(&["diagram", "dot", "--all"]), diagram::dot(|_| true).to_string());
}

#[test]
fn bad_arguments_are_reported_by_name() {
    for (arguments, part) in [
        (&["hanshake"] as &[&str], "no command is called hanshake"),
        (&["lesson", "16"], "there is no lesson 16: 1 to 15"),
        (&["lesson", "0"], "there is no lesson 0"),
        (&["handshake", "-j", "foo"], "-j foo: a sequence number is a number from 0 to 4294967295"),
        (&["handshake", "-k", "4294967296"], "-k 4294967296: a sequence number is a number from 0 to 4294967295"),
        (&["handshake", "-k"], "'-k'"),
        (&["handshake", "--msl", "soon"], "--msl soon: `soon` is no length of time"),
        (&["handshake", "again"], "again"),
        (&["handshake", "--all"], "handshake has no option --all"),
        (&["lesson", "1", "--language", "fr"], "--language fr: the languages are en and zh"),
        (&["lesson", "1", "2"], "\"2\""),
        (&["play"], "a file is missing"),
        (&["play", "-", "--as", "poem"], "--as poem: the kinds are scenario, script and figure"),
        (&["diagram", "png"], "no drawing is called png"),
        (&["diagram", "--all"], "diagram has no option --all"),
        (&["diagram", "ascii", "--all"], "diagram has no option --all"),
        (&["--verbose"], "--verbose"),
    ] {
        let message = failed(run_with(arguments, ""), 2);
        assert!(message.to_lowercase().contains(part), "{arguments:?}: {message}");
    }
    let message = failed(run_with(&["play", "-", "--as", "script", "--mermaid"], SCRIPT), 1);
    assert!(message.contains("only a scenario"), "{message}");
}

#[test]
fn a_word_near_to_a_known_one_is_named() {
    for (arguments, meant) in [
        (&["hanshake"] as &[&str], "handshake"),
        (&["Lesson"], "lesson"),
        (&["lesson", "half_close"], "half-close"),
        (&["lesson", "timewait"], ""),
        (&["handshake", "--mermiad"], "--mermaid"),
        (&["lesson", "1", "--lang", "zh"], "--language"),
        (&["lesson", "1", "--verbose"], ""),
        (&["lesson", "1", "--langage", "zh"], "--language"),
        (&["lesson", "1", "--scenarios"], "--scenario"),
        (&["play", "-", "--as", "senario"], "scenario"),
        (&["diagram", "mermiad"], "mermaid"),
    ] {
        let message = failed(run_with(arguments, ""), 2);
        let hint = format!("; did you mean `{meant}`?\n");
        assert_eq!(message.contains(&hint), !meant.is_empty(), "{arguments:?}: {message}");
        assert_eq!(message.contains("did you mean"), !meant.is_empty(), "{arguments:?}: {message}");
    }
}

#[test]
fn without_arguments_the_program_explains_itself() {
    let help = printed(&[]);
    assert_eq!(help, printed(&["--help"]));
    assert_eq!(printed(&["--version"]), format!("tcp-lifecycle {}\n", env!("CARGO_PKG_VERSION")));
    for command in ["handshake", "lesson", "play", "diagram"] {
        assert!(help.contains(&format!("tcp-lifecycle {command}")), "{help}");
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tcp-lifecycle"))
        .args(["lesson", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    succeeded(child.wait_with_output().unwrap());
}

/// Returns what stands between two marks in a text, both excluded.
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).expect(start);
    rest.split_once(end).expect(end).0
}

#[test]
fn readme_has_the_beginning_of_what_the_first_command_prints() {
    let beginning = between(include_str!("../README.md"), "prints:\n\n```text\n", "```\n");
    let story = printed(&["handshake"]);
    assert!(beginning.lines().count() > 10 && story.starts_with(beginning), "{story}");
}

#[test]
fn the_script_in_contributing_plays() {
    let script = between(include_str!("../CONTRIBUTING.md"), "play - <<'END'\n", "END\n");
    assert!(succeeded(run_with(&["play", "-"], script)).contains("refused"));
}

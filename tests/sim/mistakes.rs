//! Lines that are not understood: the place, the reason, and the word that may have been meant.

use tcp_lifecycle::Config;
use tcp_lifecycle::sim::{Figure, Script, ScriptError};

const ERROR_TEXT: &str = "behind `=>` stand `error:` and its text, as in `=> error: connection closing`";

fn mistake(script: &str) -> ScriptError {
    Script::parse(script).expect_err(script)
}

/// Checks that the caret is below the place in the line.
#[track_caller]
fn is_no_line(line: &str, caret: &str, why: &str) {
    let error = mistake(&format!("LISTEN\n{line}"));
    let column = caret.find('^').map(|at| at + 1).unwrap();
    assert_eq!((error.line(), error.column()), (2, column), "{error}");
    let text = line.trim();
    assert_eq!(error.to_string(), format!("line 2, column {column} is not understood: {text}\n  {why}"));
    assert_eq!((error.difference(), error.exchange()), (None, &[][..]));
}

#[test]
fn a_mistake_has_a_line_a_column_and_a_reason() {
    for (line, caret, why) in [
        ("icmp PortUnreachable", "     ^", "an ICMP error quotes a sequence number"),
        ("icmp PortUnreachable x", "                     ^", "`x` is no number, or too large a one"),
        ("icmp NoSuchThing 100", "     ^", "`NoSuchThing` is no ICMP error such as PortUnreachable"),
        ("retransmit 10", "           ^", "`10` is no range such as 0..10"),
        ("retransmit 0..x", "              ^", "`x` is no number, or too large a one"),
        ("configure nagle", "          ^", "`nagle` is not: policy=value"),
        ("config mss=1, xyz=on", "              ^", "`xyz` is no policy"),
        ("config mss=1, nagle=yes", "                    ^", "`yes` is neither on nor off"),
        ("config keep_alive=1m", "                  ^", "`1m` is not: none, on, or idle interval probes"),
        (
            "config keep_alive=1m 2 x",
            "                     ^",
            "`2` is no length of time such as 200ms, 1.5s, 4m or 2h",
        ),
        (
            "--> <SEQ=1><CTL=SYN> bits 0..1",
            "                     ^",
            "`bits 0..1` is not: bytes 0..10, or bytes \"hello\"",
        ),
        ("--> a segment", "    ^", "`a segment` does not begin with a segment such as <SEQ=100><CTL=SYN>"),
        ("ESTABLISHED X=1", "            ^", "`X` is no variable"),
        ("ESTABLISHED SND.NXT", "            ^", "`SND.NXT` is not: VARIABLE=value"),
        ("ESTABLISHED  SND.NXT=-1", "                     ^", "`-1` is no number, or too large a one"),
        ("  close => connection closing", "           ^", ERROR_TEXT),
        ("close => error", "         ^", ERROR_TEXT),
        ("close => error:  ", "         ^", ERROR_TEXT),
        ("  \u{e4} -> LISTEN", "  ^", "`\u{e4}` is no state"),
        ("\u{e4} -> 2", "^", "`\u{e4}` is no state"),
        ("LISTEN -> \u{e4}", "          ^", "`\u{e4}` is no state"),
        ("+", " ^", "a length of time is missing"),
        ("+ 3 apples", "  ^", "`3` is no length of time such as 200ms, 1.5s, 4m or 2h"),
        ("+ 1s 1e20s", "     ^", "`1e20s` is too long a time, or a negative one"),
        ("& + 1s", "  ^", "only a call, or a segment or an ICMP error that arrives, can be joined"),
    ] {
        is_no_line(line, caret, why);
    }
}

#[test]
fn a_segment_that_is_none_is_shown_at_its_field() {
    for (segment, caret, why) in [
        ("<SEQ=1><CTL=SYN><DATA=x>", "                 ^", "a value is a decimal number that fits its field"),
        ("<SEQ=1><CTL=SIN>", "        ^", "a control bit is one of FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE"),
        (
            "<SEQ=1><CTL=SYN><DAT=1>",
            "                 ^",
            "a field is one of SEQ, ACK, CTL, DATA, WND, URG, MSS, WS, SACK, TS",
        ),
        (
            "<SEQ=1><CTL=SYN><SEQ=2>",
            "                 ^",
            "SEQ and CTL stand exactly once, every other field at most once",
        ),
        ("<CTL=SYN>", "^", "SEQ and CTL stand exactly once, every other field at most once"),
        (
            "<SEQ=1><ACK=1><CTL=SYN>",
            "               ^",
            "<ACK=1> needs the bit ACK: write <CTL=SYN,ACK>, or leave <ACK=1> out",
        ),
        (
            "<SEQ=1><CTL=SYN,ACK>",
            "        ^",
            "the bit ACK in <CTL=SYN,ACK> needs a field such as <ACK=301>, the next number that is expected",
        ),
        ("<SEQ=1><CTL=SYN><MSS=1><MSS=none>", "^", "<MSS=none> beside an option MSS"),
    ] {
        is_no_line(&format!("--> {segment}"), &format!("    {caret}"), why);
    }
}

#[test]
fn a_word_near_to_a_known_one_is_named() {
    for (line, hint) in [
        ("signal: Clsing", "`Clsing` is no signal; did you mean `Closing`?"),
        ("signal: closing", "`closing` is no signal; did you mean `Closing`?"),
        (
            "signal: SoftError TimeExceded",
            "`TimeExceded` is no ICMP error such as PortUnreachable; did you mean `TimeExceeded`?",
        ),
        ("config nagel=on", "`nagel` is no policy; did you mean `nagle`?"),
        ("configure recieve_buffer=9", "`recieve_buffer` is no policy; did you mean `receive_buffer`?"),
        ("ESTABLISHED SND.NTX=1", "`SND.NTX` is no variable; did you mean `SND.NXT`?"),
        ("ESTABLISHED -> CLOSE_WAIT", "`CLOSE_WAIT` is no state; did you mean `CLOSE-WAIT`?"),
        ("+ 5 s", "`5` is no length of time such as 200ms, 1.5s, 4m or 2h; did you mean `5s`?"),
        ("config msl=30 s", "`30` is no length of time such as 200ms, 1.5s, 4m or 2h; did you mean `30s`?"),
    ] {
        let error = mistake(line).to_string();
        assert!(error.ends_with(&format!("\n  {hint}")), "{error}");
    }
    for (line, meant) in [
        ("opne active", "open active"),
        ("open passiv", "open passive"),
        ("recieve 10", "receive"),
        ("ESTABLISED SND.NXT=1", "ESTABLISHED"),
        ("congestion experience", "congestion experienced"),
        ("FIN-WAIT2", "FIN-WAIT-2"),
        ("retransmitt 0..1", "retransmit"),
        // Equal but for the case of the letters.
        ("CLOSE", "close"),
        ("Established", "ESTABLISHED"),
        // Words of sockets and of segments.
        ("recv 10", "receive"),
        ("read", "receive"),
        ("write \"hello\"", "send"),
        ("listen", "open passive"),
        ("accept", "open passive"),
        ("connect", "open active"),
        ("SYN", "open active"),
        ("fin", "close"),
        ("shutdown", "close"),
        ("RST", "abort"),
        // A time without its sign.
        ("5s", "+ 5s"),
        ("1m 30s", "+ 1m 30s"),
        ("2 MSL", "+ 2 MSL"),
        ("wait 5s", "+ 5s"),
    ] {
        let error = mistake(line).to_string();
        let why = format!("`{line}` is no segment, call, signal, state, policy or length of time");
        assert!(error.ends_with(&format!("{why}; did you mean `{meant}`?")), "{error}");
    }
    assert!(!mistake("hello world").to_string().contains("did you mean"));
}

#[test]
fn an_arrow_at_another_place_is_named() {
    const OWN_LINE: &str = "a segment has a line of its own, which begins with its arrow: `-->` or `<--`";
    for (line, why) in [
        ("<SEQ=1><CTL=SYN>", "an arrow is missing before the segment: `-->` goes out, `<--` arrives"),
        ("-> <SEQ=1><CTL=SYN>", "`->` is no arrow; did you mean `--> <SEQ=1><CTL=SYN>`?"),
        ("<- <SEQ=1><CTL=SYN>", "`<-` is no arrow; did you mean `<-- <SEQ=1><CTL=SYN>`?"),
        ("SYN-SENT --> <SEQ=1><CTL=SYN>", OWN_LINE),
        ("open active   --> <SEQ=1><CTL=SYN>", OWN_LINE),
        ("SYN-SENT --> ESTABLISHED", "`-->` stands before a segment; did you mean `SYN-SENT -> ESTABLISHED`?"),
        ("close --> FIN-WAIT-1", "`-->` stands before a segment"),
        ("close -> FIN-WAIT-1", "`close` is a call, and `->` stands between two states"),
    ] {
        is_no_line(line, "^", why);
    }
}

#[test]
fn an_open_is_active_or_passive() {
    is_no_line("  open", "  ^", "an open is active or passive: `open active` or `open passive`");
}

#[test]
fn what_stands_twice_is_named() {
    is_no_line("config msl=1s msl=2s", "              ^", "`msl` stands twice, and a comma is missing before `msl=2s`");
    is_no_line("config msl=1s mss=2", "              ^", "a comma is missing before `mss=2`");
    is_no_line("config msl=1s, msl=2s", "               ^", "`msl` stands twice");
    is_no_line("configure mss=1, nagle=on, mss=1", "                           ^", "`mss` stands twice");
    is_no_line("ESTABLISHED SND.NXT=1 SND.NXT=1", "                      ^", "`SND.NXT` stands twice");
}

#[test]
fn a_signal_is_one_that_there_is() {
    for signal in [
        "Acknowledged 10",
        "CongestionExperienced",
        "Urgent",
        "Closing",
        "Refused",
        "Reset",
        "TimedOut",
        "Unreachable PortUnreachable",
        "SoftError TimeExceeded",
        "Retransmitting",
    ] {
        Script::parse(&format!("signal: {signal}")).unwrap();
    }
    is_no_line("signal:", "       ^", "`` is no signal");
    is_no_line("signal: Acknowledged", "                    ^", "something is missing behind Acknowledged");
    is_no_line("signal: Reset now", "              ^", "nothing stands behind Reset");
    Script::parse("ESTABLISHED\n<-- <SEQ=300><CTL=RST>\nsignal:   Reset  # spaces\nCLOSED").unwrap();
}

#[test]
fn a_mistake_in_a_figure_has_its_place_too() {
    for (row, line, column, why) in [
        ("LISTEN", 2, 5, "neither a segment nor the states of both ends; did you mean `A: LISTEN`?"),
        ("close", 2, 5, "neither a segment nor the states of both ends; did you mean `A: close`?"),
        ("open active", 2, 5, "neither a segment nor the states of both ends; did you mean `A: open active`?"),
        ("listen", 2, 5, "neither a segment nor the states of both ends; did you mean `A: open passive`?"),
        ("5s", 2, 5, "neither a segment nor the states of both ends; did you mean `+ 5s`?"),
        ("nobody", 2, 5, "neither a segment nor the states of both ends"),
        ("LISTEN CLOSE", 2, 12, "`CLOSE` is no state; did you mean `CLOSED`?"),
        ("2. LISTEN LISTN", 2, 15, "`LISTN` is no state; did you mean `LISTEN`?"),
        (
            "A: close  B: clsoe",
            2,
            18,
            "`clsoe` is no segment, call, signal, state, policy or length of time; did you mean `close`?",
        ),
        ("A: + 1s", 2, 8, "time passes for both ends"),
        ("SYN-SENT --> <SEQ=1><CTL=SYN> ?", 2, 18, "`-->` and `?` around a segment do not say where it goes"),
        ("SYN-SENT x --> <SEQ=1><CTL=SYN> ...", 2, 14, "`x` between the state and the arrow"),
        ("(again) --> <SEQ=1><CTL=SYN> -->", 2, 5, "(again) stands for a segment that was just put out"),
    ] {
        let error = Figure::parse(&format!("CLOSED LISTEN\n    {row}")).expect_err(row);
        assert_eq!((error.line(), error.column()), (line, column), "{error}");
        assert!(error.to_string().ends_with(&format!("\n  {why}")), "{error}");
    }
}

/// A difference in a line that is understood is shown at the beginning of the line.
#[test]
fn a_difference_has_a_place_too() {
    let error = Script::parse("LISTEN\n    CLOSED").unwrap().run(&Config::DEFAULT).unwrap_err();
    assert_eq!((error.line(), error.column()), (2, 5));
    assert!(error.to_string().starts_with("at line 2, column 5: CLOSED\n"), "{error}");
}

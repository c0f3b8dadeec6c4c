//! Bytes as strings, in scripts, figures and scenarios.

use core::ops::Range;

use tcp_lifecycle::sim::{Figure, Glue, Network, Scenario, Script, ScriptError, Side, check, check_figure};
use tcp_lifecycle::{CallError, Config, Connection, Instant, Output, Refusal, Segment, Signal};

#[track_caller]
fn differs(error: &ScriptError, line: usize, expected: &str, came: &str) {
    assert_eq!((error.line(), error.difference()), (line, Some((expected, came))), "{error}");
}

fn run(script: &str) -> Result<(), ScriptError> {
    Script::parse(script)?.run(&Config::DEFAULT).map(|_| ())
}

const REQUEST: &str = r#"
    config nagle=off
    ESTABLISHED
    send "GET /#1 => \"\r\n"                                 # a comment
    --> <SEQ=100><ACK=300><CTL=ACK><DATA="GET /#1 => \"\r\n">
    send 2
    --> <SEQ=114><ACK=300><CTL=ACK><DATA=2>
    <-- <SEQ=300><ACK=116><CTL=PSH,ACK><DATA="a > b -> c & d">
    signal: Acknowledged 16
    --> <SEQ=116><ACK=314><CTL=ACK>
    receive "a > b "
    receive 3
    receive "c & d"
    send urgent "!"
    --> <SEQ=116><ACK=314><CTL=URG,ACK><DATA=1><URG=1>      bytes "!"
"#;

#[test]
fn a_script_shows_the_bytes_of_both_users() {
    run(REQUEST).unwrap();
}

#[test]
fn other_bytes_than_the_line_says_are_a_difference() {
    let other = |from: &str, to: &str| run(&REQUEST.replacen(from, to, 1)).expect_err("other bytes");
    let sent = other("<DATA=\"GET /#1", "<DATA=\"PUT /#1");
    differs(&sent, 5, r#"bytes "PUT /#1 => \"\r\n""#, r#"bytes "GET /#1 => \"\r\n""#);
    differs(&other("bytes \"!\"", "bytes \"?\""), 15, "bytes \"?\"", "bytes \"!\"");
    differs(&other("receive \"a > b \"", "receive \"a < b \""), 11, "receive \"a < b \"", "receive \"a > b \"");
    let shorter = other("<DATA=\"GET /#1", "<DATA=\"GET /");
    assert_eq!(shorter.line(), 5);
}

/// A retransmission has the same bytes, from the middle on.
#[test]
fn the_bytes_are_those_at_their_place_in_the_stream() {
    check(
        r#"
        ESTABLISHED                                         SND.WND=8
        send "hello, "
        --> <SEQ=100><ACK=300><CTL=ACK><DATA="hello, ">
        send "world"
        <-- <SEQ=300><ACK=103><CTL=ACK><WND=9>
        signal: Acknowledged 3
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=103><ACK=300><CTL=ACK><DATA="lo, ">        bytes 0..4
        <-- <SEQ=300><ACK=107><CTL=ACK>
        signal: Acknowledged 4
        --> <SEQ=107><ACK=300><CTL=ACK><DATA="world">       bytes 0..5
        <-- <SEQ=302><ACK=112><CTL=ACK><DATA="ld">          delivers nothing
        signal: Acknowledged 5
        --> <SEQ=112><ACK=300><CTL=ACK>
        <-- <SEQ=298><ACK=112><CTL=ACK><DATA="xxcold">      delivers 2..6
        --> <SEQ=112><ACK=304><CTL=ACK>
        <-- <SEQ=300><ACK=112><CTL=ACK><DATA="warm">        refused
        --> <SEQ=112><ACK=304><CTL=ACK>
        receive "cold"
        "#,
    );
}

/// A program with queues, which may be wrong in one letter.
struct Echo {
    connection: Connection,
    queue: Vec<u8>,
    wrong: bool,
}

impl Glue for Echo {
    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }
    fn send_bytes(&mut self, bytes: &[u8], now: Instant) -> Result<(), CallError> {
        self.connection.send(bytes.len(), now)?;
        self.queue.extend_from_slice(bytes);
        Ok(())
    }
    fn payload_arrives(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> Result<Range<usize>, Refusal> {
        let new = self.connection.segment_arrives(segment, now)?;
        if !new.is_empty() {
            self.connection.receive(new.len()).expect("it was delivered");
            self.connection.send(new.len(), now).expect("it is open");
            self.queue.extend(payload[new.clone()].iter().map(|byte| if self.wrong { b'?' } else { *byte }));
        }
        Ok(new)
    }
    fn payload(&mut self, range: Range<usize>) -> Option<Vec<u8>> {
        Some(self.queue[range].to_vec())
    }
    fn poll(&mut self, now: Instant) -> Output {
        let output = self.connection.poll(now);
        if let Output::Signal(Signal::Acknowledged(bytes)) = output {
            self.queue.drain(..bytes);
        }
        output
    }
}

#[test]
fn the_bytes_that_a_program_sends_are_compared() {
    let script = r#"
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA="echo">
        --> <SEQ=100><ACK=304><CTL=ACK><DATA="echo">"#;
    let echo = |wrong| {
        let make = move |config: &Config| Echo { connection: Connection::new(config, 0), queue: Vec::new(), wrong };
        Script::parse(script).unwrap().run_with(&Config::DEFAULT, make).map(|_| ())
    };
    echo(false).unwrap();
    differs(&echo(true).expect_err("it is wrong"), 4, "bytes \"echo\"", "bytes \"????\"");
}

const FIGURE: &str = r#"
    1.  ESTABLISHED                                              ESTABLISHED
    A: send "A: or B:"                                           # a comment
    2.  ESTABLISHED --> <SEQ=100><ACK=300><CTL=ACK><DATA="A: or B:"> ...  ESTABLISHED
        ESTABLISHED ... <SEQ=100><ACK=300><CTL=ACK><DATA="A: or B:"> -->  ESTABLISHED
        ESTABLISHED <-- <SEQ=300><ACK=108><CTL=ACK>              <-- ESTABLISHED
    B: receive "A: or B:"
    A: signal: Acknowledged 8       B: send "no"
        ESTABLISHED <-- <SEQ=300><ACK=108><CTL=ACK><DATA="no">   <-- ESTABLISHED
"#;

#[test]
fn a_figure_carries_the_bytes_from_one_user_to_the_other() {
    let played = |figure: &str| Figure::parse(figure).and_then(|figure| figure.run(&Config::DEFAULT));
    let error = played(FIGURE).expect_err("A answers the last segment");
    assert_eq!(error.difference().unwrap().0, "A: nothing more", "{error}");
    check_figure(&format!("{FIGURE}\n ESTABLISHED --> <SEQ=108><ACK=302><CTL=ACK> x"));
    let other = |from: &str, to: &str| played(&FIGURE.replacen(from, to, 1)).expect_err("other bytes");
    differs(&other("receive \"A: or", "receive \"B: or"), 7, "receive \"B: or B:\"", "receive \"A: or B:\"");
    assert_eq!(
        other("... <SEQ=100><ACK=300><CTL=ACK><DATA=\"A: or", "... <SEQ=100><ACK=300><CTL=ACK><DATA=\"B: or").line(),
        5
    );
}

#[test]
fn a_scenario_has_the_bytes_of_its_users_and_of_what_it_injects() {
    let scenario = r#"
        B: open passive
        A: open active
        deliver all
        B: stop reading
        A: send "one & two"
        A: --> <SEQ=101><ACK=301><CTL=ACK><DATA="one & two">
        inject A <SEQ=110><ACK=301><CTL=ACK><DATA="!">
        deliver <SEQ=101><ACK=301><CTL=ACK><DATA="one & two">
        deliver <SEQ=110><ACK=301><CTL=ACK><DATA="!">
        B: receive "one & two!"
        B: send "ok"
        B: --> <SEQ=301><ACK=111><CTL=ACK><DATA=2>          bytes "ok"
    "#;
    let played = Scenario::run(scenario).unwrap();
    assert_eq!(played.pair().received(Side::B), b"one & two!");
    let other = |from: &str, to: &str| Scenario::run(&scenario.replacen(from, to, 1)).expect_err("other bytes");
    differs(&other("two!\"", "two?\""), 11, "B: receive \"one & two?\"", "B: receive \"one & two!\"");
    assert_eq!(
        other("--> <SEQ=101><ACK=301><CTL=ACK><DATA=\"one", "--> <SEQ=101><ACK=301><CTL=ACK><DATA=\"two").line(),
        7
    );
    assert_eq!(
        other("deliver <SEQ=101><ACK=301><CTL=ACK><DATA=\"one", "deliver <SEQ=101><ACK=301><CTL=ACK><DATA=\"two")
            .line(),
        9
    );
    assert_eq!(other("bytes \"ok\"", "bytes \"no\"").line(), 13);
    assert_eq!(
        other("inject A <SEQ=110><ACK=301><CTL=ACK><DATA=\"!\">", "inject A <SEQ=110><ACK=301><CTL=ACK><DATA=\"?\">")
            .line(),
        10
    );
}

#[test]
fn over_a_network_the_bytes_are_compared_too() {
    let script = r#"
        open active
        --> <SEQ=100><CTL=SYN>
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        ESTABLISHED
        send "hello"
        --> <SEQ=101><ACK=301><CTL=ACK><DATA="hello">
        <-- <SEQ=301><ACK=106><CTL=ACK><DATA="bye">
        ESTABLISHED                                         UNREAD=3
        receive "bye"
    "#;
    let played = |script: &str| Script::parse(script).unwrap().run_over(&Config::DEFAULT, Network::PERFECT);
    played(script).unwrap();
    let other = |from: &str, to: &str| played(&script.replacen(from, to, 1)).expect_err("other bytes");
    differs(&other("receive \"bye\"", "receive \"buy\""), 10, "A: receive \"buy\"", "A: receive \"bye\"");
    let expected = "--> <SEQ=101><ACK=301><CTL=ACK><DATA=\"jello\">";
    differs(
        &other("<DATA=\"hello\">", "<DATA=\"jello\">"),
        7,
        expected,
        "nothing of the kind, and nothing more happens",
    );
}

#[test]
fn a_string_that_is_not_understood_is_shown_with_its_place() {
    let open = "the quotation mark at the end of the string is missing";
    let escape = r#"an escape is one of \r \n \t \0 \\ \" \x0d"#;
    for (line, column, why) in [
        (r#"send "GET"#, 6, open),
        (r#"send "GET\""#, 6, open),
        (r#"send "a\qb""#, 8, escape),
        (r#"send "a\x0gb""#, 8, r"`\x` needs two hexadecimal digits, such as \x0d"),
        (r#"send "a" b"#, 9, "` b` stands behind the string"),
        (r#"receive "a\"#, 11, escape),
        (r#"<-- <SEQ=1><CTL=><DATA="a>"#, 24, open),
        (r#"<-- <SEQ=1><CTL=><DATA="\z">"#, 25, escape),
        (r#"--> <SEQ=1><CTL=><DATA=1> bytes "a"#, 33, open),
        (
            r#"--> <SEQ=1><CTL=><DATA=1> bytes "ab""#,
            33,
            r#""ab" is not a payload of 1 bytes, or not the one in the segment"#,
        ),
        (
            r#"--> <SEQ=1><CTL=><DATA="a"> bytes "b""#,
            35,
            r#""b" is not a payload of 1 bytes, or not the one in the segment"#,
        ),
        (r#"--> <SEQ=1><CTL=><DATA=1> hello"#, 27, "`hello` is not: bytes 0..10, or bytes \"hello\""),
    ] {
        let error = Script::parse(line).expect_err(line);
        assert_eq!((error.line(), error.column()), (1, column), "{error}");
        assert!(error.to_string().ends_with(&format!("\n  {why}")), "{error}");
    }
    for line in [r#"send "a" "#, r#"send urgent "\x0D\\\0\t""#, "send \"grüße # und mehr\"", r#"send """#] {
        Script::parse(line).unwrap_or_else(|error| panic!("{error}"));
    }
    let sends =
        |text: &str| run(&format!("ESTABLISHED\nsend {text}\n--> <SEQ=100><ACK=300><CTL=ACK><DATA=4> bytes {text}"));
    sends(r#""\x00\r\\é""#).expect_err("five bytes: é has two");
    sends(r#""\xff\"é""#).unwrap();
}

#[test]
fn strings_are_printed_as_they_are_parsed() {
    let mut script = String::from("ESTABLISHED\n");
    for byte in 0..=255_u8 {
        script.push_str(&format!("send \"\\x{byte:02x}'\"\n"));
    }
    let error = Script::parse(&script).unwrap().run(&Config::DEFAULT).expect_err("segments are not listed");
    let first = "ESTABLISHED\nsend \"'\\\"\\\\\"\n--> <SEQ=100><ACK=300><CTL=ACK><DATA=\"x\\\"\\\\\">";
    assert_eq!(run(first).expect_err("another letter").difference(), Some((r#"bytes "x\"\\""#, r#"bytes "'\"\\""#)));
    assert!(error.exchange().iter().any(|line| line.ends_with(r#"send "\x00'""#)), "{error}");
}

//! The simulator itself: scripts are strict, and a simulated network is fair and deterministic.

#[path = "sim/bounds.rs"]
mod bounds;
mod cases;
#[path = "sim/driving.rs"]
mod driving;
#[path = "sim/glue.rs"]
mod glue;
#[path = "sim/ladders.rs"]
mod ladders;
#[path = "sim/lines.rs"]
mod lines;
#[path = "sim/lives.rs"]
mod lives;
#[path = "sim/marks.rs"]
mod marks;
#[path = "sim/mermaid.rs"]
mod mermaid;
#[path = "sim/mistakes.rs"]
mod mistakes;
#[path = "sim/network.rs"]
mod network;
#[path = "sim/over.rs"]
mod over;
#[path = "sim/packetdrill.rs"]
mod packetdrill;
#[cfg(feature = "pcapng")]
#[path = "sim/pcapng.rs"]
mod pcapng;
#[path = "sim/reassembly.rs"]
mod reassembly;
#[path = "sim/scenario.rs"]
mod scenario;
#[path = "sim/strings.rs"]
mod strings;
#[path = "sim/subject.rs"]
mod subject;
#[path = "sim/subscribers.rs"]
mod subscribers;
#[path = "sim/users.rs"]
mod users;
#[path = "sim/wrong_glues.rs"]
mod wrong_glues;

use cases::cases;
use proptest::prelude::*;
use tcp_lifecycle::sim::{Figure, Network, Pair, Script, ScriptError, Side, What};
use tcp_lifecycle::{Config, Open, State};

#[track_caller]
fn error_of(script: &str) -> ScriptError {
    Script::parse(script).and_then(|script| script.run(&Config::DEFAULT)).expect_err("the script differs")
}

#[track_caller]
fn differs(script: &str, line: usize, expected: &str, came: &str) {
    let error = error_of(script);
    assert_eq!(error.line(), line, "{error}");
    let printed = error.to_string();
    assert!(printed.contains(&format!("expected  {expected}\n  came      {came}")), "{printed}");
}

#[test]
fn a_segment_that_is_not_listed_fails() {
    differs("open active\nSYN-SENT", 2, "nothing more", "--> <SEQ=100><CTL=SYN>");
    assert!(error_of("open active\nSYN-SENT").to_string().contains("\n  no line lists this output\n"));
    differs("open active\nSYN-SENT\n+ 1ms", 3, "nothing more", "--> <SEQ=100><CTL=SYN>");
}

#[test]
fn a_segment_that_does_not_come_fails() {
    differs("LISTEN\n--> <SEQ=1><CTL=SYN>", 2, "--> <SEQ=1><CTL=SYN>", "nothing");
}

#[test]
fn a_segment_that_differs_fails() {
    let script = |segment: &str| format!("open active\n--> {segment}\nSYN-SENT");
    for segment in ["<SEQ=101><CTL=SYN>", "<SEQ=100><CTL=FIN>", "<SEQ=100><ACK=0><CTL=SYN,ACK>"] {
        assert_eq!(error_of(&script(segment)).line(), 2);
    }
    for segment in ["<SEQ=100><CTL=SYN><WND=7>", "<SEQ=100><CTL=SYN><MSS=7>", "<SEQ=100><CTL=SYN><DATA=1>"] {
        assert_eq!(error_of(&script(segment)).line(), 2);
    }
    let same = Script::parse(&script("<SEQ=100><CTL=SYN><WND=65535><MSS=536>")).unwrap();
    assert_eq!(same.run(&Config::DEFAULT).unwrap().state(), State::SynSent);
}

#[test]
fn a_signal_that_is_not_listed_fails() {
    differs("ESTABLISHED\n<-- <SEQ=300><CTL=RST>\nCLOSED", 3, "nothing more", "signal: Reset");
}

#[test]
fn a_change_of_state_that_is_not_told_fails() {
    differs("open passive", 1, "a line that tells the new state, LISTEN", "no such line");
    differs("FIN-WAIT-2\nabort\nFIN-WAIT-2 -> CLOSING", 3, "FIN-WAIT-2 -> CLOSING", "FIN-WAIT-2 -> CLOSED");
}

#[test]
fn a_variable_that_differs_fails() {
    differs("ESTABLISHED SND.NXT=100\nESTABLISHED SND.NXT=101", 2, "SND.NXT=101", "SND.NXT=100");
    differs("TIME-WAIT DEADLINE=3m", 1, "DEADLINE=180s", "DEADLINE=240s");
}

#[test]
fn what_a_timer_puts_out_must_come_at_the_end_of_the_time() {
    differs("SYN-SENT\n+ 1500ms", 2, "nothing before the end", "after 1s: signal: RetransmissionTimeout");
}

#[test]
fn the_error_of_a_call_must_be_listed_and_must_come() {
    differs("close", 1, "no error", "error: connection does not exist");
    differs("ESTABLISHED\nclose => error: connection closing", 2, "error: connection closing", "no error");
}

#[test]
fn what_becomes_of_a_segment_must_be_as_it_is_written() {
    let arrives = "ESTABLISHED\n<-- <SEQ=301><ACK=100><CTL=ACK><DATA=10>";
    differs(arrives, 2, "delivers 0..10", "delivers 0..0");
    differs(&format!("{arrives} refused"), 2, "refused: ", "delivers 0..0");
    differs(&format!("{arrives} delivers 3..10"), 2, "delivers 3..10", "delivers 0..0");
    let old = "ESTABLISHED\n<-- <SEQ=299><ACK=100><CTL=ACK>";
    let refused = "refused: not acceptable: outside the receive window";
    differs(&format!("{old} accepted"), 2, "accepted", refused);
    differs(&format!("{old} refused: NoAck"), 2, "refused: NoAck", refused);
    for why in ["NotAcceptable", "RFC 9293 section 3.10.7.4, first", "not acceptable: outside the receive window"] {
        let script = format!("{old} refused: {why}\n--> <SEQ=100><ACK=300><CTL=ACK>");
        Script::parse(&script).unwrap().run(&Config::DEFAULT).unwrap();
    }
}

#[test]
fn a_difference_shows_the_exchange_until_then() {
    let error = error_of("open active\n--> <SEQ=100><CTL=SYN>\n  ESTABLISHED  # too early\n");
    let expected = "at line 3, column 3: ESTABLISHED  # too early
  expected  ESTABLISHED
  came      SYN-SENT
the exchange until then:
       0ns  open active
       0ns  CLOSED -> SYN-SENT
       0ns  --> <SEQ=100><CTL=SYN><WND=65535><MSS=536>
";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn below_a_long_exchange_the_difference_stands_again() {
    let difference = "  expected  LISTEN\n  came      ESTABLISHED\n";
    for (sends, times) in [(1, 1), (30, 2)] {
        let sent = |n: u32| format!("send 1\n--> <SEQ={}><ACK=300><CTL=ACK><DATA=1>\n", 100 + n);
        let sends: String = (0..sends).map(sent).collect();
        let message = error_of(&format!("config nagle=off\nESTABLISHED\n{sends}LISTEN")).to_string();
        assert_eq!(message.matches(difference).count(), times, "{message}");
        assert_eq!(message.ends_with(difference), times > 1, "{message}");
    }
}

#[test]
fn a_line_that_is_none_is_named() {
    for line in
        ["opne active", "--> <SEQ=1>", "<-- <CTL=SYN> x", "ESTABLISHED SND.NTX=1", "+ 3 apples", "& + 1s", "config x=1"]
    {
        let error = Script::parse(&format!("LISTEN\n{line}")).expect_err(line);
        assert_eq!(error.line(), 2);
        assert!(error.to_string().starts_with("line 2, column "), "{error}");
    }
}

#[test]
fn every_state_can_be_where_a_script_begins() {
    for state in State::ALL {
        let script = Script::parse(&format!("{state} SND.NXT=7 RCV.NXT=4294967295"));
        // A state without numbers can be reached too.
        let script = match state {
            State::Closed | State::Listen | State::SynSent => Script::parse(state.name()),
            State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => script,
        };
        assert_eq!(script.unwrap().run(&Config::DEFAULT).unwrap().state(), state);
    }
}

#[track_caller]
fn figure_differs(figure: &str, line: usize) {
    let error = Figure::parse(figure).and_then(|figure| figure.run(&Config::DEFAULT)).expect_err("the figure differs");
    assert_eq!(error.line(), line, "{error}");
}

#[test]
fn a_figure_is_strict_too() {
    let opened = "A: open active    B: LISTEN";
    figure_differs(opened, 1);
    figure_differs(&format!("{opened}\nSYN-SENT --> <SEQ=100><CTL=SYN> --> LISTEN"), 2);
    figure_differs(&format!("{opened}\nSYN-SENT --> <SEQ=101><CTL=SYN> --> SYN-RECEIVED"), 2);
    figure_differs(&format!("{opened}\nSYN-SENT --> <SEQ=100><CTL=SYN> ... LISTEN"), 2);
    figure_differs(&format!("{opened}\nSYN-SENT --> <SEQ=100><CTL=SYN> --> SYN-RECEIVED"), 2);
    figure_differs(
        &format!("{opened}\nSYN-SENT --> <SEQ=100><CTL=SYN> x LISTEN\n... <SEQ=100><CTL=SYN> --> SYN-RECEIVED"),
        3,
    );
    figure_differs("A: CLOSED B: LISTEN\n(again) ... <SEQ=100><CTL=SYN> --> SYN-RECEIVED", 2);
    Figure::parse(&format!("{opened}\nSYN-SENT --> <SEQ=100><CTL=SYN> x LISTEN"))
        .unwrap()
        .run(&Config::DEFAULT)
        .unwrap();
}

/// Policies under which no network fault ends a connection.
const PATIENT: Config = Config { r2: core::time::Duration::MAX, user_timeout: None, ..Config::DEFAULT };

/// A conversation over a faulty network, from the handshake to the last timer.
fn conversation(seed: u64) -> Pair {
    let mut pair = Pair::new(&PATIENT, &PATIENT, Network::faulty(seed));
    conversation_over(&mut pair);
    pair
}

fn conversation_over(pair: &mut Pair) {
    pair.handshake().unwrap();
    let bytes: Vec<u8> = (0..5_000_u32).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    pair.send(Side::A, &bytes).unwrap();
    pair.send(Side::B, &bytes[..1_000]).unwrap();
    pair.close(Side::A).unwrap();
    pair.drive_while(|pair| pair.state(Side::B) != State::CloseWait).unwrap();
    pair.close(Side::B).unwrap();
    pair.drive().unwrap();
    assert_eq!(pair.received(Side::B), bytes);
    assert_eq!(pair.received(Side::A), &bytes[..1_000]);
}

#[test]
fn two_ends_over_a_faulty_network_say_all_they_have_to_say_and_close() {
    for seed in 0..50 {
        let pair = conversation(seed);
        assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Closed, State::Closed), "seed {seed}");
        assert_eq!(pair.violation(), None);
    }
}

#[test]
fn the_same_seed_is_the_same_run_and_another_one_is_another() {
    assert_eq!(conversation(1).trace(), conversation(1).trace());
    assert_ne!(conversation(1).trace(), conversation(2).trace());
}

#[test]
fn a_faulty_network_loses_duplicates_and_reorders() {
    let mut pair =
        Pair::new(&PATIENT, &PATIENT, Network { reordering: 100, duplication: 200, loss: 100, ..Network::faulty(3) });
    conversation_over(&mut pair);
    let count = |what: fn(&What) -> bool| pair.trace().events().iter().filter(|event| what(&event.what)).count();
    assert!(count(|what| matches!(what, What::Lost(..))) > 0);
    assert!(count(|what| matches!(what, What::Duplicated(..))) > 0);
    let arrived = pair.trace().events().iter().filter_map(|event| {
        if let What::Arrived(number, ..) = event.what { Some(number).filter(|_| event.side == Side::B) } else { None }
    });
    assert!(!arrived.is_sorted());
}

#[test]
fn bytes_that_nobody_reads_close_the_window_and_reading_opens_it() {
    let small = Config { receive_buffer: 1_072, ..Config::DEFAULT };
    let mut pair = Pair::new(&Config::DEFAULT, &small, Network::PERFECT);
    pair.handshake().unwrap();
    pair.stop_reading(Side::B);
    pair.send(Side::A, &[7; 3_216]).unwrap();
    pair.settle().unwrap();
    assert_eq!(pair.received(Side::B).len(), 1_072);
    let mut read = 0;
    while read < 3_216 {
        read += pair.read(Side::B, 1_072).len();
        pair.drive_while(|pair| pair.received(Side::B).len() == read && read < 3_216).unwrap();
    }
    assert_eq!(pair.received(Side::B), &[7; 3_216]);
}

#[test]
fn a_peer_that_crashed_is_found_out_and_opens_again() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    pair.handshake().unwrap();
    pair.send(Side::B, b"first").unwrap();
    pair.settle().unwrap();
    pair.crash(Side::A);
    pair.open(Side::A, Open::Active).unwrap();
    pair.settle().unwrap();
    assert_eq!(pair.state(Side::B), State::Closed);
    pair.open(Side::B, Open::Passive).unwrap();
    pair.drive_while(|pair| pair.state(Side::B) != State::Established).unwrap();
    pair.send(Side::B, b"second").unwrap();
    pair.settle().unwrap();
    assert_eq!(pair.received(Side::A), b"second");
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn no_text_makes_a_script_panic(text in "[-<>=. \n&+:#0-9A-Za-z,]{0,200}") {
        let _ = Script::parse(&text).and_then(|script| script.run(&Config::DEFAULT));
        let _ = Figure::parse(&text).and_then(|figure| figure.run(&Config::DEFAULT));
    }

    #[test]
    fn no_lines_of_scripts_make_one_panic(lines in proptest::collection::vec(proptest::sample::select(LINES.to_vec()), 0..12)) {
        let script = Script::parse(&lines.join("\n"));
        let _ = script.clone().and_then(|script| script.run(&Config::DEFAULT));
        let _ = script.and_then(|script| script.run_over(&Config::DEFAULT, Network::faulty(1)));
        let rows = lines.iter().map(|line| format!("A: {line}  B: {line}\n")).collect::<String>();
        let _ = Figure::parse(&rows).and_then(|figure| figure.run(&Config::DEFAULT));
    }
}

const LINES: [&str; 24] = [
    "open active",
    "open passive",
    "close",
    "abort",
    "send 10",
    "send 18446744073709551615",
    "receive 10 => error: connection closing",
    "limit 0",
    "send urgent 10",
    "retransmit 9..18446744073709551615",
    "retransmit 3..1",
    "icmp PortUnreachable 4294967295 refused",
    "icmp PortUnreachable 100",
    "configure msl=0s, mss=0, keep_alive=on",
    "crash",
    "ISS=4294967295",
    "config msl=0s, mss=0, rto_max=0s",
    "+ 1000000h",
    "+ 4000000000 MSL",
    "<-- <SEQ=4294967295><ACK=101><CTL=FIN,SYN,ACK><DATA=65535> delivers 1..0",
    "<-- <SEQ=300><CTL=SYN> accepted",
    "--> <SEQ=100><CTL=SYN> bytes 3..1",
    "ESTABLISHED SND.NXT=0 RCV.NXT=0 SND.WND=4294967296",
    "TIME-WAIT DEADLINE=none",
];

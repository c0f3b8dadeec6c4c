//! Programs around a connection, each with one fault, and the scripts that find it; without a fault the scripts pass.

#[path = "wrong_glues/program.rs"]
mod program;

use program::{Drives, Fault, Program};
use tcp_lifecycle::Config;
use tcp_lifecycle::sim::{Script, ScriptError};

const TIMED: &str = "
    open active
    --> <SEQ=100><CTL=SYN>
    SYN-SENT
    + 1s
    signal: RetransmissionTimeout
    --> <SEQ=100><CTL=SYN>
    <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
    --> <SEQ=101><ACK=301><CTL=ACK>
    ESTABLISHED
    send 10
    --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>
    + 3s                                            # the SYN was lost: RFC 6298 section 5.7
    signal: RetransmissionTimeout
    --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>
";

const SENDS: &str = "
    config nagle=off
    ESTABLISHED
    send 6
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=6>
    send 6
    --> <SEQ=106><ACK=300><CTL=ACK><DATA=6>
    <-- <SEQ=300><ACK=104><CTL=ACK>
    signal: Acknowledged 4
    + 1s
    signal: RetransmissionTimeout
    --> <SEQ=104><ACK=300><CTL=ACK><DATA=8>
    <-- <SEQ=300><ACK=112><CTL=ACK>
    signal: Acknowledged 8
    send urgent 3
    --> <SEQ=112><ACK=300><CTL=URG,ACK><DATA=3><URG=3>
";

/// Segments that an ACK releases are sent in the same drain.
const RELEASED: &str = "
    ESTABLISHED                                     SND.WND=8
    send 20
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=8>
    <-- <SEQ=300><ACK=108><CTL=ACK><WND=8>
    signal: Acknowledged 8
    --> <SEQ=108><ACK=300><CTL=ACK><DATA=8>
    limit 8
    retransmit 0..4
    --> <SEQ=108><ACK=300><CTL=ACK><DATA=4>
";

const RECEIVES: &str = "
    config receive_buffer=2000, mss=500
    ESTABLISHED
    <-- <SEQ=300><ACK=100><CTL=ACK><DATA=500>
    --> <SEQ=100><ACK=800><CTL=ACK>
    <-- <SEQ=500><ACK=100><CTL=ACK><DATA=500>       delivers 300..500
    --> <SEQ=100><ACK=1000><CTL=ACK>
    <-- <SEQ=300><ACK=100><CTL=ACK><DATA=500>       refused
    --> <SEQ=100><ACK=1000><CTL=ACK>
    receive 600
    <-- <SEQ=1000><ACK=100><CTL=ACK><DATA=1300>
    --> <SEQ=100><ACK=2300><CTL=ACK><WND=600>
    receive 1400                                    # the window opens
    --> <SEQ=100><ACK=2300><CTL=ACK><WND=2000>
    ESTABLISHED                                     UNREAD=0
";

const CLOSES: &str = "
    ESTABLISHED
    <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=3>
    signal: Closing
    --> <SEQ=100><ACK=304><CTL=ACK>
    CLOSE-WAIT
    receive 3
    send 3
    --> <SEQ=100><ACK=304><CTL=ACK><DATA=3>
    close
    --> <SEQ=103><ACK=304><CTL=FIN,ACK>
    LAST-ACK
    <-- <SEQ=304><ACK=104><CTL=ACK>
    signal: Acknowledged 3
    CLOSED
";

const RESET: &str = "
    ESTABLISHED
    <-- <SEQ=300><CTL=RST>
    signal: Reset
    CLOSED
";

const ABORTS: &str = "
    ESTABLISHED
    send 5
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
    icmp TimeExceeded 100
    signal: SoftError TimeExceeded
    abort
    --> <SEQ=105><CTL=RST>
    CLOSED
";

/// The initial sequence number is the same both times.
const LISTENS_AGAIN: &str = "
    open passive
    LISTEN
    <-- <SEQ=299><CTL=SYN>
    --> <SEQ=100><ACK=300><CTL=SYN,ACK>
    SYN-RECEIVED
    send 5
    <-- <SEQ=300><CTL=RST>
    LISTEN
    <-- <SEQ=299><CTL=SYN>
    --> <SEQ=100><ACK=300><CTL=SYN,ACK>
    SYN-RECEIVED
    <-- <SEQ=300><ACK=101><CTL=ACK>
    ESTABLISHED
    send 3
    --> <SEQ=101><ACK=300><CTL=ACK><DATA=3>
";

const KEEPS_ALIVE: &str = "
    config keep_alive=1m 10s 2, keep_alive_octet=on
    ESTABLISHED
    + 1m
    --> <SEQ=99><ACK=300><CTL=ACK><DATA=1>
";

const SCRIPTS: [&str; 9] = [LISTENS_AGAIN, TIMED, SENDS, RELEASED, RECEIVES, CLOSES, RESET, ABORTS, KEEPS_ALIVE];

/// A fault, the script that finds it, the line where it does, the expected output and the actual one.
type Found = (Fault, &'static str, usize, &'static str, &'static str);

/// Faults that are found whether the script polls or the program.
const FAULTS: [Found; 20] = [
    (Fault::NoTimer, TIMED, 5, "timeout() at 1s, by next_timeout()", "next_timeout() is none"),
    (Fault::LateTimer, TIMED, 5, "timeout() at 1s, by next_timeout()", "next_timeout() is 1.5s"),
    (Fault::TimeoutNotHandedOn, TIMED, 5, "timeout() to move the deadline on", "it is 1s at 1s"),
    (Fault::NoReceive, RECEIVES, 10, "UNREAD=100, by receive() of what the user has", "UNREAD=700"),
    (Fault::ReceivesTooFew, CLOSES, 7, "UNREAD=0, by receive() of what the user has", "UNREAD=1"),
    (Fault::DropsTooMuch, SENDS, 10, "byte 0xe8 at place 0 of the send queue (SEQ=104)", "byte 0x4a"),
    (Fault::DropsNothing, SENDS, 10, "byte 0xe8 at place 0 of the send queue (SEQ=104)", "byte 0x61"),
    (Fault::DropsTheBack, SENDS, 10, "byte 0xe8 at place 0 of the send queue (SEQ=104)", "byte 0x61"),
    (Fault::StaleQueue, RELEASED, 5, "byte 0x70 at place 0 of the send queue (SEQ=108)", "byte 0x61"),
    (Fault::KeepsTheQueueInListen, LISTENS_AGAIN, 15, "byte 0x4a at place 0 of the send queue (SEQ=101)", "byte 0x61"),
    (Fault::QueuesTwice, SENDS, 6, "byte 0xac at place 6 of the send queue (SEQ=106)", "byte 0x61"),
    (Fault::RangeIgnored, RECEIVES, 10, "byte 0x6d at place 500 of the receive queue (SEQ=800)", "byte 0x04"),
    (Fault::DeliversRefused, RECEIVES, 10, "byte 0x6d at place 500 of the receive queue (SEQ=800)", "byte 0x04"),
    (Fault::DeliversBackwards, CLOSES, 7, "byte 0x69 at place 0 of the receive queue (SEQ=300)", "byte 0xa5"),
    (Fault::DeliversTooFew, CLOSES, 7, "3 bytes for the user", "2 bytes"),
    (Fault::SwallowsClosing, CLOSES, 4, "signal: Closing", "--> <SEQ=100><ACK=304><CTL=ACK><WND=65532>"),
    (Fault::SwallowsEnds, RESET, 4, "signal: Reset", "nothing"),
    (Fault::SwallowsSegments, TIMED, 3, "--> <SEQ=100><CTL=SYN>", "nothing"),
    (
        Fault::ClosesUnasked,
        CLOSES,
        5,
        "--> <SEQ=100><ACK=304><CTL=ACK>",
        "--> <SEQ=100><ACK=304><CTL=FIN,ACK><WND=65532>",
    ),
    (Fault::ClosesTwice, CLOSES, 10, "no error", "error: connection closing"),
];

/// Faults of programs that poll by themselves.
const FAULTS_OF_A_LOOP: [Found; 7] = [
    (Fault::NoPollAfterAbort, ABORTS, 7, "poll() until Wait", "left behind: ESTABLISHED -> CLOSED"),
    (
        Fault::NoPollAfterReceive,
        RECEIVES,
        13,
        "poll() until Wait",
        "left behind: --> <SEQ=100><ACK=2300><CTL=ACK><WND=2000>",
    ),
    (Fault::NoPollAfterTimeout, TIMED, 5, "poll() until Wait", "left behind: signal: RetransmissionTimeout"),
    (Fault::NoPollAfterIcmp, ABORTS, 5, "poll() until Wait", "left behind: signal: SoftError TimeExceeded"),
    (Fault::PollsOnce, TIMED, 2, "poll() until Wait", "left behind: --> <SEQ=100><CTL=SYN><WND=65535><MSS=536>"),
    (Fault::NoOctet, KEEPS_ALIVE, 4, "1 bytes for <SEQ=99><ACK=300><CTL=ACK><DATA=1><WND=65535>", "0 bytes"),
    (Fault::StaleClock, TIMED, 5, "timeout() to move the deadline on", "it is 1s at 1s"),
];

fn play(script: &str, drives: Drives, fault: Option<Fault>) -> Result<(), ScriptError> {
    let make = |config: &Config| Program::new(config, drives, fault);
    Script::parse(script).unwrap().run_with(&Config::DEFAULT, make).map(|_| ())
}

#[track_caller]
fn finds(drives: Drives, (fault, script, line, expected, came): Found) {
    let error = play(script, drives, Some(fault)).expect_err("the fault shows");
    assert_eq!((error.line(), error.difference()), (line, Some((expected, came))), "{fault:?}: {error}");
}

#[test]
fn a_program_without_a_fault_passes_every_script_whoever_polls() {
    for script in SCRIPTS {
        play(script, Drives::Script, None).unwrap();
        play(script, Drives::Itself, None).unwrap();
    }
}

#[test]
fn a_script_finds_each_fault_of_a_program_that_it_polls() {
    FAULTS.into_iter().for_each(|found| finds(Drives::Script, found));
}

#[test]
fn a_script_finds_each_fault_of_a_program_that_polls_by_itself() {
    FAULTS.into_iter().chain(FAULTS_OF_A_LOOP).for_each(|found| finds(Drives::Itself, found));
}

/// The bytes, and their range in the send queue, in the lines of a script.
#[test]
fn a_program_that_polls_by_itself_shows_the_range_of_each_segment() {
    let script = "
        config nagle=off
        open active
        CLOSED -> SYN-SENT
        --> <SEQ=100><CTL=SYN>
        send 3
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        SYN-SENT -> ESTABLISHED
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=3>         bytes 0..3
        send 4
        --> <SEQ=104><ACK=301><CTL=ACK><DATA=4>         bytes 3..7
        <-- <SEQ=301><ACK=104><CTL=ACK>
        signal: Acknowledged 3
        retransmit 1..4
        --> <SEQ=105><ACK=301><CTL=ACK><DATA=3>         bytes 1..4
        configure keep_alive=1m 10s 2, keep_alive_octet=on
        <-- <SEQ=301><ACK=108><CTL=ACK>
        signal: Acknowledged 4
        + 1m
        --> <SEQ=107><ACK=301><CTL=ACK><DATA=1>         bytes 0..0
    ";
    play(script, Drives::Itself, None).unwrap();
}

/// The queue of the program outlives the connection.
#[test]
fn bytes_may_be_received_after_the_end() {
    let script = "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>
        --> <SEQ=100><ACK=305><CTL=ACK>
        <-- <SEQ=305><CTL=RST>
        signal: Reset
        CLOSED
        receive 5";
    for drives in [Drives::Script, Drives::Itself] {
        play(script, drives, None).expect_err("the connection has none: so says the program");
        play(script, drives, Some(Fault::NoReceive)).unwrap();
        let error = play(script, drives, Some(Fault::DeliversTooFew)).unwrap_err();
        assert_eq!(error.line(), 8);
    }
}

/// Another connection has other bytes at the same positions: none of the first are expected in it.
#[test]
fn each_life_has_its_own_bytes() {
    let life = "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK><DATA=4>
        --> <SEQ=101><ACK=305><CTL=ACK>
        ESTABLISHED
        receive 4
        send 5
        --> <SEQ=101><ACK=305><CTL=ACK><DATA=5>";
    let abort = "
        abort
        --> <SEQ=106><CTL=RST>
        CLOSED";
    for drives in [Drives::Script, Drives::Itself] {
        play(&format!("{life}\ncrash\n{life}"), drives, None).unwrap();
        play(&format!("{life}\n{abort}\n{life}"), drives, None).unwrap();
    }
}

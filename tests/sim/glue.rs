//! Scripts played against a program around a connection.

use core::ops::Range;
use core::time::Duration;

use tcp_lifecycle::sim::{Glue, Script, check_with};
use tcp_lifecycle::{
    CallError, Config, Connection, IcmpError, Instant, Open, Output, Refusal, Segment, SeqNumber, Signal, State,
    Transmit,
};

/// Records the calls, and panics if there has been no call for too long.
struct Noted {
    connection: Connection,
    calls: Vec<String>,
    quits: Option<Instant>,
}

impl Noted {
    fn new(config: &Config) -> Noted {
        Noted { connection: Connection::new(config, 0), calls: Vec::new(), quits: None }
    }

    fn note(&mut self, call: &str) -> &mut Connection {
        self.calls.push(call.to_string());
        &mut self.connection
    }
}

impl Glue for Noted {
    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn open(&mut self, open: Open, now: Instant) -> Result<(), CallError> {
        self.quits = Some(now + Duration::from_millis(1_500));
        self.note("open").open(open, now)
    }

    fn send(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.note("send").send(bytes, now)
    }

    fn send_urgent(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.note("send urgent").send_urgent(bytes, now)
    }

    fn receive(&mut self, bytes: usize) -> Result<(), CallError> {
        self.note("receive").receive(bytes)
    }

    fn close(&mut self, now: Instant) -> Result<(), CallError> {
        self.note("close").close(now)
    }

    fn abort(&mut self) -> Result<(), CallError> {
        self.note("abort").abort()
    }

    fn segment_arrives(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        self.quits = None;
        self.note("segment arrives").segment_arrives(segment, now)
    }

    fn icmp(&mut self, error: IcmpError, quoted: SeqNumber) -> Result<(), Refusal> {
        self.note("icmp").icmp(error, quoted)
    }

    fn timeout(&mut self, now: Instant) {
        if self.quits.is_some_and(|quits| quits <= now) {
            self.quits = None;
            self.connection.abort().expect("it is open");
        }
        self.connection.timeout(now);
    }

    fn poll(&mut self, now: Instant) -> Output {
        match self.connection.poll(now) {
            Output::Wait(_) => Output::Wait(self.next_timeout()),
            output @ (Output::Transition(_) | Output::Signal(_) | Output::Transmit(_)) => output,
        }
    }

    fn next_timeout(&mut self) -> Option<Instant> {
        self.quits.into_iter().chain(self.connection.deadline()).min()
    }
}

#[test]
fn whatever_a_script_does_is_done_to_the_glue() {
    let script = "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED
        send 1
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=1>
        send urgent 1
        --> <SEQ=102><ACK=301><CTL=URG,ACK><URG=1>
        icmp TimeExceeded 101
        signal: SoftError TimeExceeded
        receive 1     => error: more bytes consumed than delivered
        close
        FIN-WAIT-1
        --> <SEQ=102><ACK=301><CTL=FIN,URG,ACK><DATA=1>
        abort
        --> <SEQ=104><CTL=RST>
        CLOSED";
    let glue = Script::parse(script).and_then(|script| script.run_with(&Config::DEFAULT, Noted::new)).unwrap();
    let calls = ["open", "segment arrives", "send", "send urgent", "icmp", "receive", "close", "abort"];
    assert_eq!(glue.calls, calls);
}

#[test]
fn the_glue_may_have_a_timer_of_its_own() {
    check_with(
        Noted::new,
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT              DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 499999us
        + 1us
        CLOSED
        ",
    );
}

#[test]
fn a_timer_that_wait_does_not_tell_is_found_out() {
    /// A program that forgets its own timer when it waits.
    struct Forgetful(Noted);
    impl Glue for Forgetful {
        fn connection(&mut self) -> &mut Connection {
            &mut self.0.connection
        }
        fn open(&mut self, open: Open, now: Instant) -> Result<(), CallError> {
            Glue::open(&mut self.0, open, now)
        }
        fn next_timeout(&mut self) -> Option<Instant> {
            Glue::next_timeout(&mut self.0)
        }
    }
    let script = Script::parse("open passive").unwrap();
    let error = script.run_with(&Config::DEFAULT, |config| Forgetful(Noted::new(config))).err().unwrap();
    assert_eq!(error.difference().unwrap().0, "one deadline");
}

#[test]
fn glue_is_made_anew_for_policies_and_after_a_crash() {
    let script = "
        config msl=1s
        open passive
        LISTEN
        crash
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT";
    let mut made = Vec::new();
    let make = |config: &Config| {
        made.push(config.msl);
        Noted::new(config)
    };
    let glue = Script::parse(script).and_then(|script| script.run_with(&Config::DEFAULT, make)).unwrap();
    assert_eq!(glue.calls, ["open"]);
    assert_eq!(made, [Config::DEFAULT.msl, Duration::from_secs(1), Duration::from_secs(1)]);
}

#[test]
fn glue_that_takes_other_bytes_than_the_segment_says_is_found_out() {
    struct Short(Connection, usize);
    impl Glue for Short {
        fn connection(&mut self) -> &mut Connection {
            &mut self.0
        }
        fn poll(&mut self, now: Instant) -> Output {
            match self.0.poll(now) {
                Output::Transmit(Transmit { segment, payload }) => {
                    Output::Transmit(Transmit { segment, payload: payload.start..payload.end.saturating_sub(self.1) })
                }
                output @ (Output::Transition(_) | Output::Signal(_) | Output::Wait(_)) => output,
            }
        }
    }
    // A payload of one byte and no range of the send queue is that of a keep-alive probe.
    for (bytes, short, came) in [(1, 1, None), (5, 1, Some("bytes 0..4")), (5, 5, Some("bytes 0..0")), (5, 0, None)] {
        let script = format!("ESTABLISHED\nsend {bytes}\n--> <SEQ=100><ACK=300><CTL=ACK><DATA={bytes}>");
        let script = Script::parse(&script).unwrap();
        let run = script.run_with(&Config::DEFAULT, |config| Short(Connection::new(config, 0), short));
        let error = run.err();
        assert_eq!(error.as_ref().and_then(|error| error.difference()).map(|(_, came)| came), came);
    }
}

#[test]
fn what_glue_leaves_alone_the_connection_does() {
    struct Bare(Connection);
    impl Glue for Bare {
        fn connection(&mut self) -> &mut Connection {
            &mut self.0
        }
    }
    check_with(
        |config: &Config| Bare(Connection::new(config, 0)),
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        receive 11                      => error: more bytes consumed than delivered
        receive 10
        ESTABLISHED                     UNREAD=0
        send urgent 2
        --> <SEQ=100><ACK=310><CTL=PSH,URG,ACK><DATA=2><URG=2>
        icmp TimeExceeded 100
        signal: SoftError TimeExceeded
        close
        FIN-WAIT-1
        --> <SEQ=102><ACK=310><CTL=FIN,ACK>
        abort
        --> <SEQ=103><CTL=RST>
        CLOSED
        ",
    );
}

/// The report of `check_with` on an echo that forgets to close, including the line that it names.
#[test]
fn glue_that_does_not_do_its_work_fails_at_the_line_that_asks_for_it() {
    struct Lazy(Connection);
    impl Glue for Lazy {
        fn connection(&mut self) -> &mut Connection {
            &mut self.0
        }
    }
    let script = "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=FIN,ACK>";
    let script = Script::parse(script).unwrap();
    let error = script.run_with(&Config::DEFAULT, |config| Lazy(Connection::new(config, 0))).err().unwrap();
    assert_eq!(error.line(), 5);
    let came = "--> <SEQ=100><ACK=301><CTL=ACK><WND=65535>";
    assert_eq!(error.difference(), Some(("--> <SEQ=100><ACK=301><CTL=FIN,ACK>", came)));
}

#[test]
fn a_state_that_the_glue_leaves_at_once_is_not_one_to_begin_with() {
    struct Hasty(Connection);
    impl Glue for Hasty {
        fn connection(&mut self) -> &mut Connection {
            &mut self.0
        }
        fn poll(&mut self, now: Instant) -> Output {
            let output = self.0.poll(now);
            if output == Output::Signal(Signal::Closing) {
                self.0.close(now).expect("it is open");
            }
            output
        }
    }
    let hasty = |config: &Config| Hasty(Connection::new(config, 0));
    let error = Script::parse("CLOSE-WAIT").unwrap().run_with(&Config::DEFAULT, hasty).err().unwrap();
    assert_eq!(error.difference(), Some(("CLOSE-WAIT", "LAST-ACK")));
    let mut glue = Script::parse("ESTABLISHED").unwrap().run_with(&Config::DEFAULT, hasty).unwrap();
    assert_eq!(glue.connection().state(), State::Established);
}

/// A program that sends bytes which no user has sent, and other bytes the second time.
#[test]
fn bytes_that_the_program_itself_sends_must_be_the_same_each_time() {
    struct Greeter {
        connection: Connection,
        greetings: Vec<&'static [u8; 5]>,
    }
    impl Glue for Greeter {
        fn connection(&mut self) -> &mut Connection {
            &mut self.connection
        }
        fn poll(&mut self, now: Instant) -> Output {
            let output = self.connection.poll(now);
            if matches!(output, Output::Transition(transition) if transition.to == State::Established) {
                self.connection.send(5, now).expect("it is open");
            }
            output
        }
        fn payload(&mut self, range: Range<usize>) -> Option<Vec<u8>> {
            Some(self.greetings.pop()?[range].to_vec())
        }
    }
    let script = "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=5>
        ESTABLISHED
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=5>";
    let run = |greetings: [&'static [u8; 5]; 2]| {
        let make = |config: &Config| Greeter { connection: Connection::new(config, 0), greetings: greetings.to_vec() };
        Script::parse(script).unwrap().run_with(&Config::DEFAULT, make).map(|_| ())
    };
    run([b"hello", b"hello"]).unwrap();
    let error = run([b"world", b"hello"]).unwrap_err();
    assert_eq!((error.line(), error.difference().unwrap().1), (8, "byte 0x77"));
}

/// A program may hand the user's bytes to the connection later.
#[test]
fn a_queue_above_that_of_the_connection_is_no_fault() {
    struct Corked {
        connection: Connection,
        corked: Vec<u8>,
        queue: Vec<u8>,
    }
    impl Glue for Corked {
        fn connection(&mut self) -> &mut Connection {
            &mut self.connection
        }
        fn send_bytes(&mut self, bytes: &[u8], _: Instant) -> Result<(), CallError> {
            self.corked.extend_from_slice(bytes);
            Ok(())
        }
        fn segment_arrives(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
            let arrived = self.connection.segment_arrives(segment, now);
            self.connection.send(self.corked.len(), now).expect("it is open");
            self.queue.append(&mut self.corked);
            arrived
        }
        fn payload(&mut self, range: Range<usize>) -> Option<Vec<u8>> {
            Some(self.queue[range].to_vec())
        }
    }
    let corked = |config: &Config| {
        let connection = Connection::new(config, 0);
        Corked { connection, corked: Vec::new(), queue: Vec::new() }
    };
    let script = "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        send 3
        send 4
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=7>
        ESTABLISHED";
    check_with(corked, script);
}

/// With too many bytes to generate, the program gets only their number.
#[test]
fn a_send_of_very_many_bytes_has_a_number_alone() {
    struct Counts(Connection, Vec<usize>);
    impl Glue for Counts {
        fn connection(&mut self) -> &mut Connection {
            &mut self.0
        }
        fn send(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
            self.1.push(bytes);
            self.0.send(bytes, now)
        }
        fn send_bytes(&mut self, bytes: &[u8], now: Instant) -> Result<(), CallError> {
            self.0.send(bytes.len(), now)
        }
    }
    let script = Script::parse("SYN-SENT\nsend 16777216\nsend 16777217").unwrap();
    let glue = script.run_with(&Config::DEFAULT, |config| Counts(Connection::new(config, 0), Vec::new())).unwrap();
    assert_eq!((glue.1, glue.0.status().unsent), (vec![16_777_217], 2 * 16_777_216 + 1));
}

/// A timeout that comes early does nothing, and is no fault.
#[test]
fn a_program_may_ask_for_more_timeouts_than_it_needs() {
    struct Ticking(Connection, Instant);
    impl Glue for Ticking {
        fn connection(&mut self) -> &mut Connection {
            &mut self.0
        }
        fn timeout(&mut self, now: Instant) {
            self.1 = now + Duration::from_millis(250);
            self.0.timeout(now);
        }
        fn poll(&mut self, now: Instant) -> Output {
            match self.0.poll(now) {
                Output::Wait(_) => Output::Wait(Some(self.1)),
                output @ (Output::Transition(_) | Output::Signal(_) | Output::Transmit(_)) => output,
            }
        }
        fn next_timeout(&mut self) -> Option<Instant> {
            Some(self.1)
        }
    }
    let ticking = |config: &Config| Ticking(Connection::new(config, 0), Instant::ZERO);
    check_with(
        ticking,
        "open active\n--> <SEQ=100><CTL=SYN>\nSYN-SENT\n+ 1s\nsignal: RetransmissionTimeout\n--> <SEQ=100><CTL=SYN>",
    );
}

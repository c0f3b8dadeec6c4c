//! Scripts played against another TCP: what it does not tell, and what it may do otherwise.

use core::time::Duration;

use tcp_lifecycle::sim::{
    Arrival, Emitted, Failure, Figure, Played, Script, ScriptError, Side, Subject, Tolerances, UserCall, Value,
};
use tcp_lifecycle::{
    Config, Connection, Control, IcmpError, Instant, KeepAlive, Open, Output, Segment, SeqNumber, Signal, State,
    Transmit,
};

/// A TCP with queues, whose inside is hidden.
#[derive(Clone, Debug)]
struct Other {
    inside: Connection,
    queue: Vec<u8>,
    unread: Vec<u8>,
    tolerances: Tolerances,
    tells_state: bool,
    arrival: fn(Arrival) -> Arrival,
    /// Changes what it puts out.
    changes: fn(Vec<Emitted>) -> Vec<Emitted>,
    pending: Vec<Emitted>,
    /// Empties its queue on return to LISTEN.
    forgets: bool,
}

impl Other {
    fn new(config: &Config) -> Other {
        Other {
            inside: Connection::new(config, 5_000),
            queue: Vec::new(),
            unread: Vec::new(),
            tolerances: Tolerances { own_iss: true, ..Tolerances::NONE },
            tells_state: true,
            arrival: |_| Arrival::Untold,
            changes: |emitted| emitted,
            pending: Vec::new(),
            forgets: false,
        }
    }

    fn poll(&mut self, now: Instant) {
        loop {
            match self.inside.poll(now) {
                Output::Transition(change) if change.to == State::Listen && self.forgets => self.queue.clear(),
                Output::Transition(_) => {}
                Output::Signal(Signal::Acknowledged(bytes)) => drop(self.queue.drain(..bytes)),
                Output::Signal(signal) if !self.tolerances.signals => self.pending.push(Emitted::Signal(signal)),
                Output::Signal(_) => {}
                Output::Transmit(Transmit { segment, payload }) => {
                    let mut bytes = self.queue[payload].to_vec();
                    bytes.resize(segment.payload_len().into(), b'?'); // the octet of a keep-alive probe
                    self.pending.push(Emitted::Segment(segment, bytes));
                }
                Output::Wait(_) => return,
            }
        }
    }
}

impl Subject for Other {
    #[expect(clippy::wildcard_enum_match_arm, reason = "any other call is not supported")]
    fn user_call(&mut self, call: UserCall<'_>, now: Instant) -> Result<Option<Vec<u8>>, Failure> {
        match call {
            UserCall::Open(open) => self.inside.open(open, now),
            UserCall::Send(bytes) => self.inside.send(bytes.len(), now).map(|()| self.queue.extend_from_slice(bytes)),
            UserCall::Receive(number) => {
                self.inside.receive(number).map_err(Failure::Error)?;
                return Ok(Some(self.unread.drain(..number).collect()));
            }
            UserCall::Close => self.inside.close(now),
            UserCall::Abort => {
                return self.inside.abort().map(|()| None).map_err(|e| Failure::Other(format!("my {e}")));
            }
            _ => return Err(Failure::NotSupported),
        }
        .map(|()| None)
        .map_err(Failure::Error)
    }

    fn segment_in(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> Arrival {
        let came = self.inside.segment_arrives(segment, now);
        self.unread.extend(came.as_ref().map_or(&[][..], |range| &payload[range.clone()]));
        (self.arrival)(Arrival::Told(came))
    }

    fn outputs(&mut self, now: Instant) -> Vec<Emitted> {
        self.poll(now);
        (self.changes)(std::mem::take(&mut self.pending))
    }

    fn wakes_at(&mut self) -> Option<Instant> {
        self.inside.deadline()
    }

    fn wake(&mut self, now: Instant) {
        self.inside.timeout(now);
    }

    fn tell_state(&mut self) -> Option<State> {
        self.tells_state.then(|| self.inside.state())
    }

    fn tell_variable(&mut self, name: &str, _: Instant) -> Option<Value> {
        let snd_nxt = self.inside.status().snd_nxt?;
        (name == "SND.NXT").then(|| Value::Number(snd_nxt.0.into()))
    }

    fn tolerances(&self) -> Tolerances {
        self.tolerances
    }
}

fn play(script: &str, change: impl Fn(&mut Other)) -> Result<Played<Other>, ScriptError> {
    let make = |config: &Config| {
        let mut other = Other::new(config);
        change(&mut other);
        other
    };
    Script::parse(script).expect("a script").run_subject(&Config::DEFAULT, make)
}

/// Everything that the script says and the subject does not tell, when it passes.
#[track_caller]
fn untold(script: &str, change: impl Fn(&mut Other)) -> Vec<String> {
    let played = play(script, change).unwrap_or_else(|error| panic!("{error}"));
    played.unchecked.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn differs(script: &str, change: impl Fn(&mut Other), expected: &str, came: &str) {
    let error = play(script, change).expect_err("it differs");
    assert_eq!(error.difference(), Some((expected, came)), "{error}");
    assert!(!error.is_not_supported());
}

const LIFE: &str = "open active
    --> <SEQ=100><CTL=SYN>
    SYN-SENT
    <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
    --> <SEQ=101><ACK=301><CTL=ACK>
    ESTABLISHED                             SND.NXT=101
    send 5
    --> <SEQ=101><ACK=301><CTL=ACK><DATA=5>
    <-- <SEQ=301><ACK=106><CTL=ACK><DATA=3>
    --> <SEQ=106><ACK=304><CTL=ACK>
    receive 3
    <-- <SEQ=304><ACK=107><CTL=ACK>
    --> <SEQ=106><ACK=304><CTL=ACK>
    close
    --> <SEQ=106><ACK=304><CTL=FIN,ACK>
    FIN-WAIT-1                              SND.NXT=107
    + 1s
    signal: RetransmissionTimeout
    --> <SEQ=106><ACK=304><CTL=FIN,ACK>
    <-- <SEQ=304><CTL=RST>
    signal: Reset
    CLOSED";

#[test]
fn the_numbers_of_a_subject_that_chooses_its_own_are_relative() {
    assert_eq!(untold(LIFE, |_| ()), ["line 9: the delivery of the payload is not told"]);
    assert_eq!(untold("ESTABLISHED SND.NXT=700\nsend 1\n--> <SEQ=700><ACK=300><CTL=ACK><DATA=1>", |_| ()), [""; 0]);
    differs(&LIFE.replace("SEQ=101", "SEQ=102"), |_| (), "--> <SEQ=102><ACK=301><CTL=ACK>", ACK_101);
    differs(&LIFE.replace("NXT=107", "NXT=106"), |_| (), "SND.NXT=106", "SND.NXT=107");
    let own = |other: &mut Other| other.tolerances.own_iss = false;
    differs(LIFE, own, "--> <SEQ=100><CTL=SYN>", "--> <SEQ=5000><CTL=SYN><WND=65535><MSS=536>");
}

const ACK_101: &str = "--> <SEQ=101><ACK=301><CTL=ACK><WND=65535>";

/// Each life has an ISS of its own, and a reset that answers a segment without ACK has number zero.
#[test]
fn numbers_are_learnt_from_each_syn() {
    let script = "
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=0><ACK=301><CTL=RST,ACK>
        open passive
        LISTEN
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED
        <-- <SEQ=301><CTL=RST>
        LISTEN
        + 1s
        ISS=77
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=77><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED
        <-- <SEQ=301><ACK=78><CTL=ACK>
        ESTABLISHED                 SND.NXT=78";
    assert_eq!(untold(script, |_| ()), [""; 0]);
    differs(&script.replace("SEQ=77", "SEQ=78"), |_| (), "--> <SEQ=78><ACK=301><CTL=SYN,ACK>", SYN_ACK_77);
}

/// RFC 9293 section 3.5.2: the number zero is not relative.
#[test]
fn the_reset_of_a_segment_without_ack_has_number_zero_after_a_life_too() {
    let script = "ESTABLISHED\n<-- <SEQ=300><CTL=RST>\nsignal: Reset\nCLOSED\n<-- <SEQ=7><CTL=SYN>
        --> <SEQ=0><ACK=8><CTL=RST,ACK>\n<-- <SEQ=7><ACK=100><CTL=ACK>\n--> <SEQ=100><CTL=RST>";
    assert_eq!(untold(script, |_| ()), [""; 0]);
}

const SYN_ACK_77: &str = "--> <SEQ=77><ACK=301><CTL=SYN,ACK><WND=65535><MSS=536>";

#[test]
fn what_a_subject_does_not_tell_is_counted_and_never_passed() {
    let signals = |other: &mut Other| other.tolerances.signals = true;
    let reset = "ESTABLISHED\n<-- <SEQ=300><CTL=RST>\nsignal: Refused\nCLOSED";
    assert_eq!(untold(reset, signals), ["line 3: signal: Refused is not told"]);
    let states = |other: &mut Other| other.tells_state = false;
    let opens = "open active\n--> <SEQ=100><CTL=SYN>\nCLOSED -> SYN-SENT\nSYN-SENT UNSENT=0";
    let expected = ["line 3: CLOSED -> SYN-SENT", "line 4: SYN-SENT", "line 4: UNSENT"];
    assert_eq!(untold(opens, states), expected.map(|line| format!("{line} is not told")));
    let fields = |other: &mut Other| (other.tolerances.windows, other.tolerances.options) = (true, true);
    let syn = "open active\n--> <SEQ=100><CTL=SYN><WND=7><MSS=9><WS=none>\nSYN-SENT";
    let expected = ["line 2: WND is not told", "line 2: the options of the segment is not told"];
    assert_eq!(untold(syn, fields), expected);
    assert_eq!(untold("open active\n--> <SEQ=100><CTL=SYN>\nSYN-SENT", fields), [""; 0]);
}

#[test]
fn an_outcome_is_checked_as_far_as_it_is_told() {
    let told = |other: &mut Other| other.arrival = |arrival| arrival;
    let number = |other: &mut Other| {
        other.arrival = |arrival| {
            let Arrival::Told(came) = arrival else { return arrival };
            Arrival::Delivered(came.map_or(0, |range| range.len()))
        };
    };
    let arrives = |outcome: &str| format!("ESTABLISHED\n<-- <SEQ=300><ACK=100><CTL=ACK><DATA=9> {outcome}\n{ACK_309}");
    for (outcome, by_number, untold_of_it) in [
        ("", Ok(()), "the delivery of the payload"),
        ("delivers 0..9", Err("9 bytes"), "the range that is delivered"),
        ("delivers 1..9", Err("8 bytes delivered"), "the range that is delivered"),
        ("accepted", Err("accepted"), "whether the segment is accepted"),
        ("refused", Err("0 bytes delivered"), "the reason of a refusal"),
    ] {
        let whole = [format!("line 2: {untold_of_it} is not told")];
        assert_eq!(untold(&arrives(outcome), |_| ()), whole);
        match (by_number, outcome) {
            (Ok(()), _) => assert_eq!(untold(&arrives(outcome), number), [""; 0]),
            (_, "delivers 0..9" | "accepted") => assert_eq!(untold(&arrives(outcome), number), whole),
            (Err(expected), _) => differs(&arrives(outcome), number, expected, "9 bytes"),
        }
    }
    assert_eq!(untold(&arrives("delivers 0..9"), told), [""; 0]);
}

const ACK_309: &str = "--> <SEQ=100><ACK=309><CTL=ACK>";

#[test]
fn what_a_subject_does_not_have_ends_the_script_and_is_no_failure() {
    for (script, what) in [
        ("ESTABLISHED\ndetach", "the call detach"),
        ("ESTABLISHED\nicmp PortUnreachable 100", "an ICMP error"),
        ("config nagle=off\nESTABLISHED", "the policy nagle=off"),
        ("ESTABLISHED\nsend urgent 1", "the call send urgent 1"),
    ] {
        let error = play(script, |_| ()).expect_err("it is not supported");
        assert!(error.is_not_supported(), "{error}");
        assert_eq!(error.difference(), Some((what, "not supported")));
    }
    assert_eq!(untold("config nagle=on\nESTABLISHED", |_| ()), [""; 0], "it is on anyway");
}

#[test]
fn an_error_of_its_own_fits_every_error_and_no_success() {
    assert_eq!(
        untold("abort => error: connection does not exist", |_| ()),
        ["line 1: the error of the call is not told"]
    );
    differs("abort", |_| (), "no error", "error: my connection does not exist");
    differs("ESTABLISHED\nabort => error: x", |_| (), "error: x", "no error");
    differs("close => error: connection closing", |_| (), "error: connection closing", NO_CONNECTION);
}

const NO_CONNECTION: &str = "error: connection does not exist";

#[test]
fn more_acks_may_come_if_the_subject_says_so_and_none_may_be_missing() {
    let doubles = |other: &mut Other| {
        other.tolerances.extra_acks = true;
        other.changes = |emitted| {
            let ack = |e: &Emitted| matches!(e, Emitted::Segment(s, _) if s.control() == Control::ACK);
            emitted.into_iter().flat_map(|e| if ack(&e) { vec![e.clone(), e] } else { vec![e] }).collect()
        };
    };
    let acks =
        "ESTABLISHED\n<-- <SEQ=299><ACK=100><CTL=ACK> refused\n--> <SEQ=100><ACK=300><CTL=ACK>\nclose\nFIN-WAIT-1
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>";
    assert_eq!(untold(acks, doubles), ["line 2: the reason of a refusal is not told"]);
    let strict = |other: &mut Other| (other.changes, other.tolerances.extra_acks) = (Other::doubled, false);
    differs(acks, strict, "nothing more", "--> <SEQ=100><ACK=300><CTL=ACK><WND=65535>");
    let silent = |other: &mut Other| {
        other.tolerances.extra_acks = true;
        other.changes = |mut emitted| {
            emitted.retain(|e| !matches!(e, Emitted::Segment(s, _) if s.control() == Control::ACK));
            emitted
        };
    };
    differs(acks, silent, "--> <SEQ=100><ACK=300><CTL=ACK>", "nothing");
    let unlisted = acks.replace("--> <SEQ=100><ACK=300><CTL=ACK>\n", "");
    assert_eq!(untold(&unlisted, doubles).len(), 1);
}

impl Other {
    fn doubled(emitted: Vec<Emitted>) -> Vec<Emitted> {
        emitted.into_iter().flat_map(|emitted| [emitted.clone(), emitted]).collect()
    }
}

#[test]
fn a_state_in_between_that_is_not_told_is_counted() {
    let script = "SYN-SENT SND.NXT=101\n<-- <SEQ=300><ACK=101><CTL=FIN,SYN,ACK>\nSYN-SENT -> ESTABLISHED
        ESTABLISHED -> CLOSE-WAIT\nsignal: Closing\n--> <SEQ=101><ACK=302><CTL=ACK>";
    assert_eq!(untold(script, |_| ()), ["line 3: SYN-SENT -> ESTABLISHED is not told"]);
    let wrong = script.replace("-> CLOSE-WAIT", "-> FIN-WAIT-1");
    differs(&wrong, |_| (), "nothing more", "FIN-WAIT-1 -> CLOSE-WAIT");
}

#[test]
fn the_bytes_of_both_streams_are_checked() {
    let wrong_out = |other: &mut Other| {
        other.changes = |mut emitted| {
            emitted.iter_mut().for_each(|e| {
                if let Emitted::Segment(_, bytes) = e {
                    bytes.fill(b'!')
                }
            });
            emitted
        };
    };
    let error = play(LIFE, wrong_out).expect_err("other bytes");
    assert_eq!((error.line(), error.difference().unwrap().1), (7, "byte 0x21"));
    let short = |other: &mut Other| other.changes = |emitted| emitted.into_iter().map(Other::shortened).collect();
    assert_eq!(play(LIFE, short).expect_err("too few").difference().unwrap().1, "4 bytes");
    let sends = "ESTABLISHED\nsend 5\n--> <SEQ=100><ACK=300><CTL=ACK><DATA=5>\n+ 1s\nsignal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>";
    assert_eq!(untold(sends, |_| ()), [""; 0]);
    let error = play(&LIFE.replace("receive 3", "receive 2\nreceive 1\nreceive 1"), |_| ()).expect_err("none is left");
    assert_eq!(error.line(), 13);
}

/// Bytes that the peer has acknowledged are not compared: a keep-alive probe has an octet of garbage.
#[test]
fn the_octet_of_a_keep_alive_probe_is_not_one_of_the_stream() {
    let keep_alive = Some(KeepAlive { idle: Duration::from_secs(60), ..KeepAlive::DEFAULT });
    let probes = Config { keep_alive, keep_alive_octet: true, ..Config::DEFAULT };
    let script = "ESTABLISHED\nsend 5\n--> <SEQ=100><ACK=300><CTL=ACK><DATA=5>\n<-- <SEQ=300><ACK=105><CTL=ACK>\n+ 1m
        --> <SEQ=104><ACK=300><CTL=ACK><DATA=1>";
    assert_eq!(untold(script, |other| other.inside = Connection::new(&probes, 5_000)), [""; 0]);
}

/// The bytes of a second peer begin behind those of the first, who never got them.
#[test]
fn the_bytes_after_a_return_to_listen_are_checked() {
    let life = "<-- <SEQ=299><CTL=SYN>\n--> <SEQ=100><ACK=300><CTL=SYN,ACK>\nSYN-RECEIVED\n";
    let sends = "<-- <SEQ=300><ACK=101><CTL=ACK>\nESTABLISHED\nsend 3\n--> <SEQ=101><ACK=300><CTL=ACK><DATA=3>";
    // Also with the same initial sequence number.
    for wait in ["+ 1s", ""] {
        let first = format!("open passive\nLISTEN\n{life}send 5\n<-- <SEQ=300><CTL=RST>\nLISTEN\n{wait}\n");
        let script = format!("{first}{life}{sends}");
        assert_eq!(untold(&script, |other| other.forgets = true), [""; 0]);
        assert_eq!(play(&script, |_| ()).expect_err("it keeps the old bytes").difference().unwrap().1, "byte 0x61");
    }
}

impl Other {
    fn shortened(mut emitted: Emitted) -> Emitted {
        if let Emitted::Segment(_, bytes) = &mut emitted {
            bytes.pop();
        }
        emitted
    }
}

#[test]
fn outputs_without_end_are_found_out() {
    let endless = |other: &mut Other| {
        other.changes = |_| vec![Emitted::Segment(Segment::new(SeqNumber(1), SeqNumber(1), Control::ACK), Vec::new())];
    };
    differs("open active", endless, "Wait", "outputs without end");
}

/// The receiver's user gets the bytes that the sender's user has sent.
#[test]
fn a_figure_carries_the_bytes_of_its_subjects() {
    let figure = "
        A: open active                                              B: LISTEN
            SYN-SENT     --> <SEQ=100><CTL=SYN>                     --> SYN-RECEIVED
            ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK>        <-- SYN-RECEIVED
            ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>            --> ESTABLISHED
        A: send 5
            ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK><DATA=5>    ... ESTABLISHED
            ESTABLISHED  ... <SEQ=101><ACK=301><CTL=ACK><DATA=5>    --> ESTABLISHED
            ESTABLISHED  <-- <SEQ=301><ACK=106><CTL=ACK>            <-- ESTABLISHED
        B: receive 5";
    let figure = Figure::parse(figure).unwrap();
    let make = |side, config: &Config| {
        let mut other = Other::new(config);
        if side == Side::B {
            other.inside.set_isn_offset(9_000);
        }
        other
    };
    let [a, b] = figure.run_subjects(&Config::DEFAULT, make).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((a.unchecked.len(), b.unchecked.len()), (0, 1));
    assert_eq!(b.unchecked[0].to_string(), "line 8: the delivery of the payload is not told");
    assert_eq!((a.subject.inside.state(), b.subject.inside.state()), (State::Established, State::Established));
    let deaf = |_, config: &Config| Other { tolerances: Tolerances::NONE, ..Other::new(config) };
    let error = figure.run_subjects(&Config::DEFAULT, deaf).expect_err("its numbers are not those of the figure");
    assert_eq!(error.line(), 3);
}

#[test]
fn an_icmp_error_quotes_the_number_of_the_subject() {
    struct Icmp(Other);
    impl Subject for Icmp {
        fn user_call(&mut self, call: UserCall<'_>, now: Instant) -> Result<Option<Vec<u8>>, Failure> {
            self.0.user_call(call, now)
        }
        fn segment_in(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> Arrival {
            self.0.segment_in(segment, payload, now)
        }
        fn outputs(&mut self, now: Instant) -> Vec<Emitted> {
            self.0.outputs(now)
        }
        fn wakes_at(&mut self) -> Option<Instant> {
            self.0.wakes_at()
        }
        fn wake(&mut self, now: Instant) {
            self.0.wake(now);
        }
        fn icmp_in(&mut self, error: IcmpError, quoted: SeqNumber, _: Instant) -> Option<Arrival> {
            Some(Arrival::Told(self.0.inside.icmp(error, quoted).map(|()| 0..0)))
        }
        fn tolerances(&self) -> Tolerances {
            self.0.tolerances
        }
    }
    let script = "SYN-SENT SND.NXT=101\nicmp PortUnreachable 100\nsignal: Unreachable PortUnreachable";
    let play = |script: &str| Script::parse(script).unwrap().run_subject(&Config::DEFAULT, |c| Icmp(Other::new(c)));
    play(script).map(|_| ()).unwrap();
    play(&script.replace("able 100", "able 102")).map(|_| ()).expect_err("that was never sent");
    let mut passive = Other::new(&Config::DEFAULT);
    passive.user_call(UserCall::Open(Open::Passive), Instant::ZERO).unwrap();
    assert_eq!(passive.tell_state(), Some(State::Listen));
}

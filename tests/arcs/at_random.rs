//! Random events at one end: only arcs of the table are taken, and in the end all of them are.

use std::cell::RefCell;
use std::collections::HashSet;

use core::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, RngAlgorithm, TestRng, TestRunner};
use tcp_lifecycle::diagram::ARCS;
use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Output, Segment, SeqNumber, State};

#[derive(Clone, Debug)]
enum Happens {
    Open(Open),
    Send(u16),
    Close,
    Detach,
    Abort,
    AcknowledgeNow,
    /// A segment, with the offsets of its numbers from RCV.NXT and SND.NXT.
    Arrives {
        seq: i32,
        ack: i32,
        control: Control,
        payload: u16,
        window: u16,
    },
    /// The deadline passes.
    Timeout,
    Passes(Duration),
}

fn happens() -> impl Strategy<Value = Happens> {
    let near = prop_oneof![8 => Just(0), 2 => -2..3, 1 => any::<i32>()];
    let ack = prop_oneof![8 => Just(0), 3 => Just(-1), 2 => -5..3, 1 => any::<i32>()];
    let control = prop_oneof![
        6 => Just(Control::ACK),
        3 => Just(Control::FIN | Control::ACK),
        3 => Just(Control::SYN | Control::ACK),
        3 => Just(Control::SYN),
        1 => Just(Control::RST),
        1 => Just(Control::RST | Control::ACK),
        1 => any::<u16>().prop_map(Control::from_bits_truncate),
    ];
    let payload = prop_oneof![4 => Just(0), 1 => 0..20_u16];
    let window = prop_oneof![1 => Just(0), 1 => 0..5_u16, 4 => Just(1000)];
    let arrives = (near, ack, control, payload, window)
        .prop_map(|(seq, ack, control, payload, window)| Happens::Arrives { seq, ack, control, payload, window });
    prop_oneof![
        2 => Just(Happens::Open(Open::Passive)),
        2 => Just(Happens::Open(Open::Active)),
        1 => (1..10_u16).prop_map(Happens::Send),
        2 => Just(Happens::Close),
        1 => prop_oneof![2 => Just(Happens::Detach), 1 => Just(Happens::AcknowledgeNow)],
        1 => prop_oneof![Just(Happens::Abort), (0..1000_u64).prop_map(|ms| Happens::Passes(Duration::from_millis(ms)))],
        14 => arrives,
        2 => Just(Happens::Timeout),
    ]
}

/// R2 is short, so that timeouts end connections too.
const CONFIG: Config = Config {
    r2: Duration::from_secs(2),
    syn_r2: Duration::from_secs(2),
    fin_wait_2_timeout: Some(Duration::from_secs(5)),
    ..Config::DEFAULT
};

/// Carries out an event. A call that fails and a segment that is refused are allowed, and do nothing.
fn carry_out(connection: &mut Connection, happens: &Happens, now: &mut Instant) {
    match *happens {
        Happens::Open(open) => drop(connection.open(open, *now)),
        Happens::Send(bytes) => drop(connection.send(usize::from(bytes), *now)),
        Happens::Close => drop(connection.close(*now)),
        Happens::Detach => drop(connection.detach(*now)),
        Happens::AcknowledgeNow => connection.acknowledge_now(),
        Happens::Abort => drop(connection.abort()),
        Happens::Arrives { seq, ack, control, payload, window } => {
            let status = connection.status();
            let seq = status.rcv_nxt.unwrap_or(SeqNumber(300)) + seq.cast_unsigned();
            let ack = status.snd_nxt.unwrap_or(SeqNumber(100)) + ack.cast_unsigned();
            let segment = Segment::new(seq, ack, control).with_window(window).with_payload(payload);
            drop(connection.segment_arrives(&segment, *now));
        }
        Happens::Timeout => {
            *now = connection.deadline().unwrap_or(*now);
            connection.timeout(*now);
        }
        Happens::Passes(time) => {
            *now = *now + time;
            connection.timeout(*now);
        }
    }
}

/// The transitions from `state` on.
fn walk(connection: &mut Connection, now: Instant, mut state: State) -> Result<Vec<(State, State)>, TestCaseError> {
    let mut arcs = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Transition(transition) => {
                prop_assert_eq!(transition.from, state, "each transition begins where the one before it ended");
                state = transition.to;
                arcs.push((transition.from, transition.to));
            }
            Output::Signal(_) | Output::Transmit(_) => (),
            Output::Wait(_) => {
                prop_assert_eq!(connection.state(), state);
                return Ok(arcs);
            }
        }
    }
}

#[test]
fn no_other_arc_is_ever_taken() {
    let table: HashSet<(State, State)> = ARCS.iter().map(|arc| (arc.from, arc.to)).collect();
    let walked = RefCell::new(HashSet::new());
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let cases = Cases { cases: 1500, failure_persistence: None, ..Cases::default() };
    let result = TestRunner::new_with_rng(cases, rng).run(&prop::collection::vec(happens(), 1..40), |events| {
        let mut connection = Connection::new(&CONFIG, 100);
        let mut now = Instant::ZERO;
        for event in events {
            let state = connection.state();
            carry_out(&mut connection, &event, &mut now);
            for arc in walk(&mut connection, now, state)? {
                prop_assert!(table.contains(&arc), "{} -> {} by {event:?}", arc.0, arc.1);
                walked.borrow_mut().insert(arc);
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let left: Vec<_> = table.difference(&walked.borrow()).copied().collect();
    assert_eq!(left, [], "the events are too tame");
}

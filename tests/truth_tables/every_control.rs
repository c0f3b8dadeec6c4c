//! Every set of control bits in every state: an answer, never a panic, and the answer of RFC 9293 section 3.10.7.

use tcp_lifecycle::{Control, Instant, Output, Segment, SeqNumber, Signal, State, Transmit};

use super::table::run;

/// The effect of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Effect {
    state: State,
    answer: Answer,
    end: Option<Signal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Nothing,
    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`
    Ack,
    /// `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`
    SynAck,
    /// `<SEQ=SEG.ACK><CTL=RST>` or `<SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>`
    Reset,
}

impl Effect {
    fn none(state: State) -> Effect {
        Effect { state, answer: Answer::Nothing, end: None }
    }

    fn answered(state: State, answer: Answer) -> Effect {
        Effect { state, answer, end: None }
    }

    fn ended(end: Signal) -> Effect {
        Effect { state: State::Closed, answer: Answer::Nothing, end: Some(end) }
    }
}

/// A segment that begins at RCV.NXT 300 and acknowledges SND.NXT 100; or one number further.
#[derive(Clone, Copy, Debug)]
struct Case {
    control: Control,
    acceptable: bool,
    payload: u16,
}

impl Case {
    fn segment(self) -> Segment {
        let ack = if self.acceptable { 100 } else { 101 };
        Segment::new(SeqNumber(300), SeqNumber(ack), self.control).with_payload(self.payload).with_window(1000)
    }

    fn has(self, bit: Control) -> bool {
        self.control.contains(bit)
    }
}

/// The rules of section 3.10.7 in the order in which it states them.
fn rule(state: State, case: Case) -> Effect {
    match state {
        State::Closed if case.has(Control::RST) => Effect::none(state),
        State::Closed => Effect::answered(state, Answer::Reset),
        State::Listen if case.has(Control::RST) => Effect::none(state),
        State::Listen if case.has(Control::ACK) => Effect::answered(state, Answer::Reset),
        State::Listen if case.has(Control::SYN) => Effect::answered(State::SynReceived, Answer::SynAck),
        State::Listen => Effect::none(state),
        State::SynSent => rule_of_syn_sent(case),
        State::SynReceived if case.has(Control::RST) || case.has(Control::SYN) => Effect::none(State::Listen),
        State::SynReceived if !case.has(Control::ACK) => Effect::none(state),
        State::SynReceived if !case.acceptable => Effect::answered(state, Answer::Reset),
        State::SynReceived => rule_of_text(State::Established, case),
        State::TimeWait if case.has(Control::RST) => Effect::none(state),
        State::Established
        | State::FinWait1
        | State::FinWait2
        | State::CloseWait
        | State::Closing
        | State::LastAck
        | State::TimeWait => rule_of_synchronized(state, case),
    }
}

fn rule_of_syn_sent(case: Case) -> Effect {
    let (ack, rst) = (case.has(Control::ACK), case.has(Control::RST));
    if ack && !case.acceptable {
        return Effect::answered(State::SynSent, if rst { Answer::Nothing } else { Answer::Reset });
    }
    if rst {
        return if ack { Effect::ended(Signal::Refused) } else { Effect::none(State::SynSent) };
    }
    match (case.has(Control::SYN), ack) {
        (true, true) => Effect { answer: Answer::Ack, ..rule_of_text(State::Established, case) },
        (true, false) => Effect::answered(State::SynReceived, Answer::SynAck),
        (false, _) => Effect::none(State::SynSent),
    }
}

fn rule_of_synchronized(state: State, case: Case) -> Effect {
    if case.has(Control::RST) {
        return Effect::ended(Signal::Reset);
    }
    if case.has(Control::SYN) {
        return Effect::answered(state, Answer::Ack);
    }
    if !case.has(Control::ACK) {
        return Effect::none(state);
    }
    if !case.acceptable {
        return Effect::answered(state, Answer::Ack);
    }
    rule_of_text(after_our_fin(state), case)
}

/// Step five, if the acknowledgment covers everything that we have sent.
fn after_our_fin(state: State) -> State {
    if state == State::FinWait1 { State::FinWait2 } else { state }
}

/// Steps seven and eight, once the acknowledgment has led to `state`.
fn rule_of_text(state: State, case: Case) -> Effect {
    let fin = case.has(Control::FIN);
    let answer = if fin || case.payload > 0 { Answer::Ack } else { Answer::Nothing };
    match state {
        State::Established if fin => Effect::answered(State::CloseWait, answer),
        State::FinWait2 if fin => Effect::answered(State::TimeWait, answer),
        State::Established | State::FinWait2 | State::TimeWait => Effect::answered(state, answer),
        State::Closing => Effect::none(State::TimeWait),
        State::LastAck => Effect::none(State::Closed),
        State::Closed | State::Listen | State::SynSent | State::SynReceived | State::FinWait1 | State::CloseWait => {
            Effect::none(state)
        }
    }
}

/// The actual effect on the connection.
fn effect(given: State, case: Case) -> Effect {
    let mut connection = run(given.name()).expect("every state can be reached");
    let before = connection.status();
    let segment = case.segment();
    let refused = connection.segment_arrives(&segment, Instant::ZERO).is_err();
    let mut effect = Effect::none(given);
    loop {
        match connection.poll(Instant::ZERO) {
            Output::Transition(transition) => {
                assert_eq!(transition.from, effect.state);
                effect.state = transition.to;
            }
            Output::Signal(Signal::Closing | Signal::Acknowledged(_)) => {}
            Output::Signal(end) => assert_eq!(effect.end.replace(end), None),
            Output::Transmit(transmit) => {
                assert_eq!(effect.answer, Answer::Nothing, "two answers to one segment");
                effect.answer = answer(&transmit, &segment, &connection.status());
            }
            Output::Wait(_) => break,
        }
    }
    assert_eq!(connection.state(), effect.state);
    assert!(!refused || connection.status() == before, "refused, and yet of effect");
    effect
}

/// The kind of an answer, if its numbers are right.
#[track_caller]
fn answer(transmit: &Transmit, segment: &Segment, status: &tcp_lifecycle::Status) -> Answer {
    let sent = &transmit.segment;
    assert_eq!(sent.payload_len(), 0);
    if sent.control() == Control::ACK {
        assert_eq!((Some(sent.seq()), sent.ack()), (status.snd_nxt, status.rcv_nxt));
        return Answer::Ack;
    }
    if sent.control() == Control::SYN | Control::ACK {
        assert_eq!((Some(sent.seq()), sent.ack()), (status.iss, status.rcv_nxt));
        return Answer::SynAck;
    }
    assert_eq!(Some(sent.with_window(0)), segment.reset(), "{sent} in answer to {segment}");
    Answer::Reset
}

#[test]
fn every_set_of_control_bits_has_the_answer_of_the_rules_in_every_state() {
    for state in State::ALL {
        for bits in 0..=Control::all().bits() {
            for acceptable in [true, false] {
                for payload in [0, 10] {
                    let case = Case { control: Control::from_bits_retain(bits), acceptable, payload };
                    assert_eq!(effect(state, case), rule(state, case), "{} in {state}", case.segment());
                }
            }
        }
    }
}

#[test]
fn no_segment_anywhere_is_answered_by_more_than_one_and_no_reset_by_a_reset() {
    for state in State::ALL {
        let connection = run(state.name()).expect("every state can be reached");
        for control in (0..=Control::all().bits()).map(Control::from_bits_retain) {
            for (seq, ack) in
                [(299, 99), (299, 100), (301, 100), (65_835, 100), (70_000, 7), (0, 0), (1 << 31, 1 << 31)]
            {
                let segment = Segment::new(SeqNumber(seq), SeqNumber(ack), control).with_payload(3);
                let mut connection = connection.clone();
                let _ = connection.segment_arrives(&segment, Instant::ZERO);
                let mut sent = Vec::new();
                while let Some(transmit) = next_segment(&mut connection) {
                    sent.push(transmit.segment);
                }
                assert!(sent.len() <= 1, "{state}: {segment} is answered by {sent:?}");
                let reset = sent.iter().any(|sent| sent.control().contains(Control::RST));
                assert!(!reset || segment.reset() == Some(sent[0].with_window(0)), "{state}: {segment} by {}", sent[0]);
            }
        }
    }
}

fn next_segment(connection: &mut tcp_lifecycle::Connection) -> Option<Transmit> {
    loop {
        match connection.poll(Instant::ZERO) {
            Output::Transmit(transmit) => return Some(transmit),
            Output::Transition(_) | Output::Signal(_) => {}
            Output::Wait(_) => return None,
        }
    }
}

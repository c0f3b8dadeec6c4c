//! Bugs of the handshake, of sequence numbers that wrap, and of flags that nobody sends.

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Control, Instant, Output, Segment, SeqNumber, State};

use super::check;

/// smoltcp f95b0bf6, 78fb02ac (found by fuzzing).
#[test]
fn a_whole_life_across_the_end_of_sequence_space() {
    check(
        "
        ISS=4294967295
        open active
        --> <SEQ=4294967295><CTL=SYN>
        SYN-SENT                            SND.NXT=0
        <-- <SEQ=4294967295><ACK=0><CTL=SYN,ACK>
        --> <SEQ=0><ACK=0><CTL=ACK>
        ESTABLISHED                         RCV.NXT=0
        send 10
        --> <SEQ=0><ACK=0><CTL=ACK><DATA=10>
        <-- <SEQ=0><ACK=10><CTL=FIN,ACK><DATA=10>
        signal: Acknowledged 10
        signal: Closing
        --> <SEQ=10><ACK=11><CTL=ACK>
        CLOSE-WAIT
        ",
    );
    check(
        "
        ESTABLISHED                         SND.NXT=4294967290 RCV.NXT=4294967290
        send 10
        & close
        --> <SEQ=4294967290><ACK=4294967290><CTL=FIN,ACK><DATA=10>
        FIN-WAIT-1                          SND.NXT=5
        <-- <SEQ=4294967290><ACK=4294967295><CTL=ACK><DATA=10>
        signal: Acknowledged 5
        --> <SEQ=5><ACK=4><CTL=ACK>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=4294967295><ACK=4><CTL=FIN,ACK><DATA=5>
        <-- <SEQ=4><ACK=5><CTL=FIN,ACK>
        signal: Acknowledged 5
        signal: Closing
        --> <SEQ=5><ACK=5><CTL=ACK>
        TIME-WAIT
        ",
    );
}

/// FreeRTOS PR #225, #216; picoTCP #118.
#[test]
fn numbers_half_of_the_space_away_are_neither_new_nor_acknowledgments() {
    for ours in [100, 2_147_483_600, 2_147_483_700, 4_294_967_200] {
        for peers in [300, 2_147_483_600, 2_147_483_700, 4_294_967_200_u32] {
            for half in [2_147_483_647, 2_147_483_648, 2_147_483_649] {
                let far = peers.wrapping_add(half);
                let far_ack = ours + 10_u32;
                let far_ack = far_ack.wrapping_add(half);
                let next = ours + 10;
                check(&format!(
                    "
                    ESTABLISHED             SND.NXT={ours} RCV.NXT={peers}
                    send 10
                    --> <SEQ={ours}><ACK={peers}><CTL=ACK><DATA=10>
                    <-- <SEQ={far}><ACK={next}><CTL=ACK><DATA=5>    refused
                    --> <SEQ={next}><ACK={peers}><CTL=ACK>
                    <-- <SEQ={peers}><ACK={far_ack}><CTL=ACK>       refused
                    --> <SEQ={next}><ACK={peers}><CTL=ACK>
                    <-- <SEQ={peers}><ACK={next}><CTL=ACK>
                    signal: Acknowledged 10
                    "
                ));
            }
        }
    }
}

/// smoltcp 5d31ae01 (found by fuzzing); Shadow: a FIN, or a bare ACK, in SYN-SENT.
#[test]
fn every_combination_of_flags_has_an_answer_in_every_state() {
    for state in State::ALL {
        for bits in 0..512_u16 {
            let mut connection = in_state(state);
            let status = connection.status();
            let seq = status.rcv_nxt.unwrap_or(SeqNumber(300));
            let ack = status.snd_nxt.unwrap_or(SeqNumber(100));
            let segment = Segment::new(seq, ack, Control::from_bits_truncate(bits)).with_window(1000).with_payload(3);
            let _ = connection.segment_arrives(&segment, Instant::ZERO);
            let answers = drain(&mut connection);
            let after = connection.state();
            if segment.control().contains(Control::RST) {
                assert!(answers.is_empty(), "{state}: {answers:?} in answer to {segment}");
            }
            if state == State::SynSent && !segment.control().intersects(Control::SYN | Control::RST) {
                assert_eq!(after, state, "{segment}");
            }
            if state == State::Closed {
                assert_eq!(after, state, "{segment}");
                assert_eq!(answers, Vec::from_iter(segment.reset()), "{segment}");
            }
            assert!(one_segment_leads(state, after), "{state} -> {after} by {segment}");
        }
    }
}

/// smoltcp #366, #367, PR #552 (onetun #17).
#[test]
fn an_unexpected_ack_in_syn_sent_is_reset_and_wedges_nothing() {
    for ack in [100, 102, 50, 4_000_000_000_u32] {
        check(&format!(
            "
            open active
            --> <SEQ=100><CTL=SYN>
            SYN-SENT
            <-- <SEQ=900><ACK={ack}><CTL=ACK>       refused: AckInSynSent
            --> <SEQ={ack}><CTL=RST>
            SYN-SENT                                DEADLINE=1s
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=100><CTL=SYN>
            <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
            --> <SEQ=101><ACK=301><CTL=ACK>
            ESTABLISHED
            "
        ));
    }
}

/// lwIP, changes of 2017; demikernel: a SYN for each ACK that arrives.
#[test]
fn acks_in_syn_sent_do_not_make_it_send_syns() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=ACK>             refused: NoSynInSynSent
        <-- <SEQ=300><ACK=101><CTL=ACK>             refused: NoSynInSynSent
        <-- <SEQ=300><ACK=99><CTL=ACK>              refused: AckInSynSent
        --> <SEQ=99><CTL=RST>
        SYN-SENT                                    DEADLINE=1s
        ",
    );
}

/// gVisor 03f17c7d9; smoltcp b971d913.
#[test]
fn payload_and_fin_on_the_ack_of_the_handshake_count() {
    check(
        "
        open passive
        LISTEN
        ISS=300
        <-- <SEQ=100><CTL=SYN>
        --> <SEQ=300><ACK=101><CTL=SYN,ACK>
        SYN-RECEIVED
        <-- <SEQ=101><ACK=301><CTL=FIN,PSH,ACK><DATA=10>
        SYN-RECEIVED -> ESTABLISHED
        ESTABLISHED -> CLOSE-WAIT
        signal: Closing
        --> <SEQ=301><ACK=112><CTL=ACK>
        ",
    );
}

/// gVisor #7075 (0b81b32c9).
#[test]
fn a_syn_that_asks_for_ecn_is_a_syn() {
    check(
        "
        open passive
        LISTEN
        ISS=300
        <-- <SEQ=100><CTL=SYN,ECE,CWR>
        --> <SEQ=300><ACK=101><CTL=SYN,ACK>
        SYN-RECEIVED
        ",
    );
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK,ECE>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED
        ",
    );
}

/// OPTE #186; picoTCP #26, #148.
#[test]
fn a_repeated_syn_in_syn_received_gets_the_syn_ack_again() {
    check(
        "
        open passive
        LISTEN
        ISS=300
        <-- <SEQ=100><CTL=SYN>
        --> <SEQ=300><ACK=101><CTL=SYN,ACK>         # lost
        SYN-RECEIVED
        + 900ms
        <-- <SEQ=100><CTL=SYN>                      refused: SynRepeated
        --> <SEQ=300><ACK=101><CTL=SYN,ACK>
        SYN-RECEIVED
        <-- <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED
        ",
    );
}

/// smoltcp #323: the timer counts although no SYN could leave. `poll` has returned the SYN, so it only counts as lost.
#[test]
fn an_attempt_whose_syns_cannot_leave_ends() {
    check(
        "
        config r1=0, syn_r2=3s
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=99><CTL=SYN>
        + 2s
        signal: TimedOut
        CLOSED
        ",
    );
}

fn in_state(state: State) -> Connection {
    let script = format!("{state} SND.NXT=100 RCV.NXT=300");
    match state {
        State::Closed => Connection::new(&Config::DEFAULT, 100),
        State::Listen => Script::parse("LISTEN").unwrap().run(&Config::DEFAULT).unwrap(),
        State::SynSent => Script::parse("SYN-SENT SND.NXT=100").unwrap().run(&Config::DEFAULT).unwrap(),
        State::SynReceived
        | State::Established
        | State::FinWait1
        | State::FinWait2
        | State::CloseWait
        | State::Closing
        | State::LastAck
        | State::TimeWait => Script::parse(&script).unwrap().run(&Config::DEFAULT).unwrap(),
    }
}

/// The segments before `Wait`.
fn drain(connection: &mut Connection) -> Vec<Segment> {
    let mut segments = Vec::new();
    loop {
        match connection.poll(Instant::ZERO) {
            Output::Transmit(transmit) => segments.push(transmit.segment),
            Output::Transition(_) | Output::Signal(_) => (),
            Output::Wait(_) => return segments,
        }
    }
}

/// Whether one segment may lead there.
fn one_segment_leads(from: State, to: State) -> bool {
    let beyond: &[State] = match from {
        State::Closed | State::TimeWait | State::LastAck | State::CloseWait => &[State::Closed],
        State::Listen => &[State::SynReceived],
        State::SynSent => &[State::SynReceived, State::Established, State::CloseWait, State::Closed],
        State::SynReceived => &[State::Established, State::CloseWait, State::Listen],
        State::Established => &[State::CloseWait, State::Closed],
        State::FinWait1 => &[State::FinWait2, State::Closing, State::TimeWait, State::Closed],
        State::FinWait2 | State::Closing => &[State::TimeWait, State::Closed],
    };
    from == to || beyond.contains(&to)
}

//! The SYN that opened a new incarnation proves to be an old duplicate: TIME-WAIT goes on (RFC 1122 section 4.2.2.13,
//! (2)).

use tcp_lifecycle::{Config, Control, Refusal, Segment, SeqNumber, State};

use crate::host::{
    Life, PAIR, PLAIN, STAMPED, TWO_MSL, assert_nothing_but_time_wait, exchange, listening, live, lost, only, peer,
    seconds, sent, sent_one,
};
use crate::table::Table;

/// TIME-WAIT since the first second, and in the tenth a duplicate SYN that has been answered with a SYN,ACK.
#[track_caller]
fn half_open(config: &Config) -> (Table, Life, Segment, Segment) {
    let mut table = listening(config);
    let life = live(&mut table, PAIR, peer(config, 300, seconds(1)), seconds(1));
    let syn = lost(&mut peer(config, 100_000, seconds(10)))[0];
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], seconds(10)), Ok(()));
    let syn_ack = sent_one(&mut table);
    assert_eq!((syn_ack.control(), syn_ack.ack()), (Control::SYN | Control::ACK, Some(SeqNumber(100_001))));
    assert_eq!(only(&mut table).state(), State::SynReceived);
    (table, life, syn, syn_ack)
}

/// Checks that the TIME-WAIT of the last incarnation has its original 2 MSL, and answers.
#[track_caller]
fn assert_stands(table: &mut Table, life: &Life) {
    assert_nothing_but_time_wait(table);
    assert_eq!(table.deadline(), Some(seconds(1) + TWO_MSL));
    assert_eq!(table.segment_arrives(PAIR, &life.fin, &[], seconds(200)), Ok(()));
    let again = sent_one(table);
    assert_eq!((again.seq(), again.ack()), (life.last_ack.seq(), life.last_ack.ack()));
    assert_eq!(again.control(), Control::ACK);
    assert_eq!(table.deadline(), Some(seconds(200) + TWO_MSL));
}

#[test]
fn a_reset_ends_the_new_life_and_time_wait_goes_on() {
    for config in [PLAIN, STAMPED] {
        let (mut table, life, _, syn_ack) = half_open(&config);
        assert_eq!(table.segment_arrives(PAIR, &syn_ack.reset().unwrap(), &[], seconds(11)), Ok(()));
        assert_eq!(sent(&mut table), []);
        assert_stands(&mut table, &life);
    }
}

/// The old peer is gone, and nobody answers.
#[test]
fn silence_ends_the_new_life_and_time_wait_goes_on() {
    for config in [PLAIN, STAMPED] {
        let (mut table, life, _, syn_ack) = half_open(&config);
        let mut again = 0;
        let mut now = seconds(10);
        while table.sockets().count() > 0 {
            now = table.deadline().unwrap();
            table.timeout(now);
            for segment in sent(&mut table) {
                assert_eq!((segment.seq(), segment.control()), (syn_ack.seq(), syn_ack.control()));
                again += 1;
            }
        }
        assert!(again > 3);
        assert!(now >= seconds(10) + config.syn_r2 && now < seconds(200));
        assert_stands(&mut table, &life);
    }
}

/// RFC 1337: neither the reset that ends the new incarnation nor an old reset ends the 2 MSL.
#[test]
fn resets_in_between_do_no_harm_to_time_wait() {
    let (mut table, life, _, syn_ack) = half_open(&PLAIN);
    let of_old = Segment::new(life.last_ack.ack().unwrap(), SeqNumber(0), Control::RST);
    assert_eq!(table.segment_arrives(PAIR, &of_old, &[], seconds(11)), Err(Refusal::ResetOutsideWindow));
    assert_eq!(only(&mut table).state(), State::SynReceived);
    assert_eq!(table.segment_arrives(PAIR, &syn_ack.reset().unwrap(), &[], seconds(11)), Ok(()));
    assert_eq!(table.segment_arrives(PAIR, &of_old, &[], seconds(11)), Err(Refusal::ResetInTimeWait));
    assert_eq!(sent(&mut table), []);
    assert_stands(&mut table, &life);
}

/// The peer is still in LAST-ACK: its FIN is acknowledged as if there had been no SYN.
#[test]
fn while_the_new_life_is_half_open_the_last_one_answers_for_itself() {
    for config in [PLAIN, STAMPED] {
        let (mut table, life, syn, syn_ack) = half_open(&config);
        assert_eq!(table.segment_arrives(PAIR, &life.fin, &[], seconds(11)), Ok(()));
        let again = sent_one(&mut table);
        assert_eq!((again.seq(), again.ack()), (life.last_ack.seq(), life.last_ack.ack()));
        // The retransmitted SYN is for the new incarnation.
        assert_eq!(table.segment_arrives(PAIR, &syn, &[], seconds(11)), Err(Refusal::SynRepeated));
        assert_eq!(sent_one(&mut table).seq(), syn_ack.seq());
        assert_eq!(table.segment_arrives(PAIR, &syn_ack.reset().unwrap(), &[], seconds(12)), Ok(()));
        sent(&mut table);
        assert_nothing_but_time_wait(&mut table);
        assert_eq!(table.deadline(), Some(seconds(11) + TWO_MSL));
    }
}

/// An acknowledgment that TIME-WAIT expects is not answered: an answer would come from an incarnation that the peer
/// does not know.
#[test]
fn an_acknowledgment_for_the_last_life_is_passed_over_in_silence() {
    for config in [PLAIN, STAMPED] {
        let (mut table, life, _, syn_ack) = half_open(&config);
        let of_old = Segment::new(life.fin.seq() + 1, life.last_ack.seq(), Control::ACK);
        let of_old = of_old.with_options(life.fin.options());
        assert_eq!(table.segment_arrives(PAIR, &of_old, &[], seconds(11)), Ok(()));
        assert_eq!(sent(&mut table), []);
        assert_eq!(only(&mut table).state(), State::SynReceived);
        assert_eq!(table.segment_arrives(PAIR, &syn_ack.reset().unwrap(), &[], seconds(11)), Ok(()));
        sent(&mut table);
        assert_stands(&mut table, &life);
    }
}

/// A reset would end TIME-WAIT under this policy, and both incarnations expect the same number.
#[test]
fn the_reset_that_refuses_the_new_life_is_for_that_alone() {
    let config = Config { reset_in_time_wait: true, ..STAMPED };
    let mut table = listening(&config);
    let life = live(&mut table, PAIR, peer(&config, 300, seconds(1)), seconds(1));
    let syn = lost(&mut peer(&config, life.fin.seq().0, seconds(10)))[0];
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], seconds(10)), Ok(()));
    let syn_ack = sent_one(&mut table);
    assert_eq!(syn_ack.ack(), life.last_ack.ack());
    assert_eq!(table.segment_arrives(PAIR, &syn_ack.reset().unwrap(), &[], seconds(11)), Ok(()));
    assert_eq!(sent(&mut table), []);
    assert_stands(&mut table, &life);
}

/// The duplicate came first, and a true SYN after it.
#[test]
fn after_an_old_duplicate_another_syn_may_open() {
    for config in [PLAIN, STAMPED] {
        let (mut table, _, _, syn_ack) = half_open(&config);
        assert_eq!(table.segment_arrives(PAIR, &syn_ack.reset().unwrap(), &[], seconds(11)), Ok(()));
        let mut peer = peer(&config, 200_000, seconds(12));
        let log = exchange(&mut table, PAIR, &mut peer, seconds(12));
        assert_eq!(log[0].ack(), Some(SeqNumber(200_001)));
        assert_eq!((peer.state(), only(&mut table).state()), (State::Established, State::Established));
        assert_eq!(table.deadline(), None);
    }
}

/// An old ACK of the last incarnation neither establishes the new one nor ends TIME-WAIT.
#[test]
fn an_acknowledgment_of_old_establishes_nothing() {
    let (mut table, life, _, syn_ack) = half_open(&PLAIN);
    let of_old = Segment::new(SeqNumber(100_001), life.last_ack.seq(), Control::ACK).with_window(1_000);
    assert_eq!(table.segment_arrives(PAIR, &of_old, &[], seconds(11)), Err(Refusal::AckInSynReceived));
    assert_eq!(sent_one(&mut table).control(), Control::RST);
    assert_eq!(only(&mut table).state(), State::SynReceived);
    assert_eq!(table.segment_arrives(PAIR, &syn_ack.reset().unwrap(), &[], seconds(11)), Ok(()));
    sent(&mut table);
    assert_stands(&mut table, &life);
}

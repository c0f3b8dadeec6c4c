//! TIME-WAIT in the table, and a SYN that reopens it (RFC 9293 section 3.6.1, MAY-2).

use tcp_lifecycle::{CallError, Control, Refusal, Segment, SeqNumber, State};

use crate::host::{
    PAIR, PLAIN, STAMPED, TWO_MSL, assert_nothing_but_time_wait, exchange, fill, listening, live, lost, only, pair,
    peer, seconds, sent, sent_one,
};
use crate::socket::Socket;
use crate::table::{MOST_CONNECTIONS, MOST_HALF_OPEN, Table};

/// The remaining tasks of the connection are 2 MSL, and the answer to its peer's FIN.
#[test]
fn a_connection_in_time_wait_becomes_small_and_keeps_its_promise() {
    for config in [PLAIN, STAMPED] {
        let mut table = listening(&config);
        let life = live(&mut table, PAIR, peer(&config, 300, seconds(1)), seconds(1));
        assert_nothing_but_time_wait(&mut table);
        assert_eq!(table.deadline(), Some(seconds(1) + TWO_MSL));
        // The last acknowledgment was lost.
        assert_eq!(table.segment_arrives(PAIR, &life.fin, &[], seconds(100)), Ok(()));
        let again = sent_one(&mut table);
        assert_eq!((again.seq(), again.ack()), (life.last_ack.seq(), life.last_ack.ack()));
        assert_eq!(table.deadline(), Some(seconds(100) + TWO_MSL));
        table.timeout(seconds(340));
        assert_eq!(table.deadline(), None);
        // For the listener this segment belongs to nothing.
        assert_eq!(table.segment_arrives(PAIR, &life.fin, &[], seconds(340)), Err(Refusal::AckInListen));
        assert_eq!(sent_one(&mut table).control(), Control::RST);
    }
}

#[test]
fn a_connection_stays_whole_until_its_user_has_read_everything() {
    let mut table = listening(&PLAIN);
    let now = seconds(1);
    let mut peer = peer(&PLAIN, 300, now);
    exchange(&mut table, PAIR, &mut peer, now);
    only(&mut table).close(now).unwrap();
    peer.send(b"late", now).unwrap();
    peer.close(now).unwrap();
    exchange(&mut table, PAIR, &mut peer, now);
    assert_eq!(only(&mut table).state(), State::TimeWait);
    assert_eq!(only(&mut table).receive(now).unwrap(), b"late");
    sent(&mut table);
    assert_nothing_but_time_wait(&mut table);
    assert_eq!(table.deadline(), Some(now + TWO_MSL));
}

#[test]
fn each_of_many_has_its_own_two_msl() {
    let mut table = listening(&STAMPED);
    for n in 0..200_u16 {
        let now = seconds(u64::from(n % 100));
        live(&mut table, pair(1_024 + n), peer(&STAMPED, 300, now), now);
    }
    assert_nothing_but_time_wait(&mut table);
    for n in 0..100 {
        assert_eq!(table.deadline(), Some(seconds(n) + TWO_MSL));
        table.timeout(seconds(n) + TWO_MSL);
    }
    assert_eq!(table.deadline(), None);
}

#[test]
fn a_new_syn_opens_a_new_life_that_takes_the_place_of_time_wait() {
    for config in [PLAIN, STAMPED] {
        let mut table = listening(&config);
        let life = live(&mut table, PAIR, peer(&config, 300, seconds(1)), seconds(1));
        let now = seconds(2);
        let mut peer = peer(&config, 100_000, now);
        exchange(&mut table, PAIR, &mut peer, now);
        assert_eq!((peer.state(), only(&mut table).state()), (State::Established, State::Established));
        // No timer is left: TIME-WAIT is gone.
        assert_eq!(table.deadline(), None);
        let challenged = table.segment_arrives(PAIR, &life.fin, &[], now);
        let why = if config.timestamps { Refusal::OldTimestamp } else { Refusal::NotAcceptable };
        assert_eq!(challenged, Err(why));
        let answer = sent_one(&mut table);
        assert_eq!(answer.ack(), Some(SeqNumber(100_001)));
        // It is a connection like any other.
        peer.send(b"request", now).unwrap();
        exchange(&mut table, PAIR, &mut peer, now);
        assert_eq!(only(&mut table).receive(now).unwrap(), b"request");
        only(&mut table).close(now).unwrap();
        peer.close(now).unwrap();
        exchange(&mut table, PAIR, &mut peer, now);
        assert_nothing_but_time_wait(&mut table);
        assert_eq!(table.deadline(), Some(now + TWO_MSL));
    }
}

/// RFC 1122 section 4.2.2.13, (1): larger than the largest number of the last incarnation.
#[test]
fn the_numbers_of_the_new_life_lie_beyond_those_of_the_last() {
    let mut table = listening(&STAMPED);
    let mut last = live(&mut table, PAIR, peer(&STAMPED, 300, seconds(1)), seconds(1)).last_ack.seq();
    for n in 1..10 {
        // No time has passed: the clock alone does not move it beyond.
        let peer = peer(&STAMPED, 300 + 1_000 * n, seconds(1));
        let life = live_again(&mut table, peer);
        assert!(last.lt(life.0), "{last:?} {:?}", life.0);
        last = life.1;
    }
}

/// Returns the initial sequence number, and the last.
#[track_caller]
fn live_again(table: &mut Table, mut peer: Socket) -> (SeqNumber, SeqNumber) {
    let now = seconds(1);
    let first = exchange(table, PAIR, &mut peer, now)[0];
    assert_eq!(first.control(), Control::SYN | Control::ACK);
    only(table).send(&[0; 5_000], now).unwrap();
    only(table).close(now).unwrap();
    peer.close(now).unwrap();
    let rest = exchange(table, PAIR, &mut peer, now);
    assert_nothing_but_time_wait(table);
    (first.seq(), rest.last().unwrap().seq())
}

#[test]
fn a_syn_that_is_not_beyond_is_challenged() {
    let mut table = listening(&PLAIN);
    let life = live(&mut table, PAIR, peer(&PLAIN, 300, seconds(1)), seconds(1));
    let not_beyond = Segment::new(life.last_ack.ack().unwrap(), SeqNumber(0), Control::SYN);
    assert_eq!(table.segment_arrives(PAIR, &not_beyond, &[], seconds(2)), Err(Refusal::SynChallenged));
    assert_eq!(sent_one(&mut table).ack(), life.last_ack.ack());
    assert_nothing_but_time_wait(&mut table);
    assert_eq!(table.deadline(), Some(seconds(1) + TWO_MSL));
}

#[test]
fn a_later_timestamp_reopens_where_the_sequence_number_would_not() {
    let mut table = listening(&STAMPED);
    live(&mut table, PAIR, peer(&STAMPED, 300, seconds(1)), seconds(1));
    let mut behind = peer(&STAMPED, 200, seconds(2));
    exchange(&mut table, PAIR, &mut behind, seconds(2));
    assert_eq!((behind.state(), only(&mut table).state()), (State::Established, State::Established));
}

#[test]
fn time_wait_of_a_connection_that_we_opened_is_not_reopened_where_nobody_listens() {
    let mut table = Table::new(&PLAIN);
    let now = seconds(1);
    table.connect(PAIR, now).unwrap();
    let syn = sent_one(&mut table);
    let syn_ack = Segment::new(SeqNumber(300), syn.seq() + 1, Control::SYN | Control::ACK).with_window(1_000);
    assert_eq!(table.segment_arrives(PAIR, &syn_ack, &[], now), Ok(()));
    only(&mut table).close(now).unwrap();
    sent(&mut table);
    let fin = Segment::new(SeqNumber(301), syn.seq() + 2, Control::FIN | Control::ACK);
    assert_eq!(table.segment_arrives(PAIR, &fin, &[], now), Ok(()));
    sent(&mut table);
    assert_nothing_but_time_wait(&mut table);
    let beyond = lost(&mut peer(&PLAIN, 1_000, now))[0];
    assert_eq!(table.segment_arrives(PAIR, &beyond, &[], now), Err(Refusal::SynChallenged));
    assert_eq!(sent_one(&mut table).ack(), Some(SeqNumber(302)));
    assert_eq!(table.deadline(), Some(now + TWO_MSL));
}

/// The SYN replaces its own TIME-WAIT: a flood that takes all places does not lock its peer out.
#[test]
fn while_the_half_open_places_are_full_a_syn_reopens_time_wait() {
    for config in [PLAIN, STAMPED] {
        let mut table = listening(&config);
        live(&mut table, PAIR, peer(&config, 300, seconds(1)), seconds(1));
        let now = seconds(2);
        fill(&mut table, MOST_HALF_OPEN, &lost(&mut peer(&config, 7, now))[0]);
        let mut again = peer(&config, 100_000, now);
        let first = exchange(&mut table, PAIR, &mut again, now)[0];
        assert_eq!(again.state(), State::Established);
        assert_eq!(table.sockets().filter(|socket| socket.state() == State::Established).count(), 1);
        assert_eq!((first.control(), first.ack()), (Control::SYN | Control::ACK, Some(SeqNumber(100_001))));
        // No other peer has a place.
        let syn = lost(&mut peer(&config, 7, now))[0];
        assert_eq!(table.segment_arrives(pair(60_000), &syn, &[], now), Ok(()));
        assert_eq!(table.sockets().count(), MOST_HALF_OPEN + 1);
    }
}

/// The host holds no more connections than it has room for.
#[test]
fn in_a_table_that_is_full_the_syn_is_passed_over_and_comes_again() {
    let mut table = listening(&STAMPED);
    live(&mut table, PAIR, peer(&STAMPED, 300, seconds(1)), seconds(1));
    let now = seconds(2);
    for n in 0..MOST_CONNECTIONS as u16 {
        exchange(&mut table, pair(1_024 + n), &mut peer(&STAMPED, 300, now), now);
    }
    let syn = lost(&mut peer(&STAMPED, 100_000, now))[0];
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], now), Ok(()));
    assert_eq!(sent(&mut table), []);
    table.sockets().next().unwrap().abort(now).unwrap();
    sent(&mut table);
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], now), Ok(()));
    assert_eq!(sent_one(&mut table).control(), Control::SYN | Control::ACK);
}

/// A pair of sockets has at most one connection, and TIME-WAIT counts.
#[test]
fn what_exists_is_not_opened_again() {
    let mut table = Table::new(&PLAIN);
    table.connect(PAIR, seconds(1)).unwrap();
    assert_eq!(table.connect(PAIR, seconds(1)), Err(CallError::ConnectionAlreadyExists));
    let mut table = listening(&PLAIN);
    live(&mut table, PAIR, peer(&PLAIN, 300, seconds(1)), seconds(1));
    assert_nothing_but_time_wait(&mut table);
    assert_eq!(table.connect(PAIR, seconds(1)), Err(CallError::ConnectionAlreadyExists));
    table.timeout(seconds(1) + TWO_MSL);
    assert_eq!(table.connect(PAIR, seconds(1) + TWO_MSL), Ok(()));
}

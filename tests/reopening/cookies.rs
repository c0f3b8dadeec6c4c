//! The passive side of the table: a bounded number of half-open connections, and cookies beyond.

use tcp_lifecycle::{Config, Control, Options, Refusal, Segment, SeqNumber, State};

use crate::host::{PAIR, PLAIN, STAMPED, exchange, fill, listening, lost, only, pair, peer, seconds, sent, sent_one};
use crate::socket::Socket;
use crate::table::{MOST_CONNECTIONS, MOST_HALF_OPEN, Table};

/// A table that is full of SYNs without any further segments.
fn flooded() -> Table {
    flooded_with(&STAMPED)
}

fn flooded_with(config: &Config) -> Table {
    let mut table = listening(config);
    fill(&mut table, MOST_HALF_OPEN, &lost(&mut peer(config, 7, seconds(1)))[0]);
    table
}

/// Frees one of those places.
fn make_room(table: &mut Table) {
    let reset = Segment::new(SeqNumber(8), SeqNumber(0), Control::RST);
    assert_eq!(table.segment_arrives(pair(1_024), &reset, &[], seconds(2)), Ok(()));
    assert_eq!(sent(table), []);
}

/// The SYN was answered with a cookie and, since there was room by then, again with a connection. Returns both
/// SYN,ACKs, the cookie's first.
#[track_caller]
fn answered_twice(config: &Config) -> (Table, Socket, [Segment; 2]) {
    let (mut table, now) = (flooded_with(config), seconds(2));
    let mut honest = peer(config, 300, now);
    let syn = lost(&mut honest)[0];
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], now), Ok(()));
    let cookie = sent_one(&mut table);
    make_room(&mut table);
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], now), Ok(()));
    let other = sent_one(&mut table);
    assert_ne!(cookie.seq(), other.seq());
    assert_eq!(table.sockets().count(), MOST_HALF_OPEN);
    (table, honest, [cookie, other])
}

/// The connection at [`PAIR`], once it is the only one that is established.
#[track_caller]
fn established(table: &mut Table) -> &mut Socket {
    let mut sockets: Vec<_> = table.sockets().filter(|socket| socket.state() == State::Established).collect();
    assert_eq!(sockets.len(), 1);
    sockets.remove(0)
}

/// A connection in SYN-RECEIVED alone would reset it.
#[test]
fn a_peer_that_has_the_cookie_connects_although_its_syn_came_again_and_found_room() {
    for config in [PLAIN, STAMPED] {
        let (mut table, mut honest, [cookie, other]) = answered_twice(&config);
        let now = seconds(2);
        assert_eq!(honest.segment_arrives(&cookie, &[], now), Ok(()));
        let sent = exchange(&mut table, PAIR, &mut honest, now);
        assert_eq!((honest.state(), sent), (State::Established, vec![]));
        // The other SYN,ACK comes too late, and does no harm.
        assert!(honest.segment_arrives(&other, &[], now).is_err());
        let sent = exchange(&mut table, PAIR, &mut honest, now);
        assert_eq!((honest.state(), sent), (State::Established, vec![]));
        honest.send(b"request", now).unwrap();
        exchange(&mut table, PAIR, &mut honest, now);
        assert_eq!(established(&mut table).receive(now).unwrap(), b"request");
        assert_eq!(table.sockets().count(), MOST_HALF_OPEN);
    }
}

/// The bare ACK is lost, and a segment with payload brings the cookie back.
#[test]
fn the_payload_that_comes_with_such_a_cookie_is_not_lost() {
    let (mut table, mut honest, [cookie, _]) = answered_twice(&STAMPED);
    let now = seconds(2);
    assert_eq!(honest.segment_arrives(&cookie, &[], now), Ok(()));
    honest.send(b"request", now).unwrap();
    let (request, payload) = honest.outgoing().last().unwrap();
    assert_eq!(table.segment_arrives(PAIR, &request, &payload, now), Ok(()));
    assert_eq!(established(&mut table).receive(now).unwrap(), b"request");
}

#[test]
fn a_peer_that_has_the_other_syn_ack_connects_as_ever() {
    for config in [PLAIN, STAMPED] {
        let (mut table, mut honest, [cookie, other]) = answered_twice(&config);
        let now = seconds(2);
        assert_eq!(honest.segment_arrives(&other, &[], now), Ok(()));
        exchange(&mut table, PAIR, &mut honest, now);
        assert!(honest.segment_arrives(&cookie, &[], now).is_err());
        exchange(&mut table, PAIR, &mut honest, now);
        assert_eq!((honest.state(), established(&mut table).state()), (State::Established, State::Established));
    }
}

/// The half-open connection is unchanged, and only its answer is sent (D9).
#[test]
fn an_ack_of_neither_is_reset_and_changes_nothing() {
    let (mut table, mut honest, [_, other]) = answered_twice(&PLAIN);
    let now = seconds(2);
    let forged = Segment::new(SeqNumber(301), SeqNumber(4_711), Control::ACK);
    assert_eq!(table.segment_arrives(PAIR, &forged, &[], now), Err(Refusal::AckInSynReceived));
    assert_eq!(sent_one(&mut table).to_string(), "<SEQ=4711><CTL=RST>");
    assert_eq!(honest.segment_arrives(&other, &[], now), Ok(()));
    exchange(&mut table, PAIR, &mut honest, now);
    assert_eq!(established(&mut table).state(), State::Established);
}

/// RFC 7323 section 3.2: the ACK is not reset either if it lacks the timestamps that the cookie agreed to.
#[test]
fn such_a_cookie_without_its_timestamps_is_passed_over_in_silence() {
    let (mut table, mut honest, [cookie, _]) = answered_twice(&STAMPED);
    let now = seconds(2);
    assert_eq!(honest.segment_arrives(&cookie, &[], now), Ok(()));
    let ack = lost(&mut honest)[0];
    let bare = ack.with_options(Options::NONE);
    assert_eq!(table.segment_arrives(PAIR, &bare, &[], now), Err(Refusal::NoTimestamp));
    assert_eq!(sent(&mut table), []);
    assert_eq!(table.segment_arrives(PAIR, &ack, &[], now), Ok(()));
    assert_eq!(established(&mut table).state(), State::Established);
}

/// The peer has given up the cookie's connection.
#[test]
fn a_reset_with_the_number_of_a_cookie_ends_the_half_open_connection() {
    let (mut table, _, [cookie, _]) = answered_twice(&PLAIN);
    let reset = Segment::new(SeqNumber(301), cookie.seq() + 1, Control::RST | Control::ACK);
    assert_eq!(table.segment_arrives(PAIR, &reset, &[], seconds(2)), Ok(()));
    assert_eq!(sent(&mut table), []);
    assert_eq!(table.sockets().count(), MOST_HALF_OPEN - 1);
}

/// A connection that a SYN has reopened out of TIME-WAIT never had a cookie, so an old duplicate is not for it.
#[test]
fn a_cookie_of_the_last_life_does_not_take_the_place_of_the_new_one() {
    let (mut table, now) = (flooded(), seconds(2));
    let mut first = peer(&STAMPED, 300, now);
    let syn = lost(&mut first)[0];
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], now), Ok(()));
    assert_eq!(first.segment_arrives(&sent_one(&mut table), &[], now), Ok(()));
    let (ack, _) = first.outgoing().last().unwrap();
    assert_eq!(table.segment_arrives(PAIR, &ack, &[], now), Ok(()));
    established(&mut table).close(now).unwrap();
    exchange(&mut table, PAIR, &mut first, now);
    first.close(now).unwrap();
    exchange(&mut table, PAIR, &mut first, now);
    assert_eq!(table.sockets().count(), MOST_HALF_OPEN);

    let mut second = peer(&STAMPED, 100_000, seconds(3));
    let syn = lost(&mut second)[0];
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], seconds(3)), Ok(()));
    let syn_ack = sent_one(&mut table);
    assert!(table.segment_arrives(PAIR, &ack, &[], seconds(3)).is_err());
    sent(&mut table);
    assert_eq!(second.segment_arrives(&syn_ack, &[], seconds(3)), Ok(()));
    exchange(&mut table, PAIR, &mut second, seconds(3));
    assert_eq!((second.state(), established(&mut table).state()), (State::Established, State::Established));
}

#[test]
fn beyond_the_room_a_syn_costs_no_memory() {
    let mut table = flooded();
    let syn = lost(&mut peer(&STAMPED, 7, seconds(1)))[0];
    for n in 0..1_000 {
        assert_eq!(table.segment_arrives(pair(10_000 + n), &syn, &[], seconds(1)), Ok(()));
        assert_eq!(sent_one(&mut table).control(), Control::SYN | Control::ACK);
    }
    assert_eq!(table.sockets().count(), MOST_HALF_OPEN);
}

/// Restores the window scale that the SYN offered, and the payload of the segment that brought the cookie back.
#[test]
fn an_honest_peer_connects_in_the_middle_of_a_flood() {
    let (mut table, now) = (flooded(), seconds(2));
    let mut honest = peer(&STAMPED, 300, now);
    let syn = lost(&mut honest)[0];
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], now), Ok(()));
    let cookie = sent_one(&mut table);
    assert_eq!(table.sockets().count(), MOST_HALF_OPEN);
    assert_eq!(honest.segment_arrives(&cookie, &[], now), Ok(()));
    honest.send(b"request", now).unwrap();
    let (request, payload) = honest.outgoing().last().unwrap();
    // The bare ACK was lost, and the request completes the connection.
    assert_eq!(table.segment_arrives(PAIR, &request, &payload, now), Ok(()));
    assert_eq!(table.sockets().count(), MOST_HALF_OPEN + 1);
    let socket = table.sockets().find(|socket| socket.state() == State::Established).unwrap();
    assert_eq!(socket.receive(now).unwrap(), b"request");
    let answer = sent_one(&mut table);
    assert_eq!(answer.ack(), Some(SeqNumber(308)));
    assert!(answer.options().timestamps().is_some());
    assert_eq!(u32::from(answer.window()) << cookie.options().window_scale().unwrap(), (1 << 18) - 8);
}

#[test]
fn a_forged_cookie_is_reset() {
    let mut table = flooded();
    let forged = Segment::new(SeqNumber(301), SeqNumber(4_711), Control::ACK);
    assert_eq!(table.segment_arrives(PAIR, &forged, &[], seconds(2)), Err(Refusal::AckInListen));
    assert_eq!(sent_one(&mut table).to_string(), "<SEQ=4711><CTL=RST>");
    assert_eq!(table.sockets().count(), MOST_HALF_OPEN);
}

/// The peer has everything that it needs to try again.
#[test]
fn a_table_that_is_full_takes_a_cookie_only_once_there_is_room() {
    let (mut table, now) = (listening(&STAMPED), seconds(1));
    for n in 0..MOST_CONNECTIONS as u16 {
        exchange(&mut table, pair(1_024 + n), &mut peer(&STAMPED, 300, now), now);
    }
    let mut honest = peer(&STAMPED, 300, now);
    let syn = lost(&mut honest)[0];
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], now), Ok(()));
    assert_eq!(honest.segment_arrives(&sent_one(&mut table), &[], now), Ok(()));
    let ack = lost(&mut honest)[0];
    assert_eq!(table.segment_arrives(PAIR, &ack, &[], now), Ok(()));
    assert_eq!((sent(&mut table), table.sockets().count()), (vec![], MOST_CONNECTIONS));
    table.sockets().next().unwrap().abort(now).unwrap();
    assert_eq!(sent_one(&mut table).control(), Control::RST);
    assert_eq!(table.segment_arrives(PAIR, &ack, &[], now), Ok(()));
    assert_eq!(table.sockets().count(), MOST_CONNECTIONS);
    assert!(table.sockets().all(|socket| socket.state() == State::Established));
}

#[test]
fn a_reset_goes_out_although_a_new_life_has_taken_its_place() {
    let (mut table, now) = (listening(&STAMPED), seconds(1));
    exchange(&mut table, PAIR, &mut peer(&STAMPED, 300, now), now);
    only(&mut table).abort(now).unwrap();
    let syn = lost(&mut peer(&STAMPED, 1_000, now))[0];
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], now), Ok(()));
    let controls = sent(&mut table).into_iter().map(|segment| segment.control()).collect::<Vec<_>>();
    assert_eq!(controls, [Control::RST, Control::SYN | Control::ACK]);
}

#[test]
fn a_half_open_connection_that_is_reset_makes_room() {
    let mut table = flooded();
    make_room(&mut table);
    let syn = lost(&mut peer(&STAMPED, 300, seconds(2)))[0];
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], seconds(2)), Ok(()));
    assert_eq!(table.sockets().count(), MOST_HALF_OPEN);
    sent(&mut table);
}

#[test]
fn a_port_at_which_nobody_listens_is_as_closed() {
    let mut table = Table::new(&STAMPED);
    let syn = lost(&mut peer(&STAMPED, 300, seconds(1)))[0];
    assert_eq!(table.segment_arrives(PAIR, &syn, &[], seconds(1)), Ok(()));
    let reset = sent_one(&mut table);
    assert_eq!((reset.control(), reset.ack()), (Control::RST | Control::ACK, Some(SeqNumber(301))));
    assert_eq!(table.sockets().count(), 0);
}

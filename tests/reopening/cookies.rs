//! The passive side of the table: so many half-open connections, and cookies beyond.

use tcp_lifecycle::{Control, Refusal, Segment, SeqNumber, State};

use crate::host::{PAIR, STAMPED, exchange, listening, lost, only, pair, peer, seconds, sent, sent_one};
use crate::table::{MOST_CONNECTIONS, MOST_HALF_OPEN, Table};

/// A table that is full of SYNs which nobody follows up.
fn flooded() -> Table {
    let mut table = listening(&STAMPED);
    let syn = lost(&mut peer(&STAMPED, 7, seconds(1)))[0];
    for n in 0..MOST_HALF_OPEN as u16 {
        assert_eq!(table.segment_arrives(pair(1_024 + n), &syn, &[], seconds(1)), Ok(()));
    }
    assert_eq!(sent(&mut table).len(), MOST_HALF_OPEN);
    table
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

/// With the window scale that the SYN offered, and the payload of the segment that brought the cookie back.
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
    // The bare ACK was lost, and the request does as well.
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

/// The peer has all that it needs to try again.
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
    let reset = Segment::new(SeqNumber(8), SeqNumber(0), Control::RST);
    assert_eq!(table.segment_arrives(pair(1_024), &reset, &[], seconds(2)), Ok(()));
    sent(&mut table);
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

//! A flood of SYNs.

use std::hash::RandomState;
use std::net::SocketAddr;

use tcp_lifecycle::listener::{Arrival, Listener, Syn};
use tcp_lifecycle::{Connection, Control, Instant, Open, Segment, SeqNumber, State};

use super::{LOCAL, MODERN, REMOTE, drain, listener, seconds, segments, socket};

/// A listener is a plain value without pointers, so it cannot grow.
#[test]
fn a_listener_is_no_larger_than_a_cache_line() {
    const fn assert_copy<T: Copy>() {}
    assert_copy::<Syn<'static, RandomState>>();
    assert!(size_of::<Listener<RandomState>>() <= 64);
}

#[test]
fn in_a_flood_of_a_million_syns_an_honest_client_connects() {
    let listener = listener(&MODERN);
    let local = socket(LOCAL);
    let mut client = Connection::new(&MODERN, 100);
    let mut server = None;
    for number in 0..1_000_000_u32 {
        let now = Instant::from_micros(u64::from(number) * 5);
        let [a, b, c, d] = number.wrapping_mul(2_654_435_761).to_be_bytes();
        let remote = SocketAddr::from(([10, a, b, c], 1_024 + u16::from(d)));
        let flood = Segment::new(SeqNumber(number), SeqNumber(0), Control::SYN);
        let Arrival::Syn(syn) = listener.segment_arrives(&flood, local, remote, now) else { panic!("{number}") };
        assert_eq!(syn.cookie().ack(), Some(SeqNumber(number) + 1));
        // During the flood, some thousands of SYNs apart: a peer's SYN, our cookie, its ACK with payload.
        match number {
            480_000 => client.open(Open::Active, now).unwrap(),
            490_000 => {
                let its_syn = segments(&mut client, now)[0];
                let Arrival::Syn(syn) = listener.segment_arrives(&its_syn, local, socket(REMOTE), now) else {
                    panic!("{its_syn}")
                };
                client.segment_arrives(&syn.cookie(), now).unwrap();
                client.send(10, now).unwrap();
            }
            500_000 => {
                for segment in segments(&mut client, now) {
                    match listener.segment_arrives(&segment, local, socket(REMOTE), now) {
                        Arrival::Completed { connection, payload } => server = Some((connection, payload)),
                        Arrival::Syn(syn) => panic!("{}", syn.segment()),
                        Arrival::Refused { refusal, .. } => panic!("{refusal}"),
                    }
                }
            }
            _ => {}
        }
    }
    let (mut server, payload) = server.unwrap();
    assert_eq!((client.state(), server.state(), payload), (State::Established, State::Established, 0..10));
    let now = seconds(5);
    for segment in segments(&mut server, now) {
        client.segment_arrives(&segment, now).unwrap();
    }
    assert_eq!(drain(&mut client, now).last().map(String::as_str), Some("Acknowledged(10)"));
    let (ours, theirs) = (server.status(), client.status());
    assert_eq!((ours.snd_scale, ours.rcv_scale), (theirs.rcv_scale, theirs.snd_scale));
    assert_eq!((ours.snd_scale, ours.timestamps, ours.sack_permitted), (Some(5), true, true));
}

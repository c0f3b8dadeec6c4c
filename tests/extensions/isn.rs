//! The initial sequence number that an embedder chooses: an exact one, or one beyond the last incarnation's.

use tcp_lifecycle::{Config, Connection, Instant, Open, SeqNumber, State};

use super::{NOW, after, drain};

const MOMENTS: [u64; 5] = [0, 3, 4, 17_179_869_184, u64::MAX];

#[test]
fn an_offset_for_an_exact_number_leads_to_it() {
    for micros in MOMENTS {
        let now = Instant::from_micros(micros);
        for iss in [0, 1, 100, 0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
            let offset = Connection::isn_offset_for(SeqNumber(iss), now);
            let mut connection = Connection::new(&Config::DEFAULT, offset);
            connection.open(Open::Active, now).unwrap();
            assert_eq!(connection.status().iss, Some(SeqNumber(iss)), "at {now}");
        }
    }
}

/// An active OPEN out of our own TIME-WAIT (RFC 9293 section 3.4.3; RFC 6191 for the passive side).
#[test]
fn the_next_life_begins_beyond_every_number_of_this_one() {
    for given in ["TIME-WAIT", "TIME-WAIT SND.NXT=0", "TIME-WAIT SND.NXT=4294967295", "LAST-ACK SND.NXT=1"] {
        let connection = after(&Config::DEFAULT, given);
        let nxt = connection.status().snd_nxt.unwrap();
        for micros in MOMENTS {
            let now = Instant::from_micros(micros);
            let before = connection.clone();
            let mut next = Connection::new(&Config::DEFAULT, connection.next_isn_offset(now));
            assert_eq!(connection, before, "it is a question");
            next.open(Open::Active, now).unwrap();
            let iss = next.status().iss.unwrap();
            assert!(nxt.lt(iss), "{given}: {iss} is beyond {nxt}");
        }
    }
}

/// If the clock has advanced far enough, the offset of RFC 6528 stays the same.
#[test]
fn the_present_offset_does_where_it_leads_beyond() {
    let mut connection = after(&Config::DEFAULT, "TIME-WAIT SND.NXT=100");
    connection.set_isn_offset(77);
    assert_eq!(connection.next_isn_offset(Instant::from_micros(60_000_000)), 77);
    connection.set_isn_offset(101);
    assert_eq!(connection.next_isn_offset(NOW), 101);
    connection.set_isn_offset(99);
    assert_ne!(connection.next_isn_offset(NOW), 99);
}

#[test]
fn without_a_life_it_is_the_present_offset() {
    let mut connection = Connection::new(&Config::DEFAULT, 77);
    assert_eq!(connection.next_isn_offset(NOW), 77);
    connection.open(Open::Passive, NOW).unwrap();
    drain(&mut connection, NOW);
    assert_eq!((connection.state(), connection.next_isn_offset(NOW)), (State::Listen, 77));
}

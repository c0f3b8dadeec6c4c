//! A CLOSE only announces that there is no more to send, under the policies of any system (RFC 9293 section 3.6). A
//! proxy passes on the end of a request in this way, and waits for the reply.

use std::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Side};
use tcp_lifecycle::{Config, State};

#[test]
fn a_reply_of_any_length_comes_through_a_half_closed_connection() {
    for config in [Config::DEFAULT, Config::linux(), Config::bsd()] {
        let mut pair = Pair::new(&config, &config, Network::PERFECT);
        pair.handshake().unwrap();
        pair.send(Side::A, b"request").unwrap();
        pair.close(Side::A).unwrap();
        pair.drive_while(|pair| pair.state(Side::B) != State::CloseWait).unwrap();
        assert_eq!(pair.received(Side::B), b"request");
        pair.send(Side::B, &[7; 1_000_000]).unwrap();
        pair.close(Side::B).unwrap();
        pair.drive().unwrap();
        assert_eq!(pair.received(Side::A).len(), 1_000_000);
        assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Closed, State::Closed));
    }
}

/// The wait for a reply has no bound.
#[test]
fn a_reply_that_takes_a_day_comes_through_it_too() {
    for config in [Config::DEFAULT, Config::linux(), Config { keep_alive: None, ..Config::bsd() }] {
        let mut pair = Pair::new(&config, &config, Network::PERFECT);
        pair.handshake().unwrap();
        pair.close(Side::A).unwrap();
        pair.drive_for(Duration::from_secs(86_400)).unwrap();
        assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::FinWait2, State::CloseWait));
        pair.send(Side::B, b"reply").unwrap();
        pair.close(Side::B).unwrap();
        pair.drive().unwrap();
        assert_eq!(pair.received(Side::A), b"reply");
    }
}

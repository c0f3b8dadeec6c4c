//! How values look when they are serialised, and what is refused.

use core::time::Duration;

use serde_json::{from_str, json, to_value};
use tcp_lifecycle::endpoint::{Accept, ConnectError, EndpointConfig, ListenAddr, ListenError};
use tcp_lifecycle::sim::{Network, Side};
use tcp_lifecycle::stream::{End, Event, LogEntry, ReadError, WriteError};
use tcp_lifecycle::wire::{Checksums, EmitError, Header, WireError};
use tcp_lifecycle::{
    CallError, Config, ConfigError, Connection, Control, Ecn, IcmpError, Instant, KeepAlive, Open, Options, Output,
    ParseSegmentError, Refusal, SackBlock, SackBlocks, Segment, SeqNumber, Signal, State, Transition, Transmit,
    diagram,
};

use crate::faithful::comes_back;

fn segment() -> Segment {
    "<SEQ=100><ACK=300><CTL=FIN,ACK><WND=1000><DATA=10><TS=7,0>".parse().unwrap()
}

fn block(left: u32, right: u32) -> SackBlock {
    SackBlock { left: SeqNumber(left), right: SeqNumber(right) }
}

#[test]
fn a_segment_is_its_fields() {
    let options = json!({ "mss": null, "window_scale": null, "sack_permitted": false, "timestamps": [7, 0] });
    let value = json!({
        "seq": 100, "ack": 300, "control": "FIN | ACK", "window": 1000, "urgent": 0, "payload": 10,
        "options": options,
    });
    assert_eq!(to_value(segment()).unwrap(), value);
    assert_eq!(comes_back(&segment()).len(), 11);
    let syn: Segment = "<SEQ=100><CTL=SYN><MSS=1460><WS=7><SACK>".parse().unwrap();
    comes_back(&syn);
}

/// The acknowledgment field of a segment without ACK is zero, and stays zero.
#[test]
fn a_segment_without_ack_has_no_acknowledgment() {
    let text = serde_json::to_string(&segment()).unwrap().replace("FIN | ACK", "FIN");
    assert_eq!(from_str::<Segment>(&text).unwrap().to_string(), "<SEQ=100><CTL=FIN><DATA=10><WND=1000><TS=7,0>");
}

#[test]
fn an_instant_is_its_microseconds() {
    assert_eq!(to_value(Instant::from_micros(1_500)).unwrap(), 1_500);
    assert_eq!(to_value(Instant::ZERO).unwrap(), 0);
    comes_back(&Some(Instant::ZERO));
    comes_back(&None::<Instant>);
    // The last moment.
    assert_eq!(from_str::<Instant>("18446744073709551615").unwrap(), Instant::from_micros(u64::MAX));
}

#[test]
fn there_are_at_most_four_blocks() {
    let blocks: SackBlocks = (0..4).map(|n| block(n, n + 1)).collect();
    comes_back(&blocks);
    comes_back(&SackBlocks::NONE);
    let five: Vec<SackBlock> = (0..5).map(|n| block(n, n + 1)).collect();
    let error = from_str::<SackBlocks>(&serde_json::to_string(&five).unwrap()).unwrap_err();
    assert!(error.to_string().starts_with("invalid length 5, expected at most 4 SACK blocks"), "{error}");
    postcard::from_bytes::<SackBlocks>(&postcard::to_allocvec(&five).unwrap()).unwrap_err();
}

#[test]
fn a_policy_that_is_missing_has_its_default() {
    let text = r#"{ "mss": 1460, "keep_alive": { "idle": { "secs": 60, "nanos": 0 },
        "interval": { "secs": 5, "nanos": 0 }, "probes": 3 } }"#;
    let (idle, interval) = (Duration::from_secs(60), Duration::from_secs(5));
    let keep_alive = Some(KeepAlive { idle, interval, probes: 3 });
    assert_eq!(from_str::<Config>(text).unwrap(), Config { mss: 1460, keep_alive, ..Config::DEFAULT });
    assert_eq!(from_str::<EndpointConfig>(r#"{ "max_streams": 5 }"#).unwrap().max_streams, 5);
}

#[test]
fn every_value_comes_back() {
    comes_back(&State::ALL);
    comes_back(&Transition { from: State::Listen, to: State::SynReceived });
    comes_back(&[Open::Active, Open::Passive]);
    comes_back(&(Control::all(), Options::NONE, SeqNumber(u32::MAX)));
    comes_back(&[Ecn::NotEct, Ecn::Ect1, Ecn::Ect0, Ecn::Ce]);
    let signals = [Signal::Acknowledged(7), Signal::Urgent, Signal::Unreachable(IcmpError::PortUnreachable)];
    comes_back(&signals.map(Output::Signal));
    comes_back(&Output::Transmit(Transmit { segment: segment(), payload: 5..15 }));
    comes_back(&Output::Wait(Some(Instant::from_micros(5))));
    comes_back(&Connection::new(&Config::linux(), 100).status());
    comes_back(&(CallError::NotSent, Refusal::NotAcceptable, ConfigError::Msl, ParseSegmentError::Ack));
    comes_back(&[Event::Connected, Event::Ended(End::Unreachable(IcmpError::PortUnreachable))]);
    comes_back(&(ReadError::Blocked, WriteError::Ended(End::Reset)));
    comes_back(&LogEntry::Arrived(segment(), Err(Refusal::NoAck)));
    comes_back(&(ConnectError::NoPort, ListenError::PortZero, Accept::Syn));
    comes_back(&[ListenAddr::Any, ListenAddr::Port(80), ListenAddr::Socket("[::1]:80".parse().unwrap())]);
    comes_back(&(Checksums::Offloaded, WireError::Version(5), EmitError::BufferTooSmall { needed: 40 }));
    comes_back(&Header::new("192.0.2.1:1".parse().unwrap(), "192.0.2.2:2".parse().unwrap(), segment()));
    comes_back(&(Network::PERFECT, Side::B));
}

#[test]
fn an_arc_of_the_diagram_can_be_exported() {
    let arc = to_value(diagram::ARCS[1]).unwrap();
    assert_eq!(
        (&arc["from"], &arc["to"], &arc["cause"]),
        (&json!("Closed"), &json!("SynSent"), &json!({ "Call": "active OPEN" }))
    );
}

//! The plain types: the values that they hold, and their printed forms where those show more than the fields.

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::net::SocketAddr;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener};
use tcp_lifecycle::{Config, IcmpError, Instant, Options, ParseSegmentError, Segment};

#[test]
fn a_moment_prints_as_the_time_since_the_first_one() {
    for (micros, text) in [(0, "0ns"), (1, "1µs"), (20_000, "20ms"), (1_500_000, "1.5s")] {
        let moment = Instant::from_micros(micros);
        assert_eq!(moment.to_string(), text);
        assert_eq!(format!("{moment:?}"), format!("Instant({text})"));
    }
}

#[test]
fn an_error_of_icmp_prints_its_name_with_any_width() {
    assert_eq!(IcmpError::SourceRouteFailed.to_string(), "source route failed");
    assert_eq!(format!("{:>19}", IcmpError::Prohibited), "         prohibited");
}

#[test]
fn a_listener_prints_its_policies_and_not_its_key() {
    type Key = BuildHasherDefault<DefaultHasher>;
    let listener = Listener::new(&Config::DEFAULT, IsnHash::new(Key::default()));
    let printed = format!("{listener:?}");
    assert!(printed.starts_with("Listener { policy: Policy {") && printed.ends_with(", .. }"), "{printed}");
    assert!(!printed.contains("Hasher"), "{printed}");
    let socket: SocketAddr = "192.0.2.1:80".parse().unwrap();
    let segment: Segment = "<SEQ=5><CTL=SYN>".parse().unwrap();
    let Arrival::Syn(syn) = listener.segment_arrives(&segment, socket, socket, Instant::ZERO) else { panic!() };
    let printed = format!("{syn:?}");
    for part in ["Syn { segment: Segment(<SEQ=5><CTL=SYN>)", "local: 192.0.2.1:80", "now: Instant(0ns)", ", .. }"] {
        assert!(printed.contains(part), "{printed}");
    }
    assert_eq!(format!("{:?}", IsnHash::new(Key::default())), "IsnHash { .. }");
}

#[test]
fn an_option_that_is_set_again_is_what_was_set_last() {
    let once = Options::NONE.with_mss(1).with_window_scale(2).with_sack_permitted().with_timestamps(3, 4);
    let options = once.with_mss(536).with_window_scale(7).with_sack_permitted().with_timestamps(5, 6);
    assert_eq!(options.mss(), Some(536));
    assert_eq!(options.window_scale(), Some(7));
    assert!(options.sack_permitted());
    assert_eq!(options.timestamps(), Some((5, 6)));
    assert_eq!((Options::NONE.mss(), Options::NONE.window_scale(), Options::NONE.timestamps()), (None, None, None));
    assert!(!Options::NONE.sack_permitted());
}

/// The last value counts.
#[test]
fn an_option_that_is_set_twice_is_there() {
    let twice = Options::NONE
        .with_mss(1)
        .with_mss(2)
        .with_window_scale(3)
        .with_window_scale(4)
        .with_sack_permitted()
        .with_sack_permitted()
        .with_timestamps(5, 6)
        .with_timestamps(7, 8);
    assert_eq!((twice.mss(), twice.window_scale()), (Some(2), Some(4)));
    assert_eq!((twice.sack_permitted(), twice.timestamps()), (true, Some((7, 8))));
}

#[test]
fn what_is_no_segment_says_why() {
    for (text, error) in [
        ("SEQ=1", ParseSegmentError::Brackets),
        ("<SEQ=1><CTL=SYN", ParseSegmentError::Brackets),
        ("<SEQ=1><CTL=SYN><TTL=64>", ParseSegmentError::UnknownField),
        ("<SEQ=1><CTL=SYN><SACK=1>", ParseSegmentError::UnknownField),
        ("<SEQ=1><CTL=SIN>", ParseSegmentError::UnknownControl),
        ("<SEQ=4294967296><CTL=SYN>", ParseSegmentError::Number),
        ("<SEQ=1><CTL=SYN><TS=1>", ParseSegmentError::Number),
        ("<CTL=SYN>", ParseSegmentError::Fields),
        ("<SEQ=1><SEQ=1><CTL=SYN>", ParseSegmentError::Fields),
        ("<SEQ=1><CTL=SYN><SACK><SACK>", ParseSegmentError::Fields),
        ("<SEQ=1><ACK=1><CTL=SYN>", ParseSegmentError::Ack),
        ("<SEQ=1><CTL=ACK>", ParseSegmentError::Ack),
    ] {
        assert_eq!(text.parse::<Segment>(), Err(error), "{text}");
    }
}

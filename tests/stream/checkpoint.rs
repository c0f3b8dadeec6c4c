//! Checkpoints: a stream that goes on elsewhere loses no byte and doubles none, and the peer notices nothing.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tcp_lifecycle::stream::{Checkpoint, Event, Output, Stream, StreamConfig};
use tcp_lifecycle::{Config, Control, Instant, Open, SackBlock, Segment, SeqNumber, State};

use crate::cases::cases;
use crate::fight::{Fight, IRS, config};
use crate::pair::Pair;

fn stored(checkpoint: &Checkpoint) -> Vec<u8> {
    postcard::to_allocvec(checkpoint).unwrap()
}

/// Stores a checkpoint and reads it.
fn through(checkpoint: Checkpoint) -> Checkpoint {
    let again = postcard::from_bytes(&stored(&checkpoint)).unwrap_or_else(|error| panic!("{error}: {checkpoint:?}"));
    assert_eq!(checkpoint, again);
    again
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn streams_that_move_at_any_moment_lose_and_double_no_byte(
        setup in vec(any::<u8>(), 22),
        acts in vec((any::<[u8; 3]>(), prop::option::weighted(0.3, (0..2_usize, 0..2_000_000_000_u64))), 0..80),
        moves_after in prop::option::of(1..500_usize),
    ) {
        let (mut pair, to_write) = Pair::of(&setup);
        for ([which, low, high], moves) in acts {
            pair.act(usize::from(which & 1), which >> 1, u16::from_le_bytes([low, high]));
            if let Some((side, micros)) = moves {
                pair.moves(side, Duration::from_micros(micros), through);
            }
        }
        pair.moves_after = moves_after;
        pair.transfer(to_write);
    }
}

#[test]
fn a_transfer_that_moves_every_few_steps_comes_to_its_end() {
    for after in [1, 7, 50] {
        let mut pair = Pair::new(&[config(), config()], [100, 300]);
        pair.delay = Duration::from_millis(5);
        pair.moves_after = Some(after);
        pair.open(false);
        pair.transfer([50_000, 30_000]);
        let [a, b] = &pair.ends;
        assert_eq!([b.read_total(), a.read_total()], [50_000, 30_000]);
    }
}

/// The stream of a fight, in ESTABLISHED, with bytes in flight, bytes unread and bytes ahead of a gap.
fn busy() -> Fight {
    let mut fight = Fight::begin(&config());
    fight.after(10);
    fight.payload(0, 100, Control::empty());
    fight.payload(200, 100, Control::empty());
    fight.write(500);
    fight
}

fn busy_checkpoint() -> Checkpoint {
    let fight = busy();
    fight.watched.stream.checkpoint(fight.watched.now)
}

#[test]
fn a_checkpoint_has_the_bytes_and_leaves_out_those_ahead_of_a_gap() {
    let mut fight = busy();
    let before = fight.watched.stream.connection().status();
    let checkpoint = through(fight.watched.stream.checkpoint(fight.watched.now));
    assert_eq!(checkpoint.connection().status(), before);
    let now = fight.watched.now;
    fight.watched.stream = Stream::restore(checkpoint, &config(), now);
    let stream = &fight.watched.stream;
    assert_eq!((stream.queued(), stream.readable().0.len()), (500, 100));
    // The ACKs report nothing of what was ahead of the gap, until it has arrived again.
    let sent = fight.payload(300, 50, Control::empty());
    let block = SackBlock { left: IRS + 301, right: IRS + 351 };
    assert_eq!(sent.last().unwrap().sack[..], [block]);
    fight.payload(100, 200, Control::empty());
    assert_eq!(fight.watched.read(1_000), Some(350));
}

#[test]
fn the_window_restarts_and_what_is_in_flight_is_found_lost() {
    let mut fight = Fight::begin(&config());
    fight.write(400_000);
    fight.after(10);
    let nxt = fight.nxt();
    fight.ack(nxt, &[]);
    let in_flight = fight.watched.stream.connection().status().in_flight;
    let checkpoint = through(fight.watched.stream.checkpoint(fight.watched.now));
    fight.watched.stream = Stream::restore(checkpoint, &config(), fight.watched.now);
    assert_eq!(fight.watched.drain().len(), 0, "{in_flight} bytes are in flight, and no window is free");
    let deadline = fight.watched.stream.deadline().expect("a probe of the tail");
    assert!(deadline.saturating_duration_since(fight.watched.now) < Duration::from_millis(500));
}

#[test]
fn events_that_are_due_are_told_after_the_move() {
    let config = StreamConfig::default();
    let now = Instant::ZERO;
    let mut stream = Stream::new(&config, 100);
    stream.open(Open::Active, now).unwrap();
    while !matches!(stream.poll(now), Output::Wait(_)) {}
    let syn_ack: Segment = "<SEQ=300><ACK=101><CTL=SYN,ACK><WND=1000>".parse().unwrap();
    stream.segment_arrives(&syn_ack, &[], tcp_lifecycle::Ecn::NotEct, &[], now).unwrap();
    let mut stream = Stream::restore(through(stream.checkpoint(now)), &config, Instant::from_micros(7));
    assert_eq!(stream.state(), State::Established);
    let now = Instant::from_micros(7);
    assert_eq!(stream.poll(now), Output::Event(Event::Connected));
    assert!(matches!(stream.poll(now), Output::Transmit(transmit) if transmit.segment.seq() == SeqNumber(101)));
}

/// Whatever byte is changed, and wherever the end is missing.
#[test]
fn a_damaged_checkpoint_is_refused() {
    let checkpoint = busy_checkpoint();
    let bytes = stored(&checkpoint);
    for place in 0..bytes.len() {
        postcard::from_bytes::<Checkpoint>(&bytes[..place]).unwrap_err();
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1 << bit;
            // A number may have another form of the same value.
            if let Ok(same) = postcard::from_bytes::<Checkpoint>(&damaged) {
                assert_eq!(same, checkpoint, "byte {place} of {}", bytes.len());
            }
        }
    }
}

#[test]
fn a_checkpoint_tells_why_it_is_refused() {
    let value = serde_json::to_value(busy_checkpoint()).unwrap();
    let error = |value| serde_json::from_value::<Checkpoint>(value).unwrap_err().to_string();
    let mut other = value.clone();
    other["version"] = 7.into();
    assert_eq!(error(other), "version 7 of a checkpoint, where 1 is known");
    let mut damaged = value.clone();
    damaged["parts"]["unread"][3] = 0.into();
    assert_eq!(error(damaged), "a damaged checkpoint: the checksum is wrong");
    let mut damaged = value;
    damaged["parts"]["connection"]["context"]["reserved"] = 99.into();
    assert_eq!(error(damaged), "more is reserved than a header has room for");
}

/// The format of a version stays as it is. If this fails because a field has changed, raise the version in
/// `src/stream/checkpoint.rs`, and write the file again: `RENEW=1 cargo test --test stream the_format`.
#[test]
fn the_format_is_that_of_its_version() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stream/checkpoint.bin");
    let checkpoint = busy_checkpoint();
    if std::env::var_os("RENEW").is_some() {
        std::fs::write(path, stored(&checkpoint)).unwrap();
    }
    assert!(std::fs::read(path).unwrap() == stored(&checkpoint), "another format");
}

/// The peer drops timestamps that go back (RFC 7323 section 5.3).
#[test]
fn the_clock_of_the_timestamps_never_goes_back() {
    let tcp = Config { timestamps: true, ..config().tcp };
    let config = StreamConfig { tcp, ..config() };
    for (was, now) in [(5_000_000, 0), (0, 5_000_000), (70_000_000, 69_000_000), (u64::MAX >> 20, 3), (3, 1 << 50)] {
        let mut stream = Stream::new(&config, 100);
        let (was, now) = (Instant::from_micros(was), Instant::from_micros(now));
        let value = |stream: &mut Stream, now| match stream.poll(now) {
            Output::Transmit(transmit) => transmit.segment.options().timestamps().map(|(value, _)| value),
            output @ (Output::Event(_) | Output::Wait(_)) => panic!("{output:?}"),
        };
        stream.open(Open::Active, was).unwrap();
        let before = value(&mut stream, was).expect("a timestamp");
        while !matches!(stream.poll(was), Output::Wait(_)) {}
        let mut stream = Stream::restore(through(stream.checkpoint(was)), &config, now);
        let later = stream.deadline().expect("a retransmission of the SYN");
        assert_eq!(later, now + Duration::from_secs(1));
        stream.timeout(later);
        let after = value(&mut stream, later).expect("a timestamp");
        assert!((1_000..1_000 + 65_536).contains(&after.wrapping_sub(before)), "{before} {after}");
    }
}

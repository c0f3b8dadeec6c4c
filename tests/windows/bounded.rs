//! Whatever a peer sends, the answers are bounded by what it sent, and a peer that acknowledges nothing is given up.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Options, Output, Segment, SeqNumber, State, Transmit};

use crate::cases::cases;

/// IP and TCP headers without options.
const HEADERS: usize = 40;

/// A segment of a peer that knows all our numbers, and acknowledges nothing new.
#[derive(Clone, Copy, Debug)]
struct Hostile {
    /// Relative to RCV.NXT.
    seq: i32,
    /// The distance from SND.UNA, to the left.
    ack: u32,
    window: u16,
    payload: u16,
    fin: bool,
    drained: bool,
}

fn hostile() -> impl Strategy<Value = Hostile> {
    let seq = prop_oneof![6 => Just(0), 1 => -3..4, 1 => -70_000..70_000];
    let ack = prop_oneof![6 => Just(0_u32), 1 => 0_u32..3, 1 => 0_u32..100_000];
    let window = prop_oneof![4 => Just(0_u16), 3 => Just(u16::MAX), 1 => Just(1), 1 => 0_u16..2_000];
    (seq, ack, window, select(vec![0_u16, 0, 0, 1, 100]), prop::bool::weighted(0.05), prop::bool::weighted(0.8))
        .prop_map(|(seq, ack, window, payload, fin, drained)| Hostile { seq, ack, window, payload, fin, drained })
}

/// The situation when the peer turns hostile.
#[derive(Clone, Copy, Debug)]
enum Given {
    InFlight,
    SentAgain,
    Probed,
}

struct World {
    connection: Connection,
    now: Instant,
    timestamps: bool,
}

impl World {
    fn drain(&mut self) -> Vec<Transmit> {
        let mut transmits = Vec::new();
        loop {
            match self.connection.poll(self.now) {
                Output::Transmit(transmit) => transmits.push(transmit),
                Output::Transition(_) | Output::Signal(_) => {}
                Output::Wait(_) => return transmits,
            }
        }
    }

    /// Polls; returns the bytes on the wire that were sent.
    fn drained(&mut self) -> usize {
        self.drain().iter().map(|transmit| HEADERS + usize::from(transmit.segment.payload_len())).sum()
    }

    fn segment(&self, seq: i32, ack: u32, window: u16) -> Segment {
        let status = self.connection.status();
        let seq = status.rcv_nxt.unwrap() + seq.cast_unsigned();
        let ack = SeqNumber(status.snd_una.unwrap().0.wrapping_sub(ack));
        let options = match self.timestamps {
            true => Options::NONE.with_timestamps(1_000 + (self.now.as_micros() / 1_000) as u32, 1),
            false => Options::NONE,
        };
        Segment::new(seq, ack, Control::ACK).with_window(window).with_options(options)
    }

    /// Lets a segment arrive; returns its bytes on the wire.
    fn arrives(&mut self, hostile: Hostile) -> usize {
        let segment = self.segment(hostile.seq, hostile.ack, hostile.window).with_payload(hostile.payload);
        let segment = match hostile.fin {
            true => {
                let fin = Segment::new(segment.seq(), segment.ack().unwrap(), Control::ACK | Control::FIN);
                fin.with_window(hostile.window).with_options(segment.options()).with_payload(hostile.payload)
            }
            false => segment,
        };
        _ = self.connection.segment_arrives(&segment, self.now);
        HEADERS + usize::from(hostile.payload)
    }

    fn time_out(&mut self) {
        if let Some(deadline) = self.connection.deadline() {
            self.now = deadline;
            self.connection.timeout(deadline);
        }
    }
}

/// ESTABLISHED with a peer whose window field counts in units of 2^scale, and with `bytes` bytes sent.
fn world(config: &Config, scale: u8, given: Given, bytes: usize) -> World {
    let mut connection = Connection::new(config, 100);
    connection.open(Open::Active, Instant::ZERO).unwrap();
    let mut world = World { connection, now: Instant::ZERO, timestamps: config.timestamps };
    world.drain();
    let mut options = Options::NONE.with_mss(536).with_window_scale(scale);
    if config.timestamps {
        options = options.with_timestamps(1_000, 0);
    }
    let syn_ack = Segment::new(SeqNumber(299), SeqNumber(101), Control::SYN | Control::ACK).with_window(60_000);
    world.connection.segment_arrives(&syn_ack.with_options(options), world.now).unwrap();
    world.drain();
    if let Given::Probed = given {
        let closes = world.segment(0, 0, 0);
        world.connection.segment_arrives(&closes, world.now).unwrap();
    }
    world.connection.send(bytes, world.now).unwrap();
    world.drain();
    if let Given::SentAgain | Given::Probed = given {
        world.time_out();
        world.drain();
    }
    world
}

fn policies() -> impl Strategy<Value = Config> {
    let base = select(vec![Config::DEFAULT, Config::linux(), Config::bsd()]);
    (base, any::<bool>()).prop_map(|(config, timestamps)| Config {
        timestamps,
        window_scale: Some(0),
        keep_alive: None,
        ..config
    })
}

proptest! {
    #![proptest_config(cases(300))]

    /// Each segment draws at most one answer, with one exception: an opening releases the flight behind a probe.
    #[test]
    fn what_goes_out_is_bounded_by_what_came_in(
        config in policies(),
        scale in select(vec![0_u8, 7]),
        given in select(vec![Given::InFlight, Given::SentAgain]),
        bytes in 1_usize..50_000,
        segments in vec(hostile(), 1..80),
    ) {
        let mut world = world(&config, scale, given, bytes);
        let (mut came, mut went) = (0, 0);
        for hostile in segments {
            came += world.arrives(hostile);
            if hostile.drained {
                went += world.drained();
            }
        }
        went += world.drained();
        prop_assert!(went <= 2 * came, "{went} bytes for {came}");
    }

    /// After a probe, new payload is sent too, once, as the window allows; and none of it a second time.
    #[test]
    fn each_byte_goes_once_however_often_the_window_opens(
        config in policies(),
        bytes in 1_usize..50_000,
        segments in vec(hostile(), 1..80),
    ) {
        let mut world = world(&config, 0, Given::Probed, bytes);
        let mut sent = 0;
        for hostile in segments {
            world.arrives(hostile);
            if hostile.drained {
                sent += world.drain().iter().map(|transmit| transmit.payload.len()).sum::<usize>();
            }
        }
        sent += world.drain().iter().map(|transmit| transmit.payload.len()).sum::<usize>();
        prop_assert!(sent <= bytes, "{sent} of {bytes}");
    }

    /// R2 or the user timeout ends the connection, whatever the window does between two timeouts. (A window that is
    /// closed when the timer fires is probed, and the answer to a probe is a sign of life: MUST-37.)
    #[test]
    fn a_peer_that_acknowledges_nothing_is_given_up(
        user_timeout in select(vec![None, Some(Duration::from_secs(300))]),
        bytes in 1_usize..3_000,
        segments in vec(vec(hostile(), 0..6), 40),
    ) {
        let config = Config { user_timeout, ..Config::DEFAULT };
        let mut world = world(&config, 0, Given::InFlight, bytes);
        for flood in segments {
            if world.connection.state() == State::Closed {
                break;
            }
            for hostile in flood {
                world.arrives(Hostile { fin: false, payload: 0, seq: 0, ..hostile });
                world.drain();
            }
            let opens = world.segment(0, 0, 60_000);
            _ = world.connection.segment_arrives(&opens, world.now);
            world.drain();
            world.time_out();
            world.drain();
        }
        prop_assert_eq!(world.connection.state(), State::Closed);
        prop_assert!(world.now < Instant::from_micros(400_000_000), "{}", world.now);
    }
}

//! Batches for devices that cut: they are the same segments as one by one.

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::time::Duration;

use tcp_lifecycle::endpoint::{Accept, Endpoint, EndpointConfig, EndpointEvent, Handle, ListenAddr, Transmit};
use tcp_lifecycle::stream::{Stream, StreamConfig};
use tcp_lifecycle::{Config, Control, Ecn, Instant, Options, SackBlock, Segment, SeqNumber};

use crate::peer::socket;

type Key = BuildHasherDefault<DefaultHasher>;

const LOCAL: &str = "192.0.2.2:80";
const REMOTE: &str = "192.0.2.1:1025";
const ROUND: Duration = Duration::from_millis(50);

/// Two endpoints to which the same happens. The first sends its segments one by one, the second in batches.
struct Twins {
    ends: [Endpoint<Key>; 2],
    handles: Vec<Handle>,
    most: usize,
    now: Instant,
    timestamps: bool,
    /// The number behind everything that was sent.
    nxt: SeqNumber,
    sizes: Vec<usize>,
}

impl Twins {
    /// Each has one connection in ESTABLISHED.
    fn new(most: usize, timestamps: bool, ecn: bool) -> Twins {
        let tcp = Config { timestamps, accept_ecn: ecn, ..StreamConfig::new().tcp };
        let config = StreamConfig { tcp, ..StreamConfig::new() };
        let end = || {
            let mut end = Endpoint::new(EndpointConfig::default(), Key::default());
            end.listen(ListenAddr::Port(80), &config, Accept::Established, 10).unwrap();
            end
        };
        let (now, nxt) = (Instant::from_micros(1_000_000), SeqNumber(0));
        let mut twins =
            Twins { ends: [end(), end()], handles: Vec::new(), most, now, timestamps, nxt, sizes: Vec::new() };
        let bits = if ecn { Control::SYN | Control::ECE | Control::CWR } else { Control::SYN };
        let options = twins.options().with_mss(1_000).with_sack_permitted().with_window_scale(4);
        let syn = Segment::new(SeqNumber(300), SeqNumber(0), bits).with_window(60_000).with_options(options);
        twins.arrives(&syn, &[]);
        assert_eq!(twins.compare().len(), 1);
        twins.acknowledge(twins.nxt, &[]);
        assert_eq!(twins.compare(), []);
        for end in &mut twins.ends {
            let Some(EndpointEvent::Incoming(listener)) = end.poll_event(now) else { panic!("no connection") };
            let incoming = end.accept(listener).unwrap();
            twins.handles.push(end.admit(incoming, now).unwrap());
        }
        twins
    }

    fn options(&self) -> Options {
        if self.timestamps { Options::NONE.with_timestamps(7_000, 0) } else { Options::NONE }
    }

    fn arrives(&mut self, segment: &Segment, sack: &[SackBlock]) {
        for end in &mut self.ends {
            let sockets = (socket(LOCAL), socket(REMOTE));
            end.segment_arrives(sockets, segment, sack, Ecn::NotEct, &[], self.now).unwrap();
        }
    }

    fn acknowledge(&mut self, una: SeqNumber, sack: &[SackBlock]) {
        let ack = Segment::new(SeqNumber(301), una, Control::ACK).with_window(60_000).with_options(self.options());
        self.arrives(&ack, sack);
    }

    /// After a round-trip time the peer acknowledges everything. Returns what is sent.
    #[track_caller]
    fn round(&mut self) -> Vec<Segment> {
        self.now = self.now + ROUND;
        self.acknowledge(self.nxt, &[]);
        self.compare()
    }

    fn user(&mut self, call: impl Fn(&mut Stream, Instant)) {
        for (end, handle) in self.ends.iter_mut().zip(&self.handles) {
            call(end.stream_mut(*handle).unwrap(), self.now);
        }
    }

    /// Sends, and compares. Returns the segments.
    #[track_caller]
    fn compare(&mut self) -> Vec<Segment> {
        let owned = |transmit: Transmit<'_>| (transmit.segment, transmit.sack, transmit.ecn, transmit.payload.concat());
        let [single, batched] = &mut self.ends;
        let mut expected = Vec::new();
        while let Some(transmit) = single.poll_transmit(self.now) {
            assert_eq!((transmit.segment_size, transmit.segments().count()), (None, 1));
            expected.push(owned(transmit));
        }
        let mut sent = Vec::new();
        while let Some(batch) = batched.poll_transmit_batch(self.most, self.now) {
            let segments: Vec<_> = batch.segments().map(owned).collect();
            assert_eq!(segments.len() > 1, batch.segment_size.is_some());
            assert!(segments.len() <= self.most);
            self.sizes.push(segments.len());
            sent.extend(segments);
        }
        assert_eq!(sent, expected);
        let segments: Vec<Segment> = expected.into_iter().map(|(segment, ..)| segment).collect();
        if let Some(end) =
            segments.iter().map(|segment| segment.seq() + segment.len()).reduce(|a, b| if a.lt(b) { b } else { a })
        {
            self.nxt = end;
        }
        segments
    }

    fn largest(&self) -> usize {
        *self.sizes.iter().max().unwrap()
    }
}

#[test]
fn batches_are_the_segments_one_by_one() {
    for (timestamps, ecn, most) in [false, true]
        .into_iter()
        .flat_map(|timestamps| [false, true].map(|ecn| (timestamps, ecn)))
        .flat_map(|(timestamps, ecn)| [2, 3, 8, 100].map(|most| (timestamps, ecn, most)))
    {
        let mut twins = Twins::new(most, timestamps, ecn);
        let bytes: Vec<u8> = (0..40_500_u32).map(|byte| (byte % 251) as u8).collect();
        twins.user(|stream, now| assert_eq!(stream.write(&bytes, now), Ok(40_500)));
        let sent = twins.compare();
        assert_eq!(sent.len(), 10, "the initial window");
        assert_eq!(twins.largest(), most.min(10));
        twins.now = twins.now + ROUND;
        // The third is lost.
        twins.acknowledge(sent[2].seq(), &[SackBlock { left: sent[3].seq(), right: sent[9].seq() }]);
        assert_eq!(twins.compare()[0].seq(), sent[2].seq());
        twins.round();
        twins.user(|stream, now| stream.shutdown(now));
        let mut last = twins.compare();
        for sent in std::iter::from_fn(|| Some(twins.round()).filter(|sent| !sent.is_empty())) {
            last = sent;
        }
        assert!(last.last().is_some_and(|segment| segment.control().contains(Control::FIN)), "{last:?}");
    }
}

#[test]
fn a_batch_fits_into_a_packet() {
    let mut twins = Twins::new(1_000, true, false);
    for _ in 0..8 {
        twins.user(|stream, now| while stream.write(&[1; 10_000], now).is_ok_and(|taken| taken > 0) {});
        twins.round();
    }
    assert!((60..=65).contains(&twins.largest()), "{} segments of a thousand bytes", twins.largest());
}

#[test]
fn segments_without_payload_come_alone() {
    let mut twins = Twins::new(8, false, false);
    twins.user(|stream, _| stream.abort());
    let sent = twins.compare();
    assert!(sent.len() == 1 && sent[0].control().contains(Control::RST));
    assert_eq!(twins.largest(), 1);
}

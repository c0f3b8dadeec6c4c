//! Any segments to a listener, from a few peers, among them the ACKs of its cookies; and what becomes of its children.

use core::hash::BuildHasherDefault;
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::hash::DefaultHasher;

use arbitrary::Arbitrary;
use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener};
use tcp_lifecycle::{Config, Connection, Control, Instant, Options, Output, Refusal, Segment, SeqNumber, State};

use crate::events::Policies;
use crate::shapes::{Bits, Optional, Payload, Shape};

#[derive(Arbitrary, Debug)]
pub struct Input {
    policies: Policies,
    timestamps: bool,
    sack_permitted: bool,
    start: u64,
    events: Vec<(u8, Event)>,
}

/// From the peer of this number.
#[derive(Arbitrary, Debug)]
enum Event {
    /// A SYN, which is answered with a cookie.
    Syn {
        seq: u32,
        optional: Optional,
        payload: Payload,
    },
    /// A SYN for which there is room.
    SynWithRoom {
        seq: u32,
        offset: Option<u32>,
        optional: Optional,
        payload: Payload,
    },
    /// The acknowledgment of the last cookie, with a number more or less.
    Ack {
        seq: i8,
        ack: i8,
        bits: Bits,
        payload: Payload,
        times: bool,
    },
    Any {
        seq: u32,
        ack: u32,
        bits: Bits,
        payload: Payload,
        optional: Optional,
    },
    /// To the last child.
    Child(Shape),
    ChildExpires,
    Seconds(u8),
    Micros(u32),
}

type Key = BuildHasherDefault<DefaultHasher>;

/// A SYN, our SYN,ACK with a cookie, its peer, and when.
struct Cookie {
    syn: Segment,
    answer: Segment,
    peer: u8,
    at: Instant,
}

struct Host {
    listener: Listener<Key>,
    config: Config,
    now: Instant,
    cookies: Vec<Cookie>,
    child: Option<Connection>,
}

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 80);
const MOST_EVENTS: usize = 60;
const MOST_POLLS: usize = 16;

fn remote(peer: u8) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(198, 51, 100, 7), 1_024 + u16::from(peer)))
}

impl Input {
    pub fn run(self) {
        let config =
            Config { timestamps: self.timestamps, sack_permitted: self.sack_permitted, ..self.policies.config() };
        let listener = Listener::new(&config, IsnHash::new(Key::default()));
        let now = Instant::from_micros(self.start >> 8);
        let mut host = Host { listener, config, now, cookies: Vec::new(), child: None };
        for (peer, event) in self.events.into_iter().take(MOST_EVENTS) {
            host.happens(peer, event);
        }
    }
}

impl Host {
    fn happens(&mut self, peer: u8, event: Event) {
        match event {
            Event::Syn { seq, optional, payload } => self.answer_with_cookie(peer, &syn(seq, optional, payload)),
            Event::SynWithRoom { seq, offset, optional, payload } => {
                self.accept(peer, &syn(seq, optional, payload), offset);
            }
            Event::Ack { seq, ack, bits, payload, times } => self.acknowledge(seq, ack, bits, payload, times),
            Event::Any { seq, ack, bits, payload, optional } => {
                let segment = Segment::new(SeqNumber(seq), SeqNumber(ack), bits.control())
                    .with_payload(payload.bytes())
                    .with_options(optional.options());
                self.arrives(peer, &segment);
            }
            Event::Child(shape) => {
                if let Some(child) = &mut self.child {
                    let segment = shape.of(child);
                    if let Ok(range) = child.segment_arrives(&segment, self.now) {
                        assert!(range.end <= usize::from(segment.payload_len()));
                    }
                    drain(child, self.now);
                }
            }
            Event::ChildExpires => {
                if let Some(child) = &mut self.child
                    && let Some(deadline) = child.deadline()
                {
                    self.now = self.now.max(deadline);
                    child.timeout(self.now);
                    drain(child, self.now);
                    assert!(child.deadline().is_none_or(|next| next > self.now));
                }
            }
            Event::Seconds(seconds) => self.now = self.now + Duration::from_secs(seconds.into()),
            Event::Micros(micros) => self.now = self.now + Duration::from_micros(micros.into()),
        }
    }

    fn answer_with_cookie(&mut self, peer: u8, syn: &Segment) {
        let Arrival::Syn(arrived) = self.listener.segment_arrives(syn, LOCAL, remote(peer), self.now) else {
            panic!("{syn} is a SYN");
        };
        let answer = arrived.cookie();
        assert_eq!(answer.control(), Control::SYN | Control::ACK);
        assert_eq!(answer.ack(), Some(syn.seq() + 1));
        assert_eq!(answer.options().mss(), Some(self.config.mss));
        self.cookies.push(Cookie { syn: *syn, answer, peer, at: self.now });
    }

    fn accept(&mut self, peer: u8, syn: &Segment, offset: Option<u32>) {
        let Arrival::Syn(arrived) = self.listener.segment_arrives(syn, LOCAL, remote(peer), self.now) else {
            panic!("{syn} is a SYN");
        };
        let mut child = offset.map_or_else(|| arrived.accept(), |offset| arrived.accept_with(offset));
        assert_eq!(child.state(), State::SynReceived);
        let answers = drain(&mut child, self.now);
        assert_eq!(answers.first().map(Segment::ack), Some(Some(syn.seq() + 1)));
        self.child = Some(child);
    }

    fn acknowledge(&mut self, seq: i8, ack: i8, bits: Bits, payload: Payload, times: bool) {
        let Some(Cookie { syn, answer, peer, at }) = self.cookies.last() else { return };
        let (exact, agreed) = (seq == 0 && ack == 0, answer.options().timestamps());
        let options = match agreed.filter(|_| times) {
            Some((value, echo)) => Options::NONE.with_timestamps(echo, value),
            None => Options::NONE,
        };
        let segment = Segment::new(syn.seq() + 1 + seq as u32, answer.seq() + 1 + ack as u32, bits.control())
            .with_payload(payload.bytes())
            .with_options(options);
        let fresh = self.now.saturating_duration_since(*at) <= Duration::from_secs(64);
        let plain = matches!(bits, Bits::Ack | Bits::PushedAck | Bits::FinAck);
        let complete = exact && fresh && plain && (times || agreed.is_none());
        let (syn, peer) = (*syn, *peer);
        let completed = self.arrives(peer, &segment);
        assert!(completed || !complete, "{segment} for {syn}");
    }

    /// A cookie was sent in this period of 64 seconds or in the last one. Time does not go back here.
    fn believes(&self) -> bool {
        let period = |moment: Instant| moment.as_micros() / 64_000_000;
        self.cookies.last().is_some_and(|cookie| period(self.now) - period(cookie.at) <= 1)
    }

    /// Whether it has completed a handshake.
    fn arrives(&mut self, peer: u8, segment: &Segment) -> bool {
        match self.listener.segment_arrives(segment, LOCAL, remote(peer), self.now) {
            Arrival::Syn(arrived) => {
                let control = segment.control();
                assert!(control.contains(Control::SYN) && !control.intersects(Control::RST | Control::ACK));
                assert_eq!(arrived.segment(), segment);
                false
            }
            Arrival::Refused { refusal, reset } => {
                // The lack of timestamps that were agreed is passed over in silence.
                let is_missed = refusal == Refusal::NoTimestamp;
                assert!(!is_missed || (self.config.timestamps && segment.options().timestamps().is_none()));
                assert!(!is_missed || self.believes(), "{segment} {refusal}");
                let expected = segment.reset().filter(|_| segment.ack().is_some() && !is_missed);
                assert_eq!(reset, expected, "{segment} {refusal}");
                assert!(refusal != Refusal::ResetInListen || segment.control().contains(Control::RST));
                false
            }
            Arrival::Completed { mut connection, payload } => {
                assert!(self.believes(), "{segment} without a cookie");
                assert!(payload.end <= usize::from(segment.payload_len()));
                let status = connection.status();
                assert!(matches!(status.state, State::Established | State::CloseWait), "{}", status.state);
                assert_eq!(status.snd_una, segment.ack());
                assert_eq!(status.irs, Some(SeqNumber(segment.seq().0.wrapping_sub(1))));
                assert_eq!(status.unread as usize, payload.len());
                drain(&mut connection, self.now);
                self.child = Some(connection);
                true
            }
        }
    }
}

fn syn(seq: u32, optional: Optional, payload: Payload) -> Segment {
    Segment::new(SeqNumber(seq), SeqNumber(0), Control::SYN)
        .with_payload(payload.bytes())
        .with_options(optional.options())
}

fn drain(child: &mut Connection, now: Instant) -> Vec<Segment> {
    let mut segments = Vec::new();
    for _ in 0..MOST_POLLS {
        match child.poll(now) {
            Output::Transmit(transmit) => segments.push(transmit.segment),
            Output::Transition(_) | Output::Signal(_) => {}
            Output::Wait(deadline) => {
                assert_eq!(deadline, child.deadline());
                return segments;
            }
        }
    }
    panic!("a drain that does not end");
}

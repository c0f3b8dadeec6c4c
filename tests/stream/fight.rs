//! A stream in ESTABLISHED and a hostile peer, which knows the numbers.

use std::time::Duration;

use tcp_lifecycle::stream::{End, StreamConfig};
use tcp_lifecycle::{Config, Control, Ecn, Open, Options, SackBlock, Segment, SeqNumber, State};

use crate::watched::{Sent, Watched};

/// The peer's numbers begin here.
pub(crate) const IRS: SeqNumber = SeqNumber(300);
pub(crate) const MSS: u16 = 1_000;

pub(crate) fn config() -> StreamConfig {
    let tcp = Config {
        sack_permitted: true,
        receive_buffer: 100_000,
        rto_min: Duration::from_millis(200),
        ..Config::DEFAULT
    };
    StreamConfig { tcp, send_buffer: 200_000, max_receive_buffer: 100_000, ..StreamConfig::default() }
}

/// A stream in ESTABLISHED, and its peer.
pub(crate) struct Fight {
    pub(crate) watched: Watched,
    /// SEG.SEQ of the peer's bare ACKs.
    pub(crate) seq: SeqNumber,
    pub(crate) window: u16,
}

impl Fight {
    pub(crate) fn new(config: &StreamConfig, isn: u32, options: Options) -> Fight {
        let mut watched = Watched::new(config, isn);
        watched.open(Open::Active);
        watched.drain();
        let syn_ack = Segment::new(IRS, SeqNumber(isn) + 1, Control::SYN | Control::ACK)
            .with_window(u16::MAX)
            .with_options(options);
        assert!(watched.honest_segment(&syn_ack, &[], Ecn::NotEct, 0));
        watched.drain();
        assert_eq!(watched.state(), State::Established);
        Fight { watched, seq: IRS + 1, window: u16::MAX }
    }

    pub(crate) fn begin(config: &StreamConfig) -> Fight {
        Fight::new(config, 100, Options::NONE.with_mss(MSS).with_sack_permitted())
    }

    pub(crate) fn una(&self) -> SeqNumber {
        self.watched.stream.connection().status().snd_una.unwrap()
    }

    pub(crate) fn nxt(&self) -> SeqNumber {
        self.watched.stream.connection().status().snd_nxt.unwrap()
    }

    pub(crate) fn write(&mut self, len: usize) -> Vec<Sent> {
        self.watched.write(len);
        self.watched.drain()
    }

    pub(crate) fn ack(&mut self, ack: SeqNumber, sack: &[(SeqNumber, SeqNumber)]) -> Vec<Sent> {
        let sack: Vec<_> = sack.iter().map(|&(left, right)| SackBlock { left, right }).collect();
        let segment = Segment::new(self.seq, ack, Control::ACK).with_window(self.window);
        self.watched.honest_segment(&segment, &sack, Ecn::NotEct, 0);
        self.watched.drain()
    }

    /// Payload of the peer, with the contents of its place.
    pub(crate) fn payload(&mut self, position: u32, len: usize, more: Control) -> Vec<Sent> {
        let segment = Segment::new(IRS + 1 + position, self.nxt(), Control::ACK | more).with_window(self.window);
        self.watched.honest_segment(&segment, &[], Ecn::NotEct, len);
        self.watched.drain()
    }

    /// Payload with contents of its own.
    pub(crate) fn forged(&mut self, position: u32, payload: &[u8]) {
        let segment = Segment::new(IRS + 1 + position, self.nxt(), Control::ACK).with_window(self.window);
        self.watched.segment(&segment, &[], Ecn::NotEct, payload);
        self.watched.drain();
    }

    pub(crate) fn after(&mut self, millis: u64) {
        self.watched.pass(Duration::from_millis(millis));
    }

    /// The next timer fires.
    pub(crate) fn expire(&mut self) -> Vec<Sent> {
        if let Some(deadline) = self.watched.stream.deadline() {
            self.watched.now = self.watched.now.max(deadline);
        }
        self.watched.check_timeout()
    }

    pub(crate) fn resent(&self) -> u32 {
        self.watched.stream.counters().retransmissions
    }

    pub(crate) fn end(&self) -> Option<End> {
        self.watched.stream.end()
    }
}

pub(crate) fn len(sent: &[Sent]) -> usize {
    sent.iter().map(|sent| sent.payload.len()).sum()
}

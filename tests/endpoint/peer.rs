//! One endpoint, and a peer whose segments the test writes.

use std::hash::RandomState;
use std::net::SocketAddr;
use std::time::Duration;

use tcp_lifecycle::endpoint::{
    Accept, Endpoint, EndpointConfig, EndpointEvent, Handle, Incoming, ListenAddr, ListenerId,
};
use tcp_lifecycle::stream::{Event, StreamConfig};
use tcp_lifecycle::{Config, Ecn, Instant, Refusal, Segment};

/// No timestamps and no scaling, so that segments are short to write; nothing is delayed.
pub(crate) fn plain() -> StreamConfig {
    let tcp = Config { fin_wait_2_timeout: Some(Duration::from_secs(60)), ..Config::DEFAULT };
    let mut config = StreamConfig::new();
    config.tcp = tcp;
    config.max_receive_buffer = 65_535;
    config
}

pub(crate) fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) struct Bench {
    pub(crate) endpoint: Endpoint<RandomState>,
    pub(crate) now: Instant,
    pub(crate) local: SocketAddr,
}

impl Bench {
    pub(crate) fn new(config: EndpointConfig) -> Bench {
        let endpoint = Endpoint::new(config, RandomState::new());
        Bench { endpoint, now: Instant::from_micros(1_000_000), local: socket("192.0.2.2:80") }
    }

    pub(crate) fn listening(accept: Accept, backlog: usize) -> (Bench, ListenerId) {
        Bench::listening_with(EndpointConfig::default(), &plain(), accept, backlog)
    }

    pub(crate) fn listening_with(
        config: EndpointConfig,
        stream: &StreamConfig,
        accept: Accept,
        backlog: usize,
    ) -> (Bench, ListenerId) {
        let mut bench = Bench::new(config);
        let listener = bench.endpoint.listen(ListenAddr::Port(80), stream, accept, backlog).unwrap();
        (bench, listener)
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.endpoint.timeout(self.now);
    }

    #[track_caller]
    pub(crate) fn arrives(&mut self, remote: &str, segment: &str) -> Result<(), Refusal> {
        let segment: Segment = segment.parse().unwrap();
        let payload = vec![7; segment.payload_len().into()];
        let sockets = (self.local, socket(remote));
        self.endpoint.segment_arrives(sockets, &segment, &[], Ecn::NotEct, &payload, self.now)
    }

    /// What the endpoint sends: the peer's socket, and the segment.
    pub(crate) fn sent(&mut self) -> Vec<(String, Segment)> {
        let mut sent = Vec::new();
        while let Some(transmit) = self.endpoint.poll_transmit(self.now) {
            sent.push((transmit.remote.to_string(), transmit.segment));
        }
        sent
    }

    /// The one segment that the endpoint sends.
    #[track_caller]
    pub(crate) fn sends(&mut self) -> Segment {
        let sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent[0].1
    }

    pub(crate) fn events(&mut self) -> Vec<EndpointEvent> {
        std::iter::from_fn(|| self.endpoint.poll_event(self.now)).collect()
    }

    /// The handshake of a peer; returns the number of our first byte.
    #[track_caller]
    pub(crate) fn handshake(&mut self, remote: &str) -> u32 {
        self.arrives(remote, "<SEQ=300><CTL=SYN><WND=1000>").unwrap();
        let syn_ack = self.sends();
        let next = syn_ack.seq().0.wrapping_add(1);
        self.arrives(remote, &format!("<SEQ=301><ACK={next}><CTL=ACK><WND=1000>")).unwrap();
        assert_eq!(self.sent(), []);
        next
    }

    /// The next connection that waits at a listener.
    #[track_caller]
    pub(crate) fn incoming(&mut self, listener: ListenerId) -> Incoming {
        assert!(self.events().contains(&EndpointEvent::Incoming(listener)));
        self.endpoint.accept(listener).unwrap()
    }

    /// A connection that the user has accepted, and the number of our first byte.
    #[track_caller]
    pub(crate) fn accepted(&mut self, listener: ListenerId, remote: &str) -> (Handle, u32) {
        let next = self.handshake(remote);
        let incoming = self.incoming(listener);
        assert_eq!(incoming.remote(), socket(remote));
        let handle = self.endpoint.admit(incoming, self.now).unwrap();
        assert_eq!(self.sent(), []);
        assert_eq!(self.events(), [EndpointEvent::Stream(handle, Event::Connected)]);
        (handle, next)
    }
}

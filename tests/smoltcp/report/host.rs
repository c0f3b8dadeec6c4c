//! smoltcp as the subject of scripts.

use smoltcp::socket::tcp;
use smoltcp::time;
use tcp_lifecycle::sim::{Arrival, Emitted, Failure, Subject, Tolerances, UserCall, Value};
use tcp_lifecycle::{Config, Instant, Open, Segment, State};

use crate::peer::{Peer, Settings};
use crate::wire;

/// The policies of both ends: smoltcp's 2 MSL is ten seconds.
pub(crate) const POLICIES: Config = Config { msl: core::time::Duration::from_secs(5), ..Config::DEFAULT };

pub(crate) struct Host {
    peer: Peer,
    now: time::Instant,
}

impl Host {
    pub(crate) fn new(config: &Config) -> Host {
        let settings = Settings { buffer: config.receive_buffer as usize, nagle: config.nagle, ..Settings::DEFAULT };
        Host { peer: Peer::new(&settings), now: time::Instant::ZERO }
    }

    fn clock(&mut self, now: Instant) {
        self.now = time::Instant::from_micros(now.as_micros() as i64);
    }
}

impl Subject for Host {
    #[expect(clippy::wildcard_enum_match_arm, reason = "any other call is not supported")]
    fn user_call(&mut self, call: UserCall<'_>, now: Instant) -> Result<Option<Vec<u8>>, Failure> {
        self.clock(now);
        let peer = &mut self.peer;
        match call {
            UserCall::Open(Open::Passive) => peer.try_listen().map_err(Failure::Other)?,
            UserCall::Open(Open::Active) => peer.try_connect().map_err(Failure::Other)?,
            UserCall::Send(bytes) => {
                let taken = peer.send(bytes);
                if taken < bytes.len() {
                    return Err(Failure::Other(format!("{taken} bytes taken")));
                }
            }
            UserCall::Receive(number) => return Ok(Some(peer.receive(number))),
            UserCall::Close => peer.close(),
            UserCall::Abort => peer.abort(),
            _ => return Err(Failure::NotSupported),
        }
        Ok(None)
    }

    fn segment_in(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> Arrival {
        self.clock(now);
        let before = self.peer.socket().recv_queue();
        self.peer.take_in(wire::emit(segment, payload), self.now);
        Arrival::Delivered(self.peer.socket().recv_queue().saturating_sub(before))
    }

    fn outputs(&mut self, now: Instant) -> Vec<Emitted> {
        self.clock(now);
        let packets = self.peer.poll(self.now);
        let parsed = packets.iter().map(|packet| wire::parse(packet).expect("a packet with a checksum"));
        parsed.map(|(segment, payload)| Emitted::Segment(segment, payload)).collect()
    }

    fn wakes_at(&mut self) -> Option<Instant> {
        self.peer.deadline(self.now).map(|at| Instant::from_micros(at.total_micros() as u64))
    }

    fn wake(&mut self, now: Instant) {
        self.clock(now);
    }

    fn tell_state(&mut self) -> Option<State> {
        Some(match self.peer.state() {
            tcp::State::Closed => State::Closed,
            tcp::State::Listen => State::Listen,
            tcp::State::SynSent => State::SynSent,
            tcp::State::SynReceived => State::SynReceived,
            tcp::State::Established => State::Established,
            tcp::State::FinWait1 => State::FinWait1,
            tcp::State::FinWait2 => State::FinWait2,
            tcp::State::CloseWait => State::CloseWait,
            tcp::State::Closing => State::Closing,
            tcp::State::LastAck => State::LastAck,
            tcp::State::TimeWait => State::TimeWait,
        })
    }

    fn tell_variable(&mut self, name: &str, _: Instant) -> Option<Value> {
        (name == "UNREAD").then(|| Value::Number(self.peer.socket().recv_queue() as u64))
    }

    fn supports(&self, policy: &str, value: &str) -> bool {
        // A reset always ends TIME-WAIT, and there is always some mitigation of RFC 5961.
        matches!((policy, value), ("nagle" | "receive_buffer", _) | ("reset_in_time_wait", "on"))
    }

    fn tolerances(&self) -> Tolerances {
        Tolerances { own_iss: true, options: true, signals: true, ..Tolerances::NONE }
    }
}

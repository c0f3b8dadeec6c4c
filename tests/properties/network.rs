//! Two watched connections, their users, and the network between them, in virtual time.

use core::time::Duration;
use std::collections::VecDeque;

use tcp_lifecycle::{Config, Control, Instant, Open, Output, Refusal, Segment, SeqNumber, Signal, State, Transmit};

use crate::ahead::Ahead;
use crate::watch::Watched;

/// The plan of one end: its policies, and the behavior of its user.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) isn_offset: u32,
    /// How many bytes are sent, how many at a time, and the pause between two calls. Then the user closes.
    pub(crate) bytes: usize,
    pub(crate) write: usize,
    pub(crate) pause: Duration,
    /// How many bytes are consumed at a time, and how long the user waits between two calls.
    pub(crate) read: usize,
    pub(crate) wait: Duration,
    pub(crate) limit: u32,
    /// Everything that is sent is urgent.
    pub(crate) urgent: bool,
    /// At the end the user detaches instead of closing.
    pub(crate) leaves: bool,
    /// Whether segments ahead of RCV.NXT are kept, and handed in again when the gap is filled.
    pub(crate) keeps: bool,
}

/// The treatment of one segment by the network.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Delayed(Duration),
    Lost,
    /// Marked with Congestion Experienced, if the segment is ECN-capable.
    Marked(Duration),
    Twice(Duration, Duration),
}

/// A segment and its bytes; whether it is ECN-capable, and whether it is marked.
#[derive(Clone, Debug)]
struct Packet {
    segment: Segment,
    payload: Vec<u8>,
    ecn_capable: bool,
    marked: bool,
}

#[derive(Debug)]
struct Host {
    watched: Watched,
    plan: Plan,
    /// Everything that the user sends, how much of it is queued, and how much acknowledged.
    stream: Vec<u8>,
    given: usize,
    acknowledged: usize,
    received: Vec<u8>,
    ahead: Ahead<Vec<u8>>,
    /// A read is planned.
    reading: bool,
    signals: Vec<Signal>,
    /// The sequence number up to which a reduction of the congestion window by the user counts.
    reduced: Option<SeqNumber>,
}

#[derive(Clone, Debug)]
enum Happens {
    Arrives(Packet),
    Write,
    Read,
    Poll,
    Crash,
}

#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) refusals: Vec<(Segment, Refusal)>,
    hosts: [Host; 2],
    now: Instant,
    /// The time, the end and the event. Of two events at the same time the first entry comes first.
    ahead: Vec<(Instant, usize, Happens)>,
    faults: VecDeque<Fault>,
    /// The delay of a segment without a fault.
    delay: Duration,
    /// For how many milliseconds nobody polls the end at which a segment has arrived.
    withheld: VecDeque<u64>,
    has_crashed: bool,
    has_lost_reset: bool,
}

/// The bound on events; two ends with more make no progress.
const MOST: usize = 40_000;

impl Network {
    pub(crate) fn new(plans: [Plan; 2], faults: Vec<Fault>, withheld: Vec<u64>) -> Network {
        // With a small buffer, few bytes take long enough.
        let most = |peer: &Plan| peer.config.receive_buffer.min(1_000_000) as usize * 20;
        let [a, b] = plans;
        let stream = |bytes: usize, step: usize| (0..bytes).map(|at| (at * step % 251) as u8).collect();
        let (from_a, from_b) = (stream(a.bytes.min(most(&b)), 3), stream(b.bytes.min(most(&a)), 5));
        let hosts = [Host::new(a, from_a), Host::new(b, from_b)];
        Network {
            refusals: Vec::new(),
            hosts,
            now: Instant::ZERO,
            ahead: Vec::new(),
            faults: faults.into(),
            delay: Duration::from_millis(10),
            withheld: withheld.into(),
            has_crashed: false,
            has_lost_reset: false,
        }
    }

    pub(crate) fn state(&self, side: usize) -> State {
        self.hosts[side].watched.state()
    }

    pub(crate) fn set_delay(&mut self, delay: Duration) {
        self.delay = delay;
    }

    /// Lets the second host forget its connection after this time.
    pub(crate) fn crash(&mut self, after: Duration) {
        self.plan(after, 1, Happens::Crash);
    }

    fn plan(&mut self, after: Duration, side: usize, happens: Happens) {
        self.ahead.push((self.now + after, side, happens));
    }

    /// Runs from both OPENs until nothing is left to happen.
    pub(crate) fn run(&mut self, opens: [Open; 2]) {
        for (side, open) in opens.into_iter().enumerate() {
            let host = &mut self.hosts[side];
            host.watched.open(open).unwrap();
            host.watched.limit(host.plan.limit);
            let pause = host.plan.pause;
            self.plan(pause, side, Happens::Write);
            self.drain(side);
        }
        for _ in 0..MOST {
            if !self.step() {
                return;
            }
            self.check();
        }
        panic!("{} and {} do not come to an end", self.state(0), self.state(1));
    }

    /// Handles the next event. Returns false if there is none.
    fn step(&mut self) -> bool {
        let next = self.ahead.iter().map(|(at, ..)| *at).min();
        let deadline = |host: &Host| host.watched.connection.deadline();
        let timer = self.hosts.iter().filter_map(deadline).min();
        let Some(now) = [next, timer].into_iter().flatten().min() else { return false };
        self.now = self.now.max(now);
        for host in &mut self.hosts {
            host.watched.pass(self.now.saturating_duration_since(host.watched.now));
        }
        if next == Some(now) {
            let place = self.ahead.iter().position(|(at, ..)| *at == now).unwrap();
            let (_, side, happens) = self.ahead.remove(place);
            self.happens(side, happens);
        } else {
            let side = usize::from(deadline(&self.hosts[0]) != Some(now));
            self.hosts[side].watched.timeout();
            self.drain(side);
        }
        true
    }

    fn happens(&mut self, side: usize, happens: Happens) {
        let host = &mut self.hosts[side];
        match happens {
            Happens::Arrives(packet) => {
                if let Err(refusal) = host.arrives(&packet) {
                    self.refusals.push((packet.segment, refusal));
                }
                let withheld = self.withheld.pop_front().unwrap_or(0);
                if withheld > 0 {
                    return self.plan(Duration::from_millis(withheld), side, Happens::Poll);
                }
            }
            Happens::Write => {
                if host.writes_on() {
                    let pause = host.plan.pause.max(Duration::from_millis(1));
                    self.plan(pause, side, Happens::Write);
                }
            }
            Happens::Read => host.reads(),
            Happens::Poll => {}
            Happens::Crash => {
                let config = host.plan.config;
                host.watched = Watched::new(config, 0);
                host.watched.pass(self.now.saturating_duration_since(Instant::ZERO));
                host.given = host.stream.len();
                host.reading = false;
                self.has_crashed = true;
            }
        }
        self.drain(side);
        let host = &mut self.hosts[side];
        if !host.reading && host.watched.connection.status().unread > 0 {
            host.reading = true;
            let wait = host.plan.wait;
            self.plan(wait, side, Happens::Read);
        }
    }

    /// Sends every output of this end on its way.
    fn drain(&mut self, side: usize) {
        let host = &mut self.hosts[side];
        let mut packets = Vec::new();
        loop {
            let ecn_capable_from = host.ecn_capable_from();
            let Some(output) = host.watched.poll() else { break };
            match output {
                Output::Signal(signal) => host.hears(signal),
                Output::Transmit(transmit) => packets.push(host.packet(transmit, ecn_capable_from)),
                Output::Transition(_) | Output::Wait(_) => {}
            }
        }
        for packet in packets {
            self.launch(1 - side, packet);
        }
    }

    fn launch(&mut self, to: usize, packet: Packet) {
        match self.faults.pop_front().unwrap_or(Fault::Delayed(self.delay)) {
            Fault::Delayed(delay) => self.plan(delay, to, Happens::Arrives(packet)),
            // A reset is not sent again.
            Fault::Lost => self.has_lost_reset |= packet.segment.control().contains(Control::RST),
            Fault::Marked(delay) => {
                let marked = packet.ecn_capable;
                self.plan(delay, to, Happens::Arrives(Packet { marked, ..packet }));
            }
            Fault::Twice(one, other) => {
                self.plan(one, to, Happens::Arrives(packet.clone()));
                self.plan(other, to, Happens::Arrives(packet));
            }
        }
    }

    /// Checks S2, S7 and S17, after every event.
    fn check(&self) {
        let nothing_in_flight = !self.ahead.iter().any(|(_, _, happens)| matches!(happens, Happens::Arrives(_)));
        let rests = self.rests();
        for (one, other) in [(&self.hosts[0], &self.hosts[1]), (&self.hosts[1], &self.hosts[0])] {
            let (here, there) = (one.watched.connection.status(), other.watched.connection.status());
            if let (Some(rcv), Some(snd), Some(irs), Some(iss)) = (here.rcv_nxt, there.snd_nxt, here.irs, there.iss) {
                assert!(irs != iss || rcv.le(snd), "RCV.NXT beyond the peer's SND.NXT");
                let urgent = other.watched.urgent_edge();
                let agrees = here.rcv_up.is_none_or(|up| urgent.is_some_and(|edge| up.le(edge)));
                assert!(irs != iss || agrees, "RCV.UP beyond what the peer's user sent as urgent");
            }
            assert_eq!(Some(&one.received[..]), other.stream.get(..one.received.len()), "other bytes than were sent");
            let apart = here.state == State::Established && matches!(there.state, State::SynSent | State::TimeWait);
            assert!(!(apart && nothing_in_flight), "ESTABLISHED against {}", there.state);
            assert!(here.state != State::Established || !rests || here.state == there.state, "half-open for ever");
        }
    }

    /// Whether nothing will happen unless the users act: nothing is in flight, undrained, or timed. (The reason may be
    /// a host that has forgotten everything; the limit of these users is never zero.)
    fn rests(&self) -> bool {
        let comes = |happens: &Happens| matches!(happens, Happens::Arrives(_) | Happens::Poll);
        let is_timed = |host: &Host| host.watched.connection.deadline().is_some();
        !self.has_crashed
            && !self.has_lost_reset
            && !self.ahead.iter().any(|(_, _, happens)| comes(happens))
            && !self.hosts.iter().any(is_timed)
    }

    /// Checks that both ends are CLOSED, have received everything, and know it.
    pub(crate) fn check_end(&self) {
        for (one, other) in [(&self.hosts[0], &self.hosts[1]), (&self.hosts[1], &self.hosts[0])] {
            assert_eq!(one.watched.state(), State::Closed);
            assert_eq!(one.received.len(), other.stream.len());
            assert_eq!(one.acknowledged, one.stream.len());
            let ends = |signal: &&Signal| {
                !matches!(
                    signal,
                    Signal::RetransmissionTimeout
                        | Signal::Retransmitting
                        | Signal::Urgent
                        | Signal::CongestionExperienced
                )
            };
            let told: Vec<_> = one.signals.iter().filter(ends).collect();
            assert_eq!(told, [&Signal::Closing]);
        }
    }
}

impl Host {
    fn new(plan: Plan, stream: Vec<u8>) -> Host {
        let watched = Watched::new(plan.config, plan.isn_offset);
        let (received, ahead, signals) = (Vec::new(), Ahead::new(), Vec::new());
        let (given, acknowledged, reading, reduced) = (0, 0, false, None);
        Host { watched, plan, stream, given, acknowledged, received, ahead, reading, signals, reduced }
    }

    fn hears(&mut self, signal: Signal) {
        if let Signal::Acknowledged(bytes) = signal {
            self.acknowledged += bytes;
            return;
        }
        let status = self.watched.connection.status();
        // Once for each window of payload.
        let anew = self.reduced.zip(status.snd_una).is_none_or(|(reduced, una)| reduced.lt(una));
        if signal == Signal::CongestionExperienced && anew {
            self.reduced = status.snd_nxt;
            self.watched.congestion_window_reduced();
        }
        self.signals.push(signal);
    }

    /// The position in the send queue at which ECN-capable payload begins, RFC 3168 sections 6.1.4 to 6.1.6.
    fn ecn_capable_from(&self) -> Option<usize> {
        let status = self.watched.connection.status();
        (status.ecn && status.snd_wnd > Some(0)).then_some(status.in_flight as usize)
    }

    fn packet(&self, transmit: Transmit, ecn_capable_from: Option<usize>) -> Packet {
        let Transmit { segment, payload } = transmit;
        let ecn_capable = !payload.is_empty() && Some(payload.start) == ecn_capable_from;
        let queue = &self.stream[self.acknowledged..self.given];
        Packet { segment, payload: queue[payload].to_vec(), ecn_capable, marked: false }
    }

    fn arrives(&mut self, packet: &Packet) -> Result<(), Refusal> {
        let range = self.watched.segment(packet.segment)?;
        if packet.marked {
            self.watched.congestion_experienced();
        }
        self.received.extend(&packet.payload[range.clone()]);
        if range.is_empty() {
            if self.plan.keeps {
                let nxt = self.watched.connection.status().rcv_nxt;
                self.ahead.keep(&packet.segment, nxt, packet.payload.clone());
            }
            return Ok(());
        }
        while let Some((segment, payload)) = self.ahead.next(&self.watched.connection, &packet.segment) {
            if let Ok(range) = self.watched.segment(segment) {
                self.received.extend(&payload[range]);
            }
        }
        Ok(())
    }

    /// Sends the next bytes, or closes after the last. Returns false if nothing is left to do.
    fn writes_on(&mut self) -> bool {
        match self.watched.state() {
            State::Closed => return false,
            // A listener waits for its peer; a CLOSE in SYN-SENT would end the connection.
            State::Listen => return true,
            State::SynSent if self.given == self.stream.len() => return true,
            State::SynSent
            | State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => {}
        }
        if self.given == self.stream.len() {
            if self.plan.leaves {
                self.watched.detach().unwrap()
            } else {
                self.watched.close().unwrap()
            }
            return false;
        }
        let bytes = self.plan.write.min(self.stream.len() - self.given);
        let sent = if self.plan.urgent { self.watched.send_urgent(bytes) } else { self.watched.send(bytes) };
        sent.unwrap();
        self.given += bytes;
        true
    }

    fn reads(&mut self) {
        self.reading = false;
        let unread = self.watched.connection.status().unread as usize;
        _ = self.watched.receive(unread.min(self.plan.read));
    }
}

//! Any calls and segments on one connection with any policies, absurd ones included, which change in mid-life.

use core::ops::Range;
use core::time::Duration;

use arbitrary::Arbitrary;
use tcp_lifecycle::{
    CallError, Config, Connection, Control, Instant, KeepAlive, Open, Output, Refusal, Segment, SeqNumber, Signal,
    State, Status, Transition, Transmit,
};

use crate::shapes::{ERRORS, Number, Shape};

#[derive(Arbitrary, Debug)]
pub struct Input {
    policies: Policies,
    isn_offset: u32,
    start: u64,
    events: Vec<(Event, bool)>,
}

#[derive(Arbitrary, Debug)]
struct Policies {
    sizes: [u16; 3],
    receive_buffer: u32,
    window_scale: Option<u8>,
    counts: [Option<u8>; 3],
    switches: [bool; 13],
    times: [Time; 11],
    keep_alive: Option<(Time, Time, u8)>,
    r1: u8,
    challenge_limit: u8,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Time {
    Millis(u16),
    Any(u64, u32),
    Forever,
}

impl Time {
    fn duration(self) -> Duration {
        match self {
            Time::Millis(millis) => Duration::from_millis(millis.into()),
            Time::Any(secs, nanos) => Duration::new(secs, nanos % 1_000_000_000),
            Time::Forever => Duration::MAX,
        }
    }

    fn or_never(self) -> Option<Duration> {
        (!matches!(self, Time::Forever)).then(|| self.duration())
    }
}

impl Policies {
    fn config(&self) -> Config {
        let [mss, max_segment, default_peer_mss] = self.sizes;
        let [timestamps, sack_permitted, nagle, octet, half_duplex, in_time_wait, icmp_aborts, rfc5961, ecn, new @ ..] =
            self.switches;
        let [tolerant, accept_ecn, user_timeout_in_persist, window_scaling] = new;
        let [msl, fin_wait_2, user, r2, syn_r2, initial, min, max, after_syn, period, delayed_ack] = self.times;
        let [r2_count, syn_r2_count, syn_ack_r2_count] = self.counts;
        Config {
            mss,
            max_segment,
            default_peer_mss,
            receive_buffer: self.receive_buffer,
            window_scale: self.window_scale,
            window_scaling,
            timestamps,
            tolerate_missing_timestamps: tolerant,
            sack_permitted,
            msl: msl.duration(),
            fin_wait_2_timeout: fin_wait_2.or_never(),
            user_timeout: user.or_never(),
            user_timeout_in_persist,
            r1: self.r1,
            r2: r2.duration(),
            syn_r2: syn_r2.duration(),
            r2_count,
            syn_r2_count,
            syn_ack_r2_count,
            rto_initial: initial.duration(),
            rto_min: min.duration(),
            rto_max: max.duration(),
            rto_after_syn_timeout: after_syn.duration(),
            nagle,
            delayed_ack: delayed_ack.or_never(),
            keep_alive: self.keep_alive.map(|(idle, interval, probes)| KeepAlive {
                idle: idle.duration(),
                interval: interval.duration(),
                probes,
            }),
            keep_alive_octet: octet,
            reset_in_time_wait: in_time_wait,
            half_duplex_close: half_duplex,
            icmp_aborts,
            rfc5961,
            ecn,
            accept_ecn,
            challenge_limit: self.challenge_limit,
            challenge_period: period.duration(),
        }
    }
}

#[derive(Arbitrary, Debug)]
enum Event {
    Active,
    Passive,
    Send(u16),
    SendUrgent(u16),
    SendAny(usize),
    Receive(u16),
    ReceiveAny(usize),
    Close,
    Detach,
    Abort,
    Acknowledge,
    TimestampOffset(u16),
    Limit(u32),
    /// From so many bytes behind the front to so many more or less than are in flight.
    Retransmit(u8, i8),
    RetransmitAny(usize, usize),
    Configure(Box<Policies>),
    Icmp(u8, Number),
    CongestionExperienced,
    CongestionWindowReduced,
    Segment(Shape),
    Timeout,
    Expire,
    Passes(Time),
    /// Time goes back by so many microseconds, for this event alone.
    Earlier(u32),
    Reopens(Shape),
    TimeWait,
}

const MOST_EVENTS: usize = 100;
const MOST_QUEUED: u32 = 10_000;

impl Input {
    pub fn run(self) {
        let config = self.policies.config();
        _ = config.check();
        let mut end = End {
            connection: Connection::new(&config, self.isn_offset),
            config,
            now: Instant::from_micros(self.start),
            queue: 0,
            unread: 0,
            shown: State::Closed,
            ended: false,
        };
        for (event, drains) in self.events.into_iter().take(MOST_EVENTS) {
            end.apply(event);
            if drains {
                end.drain();
            }
        }
        end.drain();
    }
}

struct End {
    connection: Connection,
    config: Config,
    now: Instant,
    /// Bytes given and not signalled as acknowledged; bytes delivered and not consumed.
    queue: usize,
    unread: usize,
    shown: State,
    ended: bool,
}

impl End {
    fn apply(&mut self, event: Event) {
        match event {
            Event::Active => self.open(Open::Active),
            Event::Passive => self.open(Open::Passive),
            Event::Send(bytes) => self.send(bytes.into(), Connection::send),
            Event::SendUrgent(bytes) => self.send(bytes.into(), Connection::send_urgent),
            Event::SendAny(bytes) => self.send(bytes, Connection::send),
            Event::Receive(bytes) => self.receive(bytes.into()),
            Event::ReceiveAny(bytes) => self.receive(bytes),
            Event::Close => _ = self.call(|connection, now| connection.close(now)),
            Event::Detach => _ = self.call(Connection::detach),
            Event::Acknowledge => self.connection.acknowledge_now(),
            Event::TimestampOffset(offset) => self.connection.set_timestamp_offset(offset),
            Event::Abort => _ = self.call(|connection, _| connection.abort()),
            Event::Limit(in_flight) => self.connection.limit(in_flight),
            Event::Retransmit(start, more) => {
                let in_flight = self.connection.status().in_flight as usize;
                self.retransmit(start.into()..in_flight.saturating_add_signed(more.into()));
            }
            Event::RetransmitAny(start, end) => self.retransmit(start..end),
            Event::Configure(policies) => {
                self.config = policies.config();
                self.connection.configure(&self.config);
            }
            Event::Icmp(which, quoted) => {
                let quoted = quoted.of(&self.connection.status());
                _ = self.connection.icmp(ERRORS[usize::from(which) % ERRORS.len()], quoted);
            }
            Event::CongestionExperienced => self.connection.congestion_experienced(),
            Event::CongestionWindowReduced => self.connection.congestion_window_reduced(),
            Event::Segment(shape) => self.segment(&shape.of(&self.connection)),
            Event::Timeout => self.connection.timeout(self.now),
            Event::Expire => self.expire(),
            Event::Passes(time) => self.now = self.now + time.duration(),
            Event::Earlier(micros) => {
                let earlier = Instant::from_micros(self.now.as_micros().saturating_sub(micros.into()));
                let before = self.connection.status();
                self.connection.timeout(earlier);
                assert!(self.connection.deadline().is_none_or(|at| at > earlier) || before != self.connection.status());
            }
            Event::Reopens(shape) => {
                let syn = shape.of(&self.connection);
                let allowed = self.connection.reopens(&syn, self.now).is_some();
                assert!(!allowed || self.connection.state() == State::TimeWait);
            }
            Event::TimeWait => self.time_wait(),
        }
        self.cover_step();
        let config = self.connection.config();
        assert_eq!(Connection::new(&config, 1), Connection::new(&self.config, 1), "{config:?}");
        let status = self.connection.status();
        if matches!(status.state, State::Closed | State::Listen | State::SynSent | State::SynReceived) {
            self.hear();
        }
        if let (Some(una), Some(nxt)) = (status.snd_una, status.snd_nxt) {
            assert!(una.le(nxt) && nxt - una == status.in_flight);
        }
        assert!(status.state == State::Closed || status.unread as usize == self.unread, "{status:?}");
    }

    /// The peer can be told of one step of the window's field at least: a smaller buffer counts as one.
    fn cover_step(&mut self) {
        let scale = self.connection.status().rcv_scale.unwrap_or(0);
        if self.config.receive_buffer > 0 && self.config.receive_buffer < 1 << scale {
            // The scale that our SYNs offer is that of the buffer as it was asked for.
            self.config.window_scale = Connection::new(&self.config, 1).config().window_scale;
            self.config.receive_buffer = 1 << scale;
        }
    }

    /// A call that fails changes nothing.
    fn call(&mut self, call: impl FnOnce(&mut Connection, Instant) -> Result<(), CallError>) -> bool {
        let before = self.connection.clone();
        let called = call(&mut self.connection, self.now);
        assert!(called.is_ok() || before == self.connection, "{called:?}");
        called.is_ok()
    }

    fn open(&mut self, open: Open) {
        if self.call(|connection, now| connection.open(open, now)) {
            (self.queue, self.unread, self.ended) = (0, 0, false);
        }
    }

    fn send(&mut self, bytes: usize, send: fn(&mut Connection, usize, Instant) -> Result<(), CallError>) {
        let status = self.connection.status();
        let room = MOST_QUEUED.saturating_sub(status.unsent + status.in_flight) as usize;
        if (bytes <= room || bytes > 1 << 30) && self.call(|connection, now| send(connection, bytes, now)) {
            self.queue += bytes;
        }
    }

    fn receive(&mut self, bytes: usize) {
        if self.call(|connection, _| connection.receive(bytes)) {
            self.unread = self.unread.checked_sub(bytes).expect("no more than was delivered");
        }
    }

    fn retransmit(&mut self, range: Range<usize>) {
        let sent = self.connection.status().in_flight as usize;
        let again = self.call(|connection, _| connection.retransmit(range.clone()));
        assert!(!again || range.is_empty() || range.end <= sent, "{range:?} of {sent}");
    }

    fn segment(&mut self, segment: &Segment) {
        let mut before = self.connection.status();
        match self.connection.segment_arrives(segment, self.now) {
            Ok(range) => {
                assert!(range.start <= range.end && range.end <= usize::from(segment.payload_len()));
                self.unread += range.len();
            }
            Err(refusal) => {
                if refusal == Refusal::SynRepeated {
                    take_back(&mut before, segment);
                }
                let after = self.connection.status();
                // D39: a sign of life from one left of RCV.NXT ends the count of keep-alive's probes, and its timer.
                if before.in_flight == 0 && before.rcv_nxt == Some(segment.seq() + 1) {
                    before.retransmissions = before.retransmissions.min(after.retransmissions);
                    before.timer = before.timer.filter(|_| after.timer.is_some());
                }
                assert_eq!(before, after, "{segment} {refusal}");
            }
        }
    }

    fn expire(&mut self) {
        let Some(deadline) = self.connection.deadline() else { return };
        self.now = self.now.max(deadline);
        self.connection.timeout(self.now);
        self.drain();
        // At the end of time every deadline has come.
        let progress = self.connection.deadline().is_none_or(|next| next > self.now);
        assert!(progress || self.now.as_micros() > u64::MAX - (1 << 40), "a timer that fires for ever");
    }

    fn time_wait(&mut self) {
        if let Some(mut time_wait) = self.connection.time_wait() {
            assert_eq!(self.connection.state(), State::TimeWait);
            assert_eq!(time_wait.deadline(&self.config), self.connection.deadline());
            let before = time_wait.clone();
            assert_eq!(time_wait.poll(self.now, &self.config), Output::Wait(self.connection.deadline()));
            assert_eq!(time_wait.state(), before.state());
        }
    }

    fn drain(&mut self) {
        let status = self.connection.status();
        for _ in 0..64 + 2 * (status.unsent + status.in_flight) {
            match self.connection.poll(self.now) {
                Output::Transition(transition) => self.transition(transition),
                Output::Signal(signal) => self.signal(signal),
                Output::Transmit(ref transmit) => self.transmit(transmit),
                Output::Wait(deadline) => return self.wait(deadline),
            }
        }
        panic!("a drain that does not end");
    }

    /// Who goes on before he has drained hears at least where a life ends and another begins, so that he knows which one
    /// his bytes belong to. Segments stay due.
    fn hear(&mut self) {
        loop {
            let mut polled = self.connection.clone();
            match polled.poll(self.now) {
                Output::Transition(transition) => self.transition(transition),
                Output::Signal(signal) => self.signal(signal),
                Output::Transmit(_) | Output::Wait(_) => return,
            }
            self.connection = polled;
        }
    }

    fn transition(&mut self, transition: Transition) {
        assert_eq!(transition.from, self.shown);
        self.shown = transition.to;
        if matches!(transition.to, State::Listen | State::Closed) {
            (self.queue, self.unread) = (0, 0);
        }
    }

    fn signal(&mut self, signal: Signal) {
        if let Signal::Acknowledged(bytes) = signal {
            // Beside the end of a life, which empties the queue.
            self.queue = self.queue.saturating_sub(bytes);
        }
        if signal.is_end() {
            assert!(!self.ended, "the end is told once");
            self.ended = true;
        }
    }

    fn transmit(&self, transmit: &Transmit) {
        let Transmit { segment, payload } = transmit;
        let octet = payload.is_empty() && segment.payload_len() == 1 && self.config.keep_alive_octet;
        assert!(payload.len() == usize::from(segment.payload_len()) || octet, "{segment} {payload:?}");
        assert!(payload.end <= self.queue, "{segment} {payload:?} of {}", self.queue);
        if !segment.control().contains(Control::RST) {
            let status = self.connection.status();
            assert_eq!(segment.ack(), status.rcv_nxt);
            assert!(status.snd_nxt.is_some_and(|nxt| (segment.seq() + segment.len()).le(nxt)), "{segment} {status:?}");
        }
        assert_eq!(segment.to_string().parse(), Ok(*segment));
    }

    fn wait(&mut self, deadline: Option<Instant>) {
        assert_eq!(deadline, self.connection.deadline());
        assert_eq!(self.shown, self.connection.state());
        let before = self.connection.clone();
        assert_eq!(self.connection.poll(self.now), Output::Wait(deadline));
        assert_eq!(before, self.connection);
        let next = SeqNumber(self.connection.next_isn_offset(self.now)) + (self.now.as_micros() / 4) as u32;
        assert!(self.connection.snd_nxt().is_none_or(|nxt| nxt.lt(next)), "the next life begins within the last");
        assert_eq!(self.connection.clone().into_time_wait().ok(), self.connection.time_wait());
    }
}

/// D6: what the peer's SYN does not offer any more is not agreed.
fn take_back(status: &mut Status, syn: &Segment) {
    let options = syn.options();
    status.ecn &= syn.control().contains(Control::ECE | Control::CWR);
    status.timestamps &= options.timestamps().is_some();
    status.sack_permitted &= options.sack_permitted();
    if options.window_scale().is_none() {
        status.window_scaling = false;
        (status.snd_scale, status.rcv_scale) = (Some(0), Some(0));
    }
}

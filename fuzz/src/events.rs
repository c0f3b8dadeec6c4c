//! Any events on one connection, with all the invariants of the property tests.

use core::time::Duration;

use arbitrary::Arbitrary;
use tcp_lifecycle::{Config, Connection, KeepAlive, Open, Segment};

use crate::run;
use crate::shapes::{ERRORS, Number, Shape};
use crate::watch::Watched;

#[derive(Arbitrary, Debug)]
pub struct Input {
    policies: Policies,
    isn_offset: u32,
    events: Vec<(Event, Polls)>,
}

/// Any that make sense; the times in steps that a connection keeps exactly.
#[derive(Arbitrary, Debug)]
pub(crate) struct Policies {
    mss: u16,
    max_segment: u16,
    receive_buffer: u16,
    /// The buffer is so many times as large: with more than 65,535 bytes windows are scaled.
    times: u8,
    msl: u8,
    fin_wait_2_timeout: Option<u8>,
    user_timeout: Option<u8>,
    r1: u8,
    r2: Option<u8>,
    rto_min: u8,
    keep_alive: Option<[u8; 3]>,
    /// In milliseconds.
    delayed_ack: Option<u8>,
    window_scale: Option<u8>,
    /// R2 by count, for payload, a SYN and a SYN,ACK.
    counts: [Option<u8>; 3],
    rto_after_syn_timeout: u8,
    switches: [bool; 13],
    challenge_limit: u8,
}

impl Policies {
    pub(crate) fn config(&self) -> Config {
        let seconds = |seconds: u8| Duration::from_secs(seconds.max(1).into());
        let [timestamps, sack_permitted, ecn, nagle, octet, rfc5961, in_time_wait, half_duplex, icmp_aborts, new @ ..] =
            self.switches;
        let [tolerant, accept_ecn, user_timeout_in_persist, unscaled] = new;
        let [r2_count, syn_r2_count, syn_ack_r2_count] = self.counts;
        let rto_min = Duration::from_millis(u64::from(self.rto_min).max(1) * 10);
        Config {
            mss: self.mss.max(1),
            max_segment: self.max_segment.max(21),
            receive_buffer: u32::from(self.receive_buffer) * u32::from(self.times % 16 + 1),
            msl: seconds(self.msl),
            fin_wait_2_timeout: self.fin_wait_2_timeout.map(seconds),
            user_timeout: self.user_timeout.map(seconds),
            r1: self.r1,
            r2: self.r2.map_or(Duration::MAX, seconds),
            rto_initial: rto_min.max(Config::DEFAULT.rto_initial),
            rto_min,
            keep_alive: self.keep_alive.map(|[idle, interval, probes]| KeepAlive {
                idle: seconds(idle),
                interval: seconds(interval),
                probes,
            }),
            keep_alive_octet: octet,
            delayed_ack: self.delayed_ack.map(|millis| Duration::from_millis(u64::from(millis).max(1))),
            window_scale: self.window_scale.map(|shift| shift % 15),
            window_scaling: !unscaled,
            r2_count,
            syn_r2_count,
            syn_ack_r2_count,
            rto_after_syn_timeout: seconds(self.rto_after_syn_timeout),
            user_timeout_in_persist,
            tolerate_missing_timestamps: tolerant,
            accept_ecn,
            timestamps,
            sack_permitted,
            ecn,
            nagle,
            rfc5961,
            reset_in_time_wait: in_time_wait,
            half_duplex_close: half_duplex,
            icmp_aborts,
            challenge_limit: self.challenge_limit,
            ..Config::DEFAULT
        }
    }
}

#[derive(Arbitrary, Debug)]
enum Event {
    Active,
    Passive,
    Send(u16),
    /// More than a queue may hold.
    SendTooMuch,
    Receive(u16),
    Close,
    Detach,
    Abort,
    Acknowledge,
    Limit(u32),
    Offset(u32),
    TimestampOffset(u16),
    SendUrgent(u8),
    /// From so many bytes behind the front to so many more or less than are in flight.
    Retransmit(u8, i8),
    Configure(Box<Policies>),
    Icmp(u8, Number),
    Marked,
    Reduced,
    Segment(Shape),
    /// One of the segments that have arrived, once more.
    Again(u8),
    Timeout,
    /// Time passes until the deadline, and the timer fires.
    Expire,
    Micros(u16),
    Millis(u16),
}

/// How often `poll` is called after an event.
#[derive(Arbitrary, Debug)]
enum Polls {
    Drain,
    DrainToo,
    Times(u8),
}

const MOST_EVENTS: usize = 100;
/// In the queue: each byte may go out in a segment of its own.
const MOST_QUEUED: u32 = 20_000;

impl Input {
    pub fn run(self) {
        run::told(|| self.play());
    }

    fn play(self) {
        let mut watched = Watched::new(self.policies.config(), self.isn_offset);
        let mut arrived = Vec::new();
        for (event, polls) in self.events.into_iter().take(MOST_EVENTS) {
            event.apply(&mut watched, &mut arrived);
            match polls {
                Polls::Drain | Polls::DrainToo => drop(watched.drain()),
                Polls::Times(polls) => (0..polls % 8).for_each(|_| _ = watched.poll()),
            }
            comes_back(&watched.connection);
        }
        watched.drain();
    }
}

/// A connection that is stored and restored is the same.
fn comes_back(connection: &Connection) {
    let mut room = [0; 512];
    let stored = postcard::to_slice(connection, &mut room).expect("a connection takes less");
    assert_eq!(postcard::from_bytes(stored).as_ref(), Ok(connection));
}

impl Event {
    fn apply(self, watched: &mut Watched, arrived: &mut Vec<Segment>) {
        // The invariants count times from the moment in which a segment is handed out.
        if matches!(self, Event::Expire | Event::Micros(_) | Event::Millis(_)) {
            watched.drain();
        }
        let status = watched.connection.status();
        match self {
            Event::Active => _ = watched.open(Open::Active),
            Event::Passive => _ = watched.open(Open::Passive),
            Event::Send(bytes) if status.unsent + status.in_flight + u32::from(bytes) > MOST_QUEUED => {}
            Event::Send(bytes) => _ = watched.send(bytes.into()),
            Event::SendTooMuch => assert!(watched.send((1 << 30) + 1).is_err()),
            Event::Receive(bytes) => _ = watched.receive(bytes.into()),
            Event::Close => _ = watched.close(),
            Event::Detach => _ = watched.detach(),
            Event::Abort => _ = watched.abort(),
            Event::Acknowledge => watched.acknowledge_now(),
            Event::Limit(in_flight) => watched.limit(in_flight),
            Event::Offset(offset) => watched.connection.set_isn_offset(offset),
            Event::TimestampOffset(offset) => watched.timestamp_offset(offset),
            Event::SendUrgent(_) if status.unsent + status.in_flight > MOST_QUEUED => {}
            Event::SendUrgent(bytes) => _ = watched.send_urgent(bytes.into()),
            Event::Retransmit(start, more) => {
                let end = (status.in_flight as usize).saturating_add_signed(more.into());
                _ = watched.retransmit(start.into()..end);
            }
            Event::Configure(policies) => watched.configure(policies.config()),
            Event::Icmp(which, quoted) => {
                _ = watched.icmp(ERRORS[usize::from(which) % ERRORS.len()], quoted.of(&status))
            }
            Event::Marked => watched.congestion_experienced(),
            Event::Reduced => watched.congestion_window_reduced(),
            Event::Segment(shape) => {
                let segment = shape.of(&watched.connection);
                arrived.push(segment);
                _ = watched.segment(segment);
            }
            Event::Again(which) => {
                if let Some(segment) = arrived.get(usize::from(which) % arrived.len().max(1)) {
                    _ = watched.segment(*segment);
                }
            }
            Event::Timeout => watched.timeout(),
            Event::Expire => {
                if let Some(deadline) = watched.connection.deadline() {
                    watched.pass(deadline.saturating_duration_since(watched.now));
                    watched.timeout();
                }
            }
            Event::Micros(micros) => watched.pass(Duration::from_micros(micros.into())),
            Event::Millis(millis) => {
                // A delayed ACK that is more than a minute late may be half a second later still.
                if watched.connection.deadline().is_some_and(|deadline| deadline < watched.now) {
                    watched.timeout();
                    watched.drain();
                }
                watched.pass(Duration::from_millis(millis.min(60_000).into()));
            }
        }
    }
}

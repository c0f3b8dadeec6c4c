//! Two ends, and a scheduler that does what it likes with users, segments and timers. Then the network becomes perfect, the
//! users close, and both ends have to come to CLOSED, with all bytes.

use core::time::Duration;

use arbitrary::Arbitrary;
use tcp_lifecycle::{Config, Open, Output, Segment, Signal, State, Transition};

use crate::ahead::Ahead;
use crate::events::Policies;
use crate::run;
use crate::watch::Watched;

#[derive(Arbitrary, Debug)]
pub struct Input {
    policies: [Policies; 2],
    isn_offsets: [u32; 2],
    opens: Opens,
    keeps: [bool; 2],
    /// Two bytes each, so that small changes of the input are small changes of the schedule.
    actions: Vec<[u8; 2]>,
}

#[derive(Arbitrary, Debug)]
enum Opens {
    First,
    Second,
    Both,
}

/// Of one end; segments by their place among those on the way to it.
#[derive(Debug)]
enum Action {
    Send(u8),
    Receive(u8),
    Close,
    /// The user is gone, once the peer has closed and all is read: nothing can be lost.
    Detach,
    Acknowledge,
    Limit(u8),
    Deliver(u8),
    DeliverAll,
    /// The event is not polled.
    DeliverAndWait(u8),
    Lose(u8),
    LoseAll,
    Copy(u8),
    /// The timer fires so many times.
    Expire(u8),
    Passes(Duration),
}

impl Action {
    fn of(which: u8, argument: u8) -> Action {
        match which % 14 {
            0 => Action::Send(argument),
            1 => Action::Receive(argument),
            2 => Action::Close,
            3 => Action::Limit(argument),
            4 => Action::Deliver(argument),
            5 => Action::DeliverAll,
            6 => Action::DeliverAndWait(argument),
            7 => Action::Lose(argument),
            8 => Action::LoseAll,
            9 => Action::Copy(argument),
            10 => Action::Expire(argument % 8 + 1),
            11 => Action::Detach,
            12 => Action::Acknowledge,
            _ => Action::Passes(Duration::from_millis(u64::from(argument) * u64::from(argument))),
        }
    }
}

const MOST_ACTIONS: usize = 120;
/// Each byte may take a segment and a timeout of its own.
const MOST_BYTES: usize = 400;
/// More steps than these are two ends that do not come to an end.
const MOST_STEPS: usize = 100_000;

/// On its way, and which byte of its sender's stream is the first of its payload.
#[derive(Clone, Copy, Debug)]
struct Flight {
    segment: Segment,
    offset: usize,
}

struct End {
    watched: Watched,
    /// Bytes of the stream: given by the user, acknowledged to him; and of the peer's stream: delivered.
    given: usize,
    acknowledged: usize,
    delivered: usize,
    /// Segments ahead of RCV.NXT are kept until the gap is filled.
    keeps: bool,
    ahead: Ahead<usize>,
    ends: Vec<Signal>,
    /// The state before CLOSED, and whether that was the end of a TIME-WAIT that the other had not lived to see.
    last: Option<State>,
    forsook: bool,
}

struct World {
    ends: [End; 2],
    /// To the end of this number.
    flights: [Vec<Flight>; 2],
}

/// Nothing but the users ends a connection.
fn patient(policies: &Policies) -> Config {
    let config = policies.config();
    Config {
        receive_buffer: config.receive_buffer.max(1),
        msl: config.msl.max(Duration::from_secs(30)),
        challenge_limit: config.challenge_limit.max(1),
        fin_wait_2_timeout: None,
        user_timeout: None,
        r2_count: None,
        syn_r2_count: None,
        syn_ack_r2_count: None,
        r2: Duration::MAX,
        syn_r2: Duration::MAX,
        rto_initial: Config::DEFAULT.rto_initial,
        rto_min: Duration::from_millis(200),
        rto_max: Duration::from_secs(2),
        // Else they might reset what the other has sent, or give up.
        half_duplex_close: false,
        keep_alive: None,
        ..config
    }
}

impl Input {
    pub fn run(self) {
        run::told(|| self.play());
    }

    fn play(self) {
        let [one, other] = [0, 1].map(|side| End::new(&self.policies[side], self.isn_offsets[side], self.keeps[side]));
        let mut world = World { ends: [one, other], flights: [Vec::new(), Vec::new()] };
        let opens = match self.opens {
            Opens::First => [Open::Active, Open::Passive],
            Opens::Second => [Open::Passive, Open::Active],
            Opens::Both => [Open::Active, Open::Active],
        };
        for (side, open) in opens.into_iter().enumerate() {
            world.ends[side].watched.open(open).expect("OPEN in CLOSED");
            world.drain(side);
        }
        for [which, argument] in self.actions.into_iter().take(MOST_ACTIONS) {
            world.act(usize::from(which & 1), &Action::of(which >> 1, argument));
            world.check();
        }
        world.finish();
    }
}

impl World {
    fn act(&mut self, side: usize, action: &Action) {
        let end = &mut self.ends[side];
        match *action {
            Action::Send(bytes) => end.send(bytes.into()),
            Action::Receive(bytes) => end.receive(bytes.into()),
            Action::Close => end.close(),
            Action::Detach => end.detach(),
            Action::Acknowledge => end.watched.acknowledge_now(),
            Action::Limit(in_flight) => end.watched.limit(in_flight.into()),
            Action::Expire(times) => return (0..times).for_each(|_| self.expire(side)),
            Action::Passes(time) => return self.pass(time),
            Action::Deliver(place) => self.deliver(side, place.into()),
            Action::DeliverAll => {
                while !self.flights[side].is_empty() {
                    self.deliver(side, 0);
                    self.drain(side);
                }
            }
            Action::DeliverAndWait(place) => return self.deliver(side, place.into()),
            Action::Lose(place) => drop(self.take(side, place.into())),
            Action::LoseAll => self.flights[side].clear(),
            Action::Copy(place) => {
                let flights = &mut self.flights[side];
                if let Some(flight) = flights.get(usize::from(place) % flights.len().max(1)).copied() {
                    flights.push(flight);
                }
            }
        }
        self.drain(side);
    }

    fn take(&mut self, side: usize, place: usize) -> Option<Flight> {
        let flights = &mut self.flights[side];
        (!flights.is_empty()).then(|| flights.remove(place % flights.len()))
    }

    fn deliver(&mut self, side: usize, place: usize) {
        if let Some(flight) = self.take(side, place) {
            self.ends[side].arrives(&flight);
        }
    }

    fn expire(&mut self, side: usize) {
        if let Some(deadline) = self.ends[side].watched.connection.deadline() {
            let now = self.ends[side].watched.now;
            self.pass(deadline.saturating_duration_since(now));
            // One clock for both; the other one's timer may be late.
            self.ends[side].watched.timeout();
            self.drain(side);
        }
    }

    fn pass(&mut self, time: Duration) {
        for end in &mut self.ends {
            end.watched.pass(time);
        }
    }

    fn drain(&mut self, side: usize) {
        while let Some(output) = self.ends[side].watched.poll() {
            let other = self.ends[1 - side].watched.state();
            let end = &mut self.ends[side];
            match output {
                Output::Signal(Signal::Acknowledged(bytes)) => end.acknowledged += bytes,
                Output::Transition(Transition { from, to: State::Closed }) => {
                    end.last = Some(from);
                    end.forsook = from == State::TimeWait && other != State::Closed;
                }
                Output::Signal(signal) if signal.is_end() => end.ends.push(signal),
                Output::Signal(_) | Output::Transition(_) | Output::Wait(_) => {}
                Output::Transmit(ref transmit) => {
                    let offset = end.acknowledged + transmit.payload.start;
                    self.flights[1 - side].push(Flight { segment: transmit.segment, offset });
                }
            }
        }
    }

    /// S2 and S7.
    fn check(&self) {
        for (one, other) in [(0, 1), (1, 0)] {
            let (here, there) =
                (self.ends[one].watched.connection.status(), self.ends[other].watched.connection.status());
            if let (Some(rcv), Some(snd), Some(irs), Some(iss)) = (here.rcv_nxt, there.snd_nxt, here.irs, there.iss) {
                assert!(irs != iss || rcv.le(snd), "RCV.NXT beyond the peer's SND.NXT");
            }
            let nothing_in_flight = self.flights.iter().all(Vec::is_empty);
            let apart = here.state == State::Established && matches!(there.state, State::SynSent | State::TimeWait);
            assert!(!(apart && nothing_in_flight), "ESTABLISHED against {}", there.state);
        }
    }

    /// Everything arrives in order, the users read all and close, every timer fires in its time.
    fn finish(&mut self) {
        for side in [0, 1] {
            self.ends[side].watched.limit(u32::MAX);
            self.drain(side);
        }
        for _ in 0..MOST_STEPS {
            if !self.step() {
                return self.check_end();
            }
            self.check();
        }
        let [a, b] = [0, 1].map(|side| self.ends[side].watched.connection.status());
        panic!("no end: {a:?} {b:?}");
    }

    /// False if there is nothing more to do.
    fn step(&mut self) -> bool {
        for side in [0, 1] {
            let end = &mut self.ends[side];
            end.receive(usize::MAX);
            if matches!(end.watched.state(), State::SynReceived | State::Established | State::CloseWait) {
                end.close();
            }
            self.drain(side);
        }
        for side in [0, 1] {
            if !self.flights[side].is_empty() {
                self.deliver(side, 0);
                self.drain(side);
                return true;
            }
        }
        let deadline = |side: usize| self.ends[side].watched.connection.deadline();
        let next = [0, 1].into_iter().filter(|side| deadline(*side).is_some()).min_by_key(|side| deadline(*side));
        next.is_some_and(|side| {
            self.expire(side);
            true
        })
    }

    fn check_end(&self) {
        for (one, other) in [(0, 1), (1, 0)] {
            let (here, there) = (&self.ends[one], &self.ends[other]);
            assert_eq!(here.watched.state(), State::Closed);
            assert_eq!(here.delivered, there.given);
            // What a repeated FIN gets if nothing has come through until the other's TIME-WAIT was over.
            let late = there.forsook && matches!(here.last, Some(State::Closing | State::LastAck));
            assert!(here.ends.is_empty() || late && here.ends == [Signal::Reset], "{:?}", here.ends);
        }
    }
}

impl End {
    fn new(policies: &Policies, isn_offset: u32, keeps: bool) -> End {
        let watched = Watched::new(patient(policies), isn_offset);
        let (ahead, ends) = (Ahead::new(), Vec::new());
        let (last, forsook) = (None, false);
        End { watched, given: 0, acknowledged: 0, delivered: 0, keeps, ahead, ends, last, forsook }
    }

    fn send(&mut self, bytes: usize) {
        let room = MOST_BYTES - self.given;
        if self.watched.send(bytes.min(room)).is_ok() {
            self.given += bytes.min(room);
        }
    }

    fn receive(&mut self, bytes: usize) {
        let unread = self.watched.connection.status().unread as usize;
        if self.watched.state() != State::Closed && unread > 0 {
            self.watched.receive(bytes.min(unread)).expect("what was delivered");
        }
    }

    /// Not in LISTEN and SYN-SENT, where it would be the end.
    fn close(&mut self) {
        if !matches!(self.watched.state(), State::Listen | State::SynSent) {
            _ = self.watched.close();
        }
    }

    fn detach(&mut self) {
        let status = self.watched.connection.status();
        if matches!(status.state, State::CloseWait | State::Closing | State::LastAck) && status.unread == 0 {
            _ = self.watched.detach();
        }
    }

    fn arrives(&mut self, flight: &Flight) {
        let nxt = self.watched.connection.status().rcv_nxt;
        let Ok(range) = self.watched.segment(flight.segment) else { return };
        if range.is_empty() {
            if self.keeps {
                self.ahead.keep(&flight.segment, nxt, flight.offset);
            }
            return;
        }
        self.take(flight.offset, range);
        while let Some((segment, offset)) = self.ahead.next(&self.watched.connection, &flight.segment) {
            if let Ok(range) = self.watched.segment(segment) {
                self.take(offset, range);
            }
        }
    }

    /// S17: the next bytes of the stream, and no others.
    fn take(&mut self, offset: usize, range: core::ops::Range<usize>) {
        if !range.is_empty() {
            assert_eq!(offset + range.start, self.delivered);
            self.delivered += range.len();
        }
    }
}

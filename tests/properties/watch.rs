//! A connection under observation: whatever is done to it, and whatever it hands out, the invariants are checked.

mod arrivals;
mod segments;

use core::fmt::Debug;
use core::ops::Range;
use core::time::Duration;
use std::collections::HashSet;

use tcp_lifecycle::{
    CallError, Config, Connection, Control, Instant, Open, Output, Refusal, Segment, SeqNumber, Signal, State, Status,
    Transition, Transmit,
};

use crate::arcs::{ARCS, By, Cause};

/// What is remembered of one life, from the SYN on.
#[derive(Debug, Default)]
struct Life {
    /// Bytes in the user's send queue: given, and not signalled as acknowledged.
    queue: usize,
    /// Bytes signalled as acknowledged.
    acknowledged: u32,
    /// Where the FIN was.
    fin: Option<SeqNumber>,
    /// RCV.NXT+RCV.WND as it was last advertised.
    edge: Option<SeqNumber>,
    closing: bool,
    /// The user has closed.
    closed: bool,
    /// The largest window that the peer has said behind its SYN.
    most_window: u32,
    /// Of the OPEN that began it.
    passive: bool,
}

#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) connection: Connection,
    pub(crate) now: Instant,
    /// When the last segment arrived, and when the last timeout came.
    told: Instant,
    timed: Option<Instant>,
    /// The arcs that have been taken, as their places in the table.
    pub(crate) walked: HashSet<usize>,
    config: Config,
    limit: u32,
    life: Life,
    /// TIME-WAIT: the last FIN seen, and whether a SYN of a peer that started afresh has come since.
    last_fin: Instant,
    afresh: bool,
    /// The window has opened while this, the front, was in flight: it goes out again at once (D17).
    reopened: Option<SeqNumber>,
    /// The end that the user has to be told of, once the connection is CLOSED.
    end: Option<Signal>,
    /// All events since the last `Wait`.
    causes: Vec<Cause>,
    /// The last state that the user was told of, and how many transitions since the last `Wait`.
    shown: State,
    transitions: usize,
    /// How many of them since the last event.
    held: usize,
    /// What came last out of `poll` since the last event: 0 for transitions, 1 for signals, 2 for segments.
    rank: u8,
}

impl Watched {
    pub(crate) fn new(config: Config, isn_offset: u32) -> Watched {
        Watched {
            connection: Connection::new(&config, isn_offset),
            now: Instant::ZERO,
            told: Instant::ZERO,
            timed: None,
            walked: HashSet::new(),
            config,
            limit: u32::MAX,
            life: Life::default(),
            last_fin: Instant::ZERO,
            afresh: false,
            reopened: None,
            end: None,
            causes: Vec::new(),
            shown: State::Closed,
            transitions: 0,
            held: 0,
            rank: 0,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.connection.state()
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    pub(crate) fn open(&mut self, open: Open) -> Result<(), CallError> {
        let opened = self.call(Cause::Open(open), |connection, now| connection.open(open, now));
        if opened.is_ok() {
            assert_eq!(self.end, None, "a new life before the end of the last is told");
            self.life = Life { passive: open == Open::Passive, ..Life::default() };
        }
        opened
    }

    pub(crate) fn send(&mut self, bytes: usize) -> Result<(), CallError> {
        let sent = self.call(Cause::Send, |connection, now| connection.send(bytes, now));
        if sent.is_ok() {
            self.life.queue += bytes;
        }
        sent
    }

    pub(crate) fn receive(&mut self, bytes: usize) -> Result<(), CallError> {
        let before = self.connection.status();
        let received = self.call(Cause::Receive, |connection, _| connection.receive(bytes));
        assert_eq!(received.is_ok(), self.state() != State::Closed && bytes <= before.unread as usize);
        received
    }

    pub(crate) fn close(&mut self) -> Result<(), CallError> {
        let closed = self.call(Cause::Close, |connection, now| connection.close(now));
        self.life.closed |= closed.is_ok();
        closed
    }

    pub(crate) fn abort(&mut self) -> Result<(), CallError> {
        let reset = match self.state() {
            State::SynReceived | State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait => {
                self.connection.status().snd_nxt
            }
            State::Closed | State::Listen | State::SynSent | State::Closing | State::LastAck | State::TimeWait => None,
        };
        self.call(Cause::Abort(reset), |connection, _| connection.abort())
    }

    pub(crate) fn limit(&mut self, in_flight: u32) {
        self.limit = in_flight;
        self.event(Cause::Limit, |connection, _| connection.limit(in_flight));
    }

    pub(crate) fn timeout(&mut self) {
        self.timed = Some(self.now);
        self.event(Cause::Timeout, |connection, now| connection.timeout(now));
    }

    /// A segment arrives; the range of its payload that is the user's.
    pub(crate) fn segment(&mut self, segment: Segment) -> Result<Range<usize>, Refusal> {
        let before = self.connection.status();
        let taken = self.event(Cause::Segment(segment), |connection, now| connection.segment_arrives(&segment, now));
        self.told = self.now;
        let after = self.connection.status();
        arrivals::check(&segment, &before, &after, &taken, &self.config);
        if before.snd_wnd == Some(0) && after.snd_wnd > Some(0) && after.in_flight > 0 && before.snd_una != before.iss {
            self.reopened = after.snd_una;
        }
        taken
    }

    /// A call that fails leaves the connection as it was.
    fn call(
        &mut self,
        cause: Cause,
        call: impl Fn(&mut Connection, Instant) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        let before = self.connection.clone();
        let result = self.event(cause, call);
        assert!(result.is_ok() || before == self.connection, "a call that fails changes nothing");
        result
    }

    fn event<R: PartialEq + Debug>(&mut self, cause: Cause, event: impl Fn(&mut Connection, Instant) -> R) -> R {
        let before = self.connection.status();
        let (mut back, mut still) = (self.connection.clone(), self.connection.clone());
        assert_eq!(event(&mut back, Instant::ZERO), event(&mut still, self.told));
        assert_eq!(back, still, "time that goes back stands still");
        let result = event(&mut self.connection, self.now);
        let after = self.connection.status();
        check_variables(&before, &after, &self.config);
        check_rto(&cause, &before, &after, &self.config);
        self.note_end(&cause, &before, &after);
        self.note_time_wait(&cause, &before, &after);
        if after.state == State::Listen {
            // D18, S14: only a listener comes back to LISTEN.
            assert!(before.state != State::SynReceived || self.life.passive);
            self.life = Life { passive: true, ..Life::default() };
        }
        self.life.most_window = self.life.most_window.max(after.snd_wnd.unwrap_or(0));
        self.causes.push(cause);
        self.rank = 0;
        self.held = 0;
        self.check_early_timeout();
        result
    }

    /// S13: which end the user has to be told of.
    fn note_end(&mut self, cause: &Cause, before: &Status, after: &Status) {
        if before.state == State::Closed || after.state != State::Closed {
            return;
        }
        let by_user = matches!(cause, Cause::Close | Cause::Abort(_));
        assert!(
            by_user || before.state != State::SynReceived || !self.life.passive,
            "a listener ended in SYN-RECEIVED"
        );
        let ends_by = |bit| matches!(cause, Cause::Segment(segment) if segment.control().contains(bit));
        let reset = ends_by(Control::RST);
        // Without RFC 5961 a SYN is as good as a reset after the handshake.
        let another_syn = ends_by(Control::SYN) && !reset;
        self.end = match (cause, before.state) {
            (Cause::Timeout, State::TimeWait) => None,
            (Cause::Timeout, _) => Some(Signal::TimedOut),
            (_, State::TimeWait) if reset => {
                let Cause::Segment(segment) = cause else { unreachable!() };
                let cured = self.afresh && Some(segment.seq()) == before.rcv_nxt;
                assert!(self.config.reset_in_time_wait || cured, "a reset in TIME-WAIT");
                None
            }
            (_, State::SynSent | State::SynReceived) if reset => Some(Signal::Refused),
            (_, State::FinWait1) if reset && before.snd_una == before.iss => Some(Signal::Refused),
            _ if reset || another_syn => Some(Signal::Reset),
            _ => None,
        };
    }

    /// S11: TIME-WAIT lasts 2 MSL after the last FIN seen.
    fn note_time_wait(&mut self, cause: &Cause, before: &Status, after: &Status) {
        if after.state != State::TimeWait {
            return;
        }
        if before.state != State::TimeWait {
            self.last_fin = self.now;
            self.afresh = false;
        } else if let Cause::Segment(segment) = cause {
            let bits = segment.control();
            let fin = bits.intersection(Control::FIN | Control::SYN | Control::RST) == Control::FIN;
            let repeated = fin && Some(segment.seq() + segment.len()) == before.rcv_nxt;
            // With an old acknowledgment it may count or not; with none, or one of the future, it does not.
            let old = segment.ack().zip(before.snd_una).is_some_and(|(ack, una)| ack.lt(una));
            let began_again = self.connection.deadline() == Some(self.now + 2 * self.config.msl);
            if repeated && (segment.ack() == before.snd_nxt || (old && began_again)) {
                self.last_fin = self.now;
            }
            self.afresh |= bits.contains(Control::SYN) && Some(segment.seq()) != before.irs;
        }
        assert_eq!(self.connection.deadline(), Some(self.last_fin + 2 * self.config.msl), "2 MSL");
    }

    /// `timeout` before the deadline does nothing.
    fn check_early_timeout(&self) {
        let early = match self.connection.deadline() {
            Some(deadline) if deadline <= self.now => return,
            Some(deadline) => Instant::from_micros(deadline.as_micros() - 1),
            None => self.now + Duration::from_secs(1_000_000_000),
        };
        let mut called = self.connection.clone();
        called.timeout(early);
        assert_eq!(called, self.connection, "a timeout before the deadline");
    }

    /// Polls until `Wait`; the segments.
    pub(crate) fn drain(&mut self) -> Vec<Transmit> {
        let mut segments = Vec::new();
        let most = 16 + self.connection.status().in_flight + self.connection.status().unsent;
        for _ in 0..=most {
            match self.poll() {
                Some(Output::Transmit(transmit)) => segments.push(transmit),
                Some(_) => {}
                None => return segments,
            }
        }
        panic!("a drain that does not end");
    }

    /// The next output, checked; none for `Wait`.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        let before = self.connection.status();
        let output = self.connection.poll(self.now);
        check_variables(&before, &self.connection.status(), &self.config);
        let rank = match &output {
            Output::Transition(transition) => {
                self.check_transition(*transition);
                0
            }
            Output::Signal(signal) => {
                self.check_signal(*signal);
                1
            }
            Output::Transmit(transmit) => {
                self.check_transmit(transmit, &before);
                2
            }
            Output::Wait(deadline) => {
                self.check_wait(*deadline);
                return None;
            }
        };
        assert!(self.rank <= rank, "transitions, signals, segments, Wait");
        self.rank = rank;
        Some(output)
    }

    /// S1: each transition starts where the last one ended, and runs along an arc that the events explain.
    fn check_transition(&mut self, transition: Transition) {
        let Transition { from, to } = transition;
        assert!(from == self.shown && from != to);
        self.shown = to;
        self.transitions += 1;
        self.held += 1;
        assert!(self.held <= 3, "more than three transitions are held");
        let explained = |by: &By| self.causes.iter().any(|cause| cause.is(*by, self.config.rfc5961));
        let arc = ARCS.iter().position(|(f, t, by)| (*f, *t) == (from, to) && by.iter().any(explained));
        // Of more than three transitions the later ones are folded into the third; that need not look like an arc.
        if self.transitions >= 3 && self.causes.len() > 1 {
            return;
        }
        let arc = arc.unwrap_or_else(|| panic!("{transition} after {:?}", self.causes));
        let by_ack = ARCS[arc] == (State::Established, State::FinWait1, &[By::Ack]);
        assert!(!by_ack || self.transitions == 2, "ESTABLISHED is left only by CLOSE");
        self.walked.insert(arc);
    }

    fn check_signal(&mut self, signal: Signal) {
        let life = &mut self.life;
        match signal {
            Signal::Acknowledged(bytes) => {
                assert!(0 < bytes && bytes <= life.queue, "more acknowledged than sent");
                life.queue -= bytes;
                life.acknowledged += bytes as u32;
            }
            Signal::Closing => {
                assert!(!life.closing, "one FIN, one signal");
                life.closing = true;
            }
            Signal::Retransmitting => assert!(self.config.r1 > 0),
            Signal::Refused | Signal::Reset | Signal::TimedOut => {
                assert_eq!(self.end.take(), Some(signal), "the end, of its class, and once");
            }
            Signal::Unreachable(_) | Signal::SoftError(_) | _ => panic!("{signal:?} out of the blue"),
        }
        // S14: back to LISTEN in silence.
        assert_ne!(self.state(), State::Listen);
    }

    fn check_wait(&mut self, deadline: Option<Instant>) {
        assert_eq!(deadline, self.connection.deadline());
        assert_eq!(self.shown, self.state(), "the last transition leads to the present state");
        assert_eq!(self.end, None, "the user was not told of the end");
        let before = self.connection.clone();
        assert_eq!(self.connection.poll(self.now), Output::Wait(deadline));
        assert_eq!(before, self.connection);
        let status = self.connection.status();
        if let Some(una) = status.snd_una.filter(|una| Some(*una) != status.iss) {
            let acknowledged = una - status.iss.unwrap() - 1;
            let fin = u32::from(self.life.fin.is_some_and(|fin| una == fin + 1));
            assert_eq!(acknowledged, self.life.acknowledged + fin, "SND.UNA, and what the user was told");
        }
        let held_back = status.snd_wnd == Some(0) || self.limit == 0;
        let reopened = self.reopened.take();
        assert!(reopened.is_none() || reopened != status.snd_una || held_back, "what was refused was not sent again");
        // A timer that was running when the caller's limit became zero may fire in vain.
        let paused = self.limit == 0 && status.in_flight == 0 && status.unsent > 0;
        assert!(deadline.is_some() == self.waits(&status) || (paused && deadline.is_some()), "{status:?}");
        if self.causes == [Cause::Timeout] && self.timed == Some(self.now) && deadline.is_some() {
            assert!(deadline > Some(self.now), "a timer that fires for ever");
        }
        self.causes.clear();
        self.transitions = 0;
        self.rank = 0;
    }

    /// Whether the connection waits for the network or for time, so that a timer must be running.
    fn waits(&self, status: &Status) -> bool {
        // Nothing but a window that is closed or too small holds back all there is.
        let probes = status.unsent > 0 && self.limit > 0;
        match status.state {
            State::Closed | State::Listen => false,
            State::SynSent | State::SynReceived | State::TimeWait => true,
            State::FinWait2 => self.config.fin_wait_2_timeout.is_some(),
            State::Established | State::CloseWait => status.in_flight > 0 || probes,
            // All but a FIN that stands behind payload which the caller's limit holds back.
            State::FinWait1 | State::Closing | State::LastAck => status.in_flight > 0 || probes || status.unsent == 0,
        }
    }
}

/// The timeout keeps within its bounds, and grows by nothing but a timeout, a measurement, or the end of the SYN's
/// retransmissions (RFC 6298).
fn check_rto(cause: &Cause, before: &Status, after: &Status, config: &Config) {
    assert!(after.rto.is_none_or(|rto| config.rto_min <= rto && rto <= config.rto_max));
    let measured = (before.srtt, before.rttvar) != (after.srtt, after.rttvar);
    let of_syn = before.iss == before.snd_una;
    assert!(*cause == Cause::Timeout || measured || of_syn || after.rto <= before.rto, "the RTO grew");
}

/// S6: within one life nothing moves back.
fn check_variables(before: &Status, after: &Status, config: &Config) {
    if let (Some(una), Some(nxt)) = (after.snd_una, after.snd_nxt) {
        assert!(una.le(nxt) && nxt - una == after.in_flight && nxt - una <= (1 << 30) + 2);
    }
    assert!(after.unread <= config.receive_buffer);
    let moved_back = |a: Option<SeqNumber>, b: Option<SeqNumber>| a.zip(b).is_some_and(|(a, b)| a.gt(b));
    assert!(!moved_back(before.snd_una, after.snd_una), "SND.UNA");
    assert!(!moved_back(before.snd_nxt, after.snd_nxt), "SND.NXT");
    assert!(!moved_back(before.rcv_nxt, after.rcv_nxt), "RCV.NXT");
    let edge = |status: &Status| status.rcv_nxt.zip(status.rcv_wnd).map(|(nxt, wnd)| nxt + wnd);
    assert!(!moved_back(edge(before), edge(after)), "RCV.NXT+RCV.WND");
    let another = |a: Option<SeqNumber>, b: Option<SeqNumber>| a.zip(b).is_some_and(|(a, b)| a != b);
    assert!(!another(before.iss, after.iss) && !another(before.irs, after.irs), "the numbers of a life");
}

//! A connection under observation: whatever is done to it, and whatever it hands out, the invariants are checked.

mod arrivals;
mod features;
mod life;
mod news;
mod quiet;
mod segments;
mod story;
mod verdict;

use core::fmt::Debug;
use core::ops::Range;
use core::time::Duration;
use std::collections::HashSet;

use tcp_lifecycle::{
    CallError, Config, Connection, Control, IcmpError, Instant, Open, Output, Refusal, Segment, SeqNumber, Signal,
    State, Status,
};

use self::life::Life;
use self::story::{Line, Story};
use crate::arcs::Cause;
use crate::run;

#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) connection: Connection,
    pub(crate) now: Instant,
    /// When the last segment arrived, and when the last timeout came.
    told: Instant,
    timed: Option<Instant>,
    /// The timer has fired for what waits behind a window, with nothing in flight; and the window has neither closed nor
    /// opened since.
    had_to: bool,
    /// The arcs that have been taken, as their places in the table.
    pub(crate) walked: HashSet<usize>,
    config: Config,
    /// The policies have been changed: a timer may be that of an old one.
    configured: bool,
    most_buffer: u32,
    limit: u32,
    life: Life,
    /// TIME-WAIT: until when, and whether a SYN of a peer that started afresh has come since.
    time_wait: Instant,
    afresh: bool,
    /// The window has opened while this, the front, was in flight: it goes out again at once (D17).
    reopened: Option<SeqNumber>,
    /// The end that the user has to be told of, once the connection is CLOSED.
    end: Option<Signal>,
    /// All events since the last `Wait`, and the policies of their time.
    causes: Vec<(Cause, Config)>,
    /// The last state that the user was told of, and how many transitions since the last `Wait`.
    shown: State,
    transitions: usize,
    /// How many of them since the last event.
    held: usize,
    /// What came last out of `poll` since the last event: 0 for transitions, 1 for signals, 2 for segments.
    rank: u8,
    story: Story,
}

/// Whoever looks on while an invariant breaks tells what happened.
impl Drop for Watched {
    fn drop(&mut self) {
        if std::thread::panicking() {
            run::tell(&self.story);
        }
    }
}

impl Watched {
    pub(crate) fn new(config: Config, isn_offset: u32) -> Watched {
        let mut story = Story::default();
        story.tell(Instant::ZERO, Line::Config(config));
        story.tell(Instant::ZERO, Line::Call(format!("iss {isn_offset}")));
        Watched {
            connection: Connection::new(&config, isn_offset),
            now: Instant::ZERO,
            told: Instant::ZERO,
            timed: None,
            had_to: false,
            walked: HashSet::new(),
            config,
            configured: false,
            most_buffer: config.receive_buffer,
            limit: u32::MAX,
            life: Life::default(),
            time_wait: Instant::ZERO,
            afresh: false,
            reopened: None,
            end: None,
            causes: Vec::new(),
            shown: State::Closed,
            transitions: 0,
            held: 0,
            rank: 0,
            story,
        }
    }

    fn tell(&mut self, line: Line) {
        self.story.tell(self.now, line);
    }

    fn tell_call(&mut self, call: impl Into<String>) {
        self.tell(Line::Call(call.into()));
    }

    pub(crate) fn state(&self) -> State {
        self.connection.state()
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }
}

/// The calls.
impl Watched {
    pub(crate) fn open(&mut self, open: Open) -> Result<(), CallError> {
        self.tell_call(if open == Open::Active { "open active" } else { "open passive" });
        let opened = self.call(Cause::Open(open), |connection, now| connection.open(open, now));
        if opened.is_ok() {
            assert_eq!(self.end, None, "a new life before the end of the last is told");
            self.life = Life::new(open == Open::Passive, &self.config);
        }
        opened
    }

    pub(crate) fn send(&mut self, bytes: usize) -> Result<(), CallError> {
        self.tell_call(format!("send {bytes}"));
        let sent = self.call(Cause::Send, |connection, now| connection.send(bytes, now));
        if sent.is_ok() {
            self.life.queue += bytes;
        }
        sent
    }

    pub(crate) fn send_urgent(&mut self, bytes: usize) -> Result<(), CallError> {
        self.tell_call(format!("send urgent {bytes}"));
        let before = self.state();
        let sent = self.call(Cause::SendUrgent, |connection, now| connection.send_urgent(bytes, now));
        if sent.is_ok() {
            self.life.queue += bytes;
            self.life.note_urgent(before);
        }
        sent
    }

    pub(crate) fn receive(&mut self, bytes: usize) -> Result<(), CallError> {
        self.tell_call(format!("receive {bytes}"));
        let before = self.connection.status();
        let received = self.call(Cause::Receive, |connection, _| connection.receive(bytes));
        assert_eq!(received.is_ok(), self.state() != State::Closed && bytes <= before.unread as usize);
        received
    }

    pub(crate) fn close(&mut self) -> Result<(), CallError> {
        self.tell_call("close");
        // SHLD-3: with something unread it is an ABORT.
        let aborts = self.config.half_duplex_close && self.connection.status().unread > 0 && !self.life.closed;
        let cause = if aborts { self.abort_cause() } else { Cause::Close };
        let closed = self.call(cause, |connection, now| connection.close(now));
        assert!(!aborts || self.state() == State::Closed, "half-duplex close");
        self.life.closed |= closed.is_ok();
        closed
    }

    pub(crate) fn abort(&mut self) -> Result<(), CallError> {
        self.tell_call("abort");
        self.call(self.abort_cause(), |connection, _| connection.abort())
    }

    fn abort_cause(&self) -> Cause {
        let status = self.connection.status();
        Cause::Abort(match status.state {
            State::SynReceived | State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait => {
                status.snd_nxt.map(|nxt| (nxt, status.timestamps))
            }
            State::Closed | State::Listen | State::SynSent | State::Closing | State::LastAck | State::TimeWait => None,
        })
    }

    pub(crate) fn limit(&mut self, in_flight: u32) {
        self.tell_call(format!("limit {in_flight}"));
        self.limit = in_flight;
        self.event(Cause::Limit, |connection, _| connection.limit(in_flight));
    }

    pub(crate) fn retransmit(&mut self, range: Range<usize>) -> Result<(), CallError> {
        self.tell_call(format!("retransmit {}..{}", range.start, range.end));
        self.call(Cause::Retransmit, |connection, _| connection.retransmit(range.clone()))
    }

    pub(crate) fn configure(&mut self, config: Config) {
        self.tell(Line::Configure(config));
        self.config = config;
        self.configured = true;
        self.most_buffer = self.most_buffer.max(config.receive_buffer);
        self.event(Cause::Configure, |connection, _| connection.configure(&config));
    }

    pub(crate) fn timeout(&mut self) {
        self.tell(Line::Timeout);
        self.timed = Some(self.now);
        self.event(Cause::Timeout, |connection, now| connection.timeout(now));
        let after = self.connection.status();
        self.had_to |= after.in_flight == 0 && after.unsent > 0;
    }

    /// A segment arrives; the range of its payload that is the user's.
    pub(crate) fn segment(&mut self, segment: Segment) -> Result<Range<usize>, Refusal> {
        self.tell(Line::Arrives(segment));
        let (was, before) = (self.connection.clone(), self.connection.status());
        let verdict = self.verdict(&segment, &before);
        let taken = self.event(Cause::Segment(segment), |connection, now| connection.segment_arrives(&segment, now));
        self.told = self.now;
        if let Err(refusal) = &taken {
            self.tell(Line::Refused(*refusal));
        }
        let after = self.connection.status();
        self.check_arrival(&segment, (was, &before), verdict, &taken);
        self.check_refusals(&segment, &before, &taken);
        self.note_arrival(&segment, &before, &after, &taken);
        self.note_fin_again(&segment, &before, &after, &taken);
        self.had_to &= (before.snd_wnd == Some(0)) == (after.snd_wnd == Some(0));
        if before.snd_wnd == Some(0) && after.snd_wnd > Some(0) && after.in_flight > 0 && before.snd_una != before.iss {
            self.reopened = after.snd_una;
        }
        taken
    }

    /// An ICMP error; one that is about nothing in flight changes nothing.
    pub(crate) fn icmp(&mut self, error: IcmpError, quoted: SeqNumber) -> Result<(), Refusal> {
        self.tell_call(format!("icmp {error} {}", quoted.0));
        let before = self.connection.clone();
        let result = self.event(Cause::Icmp(error), |connection, _| connection.icmp(error, quoted));
        let status = before.status();
        let in_flight = status.snd_una.zip(status.snd_nxt).is_some_and(|(una, nxt)| quoted - una < nxt - una);
        assert_eq!(result.is_ok(), in_flight || error == IcmpError::SourceQuench);
        assert!(result.is_ok() || before == self.connection, "a forged ICMP error changed something");
        let may_end = error.is_hard() && (self.config.icmp_aborts || status.snd_una == status.iss);
        assert!(may_end || status.state == self.state(), "an ICMP error ended the connection");
        result
    }
}

/// What every event has to keep.
impl Watched {
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
        check_variables(&before, &after, self.most_buffer);
        check_rto(&cause, &before, &after, &self.config);
        self.note_end(&cause, &before, &after);
        self.note_time_wait(&before, &after);
        if after.state == State::Listen {
            // D18, S14: only a listener comes back to LISTEN.
            assert!(before.state != State::SynReceived || self.life.passive);
            self.life = Life::new(true, &self.config);
        }
        self.note_syn(&cause, &before, &after);
        self.life.most_window = self.life.most_window.max(after.snd_wnd.unwrap_or(0));
        self.causes.push((cause, self.config));
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
        // A CLOSE in SYN-RECEIVED may have waited for just this segment.
        let waits = before.state == State::SynReceived && self.life.closed;
        let has_closed = waits || matches!(before.state, State::FinWait1 | State::FinWait2);
        let refuses = has_closed && self.config.half_duplex_close;
        let too_late = matches!(cause, Cause::Segment(segment) if refuses && segment.payload_len() > 0);
        assert!(
            by_user || too_late || before.state != State::SynReceived || !self.life.passive,
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
            (Cause::Icmp(error), _) => Some(Signal::Unreachable(*error)),
            _ if reset || another_syn || too_late => Some(Signal::Reset),
            _ => None,
        };
    }

    /// The peer's SYN has been taken.
    fn note_syn(&mut self, cause: &Cause, before: &Status, after: &Status) {
        if let (Cause::Segment(syn), None, Some(nxt)) = (cause, before.rcv_nxt, after.rcv_nxt) {
            self.life.syn = Some(*syn);
            self.life.edge = after.rcv_wnd.map(|wnd| nxt + wnd);
            self.check_agreed(syn, after);
        }
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

    /// Polls until `Wait`; what comes before.
    pub(crate) fn drain(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        let most = 16 + self.connection.status().in_flight + self.connection.status().unsent;
        for _ in 0..=most {
            match self.poll() {
                Some(output) => outputs.push(output),
                None => return outputs,
            }
        }
        panic!("a drain that does not end");
    }

    /// The next output, checked; none for `Wait`.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        let before = self.connection.status();
        let output = self.connection.poll(self.now);
        self.tell(Line::Out(output.clone()));
        check_variables(&before, &self.connection.status(), self.most_buffer);
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
}

/// The timeout keeps within its bounds, and grows by nothing but a timeout, a measurement, or the end of the SYN's
/// retransmissions (RFC 6298).
fn check_rto(cause: &Cause, before: &Status, after: &Status, config: &Config) {
    let most = config.user_timeout.unwrap_or(config.rto_max).min(config.rto_max);
    assert!(after.rto.is_none_or(|rto| config.rto_min.min(most) <= rto && rto <= most), "the RTO is out of bounds");
    let measured = (before.srtt, before.rttvar) != (after.srtt, after.rttvar);
    let of_syn = before.iss == before.snd_una || *cause == Cause::Configure;
    let again = *cause == Cause::Timeout && after.in_flight > 0 && after.retransmissions > before.retransmissions;
    assert!(!again || after.rto == before.rto.map(|rto| (rto * 2).min(most)), "the RTO is not backed off");
    assert!(*cause == Cause::Timeout || measured || of_syn || after.rto <= before.rto, "the RTO grew");
}

/// S6: within one life nothing moves back.
fn check_variables(before: &Status, after: &Status, most_buffer: u32) {
    if let (Some(una), Some(nxt)) = (after.snd_una, after.snd_nxt) {
        assert!(una.le(nxt) && nxt - una == after.in_flight && nxt - una <= (1 << 30) + 2);
    }
    assert!(after.unread <= most_buffer);
    let moved_back = |a: Option<SeqNumber>, b: Option<SeqNumber>| a.zip(b).is_some_and(|(a, b)| a.gt(b));
    assert!(!moved_back(before.snd_una, after.snd_una), "SND.UNA");
    assert!(!moved_back(before.snd_nxt, after.snd_nxt), "SND.NXT");
    assert!(!moved_back(before.rcv_nxt, after.rcv_nxt), "RCV.NXT");
    let edge = |status: &Status| status.rcv_nxt.zip(status.rcv_wnd).map(|(nxt, wnd)| nxt + wnd);
    assert!(!moved_back(edge(before), edge(after)), "RCV.NXT+RCV.WND");
    let another = |a: Option<SeqNumber>, b: Option<SeqNumber>| a.zip(b).is_some_and(|(a, b)| a != b);
    assert!(!another(before.iss, after.iss) && !another(before.irs, after.irs), "the numbers of a life");
}

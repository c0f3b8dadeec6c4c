//! A watched connection: the invariants are checked for every event and every output.

mod again;
mod arrivals;
mod calls;
mod estimate;
mod features;
mod getters;
mod life;
mod news;
mod quiet;
mod recent;
mod segments;
mod story;
mod verdict;

use core::fmt::Debug;
use core::ops::Range;
use core::time::Duration;
use std::collections::HashSet;

use tcp_lifecycle::{
    Config, Connection, Control, Instant, Options, Output, Refusal, Segment, SeqNumber, Signal, State, Status,
};

use self::life::Life;
use self::story::{Line, Story};
use self::verdict::Verdict;
use crate::arcs::Cause;
use crate::run;

#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) connection: Connection,
    pub(crate) now: Instant,
    /// When the last segment arrived, and when the last timeout happened.
    told: Instant,
    timed: Option<Instant>,
    /// The timer has fired for payload that waits behind a window, with nothing in flight. The window has neither
    /// closed nor opened since.
    had_to: bool,
    /// The arcs that have been taken, as indexes into the table.
    pub(crate) walked: HashSet<usize>,
    config: Config,
    /// The policies have changed: a timer may still be that of the old policies.
    configured: bool,
    most_buffer: u32,
    limit: u32,
    timestamp_offset: u16,
    life: Life,
    /// TIME-WAIT: its deadline, and whether a SYN of a restarted peer has arrived since it began.
    time_wait: Instant,
    afresh: bool,
    /// A probe of the closed window has been sent, and is unacknowledged.
    probe_is_out: bool,
    /// The number of the front, if the window has opened after the front was probed: it is retransmitted at once (D17).
    reopened: Option<SeqNumber>,
    /// The number of the front for which the timer has fired.
    must_resend: Option<SeqNumber>,
    /// The user is still to be told that the retransmission timer has fired.
    timeout_is_told: bool,
    /// How many bare ACKs the events since the last `Wait` may draw.
    may_acknowledge: u32,
    /// The reset that is due if the segment brings payload which nobody reads.
    late: Option<(SeqNumber, bool)>,
    /// The signal of the end that is due to the user, once the connection is CLOSED.
    end: Option<Signal>,
    /// All events since the last `Wait`, and the policies in force at each.
    causes: Vec<(Cause, Config)>,
    /// The last state that the user was told of, and the number of transitions since the last `Wait`.
    shown: State,
    transitions: usize,
    /// The number of transitions since the last event.
    held: usize,
    /// The kind of the last output since the last event: 0 for transitions, 1 for signals, 2 for segments.
    rank: u8,
    /// The rank of the last signal.
    rank_of_signal: u8,
    story: Story,
}

/// Reports the story if an invariant breaks.
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
        let watched = Watched {
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
            timestamp_offset: 0,
            life: Life::default(),
            time_wait: Instant::ZERO,
            afresh: false,
            probe_is_out: false,
            reopened: None,
            must_resend: None,
            timeout_is_told: false,
            may_acknowledge: 0,
            late: None,
            end: None,
            causes: Vec::new(),
            shown: State::Closed,
            transitions: 0,
            held: 0,
            rank: 0,
            rank_of_signal: 0,
            story,
        };
        watched.check_policies();
        watched
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

/// Segments.
impl Watched {
    /// Hands in a segment; returns the range of its payload that is delivered to the user.
    pub(crate) fn segment(&mut self, segment: Segment) -> Result<Range<usize>, Refusal> {
        self.tell(Line::Arrives(segment));
        let (was, before) = (self.connection.clone(), self.connection.status());
        let verdict = self.verdict(&segment, &before);
        let old = self.age(&segment, &before);
        self.late = self.late_reset(&segment);
        let taken = self.event(Cause::Segment(segment), |connection, now| connection.segment_arrives(&segment, now));
        self.told = self.now;
        if let Err(refusal) = &taken {
            self.tell(Line::Refused(*refusal));
        }
        let after = self.connection.status();
        self.check_arrival(&segment, (was, &before), (verdict, old), &taken);
        self.check_refusals(&before, &taken);
        let answers = taken.is_err() || verdict != Verdict::Taken || segment.len() > 0;
        self.may_acknowledge += u32::from(answers || again::is_opening(&before));
        if taken.is_ok() && matches!(verdict, Verdict::Taken | Verdict::Acknowledgment) {
            self.check_send_window(&segment, &before, &after, verdict);
        }
        self.check_estimate(&segment, &before, &after);
        self.note_recent(&segment, &before, verdict, &taken);
        if taken == Err(Refusal::SynRepeated) {
            self.note_syn_again(&segment);
        }
        self.note_arrival(&segment, &before, &after, (verdict, &taken));
        self.note_fin_again(&segment, &before, &after, &taken);
        self.had_to &= (before.snd_wnd == Some(0)) == (after.snd_wnd == Some(0));
        taken
    }

    /// Payload that arrives after the user has left is answered as by an ABORT, once its acknowledgment is used.
    fn late_reset(&self, segment: &Segment) -> Option<(SeqNumber, bool)> {
        let nxt = self.connection.status().rcv_nxt?;
        let seq = if segment.seq().lt(nxt) { nxt } else { segment.seq() };
        let bare = Segment::new(seq, segment.ack()?, segment.control().difference(Control::FIN))
            .with_window(segment.window())
            .with_options(segment.options());
        let mut connection = self.connection.clone();
        _ = connection.segment_arrives(&bare, self.now);
        let status = connection.status();
        self.number(&status).map(|seq| (seq, status.timestamps))
    }
}

/// The checks of every event.
impl Watched {
    fn event<R: PartialEq + Debug>(&mut self, cause: Cause, event: impl Fn(&mut Connection, Instant) -> R) -> R {
        let before = self.connection.status();
        let (mut back, mut still) = (self.connection.clone(), self.connection.clone());
        assert_eq!(event(&mut back, Instant::ZERO), event(&mut still, self.told));
        assert_eq!(back, still, "time that goes back stands still");
        let result = event(&mut self.connection, self.now);
        let after = self.connection.status();
        check_variables(&before, &after, self.most_buffer);
        check_rto(&cause, &before, &after, &self.config);
        self.check_getters(&after);
        self.note_end(&cause, &before, &after);
        self.note_time_wait(&before, &after);
        self.note_fin_wait_2(&before, &after);
        self.note_window(&before, &after);
        if after.state == State::Listen {
            // D18, S14: only a listener returns to LISTEN.
            assert!(before.state != State::SynReceived || self.life.passive);
            self.life = Life::new(true, &self.config);
        }
        self.note_syn(&cause, &before, &after);
        self.life.most_window = self.life.most_window.max(after.snd_wnd.unwrap_or(0));
        self.causes.push((cause, self.config));
        (self.rank, self.rank_of_signal) = (0, 0);
        self.held = 0;
        self.check_early_timeout();
        result
    }

    /// S13: notes which end the user must be told of.
    fn note_end(&mut self, cause: &Cause, before: &Status, after: &Status) {
        if before.state == State::Closed || after.state != State::Closed {
            return;
        }
        let by_user = matches!(cause, Cause::Close | Cause::Detach | Cause::Abort(_));
        let ends_by = |bit| matches!(cause, Cause::Segment(segment) if segment.control().contains(bit));
        let reset = ends_by(Control::RST);
        // Without RFC 5961 a SYN after the handshake has the effect of a reset.
        let another_syn = ends_by(Control::SYN) && !reset;
        // A CLOSE in SYN-RECEIVED may have waited for this segment.
        let reads = matches!(before.state, State::SynReceived | State::FinWait1 | State::FinWait2);
        let carries = matches!(cause, Cause::Segment(segment) if segment.payload_len() > 0);
        let too_late = self.life.detached && reads && carries && !reset && !another_syn;
        // D18: once the listening user has closed, the listening has ended.
        assert!(
            by_user || self.life.closed || before.state != State::SynReceived || !self.life.passive,
            "a listener ended in SYN-RECEIVED"
        );
        if *cause == Cause::Timeout {
            self.check_timed_out(before);
        }
        if too_late {
            self.causes.push((Cause::Late(self.late), self.config));
        }
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

    /// Notes that the peer's SYN has been accepted.
    fn note_syn(&mut self, cause: &Cause, before: &Status, after: &Status) {
        if let (Cause::Segment(syn), None, Some(nxt)) = (cause, before.rcv_nxt, after.rcv_nxt) {
            self.life.syn = Some(*syn);
            self.life.edge = after.rcv_wnd.map(|wnd| nxt + wnd);
            self.life.ecn = self.agrees_ecn(syn);
            self.check_agreed(syn, after);
            self.cover_step();
        }
    }

    /// An option that the repeated SYN no longer offers is no longer agreed (D6).
    fn note_syn_again(&mut self, again: &Segment) {
        let Some(syn) = &mut self.life.syn else { return };
        let (first, again) = (syn.options(), again.options());
        let mut options = Options::NONE;
        if let (Some(shift), Some(_)) = (first.window_scale(), again.window_scale()) {
            options = options.with_window_scale(shift);
        }
        if let (Some((value, echo)), Some(_)) = (first.timestamps(), again.timestamps()) {
            options = options.with_timestamps(value, echo);
        }
        if first.sack_permitted() && again.sack_permitted() {
            options = options.with_sack_permitted();
        }
        *syn = syn.with_options(options);
    }

    /// Checks that `timeout` before the deadline does nothing.
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

    /// Polls until `Wait`; returns the outputs before it.
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

    /// The next output, checked; `None` for `Wait`.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        let (was, before) = (self.connection.clone(), self.connection.status());
        let output = self.connection.poll(self.now);
        self.tell(Line::Out(output.clone()));
        self.check_drained(&was, &output);
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

/// Checks that the timeout keeps within its bounds, and grows only by a timeout, a measurement, or the end of the SYN's
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

/// S6: within one incarnation nothing moves back.
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

//! What is lost, and how much may be sent: RFC 8985 with SACK, RFC 6582 without; RFC 6937 in fast recovery.

use alloc::boxed::Box;
use core::ops::Range;
use core::time::Duration;

use rangemap::RangeSet;

use super::congestion::{Acknowledgment, Controller};
use super::fast_recovery::FastRecovery;
use super::rack::{Probe, Rack};
use super::scoreboard::Scoreboard;
use crate::{Instant, SeqNumber};

/// The sender's recovery of losses, and its congestion control.
#[derive(Clone, Debug)]
pub(super) struct Recovery {
    pub(super) board: Scoreboard,
    pub(super) controller: Box<dyn Controller>,
    rack: Rack,
    phase: Phase,
    /// Eff.snd.MSS
    mss: u64,
    /// The peer sends SACK blocks.
    sacks: bool,
    /// Duplicate acknowledgments since SND.UNA advanced, without SACK.
    duplicates: u64,
    /// The bytes in flight when there was last nothing more to send. Acknowledgments that come together leave less in
    /// flight, one after the other, before anything can be sent again.
    flight: u64,
    /// The window has bounded what was sent up to this position.
    limited_until: u64,
    /// The episode, if it may prove to be spurious.
    undo: Option<Undo>,
    probe: Option<Probe>,
    /// When new data was last sent, in fast recovery any data, or SND.UNA last advanced.
    progress: Instant,
    timer: Option<(Instant, Timer)>,
    /// RFC 8985 section 7.3: a probe may exceed the window by a segment.
    extra: u64,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Open,
    Fast(FastRecovery),
    /// After a timeout, until this position is acknowledged.
    Slow {
        recover: u64,
    },
}

/// What tells that nothing was lost.
#[derive(Clone, Debug, Default)]
struct Undo {
    /// TSval of the first segment that was sent again (RFC 3522).
    stamp: Option<u32>,
    /// What was sent again (RFC 3708).
    ranges: RangeSet<u64>,
    /// How often something was sent again, and how often a duplicate of that was reported.
    resent: u32,
    reported: u32,
    /// The position from which on nothing tells of the episode any more, once it is over.
    until: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// RFC 8985 section 6.2: a segment has been late for long enough.
    Reordering,
    /// RFC 8985 section 7.2: PTO.
    Probe,
}

/// An acknowledgment of the peer, in positions of the stream.
#[derive(Clone, Debug)]
pub(super) struct Ack<'a> {
    pub(super) una: u64,
    /// The SACK blocks right of SND.UNA.
    pub(super) blocks: &'a [Range<u64>],
    /// The block that reports a duplicate (RFC 2883).
    pub(super) duplicate: Option<Range<u64>>,
    /// It is a duplicate acknowledgment (RFC 5681 section 2).
    pub(super) is_duplicate: bool,
    /// TSecr
    pub(super) echo: Option<u32>,
    pub(super) srtt: Option<Duration>,
    pub(super) now: Instant,
}

/// The number of duplicate acknowledgments that tell a loss (RFC 5681 section 3.2).
const DUP_THRESH: u64 = 3;
/// RFC 8985 section 7.2: the probe timeout without a round-trip time.
const INITIAL_PTO: Duration = Duration::from_secs(1);
/// RFC 8985 section 7.2, `TLP.max_ack_delay`.
const MAX_ACK_DELAY: Duration = Duration::from_millis(200);

impl Recovery {
    /// `rtt` is the round-trip time of the SYN, or of an earlier sender.
    pub(super) fn new(
        controller: Box<dyn Controller>,
        mss: u16,
        sacks: bool,
        rtt: Option<Duration>,
        now: Instant,
    ) -> Recovery {
        Recovery {
            board: Scoreboard::default(),
            controller,
            rack: Rack::new(rtt, now),
            phase: Phase::Open,
            mss: u64::from(mss.max(1)),
            sacks,
            duplicates: 0,
            flight: 0,
            limited_until: 0,
            undo: None,
            probe: None,
            progress: now,
            timer: None,
            extra: 0,
        }
    }

    /// Returns how many bytes may be sent now.
    pub(super) fn room(&self) -> u64 {
        self.window().saturating_sub(self.pipe()).max(self.extra)
    }

    /// Returns the congestion window, during fast recovery that of RFC 6937.
    pub(super) fn window(&self) -> u64 {
        match self.phase {
            Phase::Fast(fast) => fast.window(),
            Phase::Open | Phase::Slow { .. } => self.controller.window(),
        }
    }

    /// Returns the bytes in the network. Without SACK each duplicate acknowledgment tells of a segment that has left
    /// it.
    fn pipe(&self) -> u64 {
        self.board.pipe().saturating_sub(self.duplicates.saturating_mul(self.mss))
    }

    /// Returns the range that is to be sent again next, if the window has room for it.
    pub(super) fn next_resend(&self) -> Option<Range<u64>> {
        if self.room() == 0 { None } else { self.board.next_lost() }
    }

    /// Returns when to call [`timeout`](Self::timeout).
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timer.map(|(moment, _)| moment)
    }

    pub(super) fn set_segment(&mut self, mss: u16) {
        if u64::from(mss) != self.mss {
            self.mss = u64::from(mss.max(1));
            self.controller.set_segment(mss);
        }
    }

    /// Notes that a segment goes out. `stamp` is its TSval. Returns whether it goes out again.
    pub(super) fn sent(&mut self, range: Range<u64>, stamp: Option<u32>, now: Instant) -> bool {
        let nxt = self.board.nxt();
        let (is_new, is_again) = (range.end > nxt, range.start < nxt);
        let bytes = range.end.saturating_sub(range.start);
        if is_again && let Some(undo) = &mut self.undo {
            undo.resent = undo.resent.saturating_add(1);
            undo.ranges.insert(range.clone());
            undo.stamp = undo.stamp.or(stamp);
        }
        self.board.sent(range, now);
        if let Phase::Fast(fast) = &mut self.phase {
            fast.sent(bytes);
        }
        self.extra = 0;
        if is_new || matches!(self.phase, Phase::Fast(_)) {
            self.progress = now;
        }
        is_again
    }

    /// Notes that bytes wait for room in the window.
    pub(super) fn note_limited(&mut self) {
        self.limited_until = self.board.nxt();
    }

    /// Takes an acknowledgment. Returns how many bytes it shows to be lost.
    pub(super) fn acknowledged(&mut self, ack: &Ack<'_>) -> u64 {
        let (una, in_flight, pipe) = (self.board.una(), self.board.in_flight(), self.board.pipe());
        let (mut bytes, mut rtt) = (0_u64, None);
        let is_of_first = self.is_of_first(ack);
        let rack = &mut self.rack;
        let mut each = |segment| {
            let super::scoreboard::Delivered { start, end, .. } = segment;
            bytes = bytes.saturating_add(end.saturating_sub(start));
            // RFC 8985 section 6.2, step 2: it was not the retransmission that has arrived.
            if !(segment.resent && is_of_first) {
                rtt = rack.delivered(&segment, ack.now).or(rtt);
            }
        };
        self.board.acknowledge(ack.una, &mut each);
        for block in ack.blocks {
            self.board.sack(block.clone(), &mut each);
        }
        let advanced = self.board.una() > una;
        if advanced {
            self.duplicates = 0;
            self.progress = ack.now;
        } else if ack.is_duplicate && !self.sacks && in_flight > 0 {
            self.duplicates = self.duplicates.saturating_add(1);
            bytes = self.mss.min(pipe);
        }
        if self.undo.as_ref().is_some_and(|undo| undo.until.is_some_and(|until| self.board.una() > until)) {
            self.undo = None;
        }
        if let Some(duplicate) = &ack.duplicate {
            self.rack.duplicate_seen(self.board.una(), self.board.nxt());
            if let Some(undo) = &mut self.undo
                && undo.ranges.overlaps(duplicate)
            {
                undo.reported = undo.reported.saturating_add(1);
            }
        }
        self.end_probe(ack, advanced, in_flight);
        if is_of_first || self.are_duplicates() {
            self.take_back();
        }
        let was_fast = matches!(self.phase, Phase::Fast(_));
        let lost = self.detect_losses(ack.srtt, advanced, ack.now);
        self.enter_or_leave(lost, in_flight, ack.now);
        if bytes > 0 {
            let pipe = self.pipe();
            if let Phase::Fast(fast) = &mut self.phase {
                // RFC 6582 section 3.2: a partial acknowledgment sends the next segment again at once.
                let is_partial = !self.sacks && lost > 0;
                let is_good = advanced && lost == 0;
                fast.acknowledged(bytes, pipe, self.controller.window(), self.mss, is_good, is_partial);
            } else if advanced && !was_fast {
                // RFC 5681 section 3.1: the window grows where SND.UNA advances. It does not by duplicates, nor at the
                // end of fast recovery.
                let Ack { now, srtt, .. } = *ack;
                let (una, nxt, is_window_limited) = (self.board.una(), self.board.nxt(), una < self.limited_until);
                let ack = Acknowledgment { now, bytes, in_flight, una, nxt, rtt, srtt, is_window_limited };
                self.controller.acknowledged(&ack);
            }
        }
        lost
    }

    /// Marks what is lost. Returns the number of bytes.
    fn detect_losses(&mut self, srtt: Option<Duration>, advanced: bool, now: Instant) -> u64 {
        if !self.sacks {
            // RFC 6582 section 3.2: the third duplicate, and each partial acknowledgment in recovery.
            let is_partial = advanced && matches!(&self.phase, Phase::Fast(fast) if self.board.una() < fast.recover());
            let is_third = self.duplicates == DUP_THRESH && matches!(self.phase, Phase::Open);
            return if is_partial || is_third { self.board.lose_front() } else { 0 };
        }
        let is_recovering = !matches!(self.phase, Phase::Open);
        let is_certain = is_recovering || self.board.has_sacked_segments(DUP_THRESH, self.mss);
        let (lost, until) = self.board.detect_losses(self.rack.judge(is_certain, srtt, now));
        self.timer = until.map(|until| (until, Timer::Reordering));
        lost
    }

    fn enter_or_leave(&mut self, lost: u64, in_flight: u64, now: Instant) {
        let una = self.board.una();
        let recover = match &self.phase {
            Phase::Open => None,
            Phase::Fast(fast) => Some(fast.recover()),
            Phase::Slow { recover } => Some(*recover),
        };
        if recover.is_some_and(|recover| una >= recover) {
            self.phase = Phase::Open;
            if let Some(undo) = &mut self.undo {
                // The reports of duplicates are still to come.
                (undo.stamp, undo.until) = (None, Some(self.board.nxt()));
            }
            self.duplicates = 0;
            self.rack.recovered();
        }
        if lost > 0 && matches!(self.phase, Phase::Open) {
            self.controller.congested(in_flight.max(self.flight), now);
            self.undo = Some(Undo::default());
            self.begin_fast_recovery(in_flight);
        }
    }

    fn begin_fast_recovery(&mut self, flight: u64) {
        // The first segment goes out at once.
        let window = self.pipe().saturating_add(self.mss);
        self.phase = Phase::Fast(FastRecovery::begin(self.board.nxt(), flight, window));
        self.probe = None;
    }

    /// Takes an echo of congestion (RFC 3168 section 6.1.2). Returns whether the window was reduced: once for each
    /// window of data.
    pub(super) fn congestion_experienced(&mut self, now: Instant) -> bool {
        let is_open = matches!(self.phase, Phase::Open);
        if is_open {
            let in_flight = self.board.in_flight();
            self.controller.congested(in_flight.max(self.flight), now);
            self.undo = None;
            self.begin_fast_recovery(in_flight);
        }
        is_open
    }

    /// The retransmission timer has fired (RFC 6298 section 5, RFC 8985 section 6.3). The front goes out by itself.
    pub(super) fn timed_out(&mut self, srtt: Option<Duration>, now: Instant) {
        let again = matches!(self.phase, Phase::Slow { .. }) && self.progress < self.sent_at_of_front();
        let in_flight = self.board.in_flight();
        self.controller.timed_out(in_flight, again, now);
        self.board.forget_if_reneged();
        let until = if self.sacks { self.rack.lost_until(srtt, now) } else { now };
        self.board.lose_all(until);
        self.phase = Phase::Slow { recover: self.board.nxt() };
        self.undo = Some(Undo::default());
        (self.duplicates, self.probe, self.timer, self.extra) = (0, None, None, 0);
    }

    fn sent_at_of_front(&self) -> Instant {
        self.board.front_sent_at().unwrap_or(self.progress)
    }

    /// RFC 3522: the acknowledgment is of the first transmission. It is asked before SND.UNA advances.
    fn is_of_first(&self, ack: &Ack<'_>) -> bool {
        let stamp = self.undo.as_ref().and_then(|undo| undo.stamp);
        ack.una > self.board.una()
            && stamp.zip(ack.echo).is_some_and(|(stamp, echo)| SeqNumber(echo).lt(SeqNumber(stamp)))
    }

    /// RFC 3708: whatever was sent again has arrived twice.
    fn are_duplicates(&self) -> bool {
        self.undo.as_ref().is_some_and(|undo| undo.resent > 0 && undo.reported >= undo.resent) && !self.board.has_lost()
    }

    fn take_back(&mut self) {
        self.controller.undo();
        self.board.find_all();
        self.phase = Phase::Open;
        self.undo = None;
    }

    /// RFC 8985 section 7.4.
    fn end_probe(&mut self, ack: &Ack<'_>, advanced: bool, in_flight: u64) {
        let Some(probe) = &self.probe else { return };
        if let Some(repaired) = probe.ends(self.board.una(), advanced, ack.duplicate.as_ref()) {
            self.probe = None;
            if repaired && matches!(self.phase, Phase::Open) {
                self.controller.congested(in_flight.max(self.flight), ack.now);
                self.undo = None;
            }
        }
    }

    /// Nothing more can be sent: starts or stops the timer of the probe. `rto` is when the retransmission timer fires.
    pub(super) fn rearm(&mut self, srtt: Option<Duration>, rto: Option<Instant>, now: Instant) {
        self.flight = self.board.in_flight();
        if matches!(self.timer, Some((_, Timer::Reordering))) {
            return;
        }
        let is_fast = matches!(self.phase, Phase::Fast(_));
        // RFC 8985 section 7.2 has no probe in fast recovery. But if the last acknowledgment of a flight is lost there,
        // nothing follows, and the connection rests until a timeout. RFC 9002 section 6.2 probes there as well.
        let may_probe = is_fast || matches!(self.phase, Phase::Open) && !self.board.has_sacked();
        let mut pto = srtt.map_or(INITIAL_PTO, |srtt| srtt.saturating_mul(2));
        // An acknowledgment that fills a gap is not delayed.
        if self.board.len() == 1 && !is_fast {
            pto = pto.saturating_add(MAX_ACK_DELAY);
        }
        self.timer = None;
        if self.sacks && may_probe && self.probe.is_none() && self.board.in_flight() > 0 {
            // It comes in place of a timeout.
            let moment = self.progress + pto;
            self.timer = Some((moment.min(rto.unwrap_or(moment)).max(now), Timer::Probe));
        }
    }

    /// Carries out the timer, if its time has come. Returns the range that a probe sends again; an empty range asks for
    /// new data.
    pub(super) fn timeout(&mut self, has_unsent: bool, srtt: Option<Duration>, now: Instant) -> Option<Range<u64>> {
        let (_, timer) = self.timer.take_if(|(moment, _)| *moment <= now)?;
        match timer {
            Timer::Reordering => {
                let in_flight = self.board.in_flight();
                let lost = self.detect_losses(srtt, false, now);
                self.enter_or_leave(lost, in_flight, now);
                None
            }
            Timer::Probe if matches!(self.phase, Phase::Fast(_)) => {
                // What the peer may lack is the first segment.
                let first = self.board.first()?;
                self.probe = Some(Probe { end: first.end, is_resend: true });
                Some(first)
            }
            Timer::Probe => {
                let last = self.board.last()?;
                let end = if has_unsent { last.end.saturating_add(1) } else { last.end };
                self.probe = Some(Probe { end, is_resend: !has_unsent });
                if has_unsent {
                    self.extra = self.mss;
                    return Some(last.end..last.end);
                }
                Some(last)
            }
        }
    }

    /// Nothing was sent for longer than a retransmission timeout (RFC 5681 section 4.1).
    pub(super) fn restart_after_idle(&mut self, rto: Duration, now: Instant) {
        if self.board.in_flight() == 0 && now.saturating_duration_since(self.progress) > rto {
            self.controller.idled(now);
            self.progress = now;
        }
    }
}

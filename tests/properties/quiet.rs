//! The properties at `Wait`, when every output has been polled.

use core::ops::Range;
use core::time::Duration;

use tcp_lifecycle::{Control, Instant, Output, Refusal, Segment, SeqNumber, State, Status};

use super::Watched;
use crate::arcs::Cause;

impl Watched {
    pub(super) fn check_wait(&mut self, deadline: Option<Instant>) {
        assert_eq!(deadline, self.connection.deadline());
        assert_eq!(self.shown, self.state(), "the last transition leads to the present state");
        assert_eq!(self.end, None, "the user was not told of the end");
        let before = self.connection.clone();
        assert_eq!(self.connection.poll(self.now), Output::Wait(deadline));
        assert_eq!(before, self.connection);
        let status = self.connection.status();
        if let Some(una) = status.snd_una.filter(|una| Some(*una) != status.iss) {
            self.check_told(una, &status);
        }
        let held_back = status.snd_wnd == Some(0) || self.limit == 0;
        let reopened = self.reopened.take();
        assert!(reopened.is_none() || reopened != status.snd_una || held_back, "what was refused was not sent again");
        let must = self.must_resend.take();
        assert!(must.is_none() || must != status.snd_una, "the timer has fired, and nothing was sent again");
        assert!(!self.timeout_is_told, "the timer has fired, and nobody was told");
        self.may_acknowledge = 0;
        self.check_next_life(&status);
        self.check_owed(&status, deadline);
        self.check_deadline(deadline, &status);
        if self.causes.iter().all(|(cause, _)| *cause == Cause::Timeout) && self.timed == Some(self.now) {
            assert!(self.causes.is_empty() || deadline.is_none_or(|at| at > self.now), "a timer that fires for ever");
        }
        self.causes.clear();
        self.had_to = false;
        self.transitions = 0;
        self.rank = 0;
    }

    /// Checks SND.UNA against the signals to the user.
    fn check_told(&self, una: SeqNumber, status: &Status) {
        let acknowledged = una - status.iss.unwrap() - 1;
        let fin = u32::from(self.life.fin.is_some_and(|fin| una == fin + 1));
        assert_eq!(acknowledged, self.life.acknowledged + fin, "SND.UNA, and what the user was told");
    }

    /// L4: a connection that waits for the network or for time has a timer, no later than its policy says.
    fn check_deadline(&self, deadline: Option<Instant>, status: &Status) {
        // A timer that was running when the caller's limit became zero may expire without effect. A timer that was
        // running when the policies changed goes on.
        let paused = self.limit == 0 && status.in_flight == 0 && status.unsent > 0;
        let excused = (paused || self.configured) && deadline.is_some();
        assert!(deadline.is_some() == self.waits(status) || excused, "{status:?} until {deadline:?}");
        let waits_for_network = status.in_flight > 0 || (status.unsent > 0 && !paused);
        let rto = status.rto.filter(|_| waits_for_network && status.state != State::TimeWait && !self.configured);
        // The override timeout of silly window avoidance is at least 0.1 s.
        let rto = rto.map(|rto| rto.max(Duration::from_millis(100)));
        let late = rto.is_some_and(|rto| deadline > Some(self.now + rto));
        assert!(!late, "a timer longer than the RTO: {status:?} until {deadline:?}");
        if status.state == State::TimeWait {
            assert_eq!(deadline, Some(self.time_wait), "2 MSL");
        }
        if let (State::FinWait2, Some(end), false) = (status.state, self.life.fin_wait_2, self.configured) {
            let acknowledges = self.life.owed.by.is_some() && deadline < Some(end);
            assert!(deadline == Some(end) || acknowledges, "FIN-WAIT-2 until {end}, and not {deadline:?}");
        }
    }

    /// Whether the connection waits for the network or for time, so that a timer must be running.
    fn waits(&self, status: &Status) -> bool {
        if status.rcv_nxt.is_some() && self.life.owed.segments > 0 {
            return true;
        }
        // Everything is held back only by a window that is closed or too small.
        let probes = status.unsent > 0 && self.limit > 0;
        let kept = self.config.keep_alive.is_some();
        match status.state {
            State::Closed | State::Listen => false,
            State::SynSent | State::SynReceived | State::TimeWait => true,
            State::FinWait2 => (self.life.detached && self.config.fin_wait_2_timeout.is_some()) || kept,
            State::Established | State::CloseWait => status.in_flight > 0 || probes || kept,
            // Except for a FIN behind payload that the caller's limit holds back.
            State::FinWait1 | State::Closing | State::LastAck => status.in_flight > 0 || probes || status.unsent == 0,
        }
    }

    /// Checks that FIN-WAIT-2 lasts as long as its policy says, once the user is gone; nothing prolongs it (D20).
    pub(super) fn note_fin_wait_2(&mut self, before: &Status, after: &Status) {
        if after.state == State::FinWait2 && before.state != State::FinWait2 && self.life.detached {
            self.life.fin_wait_2 = self.config.fin_wait_2_timeout.map(|timeout| self.now + timeout);
        }
    }

    /// S11: TIME-WAIT lasts 2 MSL.
    pub(super) fn note_time_wait(&mut self, before: &Status, after: &Status) {
        if after.state == State::TimeWait && before.state != State::TimeWait {
            self.time_wait = self.now + 2 * self.config.msl;
            self.afresh = false;
        }
    }

    /// S11: 2 MSL after the last FIN; each FIN that is not refused restarts them.
    pub(super) fn note_fin_again(
        &mut self,
        segment: &Segment,
        before: &Status,
        after: &Status,
        taken: &Result<Range<usize>, Refusal>,
    ) {
        if (before.state, after.state) != (State::TimeWait, State::TimeWait) {
            return;
        }
        let bits = segment.control();
        let fin = bits.intersection(Control::FIN | Control::SYN | Control::RST) == Control::FIN;
        if fin && taken.is_ok() && Some(segment.seq() + segment.len()) == before.rcv_nxt {
            self.time_wait = self.now + 2 * self.config.msl;
            // An ACK that is due is drained first.
            assert!(self.connection.deadline() <= Some(self.time_wait), "2 MSL");
        }
        self.afresh |= bits.contains(Control::SYN) && Some(segment.seq()) != before.irs;
    }
}

//! Header prediction: short paths for a segment that arrives in order, and for data that is sent for the first time.
//! They skip the checks whose outcome is known there.
//!
//! A predicted segment is at RCV.NXT, and its ACK is new, or changes nothing that data waits for. It takes only the
//! fifth, the seventh and the eighth of the eight steps. `prediction.rs` chooses its path. In ESTABLISHED there are
//! two: a *quiet* segment, which acknowledges nothing new, and an ACK of new data. A FIN alone, and the bare ACK of our
//! SYN or FIN, have short paths of their own. `arrives_in_order` predicts what they leave: other segments with FIN, and
//! other segments outside ESTABLISHED, from SYN-RECEIVED on, except in TIME-WAIT.
//!
//! A bare ACK, payload sent in order, and a FIN alone skip the poll's checks for recovery and probes. Whatever is not
//! predicted falls back to the eight steps, and to the whole poll. Two tests, one at random and one exhaustive, run two
//! equal connections through the same events, one on each path, with each policy that these paths know.
//!
//! A path calls other functions only at its end, where it can. So it has few registers to save.

use core::ops::Range;

use crate::machine::arrives::Outcome;
use crate::machine::connection::Connection;
use crate::machine::context::Context;
use crate::machine::error::Refusal;
use crate::machine::outbox::Pending;
use crate::machine::output::{Output, Transmit};
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::{Flags, Phase, Snd, Synchronized, Tcb, Told};
use crate::machine::time::Instant;

#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod tests;

impl Connection {
    /// SEGMENT ARRIVES for a segment [in order](Synchronized::is_in_order).
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives_in_order(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        self.context.advance_clock(now);
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.is_predicted(segment)
        {
            if tcb.process_predicted_ack(segment, &mut self.context).is_err() {
                self.delete_tcb();
                return Ok(0..0);
            }
            return Ok(tcb.process_predicted_text(segment, &mut self.context));
        }
        self.arrives_in_other_states(segment, now)
    }

    /// SEGMENT ARRIVES for a [quiet](Synchronized::is_quiet) segment, with timestamps, delayed ACKs or keep-alive.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives_quietly(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        let context = &mut self.context;
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.is_quiet(segment)
            && tcb.is_stamped_in_order(segment)
        {
            context.advance_clock(now);
            tcb.snd.note_window_without_syn(segment);
            tcb.note_arrival(segment, context);
            return Ok(tcb.take_text_with_policy(segment, context));
        }
        self.arrives_in_other_states(segment, now)
    }

    /// SEGMENT ARRIVES for a segment that [acknowledges data](Synchronized::is_new_ack), with timestamps, delayed ACKs
    /// or keep-alive.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives_with_new_ack(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        let context = &mut self.context;
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.is_new_ack(segment)
            && tcb.is_stamped_in_order(segment)
        {
            context.advance_clock(now);
            tcb.take_new_ack(segment, context);
            tcb.note_arrival(segment, context);
            return Ok(tcb.take_text_with_policy(segment, context));
        }
        self.arrives_in_other_states(segment, now)
    }

    /// SEGMENT ARRIVES for a segment with FIN.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives_with_fin(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        let context = &mut self.context;
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.is_fin_predicted(segment)
            && tcb.is_stamped_in_order(segment)
        {
            context.advance_clock_only(now);
            tcb.snd.note_window_without_syn(segment);
            if tcb.snd.flags.intersects(Flags::TIMESTAMPS) {
                tcb.rcv.note_newer_timestamp(segment, context);
            }
            tcb.take_fin(context);
            if tcb.phase == Phase::Established {
                tcb.enter(Phase::CloseWait, context);
            } else {
                tcb.enter_time_wait(context);
            }
            return Ok(0..0);
        }
        self.arrives_in_order(segment, now)
    }

    /// SEGMENT ARRIVES for what may be the ACK of our SYN or FIN.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives_with_control_ack(
        &mut self,
        segment: &Segment,
        now: Instant,
    ) -> Result<Range<usize>, Refusal> {
        let context = &mut self.context;
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.is_control_ack_predicted(segment)
            && tcb.is_stamped_in_order(segment)
        {
            context.advance_clock_only(now);
            tcb.take_control_ack(segment, context);
            match tcb.phase {
                Phase::SynReceived(_) => tcb.enter(Phase::Established, context),
                Phase::FinWait1 => tcb.enter_fin_wait_2(context),
                Phase::Closing => tcb.enter_time_wait(context),
                Phase::LastAck => self.delete_tcb(),
                Phase::Established | Phase::FinWait2 | Phase::CloseWait | Phase::TimeWait { .. } => {}
            }
            return Ok(0..0);
        }
        self.arrives_in_order(segment, now)
    }

    /// Outputs `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`, where nothing else is due but a delayed ACK.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn poll_bare_ack(&mut self, now: Instant) -> Output {
        self.context.advance_clock(now);
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && !tcb.snd.flags.intersects(Flags::MARKS)
            && tcb.snd.is_within_window()
        {
            if !tcb.rcv.told.intersects(Told::WINDOW) {
                return tcb.send_new_window(&mut self.context);
            }
            return tcb.send_bare_ack(&mut self.context);
        }
        self.next_segment()
    }

    /// Outputs payload that has never been sent, with the FIN behind it.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn poll_payload(&mut self, now: Instant) -> Output {
        self.context.advance_clock(now);
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.has_fast_output()
        {
            if let Some(rto) = tcb.snd.rto_of_lone_fin(&self.context) {
                return tcb.send_lone_fin(rto, &mut self.context);
            }
            if let Some((payload, fin)) = tcb.snd.next_new(&self.context) {
                return tcb.send_new(payload, fin, &mut self.context);
            }
        }
        self.next_segment()
    }
}

impl Synchronized {
    /// Does the fifth step for the ACK of our SYN or FIN, without its transition.
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn take_control_ack(&mut self, segment: &Segment, context: &mut Context) {
        let (snd, ack) = (&mut self.snd, segment.ack_number());
        if let Some(rtt) = snd.recovery.sample_timed(ack, context.now) {
            snd.sample(rtt);
        }
        snd.set_window(segment.seq(), snd.scaled_window_of(segment));
        if snd.is_syn_unacknowledged() {
            snd.flags.remove(Flags::SYN);
            context.outbox.syn_acknowledged();
        } else {
            context.outbox.signal_acknowledged(snd.end - snd.una);
        }
        snd.una = ack;
        snd.all_acknowledged(context);
        if snd.flags.intersects(Flags::TIMESTAMPS) {
            self.rcv.note_newer_timestamp(segment, context);
        }
    }

    /// Does the fifth step for an ACK of new data.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn take_new_ack(&mut self, segment: &Segment, context: &mut Context) {
        let (snd, ack) = (&mut self.snd, segment.ack_number());
        if let Some(rtt) = snd.recovery.sample_timed(ack, context.now) {
            snd.sample(rtt);
        }
        // The window was open, and nothing was probed: no `window_changed`.
        snd.set_window(segment.seq(), snd.scaled_window_of(segment));
        snd.advance_una(ack, ack - snd.una, context);
    }

    /// Does the seventh step in ESTABLISHED, without delayed ACKs.
    #[inline(always)]
    pub(crate) fn take_text(&mut self, segment: &Segment, context: &mut Context) -> Range<usize> {
        let payload = segment.payload_len();
        if payload > 0 {
            context.outbox.request_ack();
            self.rcv.advance(u32::from(payload));
        }
        0..usize::from(payload)
    }

    /// Does the seventh step, with the policy of delayed ACKs.
    #[inline(always)]
    fn take_text_with_policy(&mut self, segment: &Segment, context: &mut Context) -> Range<usize> {
        let payload = segment.payload_len();
        if payload > 0 {
            context.acknowledge_text(u32::from(payload));
            self.rcv.advance(u32::from(payload));
        }
        0..usize::from(payload)
    }

    /// Takes the timestamp, and restarts the idle time of keep-alive, in ESTABLISHED.
    #[inline(always)]
    fn note_arrival(&mut self, segment: &Segment, context: &mut Context) {
        if self.snd.flags.intersects(Flags::TIMESTAMPS) {
            self.rcv.note_newer_timestamp(segment, context);
        }
        if self.snd.flags.intersects(Flags::KEEPS_ALIVE) {
            self.rearm_keep_alive_in_established(context);
        }
    }

    /// Does the fifth step. An error closes the connection.
    #[inline(always)]
    fn process_predicted_ack(&mut self, segment: &Segment, context: &mut Context) -> Result<(), Outcome> {
        let ack = segment.ack_number();
        if ack == self.snd.una {
            self.snd.note_window(segment.seq(), segment);
        } else {
            self.snd.acknowledge(ack, segment, context);
            self.snd.set_window(segment.seq(), self.snd.window_of(segment));
        }
        if self.snd.flags.intersects(Flags::TIMESTAMPS) {
            self.rcv.note_newer_timestamp(segment, context);
        }
        match self.phase {
            Phase::Established => Ok(()),
            Phase::SynReceived(_) => {
                self.enter(Phase::Established, context);
                Ok(())
            }
            Phase::FinWait1
            | Phase::FinWait2
            | Phase::CloseWait
            | Phase::Closing
            | Phase::LastAck
            | Phase::TimeWait { .. } => self.after_ack(segment.is_fin(), context),
        }
    }

    /// Does the seventh and eighth steps. There is no gap, so the ACK replaces no duplicate ACK.
    #[inline(always)]
    fn process_predicted_text(&mut self, segment: &Segment, context: &mut Context) -> Range<usize> {
        let text = self.take_text_with_policy(segment, context);
        if segment.is_fin() {
            self.receive_fin(context);
        }
        self.rearm_keep_alive(context);
        text
    }

    /// Outputs `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>` with the window that the peer knows.
    #[inline(always)]
    fn send_bare_ack(&mut self, context: &mut Context) -> Output {
        context.outbox.clear_acks();
        let window = self.rcv.tell();
        let segment = self.unmarked(self.snd.nxt, Control::ACK, 0, window, context);
        Output::Transmit(Transmit { segment, payload: 0..0 })
    }

    /// Outputs the same ACK, with a window that may have grown.
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn send_new_window(&mut self, context: &mut Context) -> Output {
        self.rcv.move_edge(self.snd.is_syn_unacknowledged(), context);
        self.send_bare_ack(context)
    }

    /// Returns whether there is neither recovery nor a probe, and no new window to offer, and segments have no other
    /// control bits than ACK, PSH and FIN.
    #[inline(always)]
    fn has_fast_output(&self) -> bool {
        self.snd.recovery.is_steady()
            && !self.snd.flags.intersects(Flags::SLOW_OUTPUT)
            && self.rcv.told.intersects(Told::WINDOW)
    }

    /// Outputs our FIN without payload, where nothing else is in flight.
    #[inline(always)]
    fn send_lone_fin(&mut self, rto: u64, context: &mut Context) -> Output {
        let window = self.rcv.tell();
        let segment = self.unmarked(self.snd.nxt, Control::FIN | Control::ACK, 0, window, context);
        self.snd.nxt += 1;
        self.snd.recovery.start_timing(self.snd.nxt, context.now);
        self.snd.restart_timer_with(rto, context);
        context.outbox.pending = Pending::empty();
        Output::Transmit(Transmit { segment, payload: 0..0 })
    }

    /// Outputs payload that has never been sent, with or without the FIN. The segment also acknowledges: no ACK is due
    /// any more.
    #[inline(always)]
    fn send_new(&mut self, payload: u32, fin: bool, context: &mut Context) -> Output {
        let window = self.rcv.tell();
        let (from, after) = (self.snd.nxt, self.snd.nxt + payload);
        // MUST-61: the last segment of the queue has PSH.
        let psh = if payload > 0 && after == self.snd.end { Control::PSH } else { Control::empty() };
        let control = Control::ACK | psh | if fin { Control::FIN } else { Control::empty() };
        let segment = self.unmarked(from, control, payload as u16, window, context);
        let start = (from - self.snd.una) as usize;
        let output = Output::Transmit(Transmit { segment, payload: start..start.wrapping_add(payload as usize) });
        self.snd.sent_new(after + u32::from(fin), context);
        output
    }
}

impl Snd {
    /// Sets SND.WND and SND.WL1 from a segment without SYN, unless it is older than the last that set them.
    #[inline(always)]
    pub(crate) fn note_window_without_syn(&mut self, segment: &Segment) {
        if self.is_newer(segment.seq()) {
            self.set_window(segment.seq(), self.scaled_window_of(segment));
        }
    }

    /// Returns the retransmission timeout in milliseconds, if only our FIN is unsent, nothing is in flight and the
    /// window is open. `None` stands also for a timeout that is backed off, or longer than eight seconds.
    #[inline(always)]
    fn rto_of_lone_fin(&self, context: &Context) -> Option<u64> {
        if !self.has_closed() || self.una != self.nxt || self.nxt != self.end || self.wnd == 0 {
            return None;
        }
        self.rto.short_millis(self.backoff, &context.policy)
    }

    /// Returns how much payload that has never been sent may go now, and whether the FIN goes with it. `None` stands
    /// for neither, and for what the window, the caller's limit or Nagle's algorithm holds back.
    #[inline(always)]
    fn next_new(&self, context: &Context) -> Option<(u32, bool)> {
        let payload = self.end.ahead_of(self.nxt).min(u32::from(self.mss));
        let fin = self.has_closed() && self.nxt + payload == self.end;
        let len = payload.wrapping_add(u32::from(fin));
        if len == 0 || self.in_flight().wrapping_add(len) > self.wnd.min(context.limit) {
            return None;
        }
        // Nagle's algorithm holds back less than a full segment while data is in flight, unless the user has closed.
        let is_small = payload < u32::from(self.mss);
        if is_small && self.una != self.nxt && context.policy.nagle() && !self.has_closed() {
            return None;
        }
        Some((payload, fin))
    }

    /// Updates SND.NXT, the timer and the timing for payload that is sent for the first time.
    #[inline(always)]
    fn sent_new(&mut self, after: SeqNumber, context: &mut Context) {
        let is_first = self.una == self.nxt;
        self.nxt = after;
        // Only this and an ACK were pending, and the segment acknowledges.
        context.outbox.pending = if after == self.last() { Pending::empty() } else { Pending::DATA };
        self.recovery.start_timing(after, context.now);
        if is_first {
            self.restart_timer(context);
        }
    }
}

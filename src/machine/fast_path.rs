//! Header prediction: short paths for a segment that arrives in order, and for data that is sent for the first time.
//! They skip the checks whose outcome is known there.
//!
//! A predicted segment is at RCV.NXT, and its ACK is new, or changes nothing that data waits for. It takes only the
//! fifth, the seventh and the eighth of the eight steps. Prediction works in ESTABLISHED and the later states except
//! TIME-WAIT, and in SYN-RECEIVED for the bare ACK of our SYN. A *quiet* segment takes even fewer steps: it arrives in
//! ESTABLISHED, acknowledges nothing new, and no gap lies before it.
//!
//! A bare ACK, and payload sent in order, skip the poll's checks for recovery and probes. Whatever is not predicted
//! falls back to the eight steps, and to the whole poll. A test runs two equal connections through the same events, one
//! on each path, with each policy that these paths know.

use core::ops::Range;

use crate::machine::arrives::Outcome;
use crate::machine::connection::Connection;
use crate::machine::context::Context;
use crate::machine::error::Refusal;
use crate::machine::outbox::Pending;
use crate::machine::output::{Output, Transmit};
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::{Flags, Phase, Synchronized, Tcb};
use crate::machine::time::Instant;

#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod tests;

impl Connection {
    /// SEGMENT ARRIVES for a segment [in order](Synchronized::is_in_order).
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives_in_order(&mut self, segment: &Segment, before: Instant) -> Result<Range<usize>, Refusal> {
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.is_predicted(segment)
        {
            self.context.outbox.pass_time(before, self.context.now);
            if tcb.process_predicted_ack(segment, &mut self.context).is_err() {
                self.delete_tcb();
                return Ok(0..0);
            }
            return Ok(tcb.process_predicted_text(segment, &mut self.context));
        }
        self.arrives_in_other_states(segment, before)
    }

    /// SEGMENT ARRIVES for a [quiet](Synchronized::is_quiet) segment, with timestamps, delayed ACKs or keep-alive.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives_quietly(&mut self, segment: &Segment, before: Instant) -> Result<Range<usize>, Refusal> {
        let context = &mut self.context;
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.is_stamped_in_order(segment)
        {
            context.outbox.pass_time(before, context.now);
            tcb.snd.note_window(segment.seq(), segment);
            if tcb.snd.flags.intersects(Flags::TIMESTAMPS) {
                tcb.rcv.note_newer_timestamp(segment, context);
            }
            let payload = segment.payload_len();
            if payload > 0 {
                context.acknowledge_text(u32::from(payload));
                tcb.rcv.advance(u32::from(payload));
            }
            if tcb.snd.flags.intersects(Flags::KEEPS_ALIVE) {
                tcb.rearm_keep_alive_in_established(context);
            }
            return Ok(0..usize::from(payload));
        }
        self.arrives_in_other_states(segment, before)
    }

    /// Outputs `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`, where nothing else is due.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn poll_bare_ack(&mut self) -> Output {
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && !tcb.snd.flags.intersects(Flags::MARKS)
            && tcb.snd.is_within_window()
        {
            self.context.outbox.clear_acks();
            let window = tcb.rcv.advertise(tcb.snd.is_syn_unacknowledged(), &self.context);
            let segment = tcb.unmarked(tcb.snd.nxt, Control::ACK, 0, window, &self.context);
            return Output::Transmit(Transmit { segment, payload: 0..0 });
        }
        self.next_segment()
    }

    /// Outputs payload that has never been sent, with the FIN behind it.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn poll_payload(&mut self) -> Output {
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && !tcb.snd.flags.intersects(Flags::SLOW_OUTPUT)
            && tcb.snd.recovery.is_steady()
            && let Some(rto) = tcb.rto_of_new(&self.context)
        {
            let snd = &tcb.snd;
            let room = (snd.una + snd.wnd.min(self.context.limit)).ahead_of(snd.nxt);
            let queued = snd.end.ahead_of(snd.nxt);
            let payload = queued.min(room).min(u32::from(snd.mss));
            let fin = snd.has_closed() && snd.nxt + payload == snd.end && snd.end.lt(snd.right_edge());
            if (payload > 0 || fin) && snd.is_worth_sending(payload, queued, &self.context) {
                return tcb.send_new(payload, fin, rto, &mut self.context);
            }
        }
        self.next_segment()
    }
}

impl Synchronized {
    /// Returns whether the segment is at RCV.NXT and has ACK, and no other control bits than FIN, PSH and AE (Accurate
    /// ECN).
    #[inline(always)]
    pub(crate) fn is_in_order(&self, segment: &Segment) -> bool {
        const TESTED: Control = Control::FIN.union(Control::PSH).union(Control::AE).complement();
        segment.control().intersection(TESTED) == Control::ACK && segment.seq() == self.rcv.nxt
    }

    /// Returns whether the fifth step only has to note the window. In ESTABLISHED, the text fits the window, nothing
    /// new is acknowledged, there is no gap, and no data waits for a window.
    #[inline(always)]
    pub(crate) fn is_quiet(&self, segment: &Segment) -> bool {
        let snd = &self.snd;
        matches!(self.phase, Phase::Established)
            && !snd.flags.intersects(Flags::GAP)
            && u32::from(segment.payload_len()) == segment.len()
            && segment.len() <= self.rcv.wnd()
            && segment.ack_number() == snd.una
            && snd.wnd > 0
            && ((snd.una == snd.nxt && snd.nxt == snd.end) || (segment.len() > 0 && snd.window_of(segment) == snd.wnd))
    }

    /// Does the fifth and seventh steps for a quiet segment.
    #[inline(always)]
    pub(crate) fn process_quiet(&mut self, segment: &Segment, context: &mut Context) -> Range<usize> {
        let payload = segment.payload_len();
        self.snd.note_window(segment.seq(), segment);
        if payload > 0 {
            context.outbox.request_ack();
            self.rcv.advance(u32::from(payload));
        }
        0..usize::from(payload)
    }

    /// Returns whether steps one to four let the segment pass, its ACK is predicted, and this state takes its payload
    /// and FIN.
    #[inline(always)]
    fn is_predicted(&self, segment: &Segment) -> bool {
        let is_taken = match self.phase {
            Phase::TimeWait { .. } => false,
            _ if segment.len() == 0 => true,
            Phase::Established => true,
            Phase::FinWait1 | Phase::FinWait2 => {
                segment.payload_len() == 0 || !self.snd.flags.intersects(Flags::DETACHED)
            }
            Phase::SynReceived(_) | Phase::CloseWait | Phase::Closing | Phase::LastAck => false,
        };
        is_taken
            && segment.len() <= self.rcv.wnd()
            && self.is_ack_predicted(segment)
            && self.is_stamped_in_order(segment)
    }

    /// Returns whether the segment acknowledges something new, or changes no window that any data waits for.
    #[inline(always)]
    fn is_ack_predicted(&self, segment: &Segment) -> bool {
        let snd = &self.snd;
        let bytes = segment.ack_number() - snd.una;
        if bytes > snd.nxt - snd.una || snd.wnd == 0 || snd.flags.intersects(Flags::SYN | Flags::GAP) {
            // Of these rare cases one is predicted: the ACK of our SYN, with nothing else in flight or queued.
            let is_of_syn = snd.is_syn_unacknowledged() && bytes == 1 && snd.last() == segment.ack_number();
            return is_of_syn && snd.recovery.is_steady();
        }
        if bytes > 0 {
            return snd.recovery.is_steady();
        }
        let is_idle = snd.una == snd.nxt && snd.nxt == snd.last();
        is_idle || (segment.len() > 0 && snd.window_of(segment) == snd.wnd && snd.recovery.is_steady())
    }

    /// Returns whether the segment has a timestamp that is TS.Recent or newer, where timestamps are agreed (RFC 7323
    /// section 5.3, R1).
    #[inline(always)]
    fn is_stamped_in_order(&self, segment: &Segment) -> bool {
        let is_newer = |(value, _): (u32, u32)| SeqNumber(self.rcv.ts_recent).le(SeqNumber(value));
        !self.snd.flags.intersects(Flags::TIMESTAMPS) || segment.options().timestamps().is_some_and(is_newer)
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

    /// Does the seventh and eighth steps.
    #[inline(always)]
    fn process_predicted_text(&mut self, segment: &Segment, context: &mut Context) -> Range<usize> {
        let payload = segment.payload_len();
        // There is no gap, so no duplicate ACK is due that this one would replace.
        if payload > 0 {
            context.acknowledge_text(u32::from(payload));
            self.rcv.advance(u32::from(payload));
        }
        if segment.is_fin() {
            self.receive_fin(context);
        }
        self.rearm_keep_alive(context);
        0..usize::from(payload)
    }

    /// Returns the timeout in milliseconds for the first segment in flight, and zero for any other. `None` stands for a
    /// timeout that is backed off, or longer than eight seconds.
    #[inline(always)]
    fn rto_of_new(&self, context: &Context) -> Option<u64> {
        let snd = &self.snd;
        if snd.una == snd.nxt { snd.rto.short_millis(snd.backoff, &context.policy) } else { Some(0) }
    }

    /// Outputs payload that has never been sent, with or without the FIN. `rto` is in milliseconds.
    #[inline(always)]
    fn send_new(&mut self, payload: u32, fin: bool, rto: u64, context: &mut Context) -> Output {
        let window = self.rcv.advertise(false, context);
        let snd = &mut self.snd;
        let from = snd.nxt;
        let after = from + payload;
        snd.nxt = after + u32::from(fin);
        if snd.una == from {
            snd.restart_timer_with(rto, context);
        }
        snd.recovery.start_timing(snd.nxt, context.now);
        // MUST-61: the last segment of the queue has PSH.
        let last = after == snd.end;
        let mut control = if last && payload > 0 { Control::ACK.union(Control::PSH) } else { Control::ACK };
        if fin {
            control |= Control::FIN;
        }
        // The segment also acknowledges: no ACK is due any more.
        context.outbox.pending = if last && fin == snd.has_closed() { Pending::empty() } else { Pending::DATA };
        let start = (from - snd.una) as usize;
        let segment = self.unmarked(from, control, payload as u16, window, context);
        Output::Transmit(Transmit { segment, payload: start..start.wrapping_add(payload as usize) })
    }
}

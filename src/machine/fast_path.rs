//! Header prediction: what arrives in order and goes out for the first time, without the questions that have only one
//! answer for it.
//!
//! A segment at RCV.NXT whose ACK is new or says nothing new takes the steps five, seven and eight that are left of the
//! eight, in any state from ESTABLISHED on; in ESTABLISHED, where no feature looks on, it takes fewer. A bare ACK, and
//! payload that goes out in order, take none of the poll's questions about recovery and probes. Whatever is not
//! predicted falls back to the eight steps, and to the whole poll. A test has two equal connections live through the
//! same events, one on each way, with each policy that these paths know.

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

    /// SEGMENT ARRIVES for a [quiet](Synchronized::is_quiet) segment of a connection that is kept alive.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives_quietly(&mut self, segment: &Segment) -> Result<Range<usize>, Refusal> {
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return Ok(0..0) };
        tcb.rearm_keep_alive_in_established(&mut self.context);
        Ok(tcb.process_quiet(segment, &mut self.context))
    }

    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`, where nothing else is due.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn bare_ack(&mut self) -> Output {
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && !tcb.snd.flags.intersects(Flags::MARKS)
            && tcb.snd.is_within_window()
        {
            self.context.outbox.clear_acks();
            let window = tcb.rcv.advertise(tcb.snd.is_opening(), &self.context);
            let segment = tcb.unmarked(tcb.snd.nxt, Control::ACK, 0, window, &self.context);
            return Output::Transmit(Transmit { segment, payload: 0..0 });
        }
        self.next_segment()
    }

    /// Payload that has never been sent, and the FIN behind it.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn payload(&mut self) -> Output {
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && !tcb.snd.flags.intersects(Flags::NOT_SENT_FAST)
            && tcb.snd.recovery.is_steady()
            && let Some(rto) = tcb.rto_of_new(&self.context)
        {
            let snd = &tcb.snd;
            let room = (snd.una + snd.wnd.min(self.context.limit)).ahead_of(snd.nxt);
            let queued = snd.end.ahead_of(snd.nxt);
            let payload = queued.min(room).min(u32::from(snd.mss));
            let fin = snd.is_closing() && snd.nxt + payload == snd.end && snd.end.lt(snd.right_edge());
            if (payload > 0 || fin) && snd.is_worth_sending(payload, queued, &self.context) {
                return tcb.send_new(payload, fin, rto, &mut self.context);
            }
        }
        self.next_segment()
    }
}

impl Synchronized {
    /// The segment is at RCV.NXT, with ACK, and with no other control bits than FIN, PSH and that of Accurate ECN.
    #[inline(always)]
    pub(crate) fn is_in_order(&self, segment: &Segment) -> bool {
        const TESTED: Control = Control::FIN.union(Control::PSH).union(Control::AE).complement();
        segment.control().intersection(TESTED) == Control::ACK && segment.seq() == self.rcv.nxt
    }

    /// In ESTABLISHED, the text fits, nothing new is acknowledged, nothing waits for a window, and no feature looks on:
    /// the fifth step has no more to do than to note the window.
    #[inline(always)]
    pub(crate) fn is_quiet(&self, segment: &Segment) -> bool {
        let snd = &self.snd;
        matches!(self.phase, Phase::Established)
            && !snd.flags.intersects(Flags::NOT_QUIET)
            && u32::from(segment.payload_len()) == segment.len()
            && segment.len() <= self.rcv.wnd()
            && segment.ack_number() == snd.una
            && snd.wnd > 0
            && ((snd.una == snd.nxt && snd.nxt == snd.end) || (segment.len() > 0 && snd.window_of(segment) == snd.wnd))
    }

    /// Fifth and seventh, of a quiet segment.
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

    /// Steps one to four let the segment pass, and this state takes what it carries.
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

    /// The segment acknowledges something new, or nothing new and changes no window that anything waits for.
    #[inline(always)]
    fn is_ack_predicted(&self, segment: &Segment) -> bool {
        let snd = &self.snd;
        let bytes = segment.ack_number() - snd.una;
        if bytes > snd.nxt - snd.una || snd.wnd == 0 || snd.flags.intersects(Flags::SYN | Flags::GAP) {
            // That of our SYN alone.
            return snd.is_opening() && bytes == 1 && snd.last() == segment.ack_number() && snd.recovery.is_steady();
        }
        if bytes > 0 {
            return snd.recovery.is_steady();
        }
        let rests = snd.una == snd.nxt && snd.nxt == snd.last();
        rests || (segment.len() > 0 && snd.window_of(segment) == snd.wnd && snd.recovery.is_steady())
    }

    /// RFC 7323 section 5.3, R1: where timestamps are agreed, the segment has one that is TS.Recent or newer.
    #[inline(always)]
    fn is_stamped_in_order(&self, segment: &Segment) -> bool {
        let is_newer = |(value, _): (u32, u32)| SeqNumber(self.rcv.ts_recent).le(SeqNumber(value));
        !self.snd.flags.intersects(Flags::TIMESTAMPS) || segment.options().timestamps().is_some_and(is_newer)
    }

    /// Fifth. An error closes the connection.
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

    /// Seventh and eighth.
    #[inline(always)]
    fn process_predicted_text(&mut self, segment: &Segment, context: &mut Context) -> Range<usize> {
        let payload = segment.payload_len();
        if payload > 0 {
            context.acknowledge_text(u32::from(payload));
            context.drop_duplicate_acks();
            self.rcv.advance(u32::from(payload));
        }
        if segment.is_fin() {
            self.receive_fin(context);
        }
        self.rearm_keep_alive(context);
        0..usize::from(payload)
    }

    /// The timeout of the first segment in flight, in milliseconds, and zero for the others; `None` for a long one.
    #[inline(always)]
    fn rto_of_new(&self, context: &Context) -> Option<u64> {
        let snd = &self.snd;
        if snd.una == snd.nxt { snd.rto.short_millis(snd.backoff, &context.policy) } else { Some(0) }
    }

    /// Payload that has never been sent, with the FIN or without; `rto` is in milliseconds.
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
        snd.recovery.time(snd.nxt, context.now);
        // MUST-61: the last of the queue is pushed.
        let last = after == snd.end;
        let mut control = if last && payload > 0 { Control::ACK.union(Control::PSH) } else { Control::ACK };
        if fin {
            control |= Control::FIN;
        }
        // It acknowledges too.
        context.outbox.pending = if last && fin == snd.is_closing() { Pending::empty() } else { Pending::DATA };
        let start = (from - snd.una) as usize;
        let segment = self.unmarked(from, control, payload as u16, window, context);
        Output::Transmit(Transmit { segment, payload: start..start.wrapping_add(payload as usize) })
    }
}

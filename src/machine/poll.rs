//! What is due next, as a function of the variables; and what comes out of a connection.

mod forms;
mod pieces;

use crate::machine::connection::{Connection, PREDICTS};
use crate::machine::context::Context;
use crate::machine::outbox::Pending;
use crate::machine::output::{Output, Transmit};
use crate::machine::segment::{Control, Segment};
use crate::machine::tcb::{Flags, Phase, Snd, Synchronized, Tcb};
use crate::machine::time::Instant;
use pieces::Piece;

impl Connection {
    /// What is due behind the transitions, in the order of the [outbox](crate::machine::outbox).
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn poll_due(&mut self, now: Instant) -> Output {
        let pending = self.context.outbox.pending;
        if pending.intersects(Pending::SIGNALS) {
            return Output::Signal(self.context.outbox.pop_signal());
        }
        if pending.intersects(Pending::RESET) {
            return self.poll_reset(now);
        }
        self.context.advance_clock(now);
        match pending.difference(Pending::DELAYED_ACK) {
            Pending::ACK if PREDICTS => self.bare_ack(),
            more if PREDICTS && more.difference(Pending::ACK) == Pending::DATA => self.payload(),
            more if more.is_empty() => Output::Wait(self.context.deadline()),
            _ => self.next_segment(),
        }
    }

    /// The reset, which needs no TCB.
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn poll_reset(&mut self, now: Instant) -> Output {
        if self.context.outbox.pending.intersects(Pending::RESET_HAS_TS) {
            self.context.advance_clock(now);
            return bare(self.context.outbox.take_stamped_reset(self.context.timestamp()));
        }
        bare(self.context.outbox.take_reset())
    }

    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn next_segment(&mut self) -> Output {
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            return tcb.next_of_queue(&mut self.context);
        }
        self.next_without_tcb()
    }

    #[cfg_attr(feature = "fast-path", inline(never))]
    fn next_without_tcb(&mut self) -> Output {
        let context = &mut self.context;
        match &mut self.tcb {
            Tcb::SynSent(tcb) if context.outbox.take(Pending::SYN) => {
                // RFC 3168 6.1.1.1: sent again it offers no ECN, which may be why it was lost.
                tcb.offer.ecn_withdrawn |= context.timer.is_some();
                tcb.snd.time_syn(context);
                bare(tcb.syn(context))
            }
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) | Tcb::Synchronized(_) => wait(context),
        }
    }
}

/// A segment that carries no payload.
#[inline]
fn bare(segment: Segment) -> Output {
    Output::Transmit(Transmit { segment, payload: 0..0 })
}

/// Drained: what is due of segments is nothing.
fn wait(context: &mut Context) -> Output {
    context.outbox.clear_segments();
    Output::Wait(context.deadline())
}

impl Snd {
    /// Our SYN, or SYN,ACK, goes out.
    #[inline]
    fn time_syn(&mut self, context: &mut Context) {
        if context.timer.is_none() {
            self.restart_timer(context);
            self.recovery.time(self.nxt, context.now);
        } else {
            self.time_syn_again(context);
        }
    }

    #[cold]
    fn time_syn_again(&mut self, context: &mut Context) {
        self.recovery.stop_timing();
        self.front_sent_at = context.now.as_millis_low();
        self.rearm_after_resend(context.policy.syn_r2, context);
    }
}

impl Synchronized {
    /// RFC 9293 3.10.4, CLOSE-WAIT: the CLOSE waits until all preceding SENDs have been segmentized, and then LAST-ACK
    /// is entered. To be called after each event that can make it so, so that the transition comes before the segments.
    pub(crate) fn enter_last_ack(&mut self, context: &mut Context) {
        if self.phase == Phase::CloseWait && self.snd.is_closing() {
            let is_sent = self.snd.end == self.snd.nxt;
            if is_sent || self.snd.is_segmentized(context) {
                self.enter(Phase::LastAck, context);
            }
        }
    }

    #[cfg_attr(feature = "fast-path", inline(never))]
    fn next_of_queue(&mut self, context: &mut Context) -> Output {
        if context.outbox.take(Pending::SYN) {
            context.outbox.clear_acks();
            self.snd.time_syn(context);
            return bare(self.syn_ack(context));
        }
        if context.outbox.take(Pending::RETRANSMIT)
            && let Some(piece) = self.snd.front_piece(context)
        {
            if self.snd.persists() {
                self.snd.probes();
            }
            return self.segment_of(piece, context);
        }
        if context.outbox.pending.intersects(Pending::DATA) {
            if let Some(piece) = self.snd.next_piece(context) {
                return self.segment_of(piece, context);
            }
            // Only a window that is closed, or too small to be worth it, can hold back all there is while nothing is in
            // flight: it will be probed, or overridden. (The caller's limit can too; that waits for the caller.)
            if self.snd.una == self.snd.nxt && self.snd.nxt != self.snd.last() && !self.snd.is_paused(context) {
                self.snd.start_persist_timer(context);
            }
            if context.timer.is_none() && self.is_kept_alive(context) {
                context.timer = context.policy.keep_alive_idle.after(context.now);
            }
        }
        if context.outbox.take(Pending::KEEP_ALIVE) && self.is_kept_alive(context) {
            return bare(self.keep_alive_probe(context));
        }
        if context.outbox.take(Pending::ACK) || context.take_duplicate_ack() {
            context.outbox.take(Pending::DATA | Pending::DELAYED_ACK);
            return bare(self.bare_ack(context));
        }
        wait(context)
    }

    #[inline]
    fn segment_of(&mut self, piece: Piece, context: &mut Context) -> Output {
        let after = piece.from + piece.payload;
        let mut control = Control::ACK;
        if piece.fin {
            control |= Control::FIN;
        }
        // MUST-60, MUST-61: nothing waits for a PUSH, and the last of the queue is pushed.
        if piece.payload > 0 && after == self.snd.end {
            control |= Control::PSH;
        }
        // RFC 3168 sections 6.1.2 and 6.1.6: on the first new payload, which no window probe is.
        let is_new = piece.payload > 0 && piece.from == self.snd.nxt && self.snd.wnd > 0;
        if is_new && self.snd.flags.intersects(Flags::REDUCED) {
            self.snd.flags.remove(Flags::REDUCED);
            control |= Control::CWR;
        }
        self.snd.sent(&piece, context);
        // It acknowledges too; and when all is sent there is nothing more to look at.
        context.outbox.clear_acks();
        if self.snd.nxt == self.snd.last() && self.snd.recovery.is_steady() {
            context.outbox.take(Pending::DATA);
        }
        let start = piece.from.ahead_of(self.snd.front()) as usize;
        self.transmit(piece.from, control, start, piece.payload, context)
    }
}

//! Polling: chooses the next output that is due, and makes it from the variables of the TCB.

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
    /// Returns the next output after the transitions, in the order of the [outbox](crate::machine::outbox).
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn poll_due(&mut self, now: Instant) -> Output {
        let pending = self.context.outbox.pending;
        if pending.intersects(Pending::SIGNALS) {
            return self.context.outbox.pop_signal();
        }
        if pending.intersects(Pending::RESET) {
            return if pending.intersects(Pending::RESET_HAS_TS) {
                self.poll_stamped_reset(now)
            } else {
                bare(self.context.outbox.take_reset())
            };
        }
        self.context.advance_clock(now);
        match pending.difference(Pending::DELAYED_ACK) {
            more if more.is_empty() => Output::Wait(self.context.deadline()),
            Pending::ACK if PREDICTS => self.poll_bare_ack(now),
            more if PREDICTS && more.difference(Pending::ACK) == Pending::DATA => self.poll_payload(now),
            _ => self.next_segment(),
        }
    }

    /// Returns the pending reset, with timestamps. It needs no TCB.
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn poll_stamped_reset(&mut self, now: Instant) -> Output {
        self.context.advance_clock(now);
        bare(self.context.outbox.take_stamped_reset(self.context.timestamp()))
    }

    /// Returns the next segment that is due, without the fast paths, or [`Output::Wait`].
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn next_segment(&mut self) -> Output {
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            return tcb.next_synchronized(&mut self.context);
        }
        self.next_before_synchronized()
    }

    #[cfg_attr(feature = "fast-path", inline(never))]
    fn next_before_synchronized(&mut self) -> Output {
        let context = &mut self.context;
        match &mut self.tcb {
            Tcb::SynSent(tcb) if context.outbox.take(Pending::SYN) => {
                // RFC 3168 6.1.1.1: a retransmitted SYN does not offer ECN, since the offer may be why the first SYN
                // was lost. A timer that runs shows that there was a first.
                tcb.offer.ecn_withdrawn |= context.timer.is_some();
                tcb.snd.start_syn_timer(context);
                bare(tcb.syn(context))
            }
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) | Tcb::Synchronized(_) => wait(context),
        }
    }
}

/// Outputs a segment without payload.
#[inline]
fn bare(segment: Segment) -> Output {
    Output::Transmit(Transmit { segment, payload: 0..0 })
}

/// Nothing is left to send: clears all requests for segments, and waits for the next deadline.
fn wait(context: &mut Context) -> Output {
    context.outbox.clear_segments();
    Output::Wait(context.deadline())
}

impl Snd {
    /// Starts the timer when our SYN or SYN,ACK is sent for the first time. A timer that runs shows that the segment
    /// was sent before; it is restarted.
    #[inline]
    fn start_syn_timer(&mut self, context: &mut Context) {
        if context.timer.is_none() {
            self.restart_timer(context);
            self.recovery.start_timing(self.nxt, context.now);
        } else {
            self.restart_syn_timer(context);
        }
    }

    #[cold]
    fn restart_syn_timer(&mut self, context: &mut Context) {
        self.recovery.stop_timing();
        self.front_sent_at = context.now.as_millis_low();
        self.rearm_after_resend(context.policy.syn_r2, context);
    }
}

impl Synchronized {
    /// Enters LAST-ACK from CLOSE-WAIT once the user has closed, and all queued payload is sent or goes out before
    /// `poll` waits again (RFC 9293 3.10.4, D36). It is called after each event that can make this true, so that the
    /// transition comes before the segments.
    pub(crate) fn enter_last_ack(&mut self, context: &mut Context) {
        if self.phase == Phase::CloseWait && self.snd.has_closed() {
            let is_sent = self.snd.end == self.snd.nxt;
            if is_sent || self.snd.is_segmentized(context) {
                self.enter(Phase::LastAck, context);
            }
        }
    }

    /// Returns the next segment that is due, in the order of the outbox, or [`Output::Wait`].
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn next_synchronized(&mut self, context: &mut Context) -> Output {
        if context.outbox.take(Pending::SYN) {
            context.outbox.clear_acks();
            self.snd.start_syn_timer(context);
            return bare(self.syn_ack(context));
        }
        if context.outbox.take(Pending::RETRANSMIT)
            && let Some(piece) = self.snd.front_piece(context)
        {
            if self.snd.is_window_closed() {
                self.snd.enter_probing();
            }
            return self.segment_of(piece, context);
        }
        if context.outbox.pending.intersects(Pending::DATA) {
            if let Some(piece) = self.snd.next_piece(context) {
                return self.segment_of(piece, context);
            }
            // Nothing is in flight, and data is held back. The window is closed and will be probed, or it is too small
            // and silly-window avoidance will be overridden. (If the caller's limit holds the data back, the connection
            // waits for the caller.)
            if self.snd.una == self.snd.nxt && self.snd.nxt != self.snd.last() && !self.snd.is_held_by_limit(context) {
                self.snd.start_persist_timer(context);
            }
            // Whatever makes the connection idle requests data.
            if context.timer.is_none() && self.is_kept_alive(context) {
                context.timer = context.policy.keep_alive_idle.after(context.now);
            }
        }
        if context.outbox.take(Pending::KEEP_ALIVE) && self.is_kept_alive(context) {
            return bare(self.keep_alive_probe(context));
        }
        if context.outbox.take(Pending::ACK) || context.take_duplicate_ack() {
            // The ACK also stands for a delayed one. The request for data has yielded no segment: an ACK, a window or a
            // call makes a new one.
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
        // MUST-60, MUST-61: no data waits for a PUSH, and the last segment of the queue has PSH.
        if piece.payload > 0 && after == self.snd.end {
            control |= Control::PSH;
        }
        // RFC 3168 sections 6.1.2 and 6.1.6: CWR goes on the first new payload, but never on a window probe.
        let is_new = piece.payload > 0 && piece.from == self.snd.nxt && self.snd.wnd > 0;
        if is_new && self.snd.flags.intersects(Flags::REDUCED) {
            self.snd.flags.remove(Flags::REDUCED);
            control |= Control::CWR;
        }
        self.snd.sent(&piece, context);
        // The segment also acknowledges. Once everything is sent, the request for data is fulfilled.
        context.outbox.clear_acks();
        if self.snd.nxt == self.snd.last() && self.snd.recovery.is_steady() {
            context.outbox.take(Pending::DATA);
        }
        let start = piece.from.ahead_of(self.snd.front()) as usize;
        self.transmit(piece.from, control, start, piece.payload, context)
    }
}

//! The straight paths: what most events are, without the questions that have only one answer for them. Each does what
//! the long way does, and a test lets two equal connections live through the same events, one on each way.

use core::ops::Range;

use crate::connection::{Connection, Endpoint};
use crate::due::What;
use crate::error::Refusal;
use crate::poll::Output;
use crate::segment::{Control, Segment};
use crate::tcb::{Flags, Pace, Phase, Snd, Synchronized, Tcb};

#[cfg(test)]
mod tests;

impl Connection {
    /// A segment in order that acknowledges what is in flight.
    pub(crate) fn arrives_in_order(&mut self, segment: &Segment) -> Result<Range<usize>, Refusal> {
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            let snd = &mut tcb.snd;
            let bytes = segment.ack_number() - snd.una;
            if bytes <= snd.nxt - snd.una && bytes > 0 && snd.wnd > 0 && snd.is_steady() {
                snd.payload_acknowledged(bytes, &mut self.endpoint);
                snd.set_window(segment.seq(), segment.ack_number(), snd.window_of(segment));
                return Ok(tcb.take(segment.payload_len(), &mut self.endpoint));
            }
        }
        self.arrives(segment, self.endpoint.now)
    }

    /// Payload that has never been sent.
    #[inline(never)]
    pub(crate) fn payload(&mut self) -> Output {
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && !tcb.snd.flags.intersects(Flags::NOT_STRAIGHT_OUT)
            && tcb.snd.is_steady()
        {
            let snd = &tcb.snd;
            let room = (snd.una + snd.wnd.min(self.endpoint.limit)).ahead_of(snd.nxt);
            if snd.is_closing() {
                return self.payload_and_fin(room);
            }
            let queued = snd.end - snd.nxt;
            let payload = queued.min(room).min(u32::from(snd.mss));
            if payload > 0 && snd.is_worth_sending(payload, queued, &self.endpoint) {
                return tcb.fresh(payload, false, &mut self.endpoint);
            }
        }
        self.next_segment()
    }

    /// The same, where a FIN follows or has been sent.
    #[inline(never)]
    fn payload_and_fin(&mut self, room: u32) -> Output {
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            let snd = &tcb.snd;
            let queued = snd.end.ahead_of(snd.nxt);
            let payload = queued.min(room).min(u32::from(snd.mss));
            let fin = snd.nxt + payload == snd.end && snd.end.lt(snd.right_edge());
            if (payload > 0 || fin) && snd.is_worth_sending(payload, queued, &self.endpoint) {
                return tcb.fresh(payload, fin, &mut self.endpoint);
            }
        }
        self.next_segment()
    }
}

impl Synchronized {
    /// What most segments are: in ESTABLISHED, in order, with text that fits, and with no more control bits than ACK
    /// and PSH. Steps one to four let it pass.
    #[inline(always)]
    pub(crate) fn is_in_order(&self, segment: &Segment) -> bool {
        // All but PSH and Accurate ECN.
        const TESTED: Control = Control::PSH.union(Control::AE).complement();
        matches!(self.phase, Phase::Established)
            && !self.snd.flags.intersects(Flags::NOT_STRAIGHT)
            && segment.control().intersection(TESTED) == Control::ACK
            && segment.seq() == self.rcv.nxt
            && u32::from(segment.payload_len()) <= self.rcv.wnd()
    }

    /// Nothing new is acknowledged, and nothing waits for a window: the fifth step has no more to do than to note it.
    #[inline(always)]
    pub(crate) fn is_quiet(&self, segment: &Segment) -> bool {
        segment.ack_number() == self.snd.una
            && self.snd.wnd > 0
            && ((self.snd.una == self.snd.nxt && self.snd.nxt == self.snd.end)
                || (segment.payload_len() > 0 && self.snd.window_of(segment) == self.snd.wnd))
    }

    /// Seventh, of a segment in order.
    #[inline(always)]
    pub(crate) fn take(&mut self, payload: u16, endpoint: &mut Endpoint) -> Range<usize> {
        if payload > 0 {
            endpoint.due.ack();
            self.rcv.advance(u32::from(payload));
        }
        0..usize::from(payload)
    }

    /// Payload that has never been sent, with the FIN or without.
    #[inline(always)]
    fn fresh(&mut self, payload: u32, fin: bool, endpoint: &mut Endpoint) -> Output {
        let snd = &mut self.snd;
        let from = snd.nxt;
        let behind = from + payload;
        snd.nxt = behind + u32::from(fin);
        if snd.una == from {
            snd.restart_timer(endpoint);
        }
        snd.time(endpoint.now);
        // MUST-61: the last of the queue is pushed.
        let last = behind == snd.end;
        let mut control = if last && payload > 0 { Control::ACK.union(Control::PSH) } else { Control::ACK };
        if fin {
            control |= Control::FIN;
        }
        endpoint.due.what = if last && fin == snd.is_closing() { What::empty() } else { What::LOOK };
        let start = (from - snd.una) as usize;
        self.transmit(from, control, start, payload, endpoint)
    }
}

impl Snd {
    /// [`Snd::acknowledge`] for what is nothing but payload, and not in recovery.
    #[inline(always)]
    fn payload_acknowledged(&mut self, bytes: u32, endpoint: &mut Endpoint) {
        self.una += bytes;
        self.duplicates = 0;
        if let Pace::Timed { end, at } = self.pace
            && end.le(self.una)
        {
            self.pace = Pace::Untimed;
            self.sample((endpoint.now.as_micros() as u32).wrapping_sub(at));
        }
        if self.una == self.nxt {
            self.retransmissions = 0;
            endpoint.timer = None;
        } else {
            self.restart_timer(endpoint);
        }
        if self.nxt != self.end {
            endpoint.due.look();
        }
        endpoint.due.acknowledged(bytes);
    }
}

//! RFC 9293 section 3.10.7.2: SEGMENT ARRIVES in LISTEN.

use core::ops::Range;

use crate::connection::Connection;
use crate::error::Refusal;
use crate::segment::Segment;
use crate::tcb::{Offer, Origin, Snd, Synchronized, Tcb};

impl Connection {
    #[inline(never)]
    pub(super) fn arrives_in_listen(&mut self, segment: &Segment) -> Result<Range<usize>, Refusal> {
        // First, check for a RST.
        if segment.is_rst() {
            return Err(Refusal::ResetInListen);
        }
        // Second, check for an ACK.
        if segment.ack().is_some() {
            self.reset(segment);
            return Err(Refusal::AckInListen);
        }
        // Third, check for a SYN.
        if segment.is_syn() {
            self.enter_syn_received(Origin::Passive, segment);
            self.endpoint.due.syn();
            return Ok(0..0);
        }
        // Fourth, other data or control.
        Err(Refusal::NoSynInListen)
    }

    /// What the SYN carries besides is not acknowledged, so that the peer sends it again (D13).
    #[inline(never)]
    pub(crate) fn enter_syn_received(&mut self, origin: Origin, syn: &Segment) {
        let snd = Snd::new(self.endpoint.choose_isn(), &self.endpoint);
        let policy = &self.endpoint.policy;
        let offer = Offer { ecn: policy.accepts_ecn(), ..Offer::of(policy) };
        self.enter(Tcb::Synchronized(Synchronized::new(origin, snd, &offer, syn, &self.endpoint)));
    }
}

//! RFC 9293 section 3.10.7.2: SEGMENT ARRIVES in LISTEN.

use core::ops::Range;

use crate::machine::connection::Connection;
use crate::machine::error::Refusal;
use crate::machine::segment::Segment;
use crate::machine::state::State;
use crate::machine::tcb::{Offer, Origin, Snd, Synchronized, Tcb};

impl Connection {
    #[cfg_attr(feature = "fast-path", inline(never))]
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
            self.context.outbox.request_syn();
            return Ok(0..0);
        }
        // Fourth, other data or control.
        Err(Refusal::NoSynInListen)
    }

    /// Enters SYN-RECEIVED. Payload or a FIN on the SYN is not acknowledged, so the peer sends it again (D13).
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn enter_syn_received(&mut self, origin: Origin, syn: &Segment) {
        let snd = Snd::new(self.context.choose_isn(), &self.context);
        let policy = &self.context.policy;
        let offer = Offer { ecn: policy.accepts_ecn(), ..Offer::of(policy) };
        let tcb = Synchronized::new(origin, snd, &offer, syn, &self.context);
        self.enter([self.tcb.state(), State::SynReceived], Tcb::Synchronized(tcb));
    }
}

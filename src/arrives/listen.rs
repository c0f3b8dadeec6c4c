//! RFC 9293 section 3.10.7.2: SEGMENT ARRIVES in LISTEN.

use super::Return;
use crate::connection::{Endpoint, Open};
use crate::error::Refusal;
use crate::segment::Segment;
use crate::state::State;
use crate::tcb::{Snd, Synchronized};

pub(super) fn segment_arrives(segment: &Segment, endpoint: &mut Endpoint) -> Result<Synchronized, Return> {
    // First, check for a RST.
    if segment.is_rst() {
        return Err(Return::Drop(Refusal::ResetInListen));
    }
    // Second, check for an ACK.
    if segment.ack().is_some() {
        return Err(Return::Reset(Refusal::AckInListen));
    }
    // Third, check for a SYN. What else it carries is not acknowledged, so that the peer sends it again (D13).
    if segment.is_syn() {
        let mut snd = Snd::new(endpoint.choose_isn(), endpoint);
        snd.agree_mss(segment, endpoint);
        endpoint.due.transition(State::Listen, State::SynReceived);
        endpoint.due.syn();
        return Ok(Synchronized::new(Open::Passive, snd, segment, endpoint));
    }
    // Fourth, other data or control.
    Err(Return::Drop(Refusal::NoSynInListen))
}

//! RFC 9293 section 3.10.7.3: SEGMENT ARRIVES in SYN-SENT.

use core::ops::Range;

use super::Return;
use crate::connection::{Endpoint, Open};
use crate::error::Refusal;
use crate::poll::Signal;
use crate::segment::Segment;
use crate::state::State;
use crate::tcb::{Pace, Phase, Snd, Synchronized};

pub(super) fn segment_arrives(
    snd: &mut Snd,
    segment: &Segment,
    endpoint: &mut Endpoint,
) -> Result<(Synchronized, Range<usize>), Return> {
    // First, check the ACK bit.
    if let Some(ack) = segment.ack()
        && !(snd.una.lt(ack) && ack.le(snd.nxt))
    {
        return Err(if segment.is_rst() {
            Return::Drop(Refusal::ResetWithBadAckInSynSent)
        } else {
            Return::Reset(Refusal::AckInSynSent)
        });
    }
    // Second, check the RST bit.
    if segment.is_rst() {
        return Err(match segment.ack() {
            Some(_) => Return::Close(Some(Signal::Refused)),
            None => Return::Drop(Refusal::ResetWithoutAckInSynSent),
        });
    }
    // Fourth, check the SYN bit; fifth, if there is none.
    if !segment.is_syn() {
        return Err(Return::Drop(Refusal::NoSynInSynSent));
    }
    endpoint.due.drop_segments();
    snd.agree_mss(segment, endpoint);
    let mut tcb = Synchronized::new(Open::Active, snd.clone(), segment, endpoint);
    match segment.ack() {
        // Our SYN is acknowledged: ESTABLISHED, and on with the sixth step.
        Some(ack) => {
            endpoint.due.transition(State::SynSent, State::Established);
            tcb.phase = Phase::Established;
            tcb.snd.acknowledge(ack, endpoint);
            tcb.snd.set_window(segment.seq(), ack, u32::from(segment.window()));
            endpoint.due.ack();
            endpoint.due.look();
            let text = tcb.idealize(segment);
            let range = tcb.sixth_step_on(&text, endpoint);
            Ok((tcb, range))
        }
        // The SYNs have crossed: SYN-RECEIVED. SND.WL2 has no SEG.ACK to be set to (D1); what the SYN carries besides
        // will be sent again (D13). Whoever acknowledges now may mean the SYN or the SYN,ACK: neither is timed (Karn).
        None => {
            endpoint.due.transition(State::SynSent, State::SynReceived);
            tcb.snd.set_window(segment.seq(), tcb.snd.una, u32::from(segment.window()));
            tcb.snd.pace = Pace::Untimed;
            endpoint.due.syn();
            Ok((tcb, 0..0))
        }
    }
}

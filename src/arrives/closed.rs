//! RFC 9293 section 3.10.7.1: SEGMENT ARRIVES in CLOSED.

use super::Return;
use crate::error::Refusal;
use crate::segment::Segment;

pub(super) fn segment_arrives(segment: &Segment) -> Return {
    if segment.is_rst() {
        return Return::Drop(Refusal::ResetWithoutConnection);
    }
    Return::Reset(Refusal::NoConnection)
}

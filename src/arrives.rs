//! RFC 9293 section 3.10.7: SEGMENT ARRIVES. The ways in which processing ends early, and the dispatch to the four
//! subsections.

mod closed;
mod listen;
mod syn_sent;
mod synchronized;

use core::ops::Range;

use crate::connection::Connection;
use crate::error::Refusal;
use crate::poll::Signal;
use crate::segment::Segment;
use crate::tcb::{Phase, Tcb};

/// How the processing of a segment ends before its last step: "and return".
#[derive(Debug)]
enum Return {
    /// Drop the segment.
    Drop(Refusal),
    /// Send `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`, and drop the segment.
    Acknowledge(Refusal),
    /// The same for a segment that lies outside the window, but of which something has been used.
    AcknowledgeUsed,
    /// Send the reset that the segment's sender will accept, and drop the segment.
    Reset(Refusal),
    /// Return to LISTEN.
    Listen,
    /// Delete the TCB and enter CLOSED; the user is told how, unless it was a graceful end.
    Close(Option<Signal>),
    /// Send that reset, and close.
    ResetAndClose(Signal),
}

impl Connection {
    #[inline]
    pub(crate) fn arrives(&mut self, segment: &Segment) -> Result<Range<usize>, Refusal> {
        let endpoint = &mut self.endpoint;
        let arrived = match &mut self.tcb {
            Tcb::Closed => Err(closed::segment_arrives(segment)),
            Tcb::Listen => listen::segment_arrives(segment, endpoint).map(|tcb| {
                self.tcb = Tcb::Synchronized(tcb);
                0..0
            }),
            Tcb::SynSent(snd) => syn_sent::segment_arrives(snd, segment, endpoint).map(|(tcb, text)| {
                self.tcb = Tcb::Synchronized(tcb);
                text
            }),
            Tcb::Synchronized(tcb) => tcb.segment_arrives(segment, endpoint),
        };
        arrived.or_else(|early| self.return_early(segment, early))
    }

    #[cold]
    fn return_early(&mut self, segment: &Segment, early: Return) -> Result<Range<usize>, Refusal> {
        match early {
            Return::Drop(refusal) => Err(refusal),
            Return::Acknowledge(refusal) => {
                self.acknowledge_refused(segment, refusal);
                Err(refusal)
            }
            Return::AcknowledgeUsed => {
                self.acknowledge_refused(segment, Refusal::NotAcceptable);
                Ok(0..0)
            }
            Return::Reset(refusal) => {
                self.reset(segment);
                Err(refusal)
            }
            Return::Listen => {
                self.return_to_listen();
                Ok(0..0)
            }
            Return::Close(None) => {
                self.delete_tcb();
                Ok(0..0)
            }
            Return::Close(Some(signal)) => {
                self.close_with(signal);
                Ok(0..0)
            }
            Return::ResetAndClose(signal) => {
                self.close_with(signal);
                self.reset(segment);
                Ok(0..0)
            }
        }
    }

    fn reset(&mut self, segment: &Segment) {
        if let Some(reset) = segment.reset() {
            self.endpoint.due.reset(&reset);
        }
    }

    /// The answer to a segment that was refused, within the limiter (D12, RFC 5961 section 7). A segment that was
    /// refused for its sequence number and carries something is exempt: its acknowledgment was lost, and only another
    /// one will make the peer stop.
    fn acknowledge_refused(&mut self, segment: &Segment, refusal: Refusal) {
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return };
        let exempt = refusal == Refusal::NotAcceptable && segment.len() > 0 && !segment.is_syn();
        if !exempt && !self.endpoint.due.ack_is_due() && !tcb.limiter.allows(&self.endpoint) {
            return;
        }
        self.endpoint.due.ack();
        // D14: a peer that starts afresh will answer this with a reset.
        if let Phase::TimeWait { challenged } = &mut tcb.phase
            && segment.is_syn()
            && segment.seq() != tcb.rcv.irs
        {
            *challenged = true;
        }
    }
}

//! Repair is bounded: the output in addition to new payload, compared with the input.
//!
//! Both are counted in bytes on the wire, headers included, since that is what an attacker pays and gains. Counting
//! payload alone, an answer to a bare ACK would cost nothing. Between two moments of rest the output may contain:
//!
//! * [`C`] times the input. The dearest answer is a SYN,ACK with every option (64 bytes to 40), or the byte of a
//!   refused probe and an ACK (105 to 40). Both factors are below 3, and 4 leaves room for a small segment at the edge
//!   of a window.
//! * For each byte of payload that is sent for the first time, and for the FIN: its whole segment. It happens once.
//! * For each firing of the retransmission timer one segment of at most the maximum segment size, from SND.UNA on.
//!   Behind a closed window that segment is the probe. Once the window opens, one more follows, since the probe was
//!   refused; even if the window has closed again before the poll. (A delayed ACK was paid for by the segment that it acknowledges; see [`BARE`].)
//! * After a timeout, until SND.UNA reaches the SND.NXT of that moment: twice the newly acknowledged amount (D16). It
//!   is counted in sequence numbers; the header of a segment that is not full is not free.
//! * For each call a segment without payload: an ACK, a reset. For each timeout two, since keep-alive and the delayed
//!   ACK may be due at once.

use tcp_lifecycle::{Control, Options, Segment, SeqNumber, Status};

use super::drive::is_retry;
use super::{Arrival, Attack, Law};

/// Bytes of output for each byte of input.
const C: u64 = 4;
/// An IPv4 header and a TCP header.
const HEADERS: u64 = 40;
/// The longest segment without payload: headers, and all four options or an octet.
const BARE: u64 = HEADERS + 24;

/// The account since the last moment of rest, and the credit that recovery has earned.
#[derive(Debug, Default)]
pub(super) struct Repair {
    allowed: u64,
    charged: u64,
    /// The retransmission timer has fired, and its segment has not been sent yet.
    fired: bool,
    /// A probe is unacknowledged, and the segment that follows its refusal has not been sent yet.
    probed: bool,
    /// The window has opened since that probe.
    refused: bool,
    /// SND.NXT at the last timeout, until it is acknowledged; and the credit for retransmissions, in sequence numbers.
    recover: Option<SeqNumber>,
    credit: u32,
    /// Everything up to here has been sent at least once.
    handed: Option<SeqNumber>,
    /// A segment larger than the maximum segment size, if any.
    oversize: Option<Segment>,
}

impl Repair {
    /// Starts an incarnation with other numbers; the account goes on.
    pub(super) fn begin_life(&mut self) {
        *self = Repair { allowed: self.allowed, charged: self.charged, ..Repair::default() };
    }

    pub(super) fn arrived(&mut self, arrival: &Arrival) {
        self.allowed += C * on_the_wire(&arrival.segment);
        self.refused |= self.probed && arrival.before.snd_wnd == Some(0) && arrival.after.snd_wnd != Some(0);
        let (Some(before), Some(after)) = (arrival.before.snd_una, arrival.after.snd_una) else { return };
        if self.recover.is_some_and(|recover| after.lt(recover)) {
            self.credit += 2 * (after - before);
        } else {
            (self.recover, self.credit) = (None, 0);
        }
    }

    pub(super) fn fired(&mut self, before: &Status, after: &Status) {
        let is_owed = before.in_flight > 0 || before.unsent > 0;
        if is_owed && is_retry(before, after) {
            self.fired = true;
            (self.recover, self.credit) = (after.snd_nxt, 0);
        }
    }

    pub(super) fn sent(&mut self, segment: &Segment, payload: usize, status: &Status) {
        let headers = HEADERS + options_len(&segment.options());
        let Some(una) = status.snd_una.filter(|_| !segment.control().contains(Control::RST)) else {
            self.charged += headers;
            return;
        };
        // The octet of keep-alive does not belong to the stream.
        let octet = usize::from(segment.payload_len()) - payload;
        let len = segment.len() - octet as u32;
        let (start, end) = (segment.seq(), segment.seq() + len);
        let handed = self.handed.unwrap_or(start);
        let fresh = handed.lt(end);
        self.probed |= fresh && status.snd_wnd == Some(0);
        let old = if fresh { handed - start } else { len };
        if fresh || self.handed.is_none() {
            self.handed = Some(end);
        }
        if payload > usize::from(status.peer_mss.unwrap_or(u16::MAX)) {
            self.oversize = Some(*segment);
        }
        let full = payload >= usize::from(status.peer_mss.unwrap_or(u16::MAX));
        if old > 0 && start == una && self.fired {
            self.fired = false;
            self.probed |= status.snd_wnd == Some(0);
        } else if old > 0 && start == una && self.probed && (self.refused || status.snd_wnd != Some(0)) {
            (self.probed, self.refused) = (false, false);
            // A window of less than a segment lets the rest of it be sent later, with room for a FIN.
            let segment = u32::from(status.peer_mss.unwrap_or(u16::MAX)) + 1;
            self.credit += segment.saturating_sub(old);
        } else if old > 0 && old <= self.credit {
            self.credit -= old;
            self.charged += if fresh || full { 0 } else { headers };
        } else {
            self.charged += if fresh { 0 } else { headers } + u64::from(old) + octet as u64;
        }
    }
}

impl Attack {
    pub(super) fn check_repair(&mut self) {
        let allowed = self.repair.allowed + BARE * (self.batch.calls + 2 * self.batch.firings) as u64;
        let charged = self.repair.charged;
        self.must(Law::BoundedRepair, charged <= allowed, || {
            format!("{charged} bytes for {} that came, {allowed} allowed", self.repair.allowed / C)
        });
        let oversize = self.repair.oversize;
        self.must(Law::BoundedRepair, oversize.is_none(), || format!("larger than the peer's segments: {oversize:?}"));
        (self.repair.allowed, self.repair.charged) = (0, 0);
        // A firing that had nothing to retransmit earns nothing later.
        self.repair.fired = false;
    }
}

fn on_the_wire(segment: &Segment) -> u64 {
    HEADERS + options_len(&segment.options()) + u64::from(segment.payload_len())
}

/// The length of the options, in whole words.
fn options_len(options: &Options) -> u64 {
    let len = 4 * u64::from(options.mss().is_some())
        + 3 * u64::from(options.window_scale().is_some())
        + 2 * u64::from(options.sack_permitted())
        + 10 * u64::from(options.timestamps().is_some());
    len.next_multiple_of(4)
}

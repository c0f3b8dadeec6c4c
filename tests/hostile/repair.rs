//! Repair is bounded: what goes out beside new payload, for what came in.
//!
//! Both are counted in bytes on the wire, headers included, since that is what an attacker pays and gains: with payload
//! alone an answer to a bare ACK would cost nothing. Between two moments of rest these may go out:
//!
//! * [`C`] times what came in. The dearest answer is a SYN,ACK with every option (64 bytes to 40), or the byte of a
//!   refused probe and an ACK beside it (105 to 40); both are below 3, and 4 leaves a small segment at the edge of a
//!   window.
//! * for each byte of payload handed out for the first time, and the FIN: its whole segment. It happens once.
//! * for each firing of the retransmission timer one segment of at most the maximum segment size, from SND.UNA on; behind a
//!   closed window that is the probe, and once the window opens one more, since the probe was refused. (A delayed ACK was
//!   paid for by the segment that it acknowledges; see [`BARE`].)
//! * after a timeout, until SND.UNA reaches the SND.NXT of that moment: twice what an ACK newly acknowledged (D16). It
//!   is counted in sequence numbers; the header of a segment that is not full is not free.
//! * for each call a segment without payload: an ACK, a reset; for each timeout two, where keep-alive and the delayed ACK
//!   are due at once.

use tcp_lifecycle::{Control, Options, Segment, SeqNumber, Status};

use super::drive::is_retry;
use super::{Arrival, Attack, Law};

/// Bytes out for each byte in.
const C: u64 = 4;
/// An IPv4 header and a TCP header.
const HEADERS: u64 = 40;
/// The longest segment without payload: headers, and all four options or an octet.
const BARE: u64 = HEADERS + 24;

/// The account since the last moment of rest, and what recovery has earned.
#[derive(Debug, Default)]
pub(super) struct Repair {
    allowed: u64,
    charged: u64,
    /// The retransmission timer has fired, and its segment has not gone out yet.
    fired: bool,
    /// A probe is out, and its segment has not gone out yet.
    probed: bool,
    /// SND.NXT at the last timeout, until it is acknowledged; and what may go again, in sequence numbers.
    recover: Option<SeqNumber>,
    credit: u32,
    /// Up to here all has been handed out.
    handed: Option<SeqNumber>,
    /// A segment larger than the maximum segment size, if any.
    oversize: Option<Segment>,
}

impl Repair {
    /// Other numbers; the account goes on.
    pub(super) fn begin_life(&mut self) {
        *self = Repair { allowed: self.allowed, charged: self.charged, ..Repair::default() };
    }

    pub(super) fn arrived(&mut self, arrival: &Arrival) {
        self.allowed += C * on_the_wire(&arrival.segment);
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
        // The octet of keep-alive is none of the stream.
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
        } else if old > 0 && start == una && self.probed && status.snd_wnd != Some(0) {
            self.probed = false;
            // A window of less than a segment lets the rest of it go later, with room for a FIN.
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
        // One that had nothing to send again may not do so later.
        self.repair.fired = false;
    }
}

fn on_the_wire(segment: &Segment) -> u64 {
    HEADERS + options_len(&segment.options()) + u64::from(segment.payload_len())
}

/// In whole words.
fn options_len(options: &Options) -> u64 {
    let len = 4 * u64::from(options.mss().is_some())
        + 3 * u64::from(options.window_scale().is_some())
        + 2 * u64::from(options.sack_permitted())
        + 10 * u64::from(options.timestamps().is_some());
    len.next_multiple_of(4)
}

//! The size of segments follows the path (RFC 1191, RFC 8201, RFC 4821).

use core::time::Duration;

use super::life::Stream;
use super::log::LogEntry;
use crate::{IcmpError, Instant, Refusal, SeqNumber};

/// The largest segments, header included, that are tried when full ones do not arrive: those of the least MTU of IPv6,
/// and of 576 bytes (RFC 9293 section 3.7.1).
const SMALLER: [u16; 2] = [1_240, 556];
/// How many timeouts of the same segment raise the suspicion that it is too large for the path.
const BLACK_HOLE: u8 = 3;
/// A round-trip time that is not known.
const ROUND: Duration = Duration::from_secs(1);
/// An MTU below this is none of a path (RFC 791).
const MIN_SEGMENT: u16 = 48;

impl Stream {
    /// An ICMP error arrives, which quotes the sequence number `quoted`. With
    /// [`FragmentationNeeded`](IcmpError::FragmentationNeeded), `max_segment` is the largest segment for the next hop,
    /// in bytes: its MTU less the IP header. If it is smaller than those that are sent, what is in flight is sent again
    /// in smaller segments, once in a round-trip time.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::icmp`](crate::Connection::icmp).
    pub fn icmp_arrives(
        &mut self,
        error: IcmpError,
        quoted: SeqNumber,
        max_segment: Option<u16>,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.connection.icmp(error, quoted)?;
        let now = self.connection.clock(now);
        self.note(now, || LogEntry::Icmp(error));
        if error == IcmpError::FragmentationNeeded
            && let Some(bytes) = max_segment
        {
            self.shrink_segments(bytes.max(MIN_SEGMENT), now);
        }
        Ok(())
    }

    /// Segments that are lost again and again may be too large for a path that tells nobody.
    pub(super) fn suspect_black_hole(&mut self, now: Instant) {
        let status = self.connection.status();
        if status.retransmissions == BLACK_HOLE {
            let current = self.connection.config().max_segment;
            if let Some(&smaller) = SMALLER.iter().find(|&&smaller| smaller < current)
                && status.in_flight > u32::from(smaller)
            {
                self.shrink_segments(smaller, now);
            }
        }
    }

    fn shrink_segments(&mut self, max_segment: u16, now: Instant) {
        let mut config = self.connection.config();
        if max_segment >= config.max_segment {
            return;
        }
        config.max_segment = max_segment;
        self.note(now, || LogEntry::MaxSegment(max_segment));
        let before = self.connection.status().peer_mss;
        self.connection.configure(&config);
        let mss = self.connection.status().peer_mss;
        if mss == before {
            // What was sent is no larger.
            return;
        }
        if let (Some(sender), Some(mss)) = (&mut self.sender, mss) {
            sender.recovery.set_segment(mss.saturating_add(self.reserved.into()));
            // Who forges such errors could have a window sent again by each (RFC 5927 section 7).
            let round = self.connection.status().srtt.unwrap_or(ROUND);
            if sender.shrunk.is_none_or(|shrunk| shrunk + round <= now) {
                sender.shrunk = Some(now);
                // They were too large, which is no sign of congestion (RFC 1191 section 6.4).
                sender.recovery.board.lose_all(now);
                sender.requested = None;
            }
        }
        self.update_limit();
    }
}

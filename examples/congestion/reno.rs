//! Congestion control outside of the connection: RFC 5681 (Reno), with the partial acknowledgments of RFC 6582
//! (NewReno). It reads `Connection::status` and acts through `Connection::limit` and `Connection::retransmit`. Sections
//! without the number of an RFC are those of RFC 5681.

use tcp_lifecycle::{Connection, Instant, SeqNumber, Status};

/// The number of duplicate acknowledgments that indicates a loss (section 3.2).
const THRESHOLD: u8 = 3;

/// The sender's variables; sizes are in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Reno {
    /// The congestion window: how many bytes may be in flight beyond SND.UNA.
    pub(crate) cwnd: u32,
    /// The slow start threshold: a window below it grows by slow start, any other by congestion avoidance.
    pub(crate) ssthresh: u32,
    /// True in fast recovery: from a loss until everything then in flight has been acknowledged.
    pub(crate) recovering: bool,
    /// SND.NXT at the last loss, until an acknowledgment goes beyond it: `recover` of RFC 6582 section 3.2.
    recover: Option<SeqNumber>,
    /// The bytes acknowledged in congestion avoidance since the window last grew.
    counted: u32,
    /// The sender's maximum segment size.
    smss: u32,
    /// When SND.UNA last advanced.
    advanced: Instant,
    /// The STATUS after the previous event.
    before: Option<Status>,
}

impl Reno {
    /// The state for a connection that is about to be opened. Section 3.1: `ssthresh` is arbitrarily high at first.
    pub(crate) const fn new() -> Reno {
        let (advanced, ssthresh) = (Instant::ZERO, u32::MAX);
        Reno { cwnd: 0, ssthresh, recovering: false, recover: None, counted: 0, smss: 0, advanced, before: None }
    }

    /// Updates the window and the limit. The caller runs it after every event, before `poll`.
    pub(crate) fn after_event(&mut self, connection: &mut Connection, now: Instant) {
        let status = connection.status();
        let (Some(una), Some(mss)) = (status.snd_una, status.peer_mss) else {
            return *self = Reno::new(); // CLOSED or LISTEN
        };
        self.smss = u32::from(mss);
        let front_is_lost = match self.before.replace(status.clone()) {
            Some(before) if before.snd_una != status.iss => self.news(&before, &status, una, now),
            before => self.begin(before.map_or(0, |before| before.retransmissions)),
        };
        connection.limit(self.cwnd.saturating_add(self.limited_transmit(&status)));
        if front_is_lost {
            // The count in flight may include a FIN, which is not in the send queue.
            let front = self.smss.min(status.in_flight) as usize;
            let _ = connection.retransmit(0..front).or_else(|_| connection.retransmit(0..front.saturating_sub(1)));
        }
    }

    /// Sets the initial window while our SYN is sent. Section 3.1: one segment if the SYN had to be retransmitted.
    fn begin(&mut self, retransmissions: u8) -> bool {
        self.cwnd = if retransmissions > 0 { self.smss } else { self.initial_window() };
        false
    }

    /// Finds out what the event has changed. Returns true if the segment at SND.UNA is lost.
    fn news(&mut self, before: &Status, status: &Status, una: SeqNumber, now: Instant) -> bool {
        if let Some(was) = before.snd_una.filter(|was| *was != una) {
            self.advanced = now;
            return self.acknowledged(una - was, una, status);
        }
        if status.duplicate_acks > before.duplicate_acks {
            return self.duplicated(status.duplicate_acks - before.duplicate_acks, status);
        }
        // A retransmission into a closed window is a probe and indicates no loss.
        if status.retransmissions > before.retransmissions && status.snd_wnd != Some(0) {
            self.timed_out(status);
        }
        // Section 4.1: after an idle time the window says nothing about the network.
        if status.in_flight == 0 && status.rto < Some(now.saturating_duration_since(self.advanced)) {
            self.cwnd = self.cwnd.min(self.initial_window());
        }
        false
    }

    /// Handles an acknowledgment of new data. Returns true if the segment that follows is lost too.
    fn acknowledged(&mut self, bytes: u32, una: SeqNumber, status: &Status) -> bool {
        let partial = self.recovering && self.recover.is_some_and(|recover| una.lt(recover));
        self.recover = self.recover.filter(|recover| una.le(*recover));
        if partial {
            // RFC 6582 section 3.2, step 3: deflate by the bytes that have left the network, and let one segment out.
            self.cwnd = self.cwnd.saturating_sub(bytes).saturating_add(bytes.min(self.smss));
        } else if self.recovering {
            // The same step, full acknowledgment: fast recovery ends, without a burst.
            self.recovering = false;
            self.cwnd = self.ssthresh.min(status.in_flight.max(self.smss) + self.smss);
        } else if self.cwnd < self.ssthresh {
            // Slow start, section 3.1, equation 2.
            self.cwnd = self.cwnd.saturating_add(bytes.min(self.smss));
        } else {
            // Congestion avoidance, section 3.1: one segment more for each window that is acknowledged.
            self.counted = self.counted.saturating_add(bytes);
            if self.counted >= self.cwnd {
                self.counted -= self.cwnd;
                self.cwnd = self.cwnd.saturating_add(self.smss);
            }
        }
        partial
    }

    /// Handles `more` duplicate acknowledgments, section 3.2. Returns true if they indicate a loss.
    fn duplicated(&mut self, more: u8, status: &Status) -> bool {
        // RFC 6582 section 3.2, step 2: up to `recover`, duplicates may answer needless retransmissions.
        let fast_retransmit = status.duplicate_acks >= THRESHOLD && self.recover.is_none();
        if self.recovering {
            // Step 4: each stands for a segment that has left the network.
            self.cwnd = self.cwnd.saturating_add(u32::from(more) * self.smss);
        } else if fast_retransmit {
            // Steps 2 and 3.
            self.ssthresh = self.half(status);
            self.cwnd = self.ssthresh + u32::from(status.duplicate_acks) * self.smss;
            (self.recovering, self.recover, self.counted) = (true, status.snd_nxt, 0);
        }
        fast_retransmit
    }

    /// Section 3.1: the loss window is one segment, and the connection itself sends that segment now. `ssthresh` stays
    /// if the segment was lost for the second time.
    fn timed_out(&mut self, status: &Status) {
        self.ssthresh = if status.retransmissions == 1 { self.half(status) } else { self.ssthresh };
        (self.cwnd, self.recovering, self.recover, self.counted) = (self.smss, false, status.snd_nxt, 0);
    }

    /// Half of the flight size: section 3.1, equation 4. Segments sent by limited transmit do not count.
    fn half(&self, status: &Status) -> u32 {
        (status.in_flight.min(self.cwnd) / 2).max(2 * self.smss)
    }

    /// Section 3.2, step 1, and RFC 3042: each of the first two duplicates lets one new segment out beyond the window.
    fn limited_transmit(&self, status: &Status) -> u32 {
        if self.recover.is_some() { 0 } else { u32::from(status.duplicate_acks) * self.smss }
    }

    /// IW of section 3.1: four segments, three of more than 1095 bytes, two of more than 2190.
    fn initial_window(&self) -> u32 {
        (4 - u32::from(self.smss > 1095) - u32::from(self.smss > 2190)) * self.smss
    }
}

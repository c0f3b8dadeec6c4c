//! Another clock, for a connection that goes on in another process.

use crate::machine::connection::Connection;
use crate::machine::tcb::{Snd, Synchronized, Tcb};
use crate::machine::time::Instant;

impl Connection {
    /// Moves a connection that was stored to the clock of the process or host where it goes on. The moment `was` on the
    /// old clock is the moment `now` on the new one; a `was` before the last event counts as the time of the last
    /// event. Call this before any other call there.
    ///
    /// Each timer keeps its distance, so no time passes between `was` and `now`. Three things depend on more than
    /// distances:
    ///
    /// * TSval never goes back, because the peer would drop older timestamps (RFC 7323 section 5.3). It may advance by
    ///   up to 65,535 ms.
    /// * No round-trip time is taken from segments that are in flight. (The exception is new payload that has followed
    ///   a retransmission: its times on both clocks are added.)
    /// * The clock of initial sequence numbers goes on where it was (RFC 9293 section 3.4.1).
    pub fn rebase_clock(&mut self, was: Instant, now: Instant) {
        let context = &mut self.context;
        context.advance_clock(was);
        let was = context.now;
        match &mut self.tcb {
            Tcb::Closed | Tcb::Listen => {}
            Tcb::SynSent(tcb) => tcb.snd.rebase_clock(was, now),
            Tcb::Synchronized(tcb) => tcb.rebase_clock(was, now),
        }
        context.last_progress = shifted(context.last_progress, was.as_millis_ceil_low(), now.as_millis_ceil_low());
        context.outbox.ack_by =
            (now.as_millis() as u16).wrapping_add(context.outbox.ack_by.wrapping_sub(was.as_millis() as u16));
        context.timer = context.timer.map(|timer| timer.shifted(was, now));
        // The least offset with which TSval does not go back.
        let ahead = context.timestamp().wrapping_sub(now.as_millis_low());
        context.timestamp_offset = (ahead.wrapping_add(0xFFFF) >> 16) as u16;
        let clock = |moment: Instant| (moment.as_micros() / 4) as u32;
        context.isn_offset = context.isn_offset.wrapping_add(clock(was)).wrapping_sub(clock(now));
        context.now = now;
    }
}

impl Synchronized {
    fn rebase_clock(&mut self, was: Instant, now: Instant) {
        self.snd.rebase_clock(was, now);
        self.challenges_full_at = shifted(self.challenges_full_at, was.as_millis_low(), now.as_millis_low());
        let age = was.as_coarse_steps().wrapping_sub(self.rcv.ts_recent_at);
        self.rcv.ts_recent_at = now.as_coarse_steps().wrapping_sub(age);
    }
}

impl Snd {
    fn rebase_clock(&mut self, was: Instant, now: Instant) {
        self.recovery.rebase_clock(was, now);
        // So the echo of a timestamp from before the move gives no sample.
        self.front_sent_at = now.as_millis_low();
    }
}

/// Returns the moment on another clock, at the same distance: `was` on one clock is `now` on the other.
fn shifted(moment: u32, was: u32, now: u32) -> u32 {
    now.wrapping_add(moment.wrapping_sub(was))
}

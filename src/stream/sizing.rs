//! The size of the receive buffer: it grows with the flow, so that the window is never the bound for a user that reads.

use core::time::Duration;

use super::flow::{Round, Stream};
use crate::Instant;

/// Shorter rounds say little.
const LEAST_ROUND: Duration = Duration::from_millis(1);

impl Stream {
    /// Dynamic right-sizing: the buffer is at least twice what the user reads in a round-trip time, within its bound.
    /// So the window doubles as fast as a sender in slow start.
    pub(super) fn grow_receive_buffer(&mut self, now: Instant) {
        let most = self.max_receive_buffer;
        let srtt = self.connection.status().srtt.unwrap_or(LEAST_ROUND);
        let Some(flow) = &mut self.flow else { return };
        if now.saturating_duration_since(flow.round.began) < srtt.max(LEAST_ROUND) {
            return;
        }
        let read = flow.receive.read();
        let wanted = read.saturating_sub(flow.round.read).saturating_mul(2);
        flow.round = Round::begin(read, now);
        if wanted <= flow.receive_buffer.into() || flow.receive_buffer >= most {
            return;
        }
        flow.receive_buffer = u32::try_from(wanted).unwrap_or(u32::MAX).min(most);
        let mut config = self.connection.config();
        config.receive_buffer = flow.receive_buffer;
        self.connection.configure(&config);
    }
}

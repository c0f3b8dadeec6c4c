//! Fast recovery: the window shrinks in proportion to what arrives (RFC 6937).

/// Fast recovery, from the first loss of a window until all that was sent by then is acknowledged.
#[derive(Clone, Copy, Debug)]
pub(super) struct FastRecovery {
    /// `RecoveryPoint` of RFC 6675, `recover` of RFC 6582.
    recover: u64,
    /// `RecoverFS`: the bytes in flight when recovery began.
    flight: u64,
    /// `prr_delivered`
    delivered: u64,
    /// `prr_out`
    out: u64,
    window: u64,
}

impl FastRecovery {
    pub(super) fn begin(recover: u64, flight: u64, window: u64) -> FastRecovery {
        FastRecovery { recover, flight, delivered: 0, out: 0, window }
    }

    pub(super) fn recover(&self) -> u64 {
        self.recover
    }

    pub(super) fn window(&self) -> u64 {
        self.window
    }

    pub(super) fn sent(&mut self, bytes: u64) {
        self.out = self.out.saturating_add(bytes);
    }

    /// Sets the window upon an acknowledgment of `bytes` bytes (RFC 6937 section 3.1). `pipe` bytes are in the network,
    /// and `threshold` may be at the end. `is_good` says that SND.UNA advances and that nothing more is lost (the slow
    /// start reduction bound, as RFC 9937 has it). `is_at_once` sends a segment whatever the window.
    pub(super) fn acknowledged(
        &mut self,
        bytes: u64,
        pipe: u64,
        threshold: u64,
        mss: u64,
        is_good: bool,
        is_at_once: bool,
    ) {
        self.delivered = self.delivered.saturating_add(bytes);
        let count = if pipe > threshold {
            let share = u128::from(self.delivered).saturating_mul(threshold.into()).div_ceil(self.flight.max(1).into());
            u64::try_from(share).unwrap_or(u64::MAX).saturating_sub(self.out)
        } else {
            let limit = self.delivered.saturating_sub(self.out).max(bytes);
            let limit = limit.saturating_add(if is_good { mss } else { 0 });
            threshold.saturating_sub(pipe).min(limit)
        };
        // The first segment goes out at once, too.
        let count = if is_at_once || self.out == 0 { count.max(mss) } else { count };
        self.window = pipe.saturating_add(count);
    }
}

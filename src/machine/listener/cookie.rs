//! The parts of a SYN cookie: the options of a SYN that it keeps, and the time at which it was sent.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::machine::config::{MIN_PEER_MSS, Policy};
use crate::machine::options::Options;
use crate::machine::segment::Segment;
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::Offer;
use crate::machine::time::Instant;

/// The options of a SYN that the ACK of its cookie brings back.
pub(super) struct CookieData {
    /// The index into [`MSS`].
    mss: u32,
    /// The five low bits of the TSval: the shift count of the window scale, and SACK-permitted. Without timestamps,
    /// [`CookieData::NO_OPTIONS`].
    options: u32,
}

/// The maximum segment sizes that a cookie can express. They are: the least that counts (D21), a small size, the
/// defaults of IPv4 and IPv6, Ethernet with room for a tunnel, Ethernet with IPv6 and IPv4, and a jumbo frame.
const MSS: [u16; 8] = [MIN_PEER_MSS, 256, 536, 1220, 1360, 1440, 1460, 8960];

impl CookieData {
    const HASH_SHIFT: u32 = 5;
    const MSS_SHIFT: u32 = 2;
    const MSS: u32 = 7;
    const AGREED: u32 = 2;
    const OPTIONS: u32 = 31;
    const NO_SCALE: u32 = 15;
    const SACK_PERMITTED: u32 = 16;
    /// Timestamps are not agreed, so no option comes back but the MSS.
    const NO_OPTIONS: u32 = 32;

    pub(super) fn of_syn(syn: &Segment, offer: &Offer, policy: &Policy) -> CookieData {
        let (options, ours) = (syn.options(), offer.options);
        // An MSS of zero counts as absent.
        let peer = options.mss().filter(|&mss| mss > 0).unwrap_or(policy.default_peer_mss);
        let larger = MSS.iter().skip(1).take_while(|&&mss| mss <= peer).count();
        let offered = ours.window_scale().and(options.window_scale());
        let scale = offered.map_or(CookieData::NO_SCALE, |shift| u32::from(shift.min(14)));
        let sack = if ours.sack_permitted() && options.sack_permitted() { CookieData::SACK_PERMITTED } else { 0 };
        let agreed = ours.timestamps().and(options.timestamps()).is_some();
        CookieData { mss: larger as u32, options: if agreed { scale | sack } else { CookieData::NO_OPTIONS } }
    }

    /// Reads the data from a cookie and, where it says that timestamps are agreed, from the TSecr of the ACK.
    pub(super) fn of_ack(cookie: SeqNumber, timestamps: Option<(u32, u32)>) -> CookieData {
        CookieData {
            mss: (cookie.0 >> CookieData::MSS_SHIFT) & CookieData::MSS,
            options: timestamps.map_or(CookieData::NO_OPTIONS, |(_, echo)| echo & CookieData::OPTIONS),
        }
    }

    /// Returns whether the cookie says that timestamps are agreed.
    pub(super) const fn says_timestamps(cookie: SeqNumber) -> bool {
        cookie.0 & CookieData::AGREED != 0
    }

    /// Returns the data for the hash of the cookie.
    pub(super) const fn hashed(&self) -> (u32, u32) {
        (self.mss, self.options)
    }

    /// Builds the cookie: 27 bits of the hash, three bits of the MSS, one bit if timestamps are agreed, and the last
    /// bit of the period.
    pub(super) const fn cookie(&self, hash: u32, period: u64) -> SeqNumber {
        let agreed = if self.has_timestamps() { CookieData::AGREED } else { 0 };
        SeqNumber((hash << CookieData::HASH_SHIFT) | (self.mss << CookieData::MSS_SHIFT) | agreed | (period as u32 & 1))
    }

    pub(super) const fn has_timestamps(&self) -> bool {
        self.options != CookieData::NO_OPTIONS
    }

    pub(super) fn window_scale(&self) -> Option<u8> {
        let shift = self.options & CookieData::NO_SCALE;
        (self.has_timestamps() && shift != CookieData::NO_SCALE).then_some(shift as u8)
    }

    pub(super) const fn sack_permitted(&self) -> bool {
        self.has_timestamps() && self.options & CookieData::SACK_PERMITTED != 0
    }

    /// Returns the latest TSval up to `clock` whose five low bits are `options`.
    pub(super) const fn stamp(&self, clock: u32) -> u32 {
        clock.wrapping_sub(clock.wrapping_sub(self.options) & CookieData::OPTIONS)
    }

    /// Returns the greatest age in milliseconds that the TSval of a cookie of this period can have. It is the time
    /// since the period began, plus the 31 ms by which [`stamp`](Self::stamp) may have set the TSval back.
    pub(super) const fn max_age(period: u64, now: Instant) -> u32 {
        let since = now.as_millis().wrapping_sub(period.wrapping_mul(PERIOD_MILLIS));
        (since as u32).wrapping_add(CookieData::OPTIONS)
    }

    /// Rebuilds the options of the SYN. Its TSval is lost; the TSval of the ACK, which is no older, stands in for it.
    pub(super) fn restored(&self, timestamps: Option<(u32, u32)>) -> Options {
        let mss = MSS.get(self.mss as usize).copied().unwrap_or(MIN_PEER_MSS);
        let mut options = Options::NONE.with_mss(mss);
        if let Some((value, _)) = timestamps {
            options = options.with_timestamps(value, 0);
        }
        if let Some(shift) = self.window_scale() {
            options = options.with_window_scale(shift);
        }
        if self.sack_permitted() { options.with_sack_permitted() } else { options }
    }
}

const PERIOD_MILLIS: u64 = 64_000;

/// Returns the number of periods of 64 seconds since the epoch.
pub(super) const fn period(now: Instant) -> u64 {
    now.as_micros() / (1_000 * PERIOD_MILLIS)
}

/// Returns the period in which this cookie was sent, on the assumption that it is the present period or the last.
pub(super) fn candidate_period(cookie: SeqNumber, now: Instant) -> Option<u64> {
    let period = period(now);
    if cookie.0 & 1 == period as u32 & 1 { Some(period) } else { period.checked_sub(1) }
}

/// The period of the last cookie that was sent, encoded by [`LastCookie::mark`]; zero before the first cookie.
///
/// It uses only plain atomic loads and stores, since a Cortex-M0 has no other atomic operations. Two threads may send
/// cookies on either side of a boundary between periods. The earlier period may then stay here until the next cookie.
pub(super) struct LastCookie(AtomicU32);

impl LastCookie {
    /// The difference between the marks of two consecutive periods.
    const STEP: u32 = 2;

    pub(super) const fn none() -> LastCookie {
        LastCookie(AtomicU32::new(0))
    }

    /// Encodes a period as an odd number, which is never zero. The marks repeat after four thousand years.
    const fn mark(period: u64) -> u32 {
        ((period as u32) << 1) | 1
    }

    /// Records that a cookie goes out in this period. If time has gone back by one period, the later period stays, so
    /// that its cookies remain valid in the period after it.
    pub(super) fn sent_in(&self, period: u64) {
        let mark = LastCookie::mark(period);
        // In a flood the stored value is nearly always right. Without a store it stays in the caches of all processors.
        if !matches!(self.0.load(Ordering::Relaxed).wrapping_sub(mark), 0 | LastCookie::STEP) {
            self.0.store(mark, Ordering::Relaxed);
        }
    }

    /// Returns whether the last cookie went out in this period or in the one before. If time has gone back, it may also
    /// be the one after.
    pub(super) fn is_near(&self, period: u64) -> bool {
        const BEFORE: u32 = LastCookie::STEP.wrapping_neg();
        let distance = self.0.load(Ordering::Relaxed).wrapping_sub(LastCookie::mark(period));
        matches!(distance, 0 | BEFORE | LastCookie::STEP)
    }
}

impl Clone for LastCookie {
    /// Copies the period of the last cookie. From then on, the original and the clone each record only their own.
    fn clone(&self) -> LastCookie {
        LastCookie(AtomicU32::new(self.0.load(Ordering::Relaxed)))
    }
}

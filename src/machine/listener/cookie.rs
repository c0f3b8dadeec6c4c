//! The parts of a cookie: what it keeps of a SYN, and when it was sent.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::machine::config::{LEAST_PEER_MSS, Policy};
use crate::machine::options::Options;
use crate::machine::segment::Segment;
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::Offer;
use crate::machine::time::Instant;

/// What of a SYN comes back with the ACK of its cookie.
pub(super) struct CookieData {
    /// Which of [`MSS`].
    mss: u32,
    /// The low bits of the TSval: the shift count of the window scale, and SACK-permitted. Else
    /// [`CookieData::NO_OPTIONS`].
    options: u32,
}

/// The sizes that a cookie can say: the least there is, the defaults of both versions of IP, what is left of an
/// Ethernet frame behind their headers and behind those of tunnels, and what is left of a jumbo frame.
const MSS: [u16; 8] = [LEAST_PEER_MSS, 256, 536, 1220, 1360, 1440, 1460, 8960];

impl CookieData {
    const HASH_SHIFT: u32 = 5;
    const MSS_SHIFT: u32 = 2;
    const MSS: u32 = 7;
    const AGREED: u32 = 2;
    const OPTIONS: u32 = 31;
    const NO_SCALE: u32 = 15;
    const SACK_PERMITTED: u32 = 16;
    /// Timestamps are not agreed: nothing comes back.
    const NO_OPTIONS: u32 = 32;

    pub(super) fn of_syn(syn: &Segment, offer: &Offer, policy: &Policy) -> CookieData {
        let (options, ours) = (syn.options(), offer.options);
        // A size of zero is none.
        let peer = options.mss().filter(|&mss| mss > 0).unwrap_or(policy.default_peer_mss);
        let larger = MSS.iter().skip(1).take_while(|&&mss| mss <= peer).count();
        let offered = ours.window_scale().and(options.window_scale());
        let scale = offered.map_or(CookieData::NO_SCALE, |shift| u32::from(shift.min(14)));
        let sack = if ours.sack_permitted() && options.sack_permitted() { CookieData::SACK_PERMITTED } else { 0 };
        let agreed = ours.timestamps().and(options.timestamps()).is_some();
        CookieData { mss: larger as u32, options: if agreed { scale | sack } else { CookieData::NO_OPTIONS } }
    }

    /// From the ACK's number and, where the cookie says that timestamps are agreed, from its echo of ours.
    pub(super) fn of_ack(cookie: SeqNumber, timestamps: Option<(u32, u32)>) -> CookieData {
        CookieData {
            mss: (cookie.0 >> CookieData::MSS_SHIFT) & CookieData::MSS,
            options: timestamps.map_or(CookieData::NO_OPTIONS, |(_, echo)| echo & CookieData::OPTIONS),
        }
    }

    /// Whether the cookie says that timestamps are agreed.
    pub(super) const fn says_timestamps(cookie: SeqNumber) -> bool {
        cookie.0 & CookieData::AGREED != 0
    }

    /// The part of it that is hashed.
    pub(super) const fn hashed(&self) -> (u32, u32) {
        (self.mss, self.options)
    }

    /// 27 bits of hash, three of MSS, whether timestamps are agreed, and the last bit of the period.
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

    /// The latest TSval up to `clock` that ends in these bits.
    pub(super) const fn stamp(&self, clock: u32) -> u32 {
        clock.wrapping_sub(clock.wrapping_sub(self.options) & CookieData::OPTIONS)
    }

    /// How many milliseconds old the stamp of a cookie of this period may be: as old as the period, and what was taken
    /// off it for the bits.
    pub(super) const fn most_age(period: u64, now: Instant) -> u32 {
        let since = now.as_millis().wrapping_sub(period.wrapping_mul(PERIOD_MILLIS));
        (since as u32).wrapping_add(CookieData::OPTIONS)
    }

    /// The options of the SYN. Its TSval is gone; that of the ACK is no older.
    pub(super) fn restored(&self, timestamps: Option<(u32, u32)>) -> Options {
        let mss = MSS.get(self.mss as usize).copied().unwrap_or(LEAST_PEER_MSS);
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

/// How many periods of 64 seconds have passed.
pub(super) const fn period(now: Instant) -> u64 {
    now.as_micros() / (1_000 * PERIOD_MILLIS)
}

/// The period in which this cookie was sent, if it is the present one or the last.
pub(super) fn period_of(cookie: SeqNumber, now: Instant) -> Option<u64> {
    let period = period(now);
    if cookie.0 & 1 == period as u32 & 1 { Some(period) } else { period.checked_sub(1) }
}

/// The period of the last cookie that was sent, as [`LastCookie::mark`] has it; zero before the first.
///
/// Plain loads and stores, since a Cortex-M0 has no others. Two threads that send cookies on either side of a boundary
/// between periods may leave the earlier period here, until the next cookie.
pub(super) struct LastCookie(AtomicU32);

impl LastCookie {
    /// What the marks of two neighbouring periods differ by.
    const STEP: u32 = 2;

    pub(super) const fn none() -> LastCookie {
        LastCookie(AtomicU32::new(0))
    }

    /// Odd, and so never zero; it comes again after four thousand years.
    const fn mark(period: u64) -> u32 {
        ((period as u32) << 1) | 1
    }

    /// A cookie goes out in this period. Time that goes back across one boundary hides no later cookie.
    pub(super) fn sent_in(&self, period: u64) {
        let mark = LastCookie::mark(period);
        // In a flood the value is right nearly always, and stays in the caches of all processors.
        if !matches!(self.0.load(Ordering::Relaxed).wrapping_sub(mark), 0 | LastCookie::STEP) {
            self.0.store(mark, Ordering::Relaxed);
        }
    }

    /// Whether the last one went out in this period or in the one before; or in the one after, if time has gone back.
    pub(super) fn is_near(&self, period: u64) -> bool {
        const BEFORE: u32 = LastCookie::STEP.wrapping_neg();
        let distance = self.0.load(Ordering::Relaxed).wrapping_sub(LastCookie::mark(period));
        matches!(distance, 0 | BEFORE | LastCookie::STEP)
    }
}

impl Clone for LastCookie {
    /// What has been sent so far; from here on each remembers its own.
    fn clone(&self) -> LastCookie {
        LastCookie(AtomicU32::new(self.0.load(Ordering::Relaxed)))
    }
}

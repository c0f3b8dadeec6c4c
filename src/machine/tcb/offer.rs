//! What our SYN offers.

use crate::machine::config::Policy;
use crate::machine::options::Options;

/// What our first SYN says; it stays when the policies change before the answer comes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Offer {
    pub(crate) window: u16,
    /// Timestamps stand for those of the moment when it goes out.
    pub(crate) options: Options,
    pub(crate) ecn: bool,
    /// A SYN that was sent again has not offered it any more.
    pub(crate) ecn_withdrawn: bool,
}

impl Offer {
    #[inline]
    pub(crate) fn of(policy: &Policy) -> Offer {
        // SHLD-5, MAY-3: always.
        let mut options = Options::NONE.with_mss(policy.mss);
        if let Some(shift) = policy.window_scale() {
            options = options.with_window_scale(shift);
        }
        if policy.sack_permitted() {
            options = options.with_sack_permitted();
        }
        if policy.timestamps() {
            options = options.with_timestamps(0, 0);
        }
        let window = u16::try_from(policy.receive_buffer).unwrap_or(u16::MAX);
        Offer { window, options, ecn: policy.ecn(), ecn_withdrawn: false }
    }
}

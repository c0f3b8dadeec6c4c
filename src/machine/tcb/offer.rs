//! The offer of our SYN: its window, its options and ECN.

use crate::machine::config::Policy;
use crate::machine::options::Options;

/// The window, the options and the ECN bits of our first SYN. A change of policies before the answer arrives does not
/// change them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Offer {
    pub(crate) window: u16,
    /// The timestamps are placeholders: each SYN takes the values of the moment at which it is sent.
    pub(crate) options: Options,
    pub(crate) ecn: bool,
    /// A retransmitted SYN no longer offered ECN.
    pub(crate) ecn_withdrawn: bool,
}

impl Offer {
    #[inline]
    pub(crate) fn of(policy: &Policy) -> Offer {
        // SHLD-5, MAY-3: every SYN has the maximum segment size option.
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

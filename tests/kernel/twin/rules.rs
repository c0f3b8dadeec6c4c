//! The differences that are allowed: each with its reason, and the function of the kernel (6.18) that makes it.
//!
//! What the kernel does not do here is switched off in `world.rs`; what is not compared at all stands in `moment.rs`.

#[path = "rules/arriving.rs"]
mod arriving;
#[path = "rules/closing.rs"]
mod closing;
#[path = "rules/opening.rs"]
mod opening;
#[path = "rules/sending.rs"]
mod sending;

use super::moment::Moment;

/// A difference that is allowed, and why.
pub(crate) struct Rule {
    pub(crate) why: &'static str,
    pub(crate) effect: Effect,
    pub(crate) holds: fn(&Moment<'_>) -> bool,
}

/// What a difference leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The two are as before.
    Nothing,
    /// The two go separate ways.
    Parts,
    /// The same; and whether they do is not to be seen at once.
    PartsUnseen,
    /// What comes at once is the same, what comes later may not be.
    PartsLater,
    /// TS.Recent may differ from now on.
    Echo,
}

/// Of those that hold, the first counts.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> + Clone {
    [opening::RULES, arriving::RULES, closing::RULES, sending::RULES].into_iter().flatten()
}

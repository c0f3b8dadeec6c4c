//! The allowed differences: each with its reason, and the function of the kernel (6.18) that causes it.
//!
//! Features of the kernel that the crate does not have are switched off in `world.rs`; `moment.rs` has the parts of a
//! segment that are never compared.

#[path = "rules/arriving.rs"]
mod arriving;
#[path = "rules/closing.rs"]
mod closing;
#[path = "rules/opening.rs"]
mod opening;
#[path = "rules/sending.rs"]
mod sending;

use super::moment::Moment;

/// An allowed difference, and its reason.
pub(crate) struct Rule {
    pub(crate) why: &'static str,
    pub(crate) effect: Effect,
    pub(crate) holds: fn(&Moment<'_>) -> bool,
}

/// The effect of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// No effect: the two are as before.
    Nothing,
    /// The two may differ in everything from now on.
    Parts,
    /// The same; and whether they differ is not visible at once.
    PartsUnseen,
    /// The immediate answers are the same, later ones may differ.
    PartsLater,
    /// TS.Recent may differ from now on.
    Echo,
}

/// All rules; the first that matches counts.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> + Clone {
    [opening::RULES, arriving::RULES, closing::RULES, sending::RULES].into_iter().flatten()
}

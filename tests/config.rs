//! Policies: what `check` finds, how a connection treats absurd values, and the policies of other systems.

#[path = "config/absurd.rs"]
mod absurd;
#[path = "config/check.rs"]
mod check;
#[path = "config/defaults.rs"]
mod defaults;
#[path = "config/half_close.rs"]
mod half_close;
#[cfg(target_os = "linux")]
#[path = "config/kernel.rs"]
mod kernel;
#[path = "config/life.rs"]
mod life;
#[path = "config/policy.rs"]
mod policy;
#[path = "config/systems.rs"]
mod systems;
#[path = "config/together.rs"]
mod together;

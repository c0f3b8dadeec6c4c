//! Policies: what `check` finds, what a connection makes of a value without sense, and what other systems do.

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

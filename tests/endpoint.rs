//! Endpoints: many streams over packets, in virtual time.

#[path = "endpoint/at_random.rs"]
mod at_random;
#[path = "endpoint/batches.rs"]
mod batches;
#[path = "endpoint/calls.rs"]
mod calls;
mod cases;
#[path = "endpoint/cookies.rs"]
mod cookies;
#[path = "endpoint/faulty.rs"]
mod faulty;
#[path = "endpoint/hosts.rs"]
mod hosts;
#[path = "endpoint/listening.rs"]
mod listening;
#[path = "endpoint/many.rs"]
mod many;
#[path = "endpoint/nobody.rs"]
mod nobody;
#[path = "endpoint/peer.rs"]
mod peer;
#[path = "endpoint/reopening.rs"]
mod reopening;
#[path = "endpoint/time_wait.rs"]
mod time_wait;
#[path = "endpoint/world.rs"]
mod world;

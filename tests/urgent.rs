//! The urgent mechanism, RFC 9293 section 3.8.5.

#[path = "urgent/both_ends.rs"]
mod both_ends;
#[path = "urgent/far.rs"]
mod far;
#[path = "urgent/receiving.rs"]
mod receiving;
#[path = "urgent/sending.rs"]
mod sending;
#[path = "urgent/states.rs"]
mod states;

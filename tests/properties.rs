//! Properties: what must hold whatever happens, at random.
//!
//! What formal models of TCP check, and where it is checked here. `Watched` (`watch.rs` and the rooms around it) stands
//! around one connection and looks at everything that is done to it and that it hands out; `one_end.rs` gives it any
//! events, `two_ends.rs` a peer, and `tests/soak.rs` a peer, all policies, all calls and all faults of a network.
//!
//! | id | what | where |
//! |---|---|---|
//! | S1 | transitions along the arcs of RFC 9293 Figure 5 and its notes only | `arcs.rs`, `news.rs`, `one_end.rs` |
//! | S2 | no ESTABLISHED against SYN-SENT or TIME-WAIT; at rest against none | `network.rs`, `soak/checks.rs` |
//! | S3 | whose peer has forgotten the connection is reset | `two_ends.rs` and the soak: a crash |
//! | S4 | no answer to a reset, or to a bare ACK in order; two ends out of step fall silent | `segments.rs`; `limiter.rs` |
//! | S5 | one number for the FIN, behind all payload; the SYN at ISS; every number has one meaning | `segments.rs` |
//! | S6 | SND.UNA =< SND.NXT; neither they nor RCV.NXT nor the window's edge move back | `watch.rs`, `segments.rs` |
//! | S7 | every ACK is RCV.NXT =< the peer's SND.NXT | `segments.rs`; `network.rs`, `soak/checks.rs` |
//! | S8 | who does not see the numbers changes nothing, unheard | `verdict.rs`, `arrivals.rs`; ICMP: `watch.rs` |
//! | S9 | how SYN-SENT is left | `arcs.rs`, `verdict.rs` |
//! | S10 | how ESTABLISHED is left | `arcs.rs` |
//! | S11 | TIME-WAIT lasts 2 MSL from the last FIN that is not refused | `quiet.rs` |
//! | S12 | from CLOSED nothing but answers | `segments.rs` |
//! | S13 | one end at most is signalled, and of its class | `watch.rs`, `news.rs`; `network.rs`, `soak/checks.rs` |
//! | S14 | a passive SYN-RECEIVED goes back to LISTEN in silence | `watch.rs`, `news.rs`, `verdict.rs` |
//! | S15 | MSS, window scale and SACK-permitted on SYNs only | `features.rs`, `segments.rs` |
//! | S16 | what is acceptable is taken; an honest peer's unless old | `verdict.rs`; `two_ends.rs`, `soak/checks.rs` |
//! | S17 | each byte once, in order, and of this life | `network.rs`; in the soak `sim::Pair` |
//! | L1 | no state lasts for ever that waits for the network or for time | `one_end.rs`: alone; `soak/checks.rs` |
//! | L2 | both close: both come to CLOSED, and every byte has arrived | `network.rs`, `soak/checks.rs` |
//! | L3 | a simultaneous OPEN ends in ESTABLISHED at both ends | as L2, which it needs |
//! | L4 | deadlines move on; who waits for the network has a timer, and no longer than its policy says | `quiet.rs` |
//!
//! And what belongs to a policy (`features.rs`): an ACK is never delayed beyond its time, and that of a second segment not
//! at all; no keep-alive probe while anything is in flight, or too early; no silly segment (`segments.rs`); urgent
//! pointers agree; the bits of ECN stand where they were agreed and mean something; timestamps are of their moment.
//!
//! The random numbers are the same in every run. `PROPTEST_CASES` asks for more cases, `PROPTEST_RNG_SEED` for others.
//! A case that fails shrinks, and what is left of it is printed as an exchange in the notation of the RFC.

#[path = "properties/ahead.rs"]
mod ahead;
#[path = "properties/arcs.rs"]
mod arcs;
mod cases;
#[path = "properties/events.rs"]
mod events;
#[path = "properties/limiter.rs"]
mod limiter;
#[path = "properties/network.rs"]
mod network;
#[path = "properties/numbers.rs"]
mod numbers;
#[path = "properties/one_end.rs"]
mod one_end;
#[path = "properties/policies.rs"]
mod policies;
#[allow(dead_code, reason = "`soak.rs` uses the rest")]
#[path = "properties/run.rs"]
mod run;
#[path = "properties/seq.rs"]
mod seq;
#[path = "properties/settings.rs"]
mod settings;
#[path = "properties/two_ends.rs"]
mod two_ends;
#[path = "properties/watch.rs"]
mod watch;

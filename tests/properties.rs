//! Properties: what must hold whatever happens, at random.
//!
//! The table lists the properties that formal models of TCP check, and where each is checked here. `Watched`
//! (`watch.rs` and the files around it) wraps one connection and checks every input to it and every output of it.
//! `one_end.rs` feeds it arbitrary events, `two_ends.rs` connects it to a peer, and `tests/soak.rs` adds all policies,
//! all calls and all network faults.
//!
//! | id | what | where |
//! |---|---|---|
//! | S1 | transitions only along the arcs of RFC 9293 Figure 5 and its notes | `arcs.rs`, `news.rs`, `one_end.rs` |
//! | S2 | no ESTABLISHED against SYN-SENT or TIME-WAIT; at rest only against ESTABLISHED | `network.rs`, `soak/checks.rs` |
//! | S3 | an end whose peer has forgotten the connection is reset | `two_ends.rs` and the soak: a crash |
//! | S4 | no answer to a reset, or to a bare ACK in order; two ends out of step fall silent | `segments.rs`; `limiter.rs` |
//! | S5 | one number for the FIN, behind all payload; the SYN at ISS; every number has one meaning | `segments.rs` |
//! | S6 | SND.UNA =< SND.NXT; neither they nor RCV.NXT nor the window's edge move back | `watch.rs`, `segments.rs` |
//! | S7 | every ACK is RCV.NXT =< the peer's SND.NXT | `segments.rs`; `network.rs`, `soak/checks.rs` |
//! | S8 | an off-path sender changes nothing, and the user hears nothing | `verdict.rs`, `arrivals.rs`; ICMP: `watch.rs` |
//! | S9 | how SYN-SENT is left | `arcs.rs`, `verdict.rs` |
//! | S10 | how ESTABLISHED is left | `arcs.rs` |
//! | S11 | TIME-WAIT lasts 2 MSL from the last FIN that is not refused | `quiet.rs` |
//! | S12 | CLOSED sends nothing but answers | `segments.rs` |
//! | S13 | the connection's end is signalled at most once, and correctly | `watch.rs`, `news.rs`; `network.rs`, `soak/checks.rs` |
//! | S14 | a passive SYN-RECEIVED goes back to LISTEN in silence | `watch.rs`, `news.rs`, `verdict.rs` |
//! | S15 | MSS, window scale and SACK-permitted on SYNs only | `features.rs`, `segments.rs` |
//! | S16 | an acceptable segment is accepted; an honest peer's, unless it is old | `verdict.rs`; `two_ends.rs`, `soak/checks.rs` |
//! | S17 | each byte once, in order, and of this incarnation | `network.rs`; in the soak `sim::Pair` |
//! | L1 | every state that waits for the network or for time ends | `one_end.rs`: alone; `soak/checks.rs` |
//! | L2 | if both ends close, both come to CLOSED, and every byte has arrived | `network.rs`, `soak/checks.rs` |
//! | L3 | a simultaneous OPEN ends in ESTABLISHED at both ends | as L2, which depends on it |
//! | L4 | deadlines advance; whoever waits for the network has a timer, as short as its policy demands | `quiet.rs` |
//!
//! The properties of single policies are in `features.rs`: an ACK is never delayed beyond its time, and the ACK of a
//! second segment not at all; no keep-alive probe while anything is in flight, or too early; no silly segment
//! (`segments.rs`); urgent pointers agree; the ECN bits appear only where they were agreed and mean something;
//! timestamps are current.
//!
//! The random numbers are the same in every run. `PROPTEST_CASES` sets the number of cases, `PROPTEST_RNG_SEED` chooses
//! other random numbers. A case that fails shrinks, and the shrunk case is printed as an exchange in the notation of
//! the RFC.

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

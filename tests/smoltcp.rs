//! smoltcp as the peer: an independent implementation at the other end of a simulated network in virtual time.
//!
//! The network carries bytes with checksums. A failure names its seed: `SMOLTCP_SEEDS=7..8` runs that seed alone, and a
//! wider range runs more of them.
//!
//! `report` plays the scripts of the other tests against smoltcp: `smoltcp/report/report.txt` lists what differs.
//!
//! Where smoltcp 0.14 departs from RFC 9293, as far as the two ends encounter it:
//!
//! * TIME-WAIT lasts 10 seconds, not 2 MSL (section 3.4.2), and a FIN that is retransmitted after that is reset.
//! * Bytes that the user has not read by the end of TIME-WAIT are dropped (section 3.10.3).
//! * The SYN,ACK of a simultaneous open is taken for a keep-alive probe (Figure 7, line 5).
//! * A retransmission into a window that has closed in the meantime stops the timer: there are no probes (section
//!   3.8.6.1, MUST-36).
//! * The FIN of a segment ahead of a gap is dropped, although its payload is kept (section 3.10.7.4, SHLD-31).

#[path = "smoltcp/aborts.rs"]
mod aborts;
#[path = "smoltcp/closing.rs"]
mod closing;
#[path = "smoltcp/opening.rs"]
mod opening;
#[path = "smoltcp/peer.rs"]
mod peer;
#[path = "smoltcp/report.rs"]
mod report;
#[path = "smoltcp/seeds.rs"]
mod seeds;
#[path = "smoltcp/us.rs"]
mod us;
#[path = "smoltcp/windows.rs"]
mod windows;
#[path = "smoltcp/wire.rs"]
mod wire;
#[path = "smoltcp/world.rs"]
mod world;

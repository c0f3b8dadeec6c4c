//! smoltcp as the peer: another implementation, by other people, at the other end of a simulated network in virtual time.
//!
//! What goes over the network are bytes with checksums. A failure names its seed: `SMOLTCP_SEEDS=7..8` runs that one alone,
//! and a wider range as many as it says.
//!
//! Where smoltcp 0.14 departs from RFC 9293, as far as these tests run into it:
//!
//! * TIME-WAIT lasts 10 seconds, not 2 MSL (section 3.4.2), and a FIN that comes again after that is reset.
//! * What its user has not read by the end of TIME-WAIT is forgotten (section 3.10.3).
//! * The SYN,ACK of a peer that opens at the same time is taken for a keep-alive probe (Figure 7, line 5).
//! * When it would send again into a window that has closed in the meantime, its timer stops: there are no probes
//!   (section 3.8.6.1, MUST-36).
//! * The FIN of a segment ahead of a gap is dropped, where its payload is kept (section 3.10.7.4, SHLD-31).

#[path = "smoltcp/aborts.rs"]
mod aborts;
#[path = "smoltcp/closing.rs"]
mod closing;
#[path = "smoltcp/opening.rs"]
mod opening;
#[path = "smoltcp/peer.rs"]
mod peer;
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

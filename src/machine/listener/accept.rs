//! Passive opens of one connection, for one SYN.

use crate::machine::config::{Config, Policy};
use crate::machine::connection::Connection;
use crate::machine::error::Refusal;
use crate::machine::segment::Segment;
use crate::machine::tcb::{Origin, Tcb};
use crate::machine::time::Instant;

/// Passive opens without a listener.
impl Connection {
    /// Accepts a SYN as LISTEN does (RFC 9293 section 3.10.7.2). Returns a new connection in SYN-RECEIVED, as
    /// [`Syn::accept`](super::Syn::accept) does. Its SYN,ACK comes out of [`poll`](Self::poll).
    ///
    /// # Errors
    ///
    /// Returns the [`Refusal`] of LISTEN if the segment is not a SYN, or has ACK or RST. Answer an ACK with
    /// [`Segment::reset`].
    pub fn accept(config: &Config, isn_offset: u32, syn: &Segment, now: Instant) -> Result<Connection, Refusal> {
        Connection::accept_with_policy(Policy::new(config), isn_offset, syn, now)
    }

    /// Accepts a SYN like [`accept`](Self::accept), with policies that are made once for many connections.
    ///
    /// # Errors
    ///
    /// Those of [`accept`](Self::accept).
    pub fn accept_with_policy(
        policy: Policy,
        isn_offset: u32,
        syn: &Segment,
        now: Instant,
    ) -> Result<Connection, Refusal> {
        if syn.is_rst() {
            return Err(Refusal::ResetInListen);
        }
        if syn.ack().is_some() {
            return Err(Refusal::AckInListen);
        }
        if !syn.is_syn() {
            return Err(Refusal::NoSynInListen);
        }
        let mut connection = Connection::child(policy, isn_offset, syn, now);
        connection.context.outbox.request_syn();
        Ok(connection)
    }

    /// Makes a connection in SYN-RECEIVED whose LISTEN is not its own, so that it cannot return there.
    pub(super) fn child(policy: Policy, isn_offset: u32, syn: &Segment, now: Instant) -> Connection {
        let mut connection = Connection::with_policy(policy, isn_offset);
        connection.tcb = Tcb::Listen;
        connection.context.advance_clock(now);
        connection.enter_syn_received(Origin::Listener, syn);
        connection
    }
}

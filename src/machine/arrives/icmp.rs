//! Arrival of an ICMP error, RFC 9293 section 3.9.2.2.

use crate::machine::connection::Connection;
use crate::machine::error::Refusal;
use crate::machine::icmp::IcmpError;
use crate::machine::outbox::End;
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::{Origin, Phase, Tcb};

impl Connection {
    /// Processes an ICMP error message that quotes a segment of this connection (MUST-54). `quoted` is the sequence
    /// number of the quoted segment. Allowed in every state.
    ///
    /// A soft error is signalled (MUST-47, SHLD-25) and never ends the connection (MUST-56). A hard error ends a
    /// connection that is not established yet, with [`Signal::Unreachable`](crate::Signal::Unreachable). An established
    /// connection ends only if [`icmp_aborts`](crate::Config::icmp_aborts) is set. Otherwise the hard error is
    /// signalled like a soft one, because anybody can forge it. In SYN-RECEIVED after a passive OPEN, a hard error
    /// returns the connection to LISTEN, as a reset would.
    ///
    /// # Errors
    ///
    /// [`Refusal::IcmpNotInFlight`] if `quoted` is not in flight. The error then concerns nothing that we have sent
    /// lately (RFC 5927 section 4.1), and is ignored.
    pub fn icmp(&mut self, error: IcmpError, quoted: SeqNumber) -> Result<(), Refusal> {
        // MUST-55: discarded.
        if error == IcmpError::SourceQuench {
            return Ok(());
        }
        let (snd, phase) = match &self.tcb {
            Tcb::Closed | Tcb::Listen => return Err(Refusal::IcmpNotInFlight),
            Tcb::SynSent(tcb) => (&tcb.snd, None),
            Tcb::Synchronized(tcb) => (&tcb.snd, Some(tcb.phase)),
        };
        if !(snd.una.le(quoted) && quoted.lt(snd.nxt)) {
            return Err(Refusal::IcmpNotInFlight);
        }
        let aborts = error.is_hard() && (snd.is_syn_unacknowledged() || self.context.policy.icmp_aborts());
        match phase {
            Some(Phase::SynReceived(Origin::Passive | Origin::Listener)) if aborts => {
                self.return_to_listen(End::Unreachable(error));
            }
            _ if aborts => self.close_with(End::Unreachable(error)),
            _ => self.context.outbox.signal_soft_error(error),
        }
        Ok(())
    }
}

//! ICMP errors, RFC 9293 section 3.9.2.2.

use core::fmt;

use crate::connection::Connection;
use crate::due::End;
use crate::error::Refusal;
use crate::seq::SeqNumber;
use crate::tcb::{Origin, Phase, Tcb};

/// An ICMP error about a segment that we have sent (RFC 9293 section 3.9.2.2), of IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IcmpError {
    /// Source Quench: discarded (MUST-55).
    SourceQuench,
    /// Destination unreachable, code 0 in both versions: the network, or no route. Soft.
    NetworkUnreachable,
    /// Destination unreachable, code 1, in IPv6 3: the host or address. Soft.
    HostUnreachable,
    /// Destination unreachable, code 2: the protocol. Hard.
    ProtocolUnreachable,
    /// Destination unreachable, code 3, in IPv6 4: the port. Hard.
    PortUnreachable,
    /// Destination unreachable, code 4, or Packet Too Big: a matter for path MTU discovery (RFC 1191), which is the
    /// caller's; a smaller `max_segment` goes to [`Connection::configure`]. Soft.
    FragmentationNeeded,
    /// Destination unreachable, code 5: source route failed. Soft.
    SourceRouteFailed,
    /// Destination unreachable, code 9, 10 or 13, in IPv6 1, 5 or 6: prohibited by somebody's policy. Soft.
    Prohibited,
    /// Time exceeded. Soft.
    TimeExceeded,
    /// Parameter problem. Soft.
    ParameterProblem,
}

impl IcmpError {
    /// All of them, in their order.
    pub(crate) const ALL: [IcmpError; 10] = [
        IcmpError::SourceQuench,
        IcmpError::NetworkUnreachable,
        IcmpError::HostUnreachable,
        IcmpError::ProtocolUnreachable,
        IcmpError::PortUnreachable,
        IcmpError::FragmentationNeeded,
        IcmpError::SourceRouteFailed,
        IcmpError::Prohibited,
        IcmpError::TimeExceeded,
        IcmpError::ParameterProblem,
    ];

    /// Whether RFC 9293 calls for the end of the connection (SHLD-26).
    #[must_use]
    pub const fn is_hard(self) -> bool {
        matches!(self, IcmpError::ProtocolUnreachable | IcmpError::PortUnreachable)
    }
}

impl fmt::Display for IcmpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            IcmpError::SourceQuench => "source quench",
            IcmpError::NetworkUnreachable => "network unreachable",
            IcmpError::HostUnreachable => "host unreachable",
            IcmpError::ProtocolUnreachable => "protocol unreachable",
            IcmpError::PortUnreachable => "port unreachable",
            IcmpError::FragmentationNeeded => "fragmentation needed",
            IcmpError::SourceRouteFailed => "source route failed",
            IcmpError::Prohibited => "prohibited",
            IcmpError::TimeExceeded => "time exceeded",
            IcmpError::ParameterProblem => "parameter problem",
        })
    }
}

impl Connection {
    /// An ICMP error message has come that quotes a segment of this connection with the sequence number `quoted`
    /// (MUST-54). Allowed in every state.
    ///
    /// A soft error is signalled (MUST-47, SHLD-25) and never ends the connection (MUST-56). A hard one ends it with
    /// [`Signal::Unreachable`](crate::Signal::Unreachable) before it is established; after that only if
    /// [`icmp_aborts`](crate::Config::icmp_aborts) says so, and is signalled like a soft one otherwise, since anybody can
    /// forge it. In SYN-RECEIVED after a passive OPEN a hard one returns to LISTEN, as a reset would.
    ///
    /// # Errors
    ///
    /// [`Refusal::IcmpNotInFlight`] where the quoted number is not in flight: then it is about nothing that we have
    /// sent lately (RFC 5927 section 4.1), and changes nothing.
    pub fn icmp(&mut self, error: IcmpError, quoted: SeqNumber) -> Result<(), Refusal> {
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
        let aborts = error.is_hard() && (snd.is_opening() || self.endpoint.policy.icmp_aborts());
        match phase {
            Some(Phase::SynReceived(Origin::Passive | Origin::Listener)) if aborts => self.return_to_listen(),
            _ if aborts => self.close_with(End::Unreachable(error)),
            _ => self.endpoint.due.soft_error(error),
        }
        Ok(())
    }
}

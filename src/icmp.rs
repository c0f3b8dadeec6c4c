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
    /// Time exceeded, type 11, in IPv6 3. Soft.
    TimeExceeded,
    /// Parameter problem, type 12, in IPv6 4. Soft.
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

    /// The error of an ICMP message of this type and code (RFC 792, RFC 1122); `None` if it is none for
    /// TCP.
    #[must_use]
    pub const fn of_v4(kind: u8, code: u8) -> Option<IcmpError> {
        Some(match (kind, code) {
            (3, 0 | 6 | 11) => IcmpError::NetworkUnreachable,
            (3, 1 | 7 | 8 | 12) => IcmpError::HostUnreachable,
            (3, 2) => IcmpError::ProtocolUnreachable,
            (3, 3) => IcmpError::PortUnreachable,
            (3, 4) => IcmpError::FragmentationNeeded,
            (3, 5) => IcmpError::SourceRouteFailed,
            (3, 9 | 10 | 13..=15) => IcmpError::Prohibited,
            (4, _) => IcmpError::SourceQuench,
            (11, _) => IcmpError::TimeExceeded,
            (12, _) => IcmpError::ParameterProblem,
            _ => return None,
        })
    }

    /// The error of an ICMPv6 message of this type and code (RFC 4443 section 3); `None` if it is none for TCP.
    #[must_use]
    pub const fn of_v6(kind: u8, code: u8) -> Option<IcmpError> {
        Some(match (kind, code) {
            (1, 0 | 2) => IcmpError::NetworkUnreachable,
            (1, 1 | 5 | 6) => IcmpError::Prohibited,
            (1, 3) => IcmpError::HostUnreachable,
            (1, 4) => IcmpError::PortUnreachable,
            (1, 7) => IcmpError::SourceRouteFailed,
            (2, _) => IcmpError::FragmentationNeeded,
            (3, _) => IcmpError::TimeExceeded,
            (4, _) => IcmpError::ParameterProblem,
            _ => return None,
        })
    }

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
    /// [`icmp_aborts`](crate::Config::icmp_aborts) says so, and is signalled like a soft one otherwise, since anybody
    /// can forge it. In SYN-RECEIVED after a passive OPEN a hard one returns to LISTEN, as a reset would.
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
            Some(Phase::SynReceived(Origin::Passive | Origin::Listener)) if aborts => {
                self.return_to_listen(End::Unreachable(error));
            }
            _ if aborts => self.close_with(End::Unreachable(error)),
            _ => self.endpoint.due.soft_error(error),
        }
        Ok(())
    }
}

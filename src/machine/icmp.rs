//! ICMP errors, RFC 9293 section 3.9.2.2.

use core::fmt;

/// An ICMP error of IPv4 or IPv6 about a segment that we have sent (RFC 9293 section 3.9.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum IcmpError {
    /// Source Quench: discarded (MUST-55).
    SourceQuench,
    /// Destination unreachable, code 0, 6 or 11, in IPv6 0 or 2: the network, or no route. Soft.
    NetworkUnreachable,
    /// Destination unreachable, code 1, 7, 8 or 12, in IPv6 3: the host or address. Soft.
    HostUnreachable,
    /// Destination unreachable, code 2: the protocol. Hard.
    ProtocolUnreachable,
    /// Destination unreachable, code 3, in IPv6 4: the port. Hard.
    PortUnreachable,
    /// Destination unreachable, code 4, or Packet Too Big of IPv6. Soft. Path MTU discovery (RFC 1191) is the caller's:
    /// it passes a smaller `max_segment` to [`Connection::configure`](crate::Connection::configure).
    FragmentationNeeded,
    /// Destination unreachable, code 5, in IPv6 7: source route failed. Soft.
    SourceRouteFailed,
    /// Destination unreachable, code 9, 10 or 13 to 15, in IPv6 1, 5 or 6: prohibited by a policy on the path. Soft.
    Prohibited,
    /// Time exceeded, type 11, in IPv6 3. Soft.
    TimeExceeded,
    /// Parameter problem, type 12, in IPv6 4. Soft.
    ParameterProblem,
}

impl IcmpError {
    /// All errors, in the order of the variants.
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

    /// Returns the error of an ICMP message of type `kind` and of this code (RFC 792, RFC 1122), or `None` if the
    /// message is not an error for TCP.
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

    /// Returns the error of an ICMPv6 message of type `kind` and of this code (RFC 4443 section 3), or `None` if the
    /// message is not an error for TCP.
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

    /// Returns whether the error is hard: RFC 9293 then wants the connection to end (SHLD-26).
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

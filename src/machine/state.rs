//! The eleven states of RFC 9293 section 3.3.2 and the arcs between them.

use core::fmt;

/// The state of a connection (RFC 9293 section 3.3.2).
///
/// The arcs of RFC 9293 Figure 5, each with the call or segment that causes it:
///
#[doc = "```text"]
#[doc = include_str!("diagram/figure.txt")]
#[doc = "```"]
///
/// [`diagram`](crate::diagram) lists these arcs as data, together with the arcs that Figure 5 does not draw.
///
/// A reset, R2, the user timeout and a hard ICMP error end the connection in every state, with four exceptions. CLOSED
/// and LISTEN have no connection to end. SYN-RECEIVED after a passive OPEN returns to LISTEN, unless the user has
/// closed (D18 in [`decisions`](crate::decisions)); the child of a listener enters CLOSED. TIME-WAIT lasts for 2 MSL,
/// unless a reset is allowed (D14). Once our SYN is acknowledged, a hard ICMP error ends the connection only under
/// [`icmp_aborts`](crate::Config::icmp_aborts).
///
/// Displays as in the RFC: `FIN-WAIT-1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum State {
    /// No connection.
    Closed,
    /// We wait for a SYN from any peer.
    Listen,
    /// We have sent a SYN, and wait for the peer's SYN.
    SynSent,
    /// Both sides have sent a SYN; we wait for the acknowledgment of ours.
    SynReceived,
    /// Open: payload flows both ways.
    Established,
    /// We have closed; we wait for the acknowledgment of our FIN, or for the peer's FIN.
    FinWait1,
    /// Our FIN is acknowledged; the peer may still send.
    FinWait2,
    /// The peer has closed; we may still send.
    CloseWait,
    /// Both sides have closed at the same time; we wait for the acknowledgment of our FIN.
    Closing,
    /// The peer closed first, and we closed after it; we wait for the acknowledgment of our FIN.
    LastAck,
    /// Both FINs are acknowledged; we wait 2 MSL, until old segments have left the network.
    TimeWait,
}

impl State {
    /// All eleven states, in the order of RFC 9293.
    pub const ALL: [State; 11] = [
        State::Closed,
        State::Listen,
        State::SynSent,
        State::SynReceived,
        State::Established,
        State::FinWait1,
        State::FinWait2,
        State::CloseWait,
        State::Closing,
        State::LastAck,
        State::TimeWait,
    ];

    /// Returns the name as the RFC spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            State::Closed => "CLOSED",
            State::Listen => "LISTEN",
            State::SynSent => "SYN-SENT",
            State::SynReceived => "SYN-RECEIVED",
            State::Established => "ESTABLISHED",
            State::FinWait1 => "FIN-WAIT-1",
            State::FinWait2 => "FIN-WAIT-2",
            State::CloseWait => "CLOSE-WAIT",
            State::Closing => "CLOSING",
            State::LastAck => "LAST-ACK",
            State::TimeWait => "TIME-WAIT",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A change of state, as [`Output::Transition`](crate::Output::Transition) reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Transition {
    /// The state that was left.
    pub from: State,
    /// The state that was entered.
    pub to: State,
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.from, self.to)
    }
}

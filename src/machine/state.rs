//! The eleven states of RFC 9293 section 3.3.2 and the arcs between them.

use core::fmt;

/// The state of a connection (RFC 9293 section 3.3.2).
///
/// The arcs of RFC 9293 Figure 5, with the calls and segments that move a connection along each:
///
#[doc = "```text"]
#[doc = include_str!("diagram/figure.txt")]
#[doc = "```"]
///
/// [`diagram`](crate::diagram) has them as data, with those that are not drawn.
///
/// A reset, R2, the user timeout and a hard ICMP error end the connection in each state but four: CLOSED and LISTEN
/// have nothing to end; SYN-RECEIVED after a passive OPEN goes back to LISTEN, unless the user has closed (D18 in
/// [`decisions`](crate::decisions)); TIME-WAIT waits for 2 MSL (D14).
///
/// Prints as the RFC spells it: `FIN-WAIT-1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// No connection at all.
    Closed,
    /// Waiting for a connection request from any peer.
    Listen,
    /// Waiting for a matching connection request after having sent one.
    SynSent,
    /// Waiting for the acknowledgment of our connection request, after having received and sent one.
    SynReceived,
    /// Open: payload flows both ways.
    Established,
    /// We have closed, and wait for the acknowledgment of our FIN or for the peer's FIN.
    FinWait1,
    /// Our FIN is acknowledged; the peer may go on sending.
    FinWait2,
    /// The peer has closed; we may go on sending.
    CloseWait,
    /// Both have closed at once; we wait for the acknowledgment of our FIN.
    Closing,
    /// The peer closed first, then we; we wait for the acknowledgment of our FIN.
    LastAck,
    /// Both FINs are acknowledged; we wait 2 MSL for what may still be in the network.
    TimeWait,
}

impl State {
    /// All eleven, in the order of RFC 9293.
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

    /// The name as the RFC spells it.
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

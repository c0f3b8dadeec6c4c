//! The state diagram as data, and drawings of it.
//!
//! [`ARCS`] lists every arc with its cause: a call of RFC 9293 section 3.10.1 to 3.10.5, a segment of section 3.10.7,
//! or a timeout of section 3.10.8. [`FIGURE`] draws the arcs of Figure 5 in text. [`mermaid`] and [`dot`] draw these
//! arcs, or all arcs, for Mermaid and Graphviz:
//!
//! ```
//! use tcp_lifecycle::diagram::{ARCS, dot, is_in_figure, mermaid};
//! use tcp_lifecycle::State;
//!
//! let closes = ARCS.iter().filter(|arc| arc.from == State::FinWait1 && is_in_figure(arc));
//! let labels: Vec<String> = closes.map(|arc| format!("{} by {arc}", arc.to)).collect();
//! assert_eq!(
//!     labels,
//!     [
//!         "FIN-WAIT-2 by ACK of FIN in",
//!         "CLOSING by FIN in, ACK out",
//!         "TIME-WAIT by FIN with ACK of FIN in, ACK out",
//!     ]
//! );
//! assert!(mermaid(is_in_figure).to_string().starts_with("stateDiagram-v2\n"));
//! assert!(dot(|_| true).to_string().starts_with("digraph TCP {\n"));
//! ```

use core::fmt;

use crate::machine::state::State;
use crate::machine::state::State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived, SynSent, TimeWait,
};

/// The event that takes a connection along an arc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Cause {
    /// A call of the user, by its name.
    Call(&'static str),
    /// A segment arrives.
    Segment(&'static str),
    /// A timer expires.
    Timeout(&'static str),
}

/// A transition from one state to another by one cause. Displays as its label: `FIN in, ACK out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Arc {
    /// The state that the connection leaves.
    pub from: State,
    /// The state that the connection enters.
    pub to: State,
    /// The event that causes the transition.
    pub cause: Cause,
    /// The control bits of the segment that goes out with the transition, if one does.
    pub sends: Option<&'static str>,
    /// A further condition of the transition, if there is one.
    pub condition: Option<&'static str>,
    /// Figure 5 of RFC 9293 draws the arc, or note 2 of the figure has it.
    pub is_in_figure: bool,
}

/// Every pair of states that a transition joins, with its causes, grouped by the state that it leaves, in the order of
/// [`State::ALL`]. Bytes that nobody will read end a connection in each state from ESTABLISHED on: ESTABLISHED lists
/// DETACH and CLOSE for it, FIN-WAIT-2 the payload that arrives after them. Where R2, the user timeout and keep-alive
/// share an arc, this table names one of them.
///
/// Two causes are not listed, since they take a connection along the arcs of a reset: a hard ICMP error (RFC 9293
/// section 3.9.2.2; after the handshake only with [`icmp_aborts`](crate::Config::icmp_aborts)) and, without RFC 5961, a
/// SYN in the window.
pub const ARCS: [Arc; 61] = [
    drawn(Closed, Listen, call("passive OPEN"), None),
    drawn(Closed, SynSent, call("active OPEN"), Some("SYN")),
    drawn(Listen, Closed, call("CLOSE"), None),
    arc(Listen, Closed, call("DETACH"), None),
    arc(Listen, Closed, call("ABORT"), None),
    drawn(Listen, SynReceived, segment("SYN"), Some("SYN,ACK")),
    drawn(Listen, SynSent, call("active OPEN"), Some("SYN")),
    drawn(SynSent, Closed, call("CLOSE"), None),
    arc(SynSent, Closed, call("DETACH"), None),
    arc(SynSent, Closed, call("ABORT"), None),
    arc(SynSent, Closed, segment("RST"), None),
    arc(SynSent, Closed, timeout("R2"), None),
    drawn(SynSent, SynReceived, segment("SYN"), Some("SYN,ACK")),
    drawn(SynSent, Established, segment("SYN,ACK"), Some("ACK")),
    drawn(SynReceived, Listen, segment("RST"), None).when(PASSIVE),
    arc(SynReceived, Listen, segment("SYN"), None).when(PASSIVE),
    arc(SynReceived, Listen, timeout("R2"), None).when(PASSIVE),
    arc(SynReceived, Closed, segment("RST"), None).when(ACTIVE),
    arc(SynReceived, Closed, timeout("R2"), None).when(ACTIVE),
    arc(SynReceived, Closed, call("ABORT"), Some("RST")),
    drawn(SynReceived, Established, segment("ACK of SYN"), None),
    drawn(SynReceived, FinWait1, call("CLOSE"), Some("FIN")),
    arc(SynReceived, Closed, segment("RST"), None).when(QUEUED),
    arc(SynReceived, Closed, segment("SYN"), None).when(QUEUED),
    arc(SynReceived, Closed, timeout("R2"), None).when(QUEUED),
    arc(SynReceived, FinWait1, call("DETACH"), Some("FIN")),
    arc(Established, FinWait1, call("DETACH"), Some("FIN")),
    arc(Established, Closed, call("DETACH"), Some("RST")).when("with bytes unread"),
    arc(Established, Closed, call("CLOSE"), Some("RST")).when("half-duplex, with bytes unread"),
    drawn(Established, FinWait1, call("CLOSE"), Some("FIN")),
    drawn(Established, CloseWait, segment("FIN"), Some("ACK")),
    arc(Established, Closed, segment("RST"), None),
    arc(Established, Closed, call("ABORT"), Some("RST")),
    arc(Established, Closed, timeout("R2"), None),
    drawn(FinWait1, FinWait2, segment("ACK of FIN"), None),
    drawn(FinWait1, Closing, segment("FIN"), Some("ACK")),
    drawn(FinWait1, TimeWait, segment("FIN with ACK of FIN"), Some("ACK")),
    arc(FinWait1, Closed, segment("RST"), None),
    arc(FinWait1, Closed, call("ABORT"), Some("RST")),
    arc(FinWait1, Closed, timeout("R2"), None),
    drawn(FinWait2, TimeWait, segment("FIN"), Some("ACK")),
    arc(FinWait2, Closed, segment("RST"), None),
    arc(FinWait2, Closed, call("ABORT"), Some("RST")),
    arc(FinWait2, Closed, segment("payload"), Some("RST")).when("without a user"),
    arc(FinWait2, Closed, timeout("FIN-WAIT-2 timeout"), None).when("without a user"),
    drawn(CloseWait, LastAck, call("CLOSE"), Some("FIN")),
    arc(CloseWait, LastAck, call("DETACH"), Some("FIN")),
    arc(CloseWait, Closed, segment("RST"), None),
    arc(CloseWait, Closed, call("ABORT"), Some("RST")),
    arc(CloseWait, Closed, timeout("user timeout"), None),
    drawn(Closing, TimeWait, segment("ACK of FIN"), None),
    arc(Closing, Closed, segment("RST"), None),
    arc(Closing, Closed, call("ABORT"), None),
    arc(Closing, Closed, timeout("R2"), None),
    drawn(LastAck, Closed, segment("ACK of FIN"), None),
    arc(LastAck, Closed, segment("RST"), None),
    arc(LastAck, Closed, call("ABORT"), None),
    arc(LastAck, Closed, timeout("R2"), None),
    drawn(TimeWait, Closed, timeout("2 MSL"), None),
    arc(TimeWait, Closed, call("ABORT"), None),
    arc(TimeWait, Closed, segment("RST"), None).when("by policy"),
];

const PASSIVE: &str = "after a passive OPEN";
const ACTIVE: &str = "after an active OPEN";
/// D18
const QUEUED: &str = "after a CLOSE that was queued";

const fn call(name: &'static str) -> Cause {
    Cause::Call(name)
}

const fn segment(control: &'static str) -> Cause {
    Cause::Segment(control)
}

const fn timeout(name: &'static str) -> Cause {
    Cause::Timeout(name)
}

const fn arc(from: State, to: State, cause: Cause, sends: Option<&'static str>) -> Arc {
    Arc { from, to, cause, sends, condition: None, is_in_figure: false }
}

const fn drawn(from: State, to: State, cause: Cause, sends: Option<&'static str>) -> Arc {
    Arc { is_in_figure: true, ..arc(from, to, cause, sends) }
}

impl Arc {
    const fn when(self, condition: &'static str) -> Arc {
        Arc { condition: Some(condition), ..self }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Call(name) | Cause::Timeout(name) => f.write_str(name),
            Cause::Segment(control) => write!(f, "{control} in"),
        }
    }
}

impl fmt::Display for Arc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)?;
        if let Some(condition) = self.condition {
            write!(f, " {condition}")?;
        }
        if let Some(control) = self.sends {
            write!(f, ", {control} out")?;
        }
        Ok(())
    }
}

/// The arcs of RFC 9293 Figure 5, drawn in text. CLOSED appears at the top and at the bottom.
pub const FIGURE: &str = include_str!("diagram/figure.txt");

/// Returns whether Figure 5 of RFC 9293 has `arc`. [`mermaid`] and [`dot`] take this function as a filter.
#[must_use]
pub const fn is_in_figure(arc: &Arc) -> bool {
    arc.is_in_figure
}

/// Returns the arcs for which `chosen` is true, as a state diagram in the language of Mermaid.
#[must_use]
pub fn mermaid(chosen: fn(&Arc) -> bool) -> impl fmt::Display {
    Mermaid(chosen)
}

/// Returns the arcs for which `chosen` is true, as a directed graph in the language of Graphviz.
#[must_use]
#[doc(alias = "graphviz")]
pub fn dot(chosen: fn(&Arc) -> bool) -> impl fmt::Display {
    Dot(chosen)
}

struct Mermaid(fn(&Arc) -> bool);

impl fmt::Display for Mermaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "stateDiagram-v2")?;
        // A Mermaid identifier has no hyphen.
        for state in State::ALL {
            writeln!(f, "    state \"{state}\" as {state:?}")?;
        }
        for arc in ARCS.iter().filter(|arc| self.0(arc)) {
            writeln!(f, "    {:?} --> {:?}: {arc}", arc.from, arc.to)?;
        }
        Ok(())
    }
}

struct Dot(fn(&Arc) -> bool);

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "digraph TCP {{\n    node [shape=box]")?;
        for arc in ARCS.iter().filter(|arc| self.0(arc)) {
            writeln!(f, "    \"{}\" -> \"{}\" [label=\"{arc}\"]", arc.from, arc.to)?;
        }
        writeln!(f, "}}")
    }
}

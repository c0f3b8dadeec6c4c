//! The way to the state with which a script begins: the shortest exchange, never an assignment.

use std::vec::Vec;

use super::variable::{Value, Variable};
use crate::{Control, Open, Segment, SeqNumber, State};

const SYN_ACK: Control = Control::SYN.union(Control::ACK);
const FIN_ACK: Control = Control::FIN.union(Control::ACK);

/// The exchange that leads to a state.
pub(super) struct Given {
    /// The initial sequence number of the connection.
    pub(super) iss: u32,
    /// The window of the peer.
    pub(super) window: u16,
    pub(super) steps: Vec<Step>,
}

/// One event of the exchange.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Open(Open),
    Close,
    Arrives(Segment),
}

impl Given {
    /// Returns the exchange that leads to `state`. SND.NXT, RCV.NXT and SND.WND get the values in `variables`, or else
    /// `snd_nxt`, `rcv_nxt` and 65535.
    pub(super) fn new(state: State, variables: &[Variable], (snd_nxt, rcv_nxt): (u32, u32)) -> Given {
        let value = |name: &str, default: u32| {
            let written = variables.iter().find(|variable| variable.name == name).map(|variable| variable.value);
            match written {
                Some(Value::Number(number)) => number as u32,
                Some(Value::None | Value::Time(_)) | None => default,
            }
        };
        let sent_fin =
            matches!(state, State::FinWait1 | State::FinWait2 | State::Closing | State::LastAck | State::TimeWait);
        let peers_fin = matches!(state, State::CloseWait | State::Closing | State::LastAck | State::TimeWait);
        let ours = SeqNumber(value("SND.NXT", snd_nxt).wrapping_sub(u32::from(sent_fin)));
        let peers = SeqNumber(value("RCV.NXT", rcv_nxt).wrapping_sub(u32::from(peers_fin)));
        let window = u16::try_from(value("SND.WND", u32::from(u16::MAX))).unwrap_or(u16::MAX);
        Given { iss: ours.0.wrapping_sub(1), window, steps: steps(state, ours, peers, window) }
    }
}

/// Returns the steps to `state`. `ours` and `peers` are the sequence numbers behind the SYNs.
fn steps(state: State, ours: SeqNumber, peers: SeqNumber, window: u16) -> Vec<Step> {
    let segment = |seq, ack, control| Step::Arrives(Segment::new(seq, ack, control).with_window(window));
    let peers_syn = SeqNumber(peers.0.wrapping_sub(1));
    let opens = [Step::Open(Open::Active), segment(peers_syn, ours, SYN_ACK)];
    let fin = |ack| segment(peers, ack, FIN_ACK);
    let then = |steps: &[Step]| [&opens, steps].concat();
    match state {
        State::Closed => Vec::new(),
        State::Listen => Vec::from([Step::Open(Open::Passive)]),
        State::SynReceived => Vec::from([Step::Open(Open::Passive), segment(peers_syn, ours, Control::SYN)]),
        State::SynSent => Vec::from([Step::Open(Open::Active)]),
        State::Established => then(&[]),
        State::FinWait1 => then(&[Step::Close]),
        State::FinWait2 => then(&[Step::Close, segment(peers, ours + 1, Control::ACK)]),
        State::CloseWait => then(&[fin(ours)]),
        State::Closing => then(&[Step::Close, fin(ours)]),
        State::LastAck => then(&[fin(ours), Step::Close]),
        State::TimeWait => then(&[Step::Close, fin(ours + 1)]),
    }
}

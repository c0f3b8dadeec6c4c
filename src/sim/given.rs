//! How a script that begins with a state gets there: by the shortest exchange, never by assignment.

use super::difference::Difference;
use super::glue::Glue;
use super::player::Player;
use super::variable::{Value, Variable};
use crate::connection::Open;
use crate::segment::{Control, Segment};
use crate::seq::SeqNumber;
use crate::state::State;

const SYN_ACK: Control = Control::SYN.union(Control::ACK);
const FIN_ACK: Control = Control::FIN.union(Control::ACK);

/// The numbers of the exchange: ours and the peer's behind the SYNs.
struct Given<'p, 'm, G> {
    player: &'p mut Player<'m, G>,
    ours: SeqNumber,
    peers: SeqNumber,
    window: u16,
}

/// Brings a fresh end to `state`, so that SND.NXT, RCV.NXT and SND.WND are as in `variables`, or 100, 300 and 65535.
pub(super) fn reach<G: Glue>(
    player: &mut Player<'_, G>,
    state: State,
    variables: &[Variable],
) -> Result<(), Difference> {
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
    let ours = value("SND.NXT", player.given.0).wrapping_sub(u32::from(sent_fin));
    let peers = value("RCV.NXT", player.given.1).wrapping_sub(u32::from(peers_fin));
    let window = u16::try_from(value("SND.WND", u32::from(u16::MAX))).unwrap_or(u16::MAX);
    player.peer_window = window;
    let given = Given { player, ours: SeqNumber(ours), peers: SeqNumber(peers), window };
    given.reach(state)
}

impl<G: Glue> Given<'_, '_, G> {
    fn reach(mut self, state: State) -> Result<(), Difference> {
        self.player.glue.connection().set_isn_offset(self.ours.back(1).0);
        match state {
            State::Closed => return Ok(()),
            State::Listen => return self.open(Open::Passive),
            State::SynReceived => {
                self.open(Open::Passive)?;
                return self.arrives(self.peers.back(1), self.ours, Control::SYN);
            }
            State::SynSent => return self.open(Open::Active),
            State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => {
                self.open(Open::Active)?;
                self.arrives(self.peers.back(1), self.ours, SYN_ACK)?;
            }
        }
        match state {
            State::FinWait1 => self.close(),
            State::FinWait2 => {
                self.close()?;
                self.arrives(self.peers, self.ours + 1, Control::ACK)
            }
            State::CloseWait => self.arrives(self.peers, self.ours, FIN_ACK),
            State::Closing => {
                self.close()?;
                self.arrives(self.peers, self.ours, FIN_ACK)
            }
            State::LastAck => {
                self.arrives(self.peers, self.ours, FIN_ACK)?;
                self.close()
            }
            State::TimeWait => {
                self.close()?;
                self.arrives(self.peers, self.ours + 1, FIN_ACK)
            }
            State::Closed | State::Listen | State::SynReceived | State::SynSent | State::Established => Ok(()),
        }
    }

    fn open(&mut self, open: Open) -> Result<(), Difference> {
        let opened = self.player.glue.open(open, self.player.now);
        opened.map_err(|error| Difference::new("a state that can be reached", error))?;
        self.player.drain()
    }

    fn close(&mut self) -> Result<(), Difference> {
        let closed = self.player.glue.close(self.player.now);
        closed.map_err(|error| Difference::new("a state that can be reached", error))?;
        self.player.drain()
    }

    fn arrives(&mut self, seq: SeqNumber, ack: SeqNumber, control: Control) -> Result<(), Difference> {
        let segment = Segment::new(seq, ack, control).with_window(self.window);
        let arrived = self.player.glue.segment_arrives(&segment, self.player.now);
        arrived.map_err(|refusal| Difference::new("a state that can be reached", refusal))?;
        self.player.drain()
    }
}

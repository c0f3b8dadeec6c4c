//! The record of one incarnation, from the SYN on.

use tcp_lifecycle::{Config, Instant, Segment, SeqNumber, State, Status};

use super::estimate::Flights;
use super::recent::Recent;

#[derive(Debug, Default)]
pub(super) struct Life {
    /// Bytes in the user's send queue: queued, and not signalled as acknowledged.
    pub(super) queue: usize,
    /// Bytes signalled as acknowledged.
    pub(super) acknowledged: u32,
    /// The number of the FIN.
    pub(super) fin: Option<SeqNumber>,
    /// RCV.NXT+RCV.WND as it was last advertised.
    pub(super) edge: Option<SeqNumber>,
    pub(super) closing: bool,
    /// The user has closed; the user has left.
    pub(super) closed: bool,
    pub(super) detached: bool,
    /// The time at which FIN-WAIT-2 ends.
    pub(super) fin_wait_2: Option<Instant>,
    /// The number up to which everything may be retransmitted.
    pub(super) again: Option<SeqNumber>,
    /// The largest window that the peer has offered after its SYN.
    pub(super) most_window: u32,
    /// Whether the OPEN was passive.
    pub(super) passive: bool,
    /// The policies that determine the offers of our SYN; and the peer's SYN.
    pub(super) offer: Config,
    pub(super) syn: Option<Segment>,
    /// A timeout has happened: everything up to here is retransmitted as credit is earned (D16).
    pub(super) recover: Option<SeqNumber>,
    /// The number of SYNs sent in SYN-SENT.
    pub(super) syns: u32,
    pub(super) recent: Recent,
    /// SND.WL1 and SND.WL2.
    pub(super) window_from: Option<(SeqNumber, SeqNumber)>,
    /// The end of the last segment ahead of RCV.NXT, while there is a gap.
    pub(super) ahead: Option<SeqNumber>,
    pub(super) flights: Flights,
    /// The number of bytes, counted from the first, up to the end of urgent data; and whether the peer must still be
    /// told.
    pub(super) urgent: Option<u32>,
    pub(super) tell_urgent: bool,
    /// Both SYNs had the bits of ECN.
    pub(super) ecn: bool,
    /// Whether a mark of congestion may be echoed, whether it must be; and whether the next new payload must carry CWR.
    pub(super) marked: bool,
    pub(super) must_echo: bool,
    /// No segment has been sent since the mark.
    pub(super) untold: bool,
    pub(super) reduced: bool,
    pub(super) owed: Owed,
    /// When a segment was last accepted, and when the last keep-alive probe since then was due.
    pub(super) heard: Option<Instant>,
    pub(super) probed: Option<Instant>,
}

/// The ACKs that are due to the peer.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// Segments with payload in order since the last ACK.
    pub(super) segments: u32,
    /// The latest time for the ACK.
    pub(super) by: Option<Instant>,
    /// An ACK that no policy delays.
    pub(super) at_once: bool,
    /// ACKs of segments ahead of a gap, one for each.
    pub(super) duplicates: u8,
}

impl Life {
    pub(super) fn new(passive: bool, config: &Config) -> Life {
        Life { passive, offer: *config, ..Life::default() }
    }

    /// Notes a SEND with the URGENT flag in this state: everything queued is urgent.
    pub(super) fn note_urgent(&mut self, state: State) {
        if self.queue > 0 {
            self.urgent = Some(self.acknowledged + self.queue as u32);
            self.tell_urgent = matches!(state, State::Established | State::CloseWait);
        }
    }

    /// Whether RCV.NXT has passed the peer's FIN.
    pub(super) fn fin_taken(&self, status: &Status) -> bool {
        matches!(status.state, State::CloseWait | State::Closing | State::LastAck | State::TimeWait)
    }

    /// The number behind the last urgent byte.
    pub(super) fn up(&self, iss: SeqNumber) -> Option<SeqNumber> {
        self.urgent.map(|urgent| iss + 1 + urgent)
    }
}

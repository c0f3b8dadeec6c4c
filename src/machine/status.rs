//! The STATUS call, RFC 9293 section 3.10.6.

use core::time::Duration;

use crate::machine::context::Context;
use crate::machine::seq::SeqNumber;
use crate::machine::state::State;
use crate::machine::tcb::{Flags, Rcv, Snd, Tcb};
use crate::machine::time::Instant;

/// Every variable of a connection, as plain data. A variable that the state does not have is `None`, or zero for a
/// count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Status {
    /// The state.
    pub state: State,
    /// The initial send sequence number.
    pub iss: Option<SeqNumber>,
    /// The peer's initial sequence number.
    pub irs: Option<SeqNumber>,
    /// SND.UNA
    pub snd_una: Option<SeqNumber>,
    /// SND.NXT
    pub snd_nxt: Option<SeqNumber>,
    /// SND.WND, in bytes.
    pub snd_wnd: Option<u32>,
    /// RCV.NXT
    pub rcv_nxt: Option<SeqNumber>,
    /// RCV.WND, in bytes. If the window is scaled, the peer knows it rounded down to a multiple of its step.
    pub rcv_wnd: Option<u32>,
    /// Bytes of the send queue that have never been sent.
    pub unsent: u32,
    /// Sequence numbers that are sent and not acknowledged: SND.NXT - SND.UNA.
    pub in_flight: u32,
    /// Bytes that were delivered, and that the user has not yet reported as consumed.
    pub unread: u32,
    /// SND.UP, while urgent bytes are unacknowledged or not sent yet.
    pub snd_up: Option<SeqNumber>,
    /// RCV.UP, while the user has not consumed all urgent bytes.
    pub rcv_up: Option<SeqNumber>,
    /// Urgent bytes that the user has not reported as consumed, including those that have not arrived yet (RFC 9293
    /// section 3.8.5, MUST-33).
    pub urgent: u32,
    /// The current retransmission timeout, back-off included (RFC 6298).
    pub rto: Option<Duration>,
    /// The moment when the timer expires, if it runs. At most one of these runs at a time: the retransmission timer
    /// (RFC 6298), the persist timer or the override of silly-window avoidance (RFC 9293 section 3.8.6), keep-alive,
    /// the FIN-WAIT-2 timeout, 2 MSL. If a delayed ACK is due earlier, [`deadline`](crate::Connection::deadline) is the
    /// moment of that ACK.
    pub timer: Option<Instant>,
    /// The smoothed round-trip time; `None` before the first sample.
    pub srtt: Option<Duration>,
    /// The round-trip time variation; `None` before the first sample.
    pub rttvar: Option<Duration>,
    /// The number of retransmissions of the segment at SND.UNA. Behind a closed window, the number of unanswered
    /// probes, the first included. While nothing is unacknowledged, the number of unanswered keep-alive probes.
    pub retransmissions: u8,
    /// Duplicate ACKs since SND.UNA last advanced, 255 at most (RFC 5681 section 2). Three of them tell a congestion
    /// controller of a loss.
    pub duplicate_acks: u8,
    /// Eff.snd.MSS: the largest payload, in bytes, that we put into one segment. It is the smaller of the peer's MSS
    /// and the limit of our `max_segment`, less the options. (It is not the value of the peer's MSS option.)
    pub peer_mss: Option<u16>,
    /// The shift count of the windows that we receive (RFC 7323 section 2); zero if the SYNs did not agree on scaling.
    pub snd_scale: Option<u8>,
    /// The shift count of the windows that we send; zero if the SYNs did not agree on scaling.
    pub rcv_scale: Option<u8>,
    /// The SYNs agreed on explicit congestion notification (RFC 3168), and each SYN of ours offered it. Packets with
    /// new payload may be marked as ECN-capable, and no others (sections 6.1.4 to 6.1.6). The payload of a segment is
    /// new if `Transmit::payload` begins at the value that `in_flight` had before the poll, and `snd_wnd` is not zero.
    pub ecn: bool,
    /// The user is gone: it has called [`detach`](crate::Connection::detach), or CLOSE under
    /// [`half_duplex_close`](crate::Config::half_duplex_close).
    pub detached: bool,
    /// Both SYNs carried window scale (RFC 7323 section 2). The shift counts may still be zero.
    pub window_scaling: bool,
    /// The SYNs agreed on timestamps (RFC 7323 section 3).
    pub timestamps: bool,
    /// Both SYNs carried SACK-permitted (RFC 2018).
    pub sack_permitted: bool,
}

impl Status {
    // Inlined, so that a caller pays only for the variables that it reads.
    #[inline(always)]
    pub(crate) fn of(tcb: &Tcb, context: &Context) -> Status {
        let (snd, rcv) = (tcb.snd(), tcb.rcv());
        let fins = u32::from(tcb.has_taken_fin());
        let estimate = snd.and_then(|snd| snd.rto.estimate());
        Status {
            state: tcb.state(),
            iss: snd.map(|snd| snd.iss),
            irs: rcv.map(|rcv| rcv.irs),
            snd_una: snd.map(|snd| snd.una),
            snd_nxt: snd.map(|snd| snd.nxt),
            snd_wnd: snd.map(|snd| snd.wnd),
            rcv_nxt: rcv.map(|rcv| rcv.nxt),
            rcv_wnd: rcv.map(Rcv::wnd),
            unsent: snd.map_or(0, Snd::unsent),
            in_flight: snd.map_or(0, Snd::in_flight),
            unread: rcv.map_or(0, Rcv::unread),
            snd_up: snd.filter(|snd| snd.flags.intersects(Flags::URGENT)).map(|snd| snd.up),
            rcv_up: rcv.filter(|rcv| rcv.read.lt(rcv.up)).map(|rcv| rcv.up.back(fins)),
            urgent: rcv.map_or(0, |rcv| rcv.up.ahead_of(rcv.read)),
            rto: snd.map(|snd| Duration::from_millis(snd.rto.millis(snd.backoff, &context.policy))),
            timer: context.timer,
            srtt: estimate.map(|(srtt, _)| Duration::from_micros(u64::from(srtt))),
            rttvar: estimate.map(|(_, rttvar)| Duration::from_micros(u64::from(rttvar))),
            retransmissions: snd.map_or(0, |snd| snd.retransmissions),
            duplicate_acks: snd.map_or(0, |snd| snd.duplicates),
            peer_mss: snd.map(|snd| snd.mss),
            snd_scale: rcv.and(snd).map(|snd| snd.scale),
            rcv_scale: rcv.map(|rcv| rcv.scale),
            ecn: snd.is_some_and(|snd| snd.flags.intersection(Flags::ECN | Flags::NOT_ECT) == Flags::ECN),
            detached: snd.is_some_and(|snd| snd.flags.intersects(Flags::DETACHED)),
            window_scaling: snd.is_some_and(|snd| snd.flags.intersects(Flags::SCALE)),
            timestamps: snd.is_some_and(|snd| snd.flags.intersects(Flags::TIMESTAMPS)),
            sack_permitted: snd.is_some_and(|snd| snd.flags.intersects(Flags::SACK)),
        }
    }
}

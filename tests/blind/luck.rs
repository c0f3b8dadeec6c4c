//! Which segments RFC 5961 and RFC 9293 leave to luck, and which ones D12 exempts from the limiter. Both follow from
//! the variables of the attacked end in `Status`, not from its answers.

use tcp_lifecycle::{Control, Segment, SeqNumber, State};

use crate::end::View;

/// How far left of RCV.NXT the acknowledgment of a bare ACK counts (D4).
const LEFT: u32 = 65_536;

/// Why no receiver could distinguish a segment from the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Luck {
    /// A reset at RCV.NXT (RFC 5961 section 3.2), or with the acknowledgment of our SYN.
    Reset,
    /// Payload or a FIN in the window, with an acknowledgment in range (RFC 5961 section 5.2).
    Injection,
    /// An acknowledgment of something in flight that has not arrived.
    Acknowledgment,
    /// A SYN in the window in SYN-RECEIVED, to which RFC 5961 section 4.2 does not extend (D23).
    Syn,
    /// A SYN in SYN-SENT, which opens simultaneously (RFC 9293 MUST-10).
    Crossing,
}

impl Luck {
    pub(crate) const ALL: [Luck; 5] = [Luck::Reset, Luck::Injection, Luck::Acknowledgment, Luck::Syn, Luck::Crossing];
}

/// The lowest SEG.ACK that RFC 5961 section 5.2 accepts: SND.UNA - MAX.SND.WND.
pub(crate) fn least_ack(view: &View) -> SeqNumber {
    let most = view.max_snd_wnd.max(view.status.peer_mss.map_or(0, u32::from));
    view.status.snd_una.unwrap_or_default() + most.wrapping_neg()
}

/// Tells whether this segment is lucky, and why.
pub(crate) fn luck(segment: &Segment, view: &View) -> Option<Luck> {
    let status = &view.status;
    let (una, snd_nxt) = (status.snd_una?, status.snd_nxt?);
    let is_news = segment.ack().is_some_and(|ack| una.lt(ack) && ack.le(snd_nxt));
    let has = |bits| segment.control().contains(bits);
    let (Some(nxt), Some(wnd)) = (status.rcv_nxt, status.rcv_wnd) else {
        return luck_in_syn_sent(segment, is_news);
    };
    let (seq, len) = (segment.seq(), segment.len());
    if has(Control::RST) {
        return (seq == nxt).then_some(Luck::Reset);
    }
    if has(Control::SYN) {
        return (status.state == State::SynReceived && seq - nxt < wnd).then_some(Luck::Syn);
    }
    if !is_ack_in_range(segment, view) {
        return None;
    }
    // Table 6, and one number more on the right (D17, D28).
    let overlaps = seq - nxt <= wnd || (len > 0 && seq + (len - 1) - nxt <= wnd);
    if len > 0 && overlaps {
        return Some(Luck::Injection);
    }
    // A bare ACK; left of the window its acknowledgment counts by D4.
    let counts = overlaps || (len == 0 && nxt - seq <= LEFT);
    (is_news && counts).then_some(Luck::Acknowledgment)
}

fn luck_in_syn_sent(segment: &Segment, is_news: bool) -> Option<Luck> {
    let (rst, syn) = (segment.control().contains(Control::RST), segment.control().contains(Control::SYN));
    match (segment.ack(), rst, syn) {
        (Some(_), true, _) if is_news => Some(Luck::Reset),
        (Some(_), false, true) if is_news => Some(Luck::Acknowledgment),
        (None, false, true) => Some(Luck::Crossing),
        _ => None,
    }
}

/// D12: payload or a FIN whose acknowledgment may have been lost. It lies between RCV.NXT less the largest window
/// offered and one number past the right edge.
pub(crate) fn is_exempt(segment: &Segment, view: &View) -> bool {
    let (Some(nxt), Some(wnd)) = (view.status.rcv_nxt, view.status.rcv_wnd) else { return false };
    let from_left = segment.seq() - (nxt + view.max_rcv_wnd.wrapping_neg());
    segment.len() > 0
        && !segment.control().intersects(Control::SYN | Control::RST)
        && from_left <= view.max_rcv_wnd + wnd + 1
        && is_ack_in_range(segment, view)
}

/// SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT
fn is_ack_in_range(segment: &Segment, view: &View) -> bool {
    let least = least_ack(view);
    segment.ack().is_some_and(|ack| view.status.snd_nxt.is_some_and(|nxt| ack - least <= nxt - least))
}

//! What must hold of every segment that arrives.

use core::ops::Range;

use tcp_lifecycle::{Config, Control, Refusal, Segment, State, Status};

/// What is refused changes no variable; of the rest all that is new and fits is taken, and nothing else.
pub(super) fn check(
    segment: &Segment,
    before: &Status,
    after: &Status,
    taken: &Result<Range<usize>, Refusal>,
    config: &Config,
) {
    assert!(!is_blind(segment, before, config) || before.state == after.state, "a blind segment changed the state");
    // Unless it is older than what has come since.
    let old = matches!(taken, Err(Refusal::OldTimestamp | Refusal::NoTimestamp));
    assert!(taken.is_ok() || old || !is_pushed_right(segment, before), "an ACK that honest peers send was refused");
    let range = match taken {
        Ok(range) => range,
        Err(refusal) => {
            // RFC 3168 section 6.1.1: the peer's SYN again may take his offer back.
            let offers = segment.control().contains(Control::ECE | Control::CWR);
            let ecn = before.ecn && (*refusal != Refusal::SynRepeated || offers);
            let mut same = before.clone();
            same.ecn = ecn;
            return assert_eq!(&same, after, "a refused segment changes no variable");
        }
    };
    assert!(range.end <= usize::from(segment.payload_len()));
    let syn = u32::from(segment.control().contains(Control::SYN));
    let text = segment.seq() + syn;
    assert!(range.is_empty() || text + range.start as u32 == before.rcv_nxt.unwrap_or(text));
    let (Some(nxt), Some(passed)) = (before.rcv_nxt, after.rcv_nxt) else { return };
    let len = range.len() as u32;
    assert_eq!(after.unread, before.unread + len);
    // D28: the right edge moves with the FIN, and only with that.
    let fin = passed - nxt - len;
    assert!(fin <= 1);
    assert_eq!(passed + after.rcv_wnd.unwrap(), nxt + before.rcv_wnd.unwrap() + fin);
    let may_receive = matches!(before.state, State::Established | State::FinWait1 | State::FinWait2);
    if may_receive && before.snd_una != before.iss && !segment.control().intersects(Control::SYN | Control::RST) {
        assert_eq!((len, fin), takes(segment, before));
    }
}

/// How many bytes, and whether the FIN: what starts at RCV.NXT, perhaps behind something old, up to the window's end.
fn takes(segment: &Segment, before: &Status) -> (u32, u32) {
    let payload = u32::from(segment.payload_len());
    let wnd = before.rcv_wnd.unwrap();
    let old = before.rcv_nxt.unwrap() - segment.seq();
    if old > payload {
        return (0, 0);
    }
    let len = (payload - old).min(wnd);
    let fits = len == payload - old && len < wnd;
    (len, u32::from(fits && segment.control().contains(Control::FIN)))
}

/// D17: a bare ACK of a peer that has filled our window, or sent a probe behind it, all of which was lost.
fn is_pushed_right(segment: &Segment, before: &Status) -> bool {
    let (Some(nxt), Some(wnd), Some(una)) = (before.rcv_nxt, before.rcv_wnd, before.snd_una) else { return false };
    let bits = segment.control().intersection(Control::SYN | Control::FIN | Control::RST | Control::ACK);
    bits == Control::ACK
        && segment.len() == 0
        && segment.seq() == nxt + wnd.max(1)
        && segment.ack().is_some_and(|ack| una.le(ack) && ack.le(before.snd_nxt.unwrap()))
        && Some(una) != before.iss
        && before.state != State::TimeWait
}

/// S8: it acknowledges what was never sent, or nothing; or it is a reset that did not guess RCV.NXT.
fn is_blind(segment: &Segment, before: &Status, config: &Config) -> bool {
    let (Some(nxt), Some(una)) = (before.snd_nxt, before.snd_una) else { return false };
    let synchronized = before.rcv_nxt.is_some() && before.iss != before.snd_una;
    if segment.control().contains(Control::RST) {
        let in_window = before.rcv_nxt.is_some_and(|rcv| segment.seq() - rcv < before.rcv_wnd.unwrap_or(0));
        return synchronized && Some(segment.seq()) != before.rcv_nxt && (config.rfc5961 || !in_window);
    }
    let outside = segment.ack().is_none_or(|ack| ack.gt(nxt) && ack.gt(una));
    synchronized && outside && !segment.control().contains(Control::SYN)
}

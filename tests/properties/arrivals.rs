//! What must hold of every segment that arrives.

use core::ops::Range;

use tcp_lifecycle::{Connection, Control, Instant, Output, Refusal, Segment, SeqNumber, Signal, State, Status};

use super::Watched;
use super::verdict::Verdict;

impl Watched {
    /// S8, S16: what has to be taken is taken, what has to be refused is refused, and then it changes nothing.
    pub(super) fn check_arrival(
        &self,
        segment: &Segment,
        (was, before): (Connection, &Status),
        verdict: Verdict,
        taken: &Result<Range<usize>, Refusal>,
    ) {
        let after = self.connection.status();
        let now = self.now;
        match taken {
            Err(refusal) => {
                let old = *refusal == Refusal::OldTimestamp;
                assert!(!old || self.is_old(segment, before), "a timestamp that is not old was refused");
                assert!(old || !matches!(verdict, Verdict::Taken | Verdict::Acknowledgment), "{refusal} of {segment}");
                check_unchanged(segment, before, &after, *refusal);
                let timer = |connection: &Connection| connection.deadline().map(|at| at.max(now));
                assert_eq!(timer(&was), timer(&self.connection), "a refused segment moves no timer");
                assert_eq!(news(was, now), news(self.connection.clone(), now), "the user hears of a refused segment");
            }
            Ok(range) => {
                assert_ne!(verdict, Verdict::Refused, "a blind segment had an effect: {segment}");
                if verdict == Verdict::Acknowledgment {
                    check_acknowledgment(before, &after);
                    let hears = |connection| news(connection, now).into_iter().filter(is_of_text).collect::<Vec<_>>();
                    assert_eq!(hears(was), hears(self.connection.clone()), "more than the acknowledgment counts");
                }
                if segment.control().contains(Control::RST) {
                    assert!(matches!(after.state, State::Closed | State::Listen), "a reset that ends nothing");
                }
                check_taken(segment, before, &after, range);
            }
        }
    }

    /// Something newer has been accepted.
    pub(super) fn is_old(&self, segment: &Segment, status: &Status) -> bool {
        let value = segment.options().timestamps().filter(|_| status.timestamps).map(|(value, _)| value);
        value.is_some_and(|value| self.life.stamps.iter().any(|newer| SeqNumber(value).lt(SeqNumber(*newer))))
    }
}

/// The transitions and signals that are due.
fn news(mut connection: Connection, now: Instant) -> Vec<Output> {
    let next = || match connection.poll(now) {
        news @ (Output::Transition(_) | Output::Signal(_)) => Some(news),
        Output::Transmit(_) | Output::Wait(_) => None,
    };
    core::iter::from_fn(next).collect()
}

/// It comes of the payload or the bits of a segment.
fn is_of_text(output: &Output) -> bool {
    matches!(output, Output::Signal(Signal::Urgent | Signal::CongestionExperienced | Signal::Closing))
}

/// What is refused changes no variable.
fn check_unchanged(segment: &Segment, before: &Status, after: &Status, refusal: Refusal) {
    let mut same = before.clone();
    // RFC 3168 section 6.1.1: the peer's SYN again may take his offer back.
    let offers = segment.control().contains(Control::ECE | Control::CWR);
    same.ecn = before.ecn && (refusal != Refusal::SynRepeated || offers);
    assert_eq!(&same, after, "a refused segment changes no variable");
}

/// D4: the window does not count, nor anything that it carries.
fn check_acknowledgment(before: &Status, after: &Status) {
    if after.state == State::Closed {
        return assert_eq!(before.state, State::LastAck);
    }
    let rest = |status: &Status| (status.snd_wnd, status.rcv_nxt, status.rcv_wnd, status.rcv_up, status.unread);
    assert_eq!(rest(before), rest(after), "of a segment outside the window the acknowledgment counts alone");
}

/// All that is new and fits is taken, and nothing else.
fn check_taken(segment: &Segment, before: &Status, after: &Status, range: &Range<usize>) {
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

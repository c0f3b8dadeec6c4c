//! The properties of every segment that arrives.

use core::ops::Range;

use tcp_lifecycle::{Connection, Control, Instant, Output, Refusal, Segment, SeqNumber, Signal, State, Status};

use super::Watched;
use super::features::is_sign_of_life;
use super::recent::Age;
use super::verdict::Verdict;

impl Watched {
    /// S8, S16: an acceptable segment is accepted; any other is refused, and changes nothing.
    pub(super) fn check_arrival(
        &self,
        segment: &Segment,
        (was, before): (Connection, &Status),
        (verdict, age): (Verdict, Age),
        taken: &Result<Range<usize>, Refusal>,
    ) {
        let after = self.connection.status();
        let now = self.now;
        match taken {
            Err(refusal) => {
                let old = *refusal == Refusal::OldTimestamp;
                assert!(!old || age != Age::New, "a timestamp that is not old was refused");
                assert!(old || !matches!(verdict, Verdict::Taken | Verdict::Acknowledgment), "{refusal} of {segment}");
                let timer = |connection: &Connection| connection.deadline().map(|at| at.max(now));
                let lives = is_sign_of_life(segment, before, taken) && self.is_in_range(segment, before);
                check_unchanged(segment, before, &after, (*refusal, lives));
                assert!(lives || timer(&was) == timer(&self.connection), "a refused segment moves no timer");
                assert_eq!(news(was, now), news(self.connection.clone(), now), "the user hears of a refused segment");
            }
            Ok(range) => {
                assert_ne!(verdict, Verdict::Refused, "a blind segment had an effect: {segment}");
                assert_ne!(age, Age::Old, "an old timestamp");
                if verdict == Verdict::Acknowledgment {
                    check_acknowledgment(before, &after);
                    let hears = |connection| news(connection, now).into_iter().filter(is_of_text).collect::<Vec<_>>();
                    assert_eq!(
                        hears(was),
                        hears(self.connection.clone()),
                        "more than the acknowledgment and the window counts"
                    );
                }
                if segment.control().contains(Control::RST) {
                    assert!(matches!(after.state, State::Closed | State::Listen), "a reset that ends nothing");
                }
                check_taken(segment, before, &after, range);
                if verdict == Verdict::Taken && after.snd_una.is_some() {
                    check_whole(segment, before, &after, range);
                }
            }
        }
    }

    /// Checks SND.WND, SND.WL1 and SND.WL2. A segment sets them if it acknowledges more, or is not older than the last
    /// segment that set them (RFC 9293 section 3.10.7.4, fifth; D1, D4, D24).
    pub(super) fn check_send_window(&mut self, segment: &Segment, before: &Status, after: &Status, verdict: Verdict) {
        let syn = segment.control().contains(Control::SYN);
        let scale = if syn { 0 } else { after.snd_scale.unwrap_or(0) };
        let window = u32::from(segment.window()) << scale;
        let (Some(una), Some(nxt)) = (before.snd_una, before.rcv_nxt) else {
            self.life.window_from = segment.ack().map(|ack| (segment.seq(), ack));
            return;
        };
        if after.snd_una.is_none() || before.state == State::TimeWait {
            return;
        }
        // The beginning of its new part.
        let text = segment.seq() + u32::from(syn && Some(segment.seq()) == before.irs);
        let old = if text.lt(nxt) { (nxt - text).min(segment.payload_len().into()) } else { 0 };
        let from =
            (if verdict == Verdict::Acknowledgment { segment.seq() } else { text + old }, segment.ack().unwrap());
        let is_newer = |(wl1, wl2): (SeqNumber, SeqNumber)| wl1.lt(from.0) || (wl1 == from.0 && wl2.le(from.1));
        let more = una.lt(from.1);
        if more || (una == from.1 && self.life.window_from.is_none_or(is_newer)) {
            self.life.window_from = Some(from);
            assert_eq!(after.snd_wnd, Some(window), "SND.WND");
        } else {
            assert_eq!(after.snd_wnd, before.snd_wnd, "SND.WND of an old segment");
        }
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

/// Whether the output comes from the payload or the control bits of a segment.
fn is_of_text(output: &Output) -> bool {
    matches!(output, Output::Signal(Signal::Urgent | Signal::CongestionExperienced | Signal::Closing))
}

/// Checks that a refused segment changes no variable. (But a sign of life resets the count of keep-alive probes, and
/// their timer.)
fn check_unchanged(segment: &Segment, before: &Status, after: &Status, (refusal, lives): (Refusal, bool)) {
    let mut same = before.clone();
    if lives && before.in_flight == 0 {
        same.retransmissions = same.retransmissions.min(after.retransmissions);
        same.timer = after.timer;
    }
    if refusal == Refusal::SynRepeated {
        take_back(&mut same, segment);
    }
    assert_eq!(&same, after, "a refused segment changes no variable");
}

/// D6: an option that the peer's SYN no longer offers is no longer agreed.
fn take_back(status: &mut Status, syn: &Segment) {
    let options = syn.options();
    status.ecn &= syn.control().contains(Control::ECE | Control::CWR);
    status.timestamps &= options.timestamps().is_some();
    status.sack_permitted &= options.sack_permitted();
    if options.window_scale().is_none() {
        status.window_scaling = false;
        (status.snd_scale, status.rcv_scale) = (Some(0), Some(0));
    }
}

/// D4: the window counts with the acknowledgment, and no other part of the segment.
fn check_acknowledgment(before: &Status, after: &Status) {
    if after.state == State::Closed {
        return assert_eq!(before.state, State::LastAck);
    }
    let rest = |status: &Status| (status.rcv_nxt, status.rcv_wnd, status.rcv_up, status.unread);
    assert_eq!(
        rest(before),
        rest(after),
        "of a segment outside the window more than the acknowledgment and the window counts"
    );
}

/// Checks that everything that is new and fits is accepted, and nothing else.
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
}

/// Checks a segment in the window: every part that fits is accepted.
fn check_whole(segment: &Segment, before: &Status, after: &Status, range: &Range<usize>) {
    let (Some(nxt), Some(passed)) = (before.rcv_nxt, after.rcv_nxt) else { return };
    let len = range.len() as u32;
    let may_receive = matches!(before.state, State::Established | State::FinWait1 | State::FinWait2);
    if may_receive && before.snd_una != before.iss && !segment.control().intersects(Control::SYN | Control::RST) {
        assert_eq!((len, passed - nxt - len), takes(segment, before));
    }
}

/// The number of bytes, and of FINs, that are accepted: from RCV.NXT, perhaps after an old part, up to the window's
/// end.
fn takes(segment: &Segment, before: &Status) -> (u32, u32) {
    let payload = u32::from(segment.payload_len());
    let wnd = before.rcv_wnd.unwrap();
    let old = before.rcv_nxt.unwrap() - segment.seq();
    if old > payload {
        return (0, 0);
    }
    let len = (payload - old).min(wnd);
    // D28: the FIN may lie at the edge.
    let fits = len == payload - old && len <= wnd;
    (len, u32::from(fits && segment.control().contains(Control::FIN)))
}

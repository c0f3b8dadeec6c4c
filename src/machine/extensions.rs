//! The calls beside those of RFC 9293 section 3.10: the seams for loss detection and congestion control (section
//! 3.8.2), policies that change in the middle of a life, and a second life out of TIME-WAIT (section 3.6.1).

use core::ops::Range;

use crate::machine::config::{Config, Policy};
use crate::machine::connection::Connection;
use crate::machine::context::Context;
use crate::machine::error::CallError;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::{Flags, Phase, Snd, Tcb};
use crate::machine::time::Instant;

/// Beside the RFC's calls.
impl Connection {
    /// The F of the next initial sequence number; see [`new`](Self::new). In LISTEN it counts for the next SYN that
    /// arrives, so that it can be set for each peer.
    pub const fn set_isn_offset(&mut self, isn_offset: u32) {
        self.context.isn_offset = isn_offset;
    }

    /// The F with which the initial sequence number of a SYN at this moment is `iss`.
    #[must_use]
    pub const fn isn_offset_for(iss: SeqNumber, now: Instant) -> u32 {
        iss.back((now.as_micros() / 4) as u32).0
    }

    /// The F for a next life whose SYN goes out at this moment or later: its initial sequence number is right of every
    /// number that this life has sent. For an active OPEN of the same pair of sockets while this life is in TIME-WAIT
    /// (RFC 6191 has the rules of the other end).
    #[must_use]
    pub fn next_isn_offset(&self, now: Instant) -> u32 {
        let nxt = match &self.tcb {
            Tcb::Closed | Tcb::Listen => return self.context.isn_offset,
            Tcb::SynSent(tcb) => tcb.snd.nxt,
            Tcb::Synchronized(tcb) => tcb.snd.nxt,
        };
        Context::isn_offset_beyond(self.context.isn_offset, nxt, now.max(self.context.now))
    }

    /// The offset of TSval from the clock, in steps of 65,536 ms; zero at first. It hides how long the host is up, but
    /// for the last 65 seconds of it (RFC 7323 section 7.1), and has to be the same for each life of a pair of sockets:
    /// a keyed hash of the two ([`IsnHash::timestamp_offset`](crate::isn::IsnHash::timestamp_offset)). A host that must
    /// not show which connections are its own has a clock of its own for each. To be set before OPEN, or before the
    /// first poll of one that [`accept`](Self::accept) made; a [`Listener`](crate::listener::Listener) sets it for its
    /// children.
    pub const fn set_timestamp_offset(&mut self, offset: u16) {
        self.context.timestamp_offset = offset;
    }

    /// The policies in force: those of [`new`](Self::new) or [`configure`](Self::configure), each value as it is kept.
    #[must_use]
    pub fn config(&self) -> Config {
        self.context.policy.config()
    }

    /// An ACK goes out with the next poll: one that is delayed need not wait (RFC 9293 section 3.8.6.3), and who has
    /// put a gap together tells the peer at once (RFC 5681 section 4.2). In CLOSED, LISTEN and SYN-SENT it does
    /// nothing.
    #[doc(alias = "quickack")]
    pub fn acknowledge_now(&mut self) {
        if let Tcb::Synchronized(_) = &self.tcb {
            self.context.outbox.request_ack();
        }
    }

    /// Other policies from now on. What the SYNs agreed stays, and a timer that runs goes on as it was set, but for
    /// that of keep-alive; an ACK that is delayed goes out at once where none is to be delayed any more; a timeout for
    /// FIN-WAIT-2, where there was none, counts from the last event that told the time, and one that runs gives way to
    /// keep-alive where the new policies have keep-alive alone. The window never moves back, and a `receive_buffer`
    /// that is not zero is at least one step of the window scale that was agreed: the peer could not be told of less. A
    /// smaller `max_segment` bounds the segments of this life too, so that it can follow the path's MTU down. It is an
    /// event: poll after it.
    pub fn configure(&mut self, config: &Config) {
        self.set_policy(Policy::new(config));
    }

    /// As [`configure`](Self::configure), with policies that are made once for many connections.
    pub fn set_policy(&mut self, policy: Policy) {
        let before = self.context.policy;
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            tcb.rearm_if_idle_changes(&mut self.context, |tcb, context| {
                context.policy = policy;
                context.policy.cover_step(tcb.rcv.scale);
                tcb.snd.note_policies(&before, &context.policy);
            });
            if !self.context.policy.delays_acks() {
                self.context.outbox.stop_delaying_ack();
            }
            if before.keep_alive() != self.context.policy.keep_alive() && tcb.is_kept_alive(&self.context) {
                tcb.snd.restart_idle(&mut self.context);
            }
            tcb.snd.mss = tcb.snd.mss.min(tcb.snd.most_payload(&self.context));
            // What the old ones held back may go.
            if tcb.snd.nxt != tcb.snd.last() {
                self.context.outbox.request_data();
            }
            if tcb.phase == Phase::FinWait2 && self.context.timer.is_none() {
                tcb.time_fin_wait_2(&mut self.context);
            }
        } else {
            self.context.policy = policy;
            if let Tcb::SynSent(tcb) = &mut self.tcb {
                tcb.snd.note_policies(&before, &self.context.policy);
            }
        }
    }

    /// So many bytes of the send queue, counted from its front, are lost, as the caller's loss detection has it: they
    /// go out again, within the peer's window and the [`limit`](Self::limit). No round-trip time is taken of them
    /// (Karn), and where the front of the queue is among them, the next timeout is a whole one away (RFC 6298 section
    /// 5). While a closed window is probed it changes nothing. A FIN goes with the bytes before it; alone, it is the
    /// one behind the last byte. Another call replaces what of the last one has not been handed out.
    ///
    /// After a retransmission timeout the front alone goes at once, and the rest as acknowledgments come (RFC 6298
    /// section 5.4, D16 in [`decisions`](crate::decisions)). The call then lets as many bytes more go, one segment at
    /// least: `retransmit(0..sent)` sends again all that is in flight, which is twice as fast where a quarter of all
    /// segments is lost.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED, [`CallError::NotSent`] for bytes that have never been handed
    /// out.
    pub fn retransmit(&mut self, range: Range<usize>) -> Result<(), CallError> {
        let tcb = match &mut self.tcb {
            Tcb::Closed => return Err(CallError::ConnectionDoesNotExist),
            Tcb::Listen | Tcb::SynSent(_) | Tcb::Synchronized(_) if range.is_empty() => return Ok(()),
            Tcb::Listen | Tcb::SynSent(_) => return Err(CallError::NotSent),
            Tcb::Synchronized(tcb) => tcb,
        };
        let sent = tcb.snd.nxt.ahead_of(tcb.snd.front());
        match (u32::try_from(range.start), u32::try_from(range.end)) {
            (Ok(start), Ok(end)) if end <= sent => tcb.snd.resend(start, end),
            _ => return Err(CallError::NotSent),
        }
        self.context.outbox.request_data();
        // What it has earned may let the rest of the queue go.
        tcb.enter_last_ack(&mut self.context);
        Ok(())
    }

    /// The segment to hand in for one that the caller has `kept` since it came ahead of a gap, now that another has
    /// filled it: its numbers, payload and FIN, with the acknowledgment and the window that are in force, since its own
    /// may be too old by now, and with the options of `filler`, whose timestamp is the newest.
    ///
    /// ```
    /// use tcp_lifecycle::sim::Script;
    /// use tcp_lifecycle::{Config, Instant, Segment};
    ///
    /// let mut connection = Script::parse("ESTABLISHED")?.run(&Config::DEFAULT)?;
    /// let kept: Segment = "<SEQ=305><ACK=100><CTL=ACK><DATA=10><WND=500>".parse()?;
    /// assert_eq!(connection.segment_arrives(&kept, Instant::ZERO), Ok(0..0)); // ahead of a gap: the caller keeps it
    /// let filler: Segment = "<SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=900>".parse()?;
    /// assert_eq!(connection.segment_arrives(&filler, Instant::ZERO), Ok(0..5));
    /// let kept = connection.reassembled(&kept, &filler);
    /// assert_eq!(connection.segment_arrives(&kept, Instant::ZERO), Ok(0..10));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn reassembled(&self, kept: &Segment, filler: &Segment) -> Segment {
        let control = kept.control().intersection(Control::FIN | Control::PSH) | Control::ACK;
        let (ack, window) = match &self.tcb {
            Tcb::Closed | Tcb::Listen => (SeqNumber(0), 0),
            Tcb::SynSent(tcb) => (tcb.snd.una, tcb.snd.wnd),
            Tcb::Synchronized(tcb) => (tcb.snd.una, tcb.snd.wnd.wrapping_shr(u32::from(tcb.snd.scale))),
        };
        Segment::new(kept.seq(), ack, control)
            .with_payload(kept.payload_len())
            .with_window(u16::try_from(window).unwrap_or(u16::MAX))
            .with_options(filler.options())
    }

    /// The packet of the last segment came with a mark of congestion (the CE codepoint of RFC 3168 section 5): to be
    /// called after [`segment_arrives`](Self::segment_arrives) has taken it, and not where it was refused (section
    /// 6.1.5). Each segment from now on echoes it, until the peer says that it has reduced its window (section 6.1.3).
    /// Without ECN agreed it does nothing.
    pub fn congestion_experienced(&mut self) {
        self.set_if_agreed(Flags::ECHO | Flags::ECHO_UNSENT);
    }

    /// The caller's congestion window has been reduced, for whatever reason, a timeout too: the next new payload says
    /// so (CWR of RFC 3168 section 6.1.2). Without ECN agreed it does nothing.
    pub fn congestion_window_reduced(&mut self) {
        self.set_if_agreed(Flags::REDUCED);
    }

    fn set_if_agreed(&mut self, flags: Flags) {
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.snd.flags.intersects(Flags::ECN)
            // There is nobody left who would heed it.
            && !matches!(tcb.phase, Phase::TimeWait { .. })
        {
            tcb.snd.flags |= flags;
        }
    }

    /// In TIME-WAIT: whether this SYN may start a new life (RFC 9293 section 3.6.1, MAY-2, SHLD-4; RFC 6191). `Some` is
    /// the ISN offset for it, with which its initial sequence number exceeds every number of this life.
    ///
    /// It changes nothing. A caller that agrees opens another [`Connection`], passive, with that offset and hands the
    /// SYN to it; as long as that one is in SYN-RECEIVED it keeps this one, since the SYN may prove to be an old
    /// duplicate.
    #[must_use]
    pub fn reopens(&self, syn: &Segment, now: Instant) -> Option<u32> {
        match &self.tcb {
            Tcb::Synchronized(tcb) if tcb.accepts_reopening(syn, &self.context) => {
                Some(Context::isn_offset_beyond(self.context.isn_offset, tcb.snd.nxt, now.max(self.context.now)))
            }
            Tcb::Synchronized(_) | Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => None,
        }
    }

    /// How many bytes past SND.UNA may be handed out, whatever the peer's window allows: the seam for a congestion
    /// window (RFC 9293 section 3.8.2, RFC 5681). `u32::MAX` at first; it stays in force until another one comes, in a
    /// next life too. It bounds payload, not SYN and FIN. Where it lets nothing go and nothing is in flight no timer
    /// runs: a caller who waits for a moment of their own, as RFC 3168 section 6.1.2 has it for a window of one
    /// segment, keeps the time. It is an event: poll after it.
    pub fn limit(&mut self, in_flight: u32) {
        match &mut self.tcb {
            Tcb::Synchronized(tcb) => {
                tcb.rearm_if_idle_changes(&mut self.context, |_, context| context.limit = in_flight);
                self.context.outbox.request_data();
                tcb.enter_last_ack(&mut self.context);
            }
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => self.context.limit = in_flight,
        }
    }
}

impl Snd {
    /// So many bytes from the front of the queue are held for lost; a FIN that followed them went with them. (The FIN
    /// counts as one, behind the last byte.)
    fn resend(&mut self, start: u32, end: u32) {
        let (from, mut until) = (self.front() + start, self.front() + end);
        if until == self.end && self.nxt == self.last() {
            until = self.last();
        }
        // The probes of a closed window go on as they are.
        if self.wnd_in_flight() > 0 {
            // One whole segment at least: less would not let the front go.
            let credit = (until - from).max(self.one_segment());
            self.recovery.mark_lost(from, until, credit, self.nxt);
        }
    }
}

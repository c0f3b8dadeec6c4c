//! Calls that RFC 9293 section 3.10 does not have: the interface for loss detection and congestion control (section
//! 3.8.2), a change of policies in mid-life, and a new connection out of TIME-WAIT (section 3.6.1).

use core::ops::Range;

use crate::machine::config::{Config, Policy};
use crate::machine::connection::Connection;
use crate::machine::context::Context;
use crate::machine::error::CallError;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::{Flags, Phase, Snd, Tcb};
use crate::machine::time::Instant;

/// The option space beside the timestamps, in bytes.
pub(crate) const MAX_RESERVED: u8 = 28;

/// Calls that the RFC does not have.
impl Connection {
    /// Sets F, the offset of the next initial sequence number; see [`new`](Self::new). In LISTEN it applies to the next
    /// SYN that arrives, so that the caller can set it for each peer.
    pub const fn set_isn_offset(&mut self, isn_offset: u32) {
        self.context.isn_offset = isn_offset;
    }

    /// Returns the F for which a SYN at the moment `now` has the initial sequence number `iss`.
    #[must_use]
    pub const fn isn_offset_for(iss: SeqNumber, now: Instant) -> u32 {
        iss.back((now.as_micros() / 4) as u32).0
    }

    /// Returns an F for the next connection of the same pair of sockets, whose SYN goes out at `now` or later. Its
    /// initial sequence number is right of every number that this connection has sent. It is meant for an active OPEN
    /// while this connection is in TIME-WAIT; RFC 6191 has the rules of the other end.
    #[must_use]
    pub fn next_isn_offset(&self, now: Instant) -> u32 {
        let nxt = match &self.tcb {
            Tcb::Closed | Tcb::Listen => return self.context.isn_offset,
            Tcb::SynSent(tcb) => tcb.snd.nxt,
            Tcb::Synchronized(tcb) => tcb.snd.nxt,
        };
        Context::isn_offset_beyond(self.context.isn_offset, nxt, now.max(self.context.now))
    }

    /// Sets the offset of TSval from the clock, in steps of 65,536 ms. The default is zero.
    ///
    /// The offset hides the uptime of the host (RFC 7323 section 7.1); the last 65 seconds of it still show. It must be
    /// the same for every connection of one pair of sockets, so it should be a keyed hash of the two:
    /// [`IsnHash::timestamp_offset`](crate::isn::IsnHash::timestamp_offset). Call this before OPEN, or before the first
    /// poll of a connection that [`accept`](Self::accept) made. A [`Listener`](crate::listener::Listener) sets it for
    /// its children.
    pub const fn set_timestamp_offset(&mut self, offset: u16) {
        self.context.timestamp_offset = offset;
    }

    /// Returns the policies in force, those of [`new`](Self::new) or [`configure`](Self::configure). Each value is the
    /// one that the connection uses; a long duration may be rounded up.
    #[must_use]
    pub fn config(&self) -> Config {
        self.context.policy.config()
    }

    /// Sends an ACK with the next poll. A delayed ACK no longer waits (RFC 9293 section 3.8.6.3), and a caller that has
    /// filled a gap tells the peer at once (RFC 5681 section 4.2). In CLOSED, LISTEN and SYN-SENT the call does
    /// nothing.
    #[doc(alias = "quickack")]
    pub fn acknowledge_now(&mut self) {
        if let Tcb::Synchronized(_) = &self.tcb {
            self.context.outbox.request_ack();
        }
    }

    /// Replaces the policies. This is an event: poll after it.
    ///
    /// The options that the SYNs agreed stay. Timers:
    ///
    /// * A running timer keeps its moment. That of keep-alive restarts.
    /// * A delayed ACK goes out at once if the new policies do not delay ACKs.
    /// * A timeout for FIN-WAIT-2 that was off counts from the last event that told the time. One that runs is replaced
    ///   by keep-alive, if the new policies have keep-alive and no such timeout.
    ///
    /// Sizes:
    ///
    /// * The right edge of the receive window never moves back. A `receive_buffer` above zero counts as one step of the
    ///   agreed window scale at least, since the window field cannot express less.
    /// * A smaller `max_segment` also bounds the segments of this connection, so that it can follow a path MTU that
    ///   shrinks.
    pub fn configure(&mut self, config: &Config) {
        self.set_policy(Policy::new(config));
    }

    /// Replaces the policies, as [`configure`](Self::configure) does, by ones made once for many connections.
    pub fn set_policy(&mut self, policy: Policy) {
        let before = self.context.policy;
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            tcb.rearm_if_idle_changes(&mut self.context, |tcb, context| {
                context.policy = policy;
                context.policy.raise_buffer_to_step(tcb.rcv.scale);
                tcb.snd.note_policies(&before, &context.policy);
                tcb.rcv.note_growth(context);
            });
            if !self.context.policy.delays_acks() {
                self.context.outbox.stop_delaying_ack();
            }
            if before.keep_alive() != self.context.policy.keep_alive() && tcb.is_kept_alive(&self.context) {
                tcb.snd.stop_keep_alive(&mut self.context);
            }
            tcb.snd.mss = tcb.snd.mss.min(tcb.snd.payload_bound(&self.context));
            // The old policies may have held data back.
            if tcb.snd.nxt != tcb.snd.last() {
                self.context.outbox.request_data();
            }
            if tcb.phase == Phase::FinWait2 && self.context.timer.is_none() {
                tcb.start_fin_wait_2_timer(&mut self.context);
            }
        } else {
            self.context.policy = policy;
            if let Tcb::SynSent(tcb) = &mut self.tcb {
                tcb.snd.note_policies(&before, &self.context.policy);
            }
        }
    }

    /// Sends bytes of the send queue again that the caller's loss detection holds for lost. `range` counts from the
    /// front of the queue.
    ///
    /// The bytes go out within the peer's window and the [`limit`](Self::limit). They give no round-trip time (Karn).
    /// If the front of the queue is among them, the retransmission timer restarts (RFC 6298 section 5). A FIN goes with
    /// the bytes before it; alone, it is the position behind the last byte. A second call replaces the part of the
    /// first that has not gone out. While a closed window is probed the call changes nothing.
    ///
    /// After a retransmission timeout only the segment at the front goes out at once, and the rest as ACKs arrive (RFC
    /// 6298 section 5.4, D16 in [`decisions`](crate::decisions)). The call then releases as many bytes as it names, and
    /// one segment at least. So `retransmit(0..sent)` releases everything in flight at once: name only what is lost.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED; [`CallError::NotSent`] for bytes that have never been sent.
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
        // The credit may release the rest of the queue.
        tcb.enter_last_ack(&mut self.context);
        Ok(())
    }

    /// Takes the recovery after a retransmission timeout over from the connection.
    ///
    /// After a timeout the connection sends everything in flight again, in order, as ACKs arrive (RFC 6298 section 5.4,
    /// D16). A caller that knows from SACK blocks what has arrived calls this at
    /// [`Signal::RetransmissionTimeout`](crate::Signal::RetransmissionTimeout). From then on the connection sends again
    /// only what [`retransmit`](Self::retransmit) names (RFC 6675 section 5.1). The segment at the front of the queue
    /// still goes out. Without a timeout before it, or while a closed window is probed, the call changes nothing.
    pub fn take_over_recovery(&mut self) {
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            tcb.snd.recovery.take_over();
        }
    }

    /// Restarts the retransmission timer, one RTO from now. A caller that sends a tail loss probe before the timer
    /// fires calls this (RFC 8985 section 7.3).
    ///
    /// R1, R2 and the user timeout count on, and after R2 the timer is left alone. In the handshake, if nothing is
    /// in flight, or while a closed window is probed, the call does nothing. This is an event: poll after it.
    pub fn restart_retransmission_timer(&mut self, now: Instant) {
        self.context.advance_clock(now);
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.snd.una != tcb.snd.nxt
            // It is zero in the handshake.
            && tcb.snd.wnd > 0
        {
            tcb.snd.rearm_after_resend(self.context.policy.r2, &mut self.context);
        }
    }

    /// Keeps `bytes` of the options of each segment with payload free for options that the caller adds, such as SACK
    /// blocks (RFC 2018 section 3). The payload of a segment shrinks by as much, since the options count (RFC 9293
    /// section 3.7.1). At most 28 bytes, all that timestamps leave; more counts as 28. The space stays reserved until
    /// the next call. In CLOSED, LISTEN and SYN-SENT the call does nothing. This is an event: poll after it.
    pub fn reserve_options(&mut self, bytes: u8) {
        let bytes = bytes.min(MAX_RESERVED);
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && self.context.reserved != bytes
        {
            let whole = tcb.snd.mss.saturating_add(self.context.reserved.into());
            self.context.reserved = bytes;
            let reduced = whole.saturating_sub(bytes.into()).max(1);
            tcb.snd.mss = reduced.min(tcb.snd.payload_bound(&self.context));
            // What was too little for a segment may now fill one.
            self.context.outbox.request_data();
        }
    }

    /// Makes the segment to hand in for `kept`, a segment that came ahead of a gap, once `filler` has filled the gap.
    ///
    /// It has the numbers, payload and FIN of `kept`. The ACK and the window are those in force, since those of `kept`
    /// may be too old by now; the options are those of `filler`, whose timestamp is the newest.
    ///
    /// ```
    /// use tcp_lifecycle::sim::Script;
    /// use tcp_lifecycle::{Config, Instant, Segment};
    ///
    /// let mut connection = Script::parse("ESTABLISHED")?.run(&Config::DEFAULT)?;
    /// let kept: Segment = "<SEQ=305><ACK=100><CTL=ACK><DATA=10><WND=500>".parse()?;
    /// // Ahead of a gap: the caller keeps it.
    /// assert_eq!(connection.segment_arrives(&kept, Instant::ZERO), Ok(0..0));
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

    /// Reports that the packet of the last segment carried the CE codepoint (RFC 3168 section 5). Call it after
    /// [`segment_arrives`](Self::segment_arrives) has returned `Ok`, not after a refusal (section 6.1.5).
    ///
    /// Each segment that goes out from now on has ECE, until the peer answers with CWR (section 6.1.3). Without ECN
    /// agreed the call does nothing.
    pub fn congestion_experienced(&mut self) {
        self.set_if_agreed(Flags::ECHO | Flags::ECHO_UNSENT);
    }

    /// Reports that the caller has reduced its congestion window, for any reason, a timeout included. The next new
    /// payload has CWR (RFC 3168 section 6.1.2). Without ECN agreed the call does nothing.
    pub fn congestion_window_reduced(&mut self) {
        self.set_if_agreed(Flags::REDUCED);
    }

    fn set_if_agreed(&mut self, flags: Flags) {
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.snd.flags.intersects(Flags::ECN)
            // In TIME-WAIT neither end sends any more.
            && !matches!(tcb.phase, Phase::TimeWait { .. })
        {
            tcb.snd.flags |= flags;
        }
    }

    /// Tells whether this SYN may open a new connection while this one is in TIME-WAIT (RFC 9293 section 3.6.1, MAY-2,
    /// SHLD-4; RFC 6191). `Some` holds the ISN offset for it: the new initial sequence number exceeds every number of
    /// this connection.
    ///
    /// The call changes nothing. A caller that accepts opens another [`Connection`], passive, with that offset, and
    /// hands the SYN to it. It keeps this connection while the new one is in SYN-RECEIVED, since the SYN may prove to
    /// be an old duplicate.
    #[must_use]
    pub fn reopens(&self, syn: &Segment, now: Instant) -> Option<u32> {
        match &self.tcb {
            Tcb::Synchronized(tcb) if tcb.accepts_reopening(syn, &self.context) => {
                Some(Context::isn_offset_beyond(self.context.isn_offset, tcb.snd.nxt, now.max(self.context.now)))
            }
            Tcb::Synchronized(_) | Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => None,
        }
    }

    /// Limits the payload in flight to `in_flight` bytes past SND.UNA, beside the peer's window: the congestion window
    /// (RFC 9293 section 3.8.2, RFC 5681). This is an event: poll after it.
    ///
    /// The default is `u32::MAX`. A limit stays until the next call, after CLOSED too. It does not bound SYN and FIN.
    /// If the limit is zero and nothing is in flight, no timer runs: a caller that sends later, as RFC 3168 section
    /// 6.1.2 demands for a window of one segment, keeps the time itself.
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
    /// Marks the bytes from `start` up to `end` as lost, counted from the front of the queue, and a FIN that follows
    /// them. The FIN counts as one byte behind the last.
    fn resend(&mut self, start: u32, end: u32) {
        let (from, mut until) = (self.front() + start, self.front() + end);
        if until == self.end && self.nxt == self.last() {
            until = self.last();
        }
        // Probes of a closed window are not disturbed.
        if self.wnd_in_flight() > 0 {
            // One segment at least: with less credit the front would not go.
            let credit = (until - from).max(self.one_segment());
            self.recovery.mark_lost(from, until, credit, self.nxt);
        }
    }
}

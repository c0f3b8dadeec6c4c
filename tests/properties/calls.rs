//! The calls: the answers that each may give, and its later effects.

use core::ops::Range;

use tcp_lifecycle::{CallError, Config, Connection, IcmpError, Instant, Open, Refusal, SeqNumber, State};

use super::Watched;
use super::life::Life;
use super::story::Line;
use crate::arcs::Cause;

impl Watched {
    pub(crate) fn open(&mut self, open: Open) -> Result<(), CallError> {
        self.tell_call(if open == Open::Active { "open active" } else { "open passive" });
        let opened = self.call(Cause::Open(open), |connection, now| connection.open(open, now));
        if opened.is_ok() {
            assert_eq!(self.end, None, "a new life before the end of the last is told");
            self.life = Life::new(open == Open::Passive, &self.config);
        }
        opened
    }

    pub(crate) fn send(&mut self, bytes: usize) -> Result<(), CallError> {
        self.tell_call(format!("send {bytes}"));
        let sent = self.call(Cause::Send, |connection, now| connection.send(bytes, now));
        if sent.is_ok() {
            self.life.queue += bytes;
        }
        sent
    }

    pub(crate) fn send_urgent(&mut self, bytes: usize) -> Result<(), CallError> {
        self.tell_call(format!("send urgent {bytes}"));
        let before = self.state();
        let sent = self.call(Cause::SendUrgent, |connection, now| connection.send_urgent(bytes, now));
        if sent.is_ok() {
            self.life.queue += bytes;
            self.life.note_urgent(before);
        }
        sent
    }

    pub(crate) fn receive(&mut self, bytes: usize) -> Result<(), CallError> {
        self.tell_call(format!("receive {bytes}"));
        let before = self.connection.status();
        let received = self.call(Cause::Receive, |connection, _| connection.receive(bytes));
        assert_eq!(received.is_ok(), bytes <= before.unread as usize);
        received
    }

    /// With half-duplex close the call is a DETACH, unless it is the second CLOSE.
    pub(crate) fn close(&mut self) -> Result<(), CallError> {
        self.tell_call("close");
        if self.config.half_duplex_close && !self.life.closed {
            return self.leave(Cause::Close, Connection::close);
        }
        let expected = self.expected(self.life.closed);
        let closed = self.call(Cause::Close, Connection::close);
        assert_eq!(closed, expected);
        self.life.closed |= closed.is_ok();
        closed
    }

    pub(crate) fn is_detached(&self) -> bool {
        self.life.detached
    }

    pub(crate) fn detach(&mut self) -> Result<(), CallError> {
        self.tell_call("detach");
        self.leave(Cause::Detach, Connection::detach)
    }

    /// Makes the call by which the user leaves. SHLD-3: with something unread it is an ABORT.
    fn leave(
        &mut self,
        cause: Cause,
        call: fn(&mut Connection, Instant) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        let state = self.state();
        let expected = self.expected(self.life.detached);
        let aborts = expected.is_ok() && state != State::TimeWait && self.connection.status().unread > 0;
        let cause = if aborts { Cause::Abort(self.reset_number()) } else { cause };
        let left = self.call(cause, call);
        assert_eq!(left, expected);
        assert!(!aborts || self.state() == State::Closed, "what is unread is lost in silence");
        let leaves_fin_wait_2 = left.is_ok() && self.state() == State::FinWait2;
        self.life.closed |= left.is_ok();
        self.life.detached |= left.is_ok();
        if leaves_fin_wait_2 {
            self.life.fin_wait_2 = self.config.fin_wait_2_timeout.map(|timeout| self.now + timeout);
        }
        left
    }

    /// The answer to a call that is allowed once in an incarnation, and not in CLOSED.
    fn expected(&self, again: bool) -> Result<(), CallError> {
        match self.state() {
            State::Closed => Err(CallError::ConnectionDoesNotExist),
            State::Listen
            | State::SynSent
            | State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => {
                if again {
                    Err(CallError::ConnectionClosing)
                } else {
                    Ok(())
                }
            }
        }
    }

    pub(crate) fn abort(&mut self) -> Result<(), CallError> {
        self.tell_call("abort");
        self.call(self.abort_cause(), |connection, _| connection.abort())
    }

    /// 3.10.5, and D7: if both the peer and we have closed, there is no reset, unless something has never been sent.
    fn abort_cause(&self) -> Cause {
        Cause::Abort(match self.state() {
            State::SynReceived | State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait => {
                self.reset_number()
            }
            State::Closing | State::LastAck if self.life.fin.is_none() => self.reset_number(),
            State::Closing | State::LastAck | State::Closed | State::Listen | State::SynSent | State::TimeWait => None,
        })
    }

    pub(crate) fn acknowledge_now(&mut self) {
        self.tell_call("acknowledge now");
        let before = self.connection.clone();
        self.event(Cause::Acknowledge, |connection, _| connection.acknowledge_now());
        if self.connection.status().irs.is_some() {
            self.life.owed.at_once = true;
            self.may_acknowledge += 1;
        } else {
            assert_eq!(before, self.connection, "nobody is there to be told");
        }
    }

    pub(crate) fn limit(&mut self, in_flight: u32) {
        self.tell_call(format!("limit {in_flight}"));
        self.limit = in_flight;
        self.event(Cause::Limit, |connection, _| connection.limit(in_flight));
    }

    pub(crate) fn retransmit(&mut self, range: Range<usize>) -> Result<(), CallError> {
        self.tell_call(format!("retransmit {}..{}", range.start, range.end));
        let front = self.front();
        let again = self.call(Cause::Retransmit, |connection, _| connection.retransmit(range.clone()));
        if let (Ok(()), Some(front), false) = (again, front, range.is_empty()) {
            let status = self.connection.status();
            // A FIN goes with the bytes before it. During recovery, segments sent since the loss are retransmitted too.
            let recovers = self.life.recover.is_some_and(|recover| front.lt(recover));
            self.note_lost(if recovers { status.snd_nxt.unwrap() } else { front + range.end as u32 + 1 });
            self.life.recover = status.snd_nxt.filter(|_| recovers);
        }
        again
    }

    pub(crate) fn configure(&mut self, config: Config) {
        self.tell(Line::Configure(config));
        self.config = config;
        self.configured = true;
        self.most_buffer = self.most_buffer.max(config.receive_buffer);
        self.may_acknowledge += u32::from(self.life.owed.by.is_some());
        self.event(Cause::Configure, |connection, _| connection.configure(&config));
        self.cover_step();
        self.check_policies();
    }

    /// The peer can be told of at least one step of the window field: a smaller buffer counts as one step.
    pub(super) fn cover_step(&mut self) {
        let scale = self.connection.status().rcv_scale.unwrap_or(0);
        if self.config.receive_buffer > 0 {
            // The scale that our SYNs offer is that of the buffer that was asked for.
            self.config.window_scale = Connection::new(&self.config, 1).config().window_scale;
            self.config.receive_buffer = self.config.receive_buffer.max(1 << scale);
            self.most_buffer = self.most_buffer.max(self.config.receive_buffer);
        }
    }

    /// Checks that the policies in force make the same connection again.
    pub(super) fn check_policies(&self) {
        let kept = self.connection.config();
        assert_eq!(Connection::new(&self.config, 1), Connection::new(&kept, 1), "{kept:?}");
        assert_eq!(kept, Connection::new(&kept, 1).config(), "the policies are not as they are kept");
        assert_eq!(kept.check(), Ok(()), "policies that make no sense: {kept:?}");
    }

    /// Sets how far TSval is ahead of the clock. Must be called before OPEN, or in LISTEN.
    pub(crate) fn timestamp_offset(&mut self, offset: u16) {
        if matches!(self.state(), State::Closed | State::Listen) {
            self.tell_call(format!("timestamp_offset {offset}"));
            self.timestamp_offset = offset;
            self.connection.set_timestamp_offset(offset);
        }
    }

    /// Fires the timer, if it is due.
    pub(crate) fn timeout(&mut self) {
        self.tell(Line::Timeout);
        self.timed = Some(self.now);
        let before = self.connection.status();
        let due = self.connection.deadline().is_some_and(|deadline| deadline <= self.now);
        self.may_acknowledge += u32::from(due && (self.life.owed.by.is_some() || before.snd_una == before.iss));
        let is_over = before.timer.is_some_and(|timer| timer <= self.now);
        self.event(Cause::Timeout, |connection, now| connection.timeout(now));
        let after = self.connection.status();
        self.had_to |= after.in_flight == 0 && after.unsent > 0;
        if is_over {
            self.note_retransmission(&before, &after);
        }
    }

    /// Hands in an ICMP error. An error about nothing in flight changes nothing.
    pub(crate) fn icmp(&mut self, error: IcmpError, quoted: SeqNumber) -> Result<(), Refusal> {
        self.tell_call(format!("icmp {error} {}", quoted.0));
        let before = self.connection.clone();
        let result = self.event(Cause::Icmp(error), |connection, _| connection.icmp(error, quoted));
        let status = before.status();
        let in_flight = status.snd_una.zip(status.snd_nxt).is_some_and(|(una, nxt)| quoted - una < nxt - una);
        assert_eq!(result.is_ok(), in_flight || error == IcmpError::SourceQuench);
        assert!(result.is_ok() || before == self.connection, "a forged ICMP error changed something");
        let may_end = error.is_hard() && (self.config.icmp_aborts || status.snd_una == status.iss);
        assert!(may_end || status.state == self.state(), "an ICMP error ended the connection");
        result
    }
}

/// RFC 3168: a marked packet has arrived, or the caller has reduced its window.
impl Watched {
    pub(crate) fn congestion_experienced(&mut self) {
        self.tell_call("# a mark of congestion");
        let status = self.connection.status();
        let agreed = self.life.ecn && status.irs.is_some() && status.state != State::TimeWait;
        self.event(Cause::Mark, |connection, _| connection.congestion_experienced());
        (self.life.marked, self.life.must_echo) = (self.life.marked | agreed, self.life.must_echo | agreed);
        self.life.untold |= agreed;
    }

    pub(crate) fn congestion_window_reduced(&mut self) {
        self.tell_call("# the congestion window is reduced");
        let status = self.connection.status();
        let agreed = self.life.ecn && status.irs.is_some() && status.state != State::TimeWait;
        self.event(Cause::Mark, |connection, _| connection.congestion_window_reduced());
        self.life.reduced |= agreed;
    }

    fn call(
        &mut self,
        cause: Cause,
        call: impl Fn(&mut Connection, Instant) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        let before = self.connection.clone();
        if matches!(cause, Cause::Receive | Cause::SendUrgent) {
            self.may_acknowledge += 1;
        }
        let result = self.event(cause, call);
        // A call that fails leaves the connection as it was.
        assert!(result.is_ok() || before == self.connection, "a call that fails changes nothing");
        result
    }
}

//! Carries out the acts one by one, and polls after each.

use super::{
    Act, Arrival, Attack, Batch, CallError, Connection, Duration, IcmpError, Instant, Law, Line, MOST_ARRIVALS,
    MOST_QUEUED, Open, Output, Segment, Shape, State, Status,
};

/// The most timeouts in one act.
const MOST_FIRINGS: usize = 200;

impl Attack {
    pub(super) fn act(&mut self, act: Act, drains: bool) {
        self.peer.heard.clear();
        match act {
            Act::Segment(shape) => {
                self.shapes.push(shape);
                self.send_shape(shape);
            }
            Act::Repeat => {
                if let Some(segment) = self.last {
                    self.arrives(segment);
                }
            }
            Act::Again { shapes, times, pause } => return self.again(shapes, times, pause),
            Act::Toggle { times, pause } => {
                self.shapes.extend([Shape::CLOSED, Shape::OPEN]);
                return self.again(2, times, pause);
            }
            Act::Flood { times, pause } => {
                self.shapes.push(Shape::FAR);
                return self.again(1, times, pause);
            }
            Act::Icmp(which, offset) => self.icmp(which, offset),
            Act::Pass(time) => return self.pass(time),
            Act::Oversleep(time) => return self.oversleep(time),
            Act::Expire(times) => return self.expire(times),
            Act::Open(open) => self.open(open),
            Act::Send(bytes) => self.send(bytes, "send", Connection::send),
            Act::SendUrgent(bytes) => self.send(bytes, "send urgent", Connection::send_urgent),
            Act::Receive(bytes) => {
                let unread = self.connection.status().unread as usize;
                self.receive(bytes.min(unread));
            }
            Act::ReceiveAll => self.receive(self.connection.status().unread as usize),
            Act::Close => self.close(),
            Act::Detach => self.detach(),
            Act::Abort => self.abort(),
            Act::CongestionExperienced => self.connection.congestion_experienced(),
            Act::CongestionWindowReduced => self.connection.congestion_window_reduced(),
        }
        if drains || !is_synchronized(&self.connection.status()) {
            self.drain();
        }
    }

    fn send_shape(&mut self, shape: Shape) {
        let segment = shape.of(&self.connection, &mut self.peer, self.now);
        self.arrives(segment);
    }

    /// Sends the same segments at any rate, for as long as the bytes decide: the pattern of most attacks.
    fn again(&mut self, shapes: usize, times: usize, pause: Duration) {
        let last = self.shapes[self.shapes.len().saturating_sub(shapes)..].to_vec();
        for _ in 0..times {
            for shape in &last {
                self.send_shape(*shape);
                self.drain();
                self.pass(pause);
            }
        }
    }

    pub(super) fn arrives(&mut self, segment: Segment) {
        if self.arrivals >= MOST_ARRIVALS {
            return;
        }
        self.arrivals += 1;
        self.last = Some(segment);
        self.story.tell(self.now, Line::Arrives(segment));
        let before = self.connection.status();
        let taken = self.connection.segment_arrives(&segment, self.now);
        if let Err(refusal) = &taken {
            self.story.tell(self.now, Line::Refused(*refusal));
        }
        let arrival = Arrival { segment, before, after: self.connection.status(), taken };
        self.repair.arrived(&arrival);
        self.patience.arrived(&arrival, self.now);
        self.note_payload(&arrival);
        self.note_change(&arrival.before, false);
        self.note_sign_of_life(&arrival);
        self.batch.arrived.push(arrival);
    }

    fn icmp(&mut self, which: usize, offset: u32) {
        let error = ICMP[which % ICMP.len()];
        let before = self.connection.status();
        let quoted = before.snd_una.unwrap_or_default() + offset;
        self.story.tell(self.now, Line::Call(format!("icmp {error:?} {}", quoted.0)));
        self.batch.calls += 1;
        _ = self.connection.icmp(error, quoted);
        self.note_change(&before, false);
    }

    pub(super) fn timeout(&mut self) {
        self.story.tell(self.now, Line::Timeout);
        let before = self.connection.status();
        self.connection.timeout(self.now);
        let after = self.connection.status();
        self.batch.firings += 1;
        self.repair.fired(&before, &after);
        self.patience.fired(&before, &after, self.now);
        self.note_change(&before, false);
        self.drain();
        self.must(Law::Sanity, self.connection.deadline().is_none_or(|at| at > self.now), || {
            "a timer fires, and its time has come again".to_string()
        });
    }

    /// Passes time as a caller does that is never late.
    pub(super) fn pass(&mut self, time: Duration) {
        self.drain();
        let until = self.now + time;
        for _ in 0..MOST_FIRINGS {
            match self.connection.deadline() {
                Some(deadline) if deadline <= until => {
                    self.now = self.now.max(deadline);
                    self.timeout();
                }
                Some(_) | None => {
                    self.now = until;
                    return self.check_patience();
                }
            }
        }
    }

    fn oversleep(&mut self, time: Duration) {
        self.drain();
        let until = self.now + time;
        if let Some(deadline) = self.connection.deadline().filter(|deadline| *deadline <= until) {
            let late = until.saturating_duration_since(deadline);
            self.patience.late += late;
            self.life.late += late;
            self.now = until;
            self.timeout();
        }
        self.now = until;
    }

    pub(super) fn expire(&mut self, times: usize) {
        for _ in 0..times {
            self.drain();
            if let Some(deadline) = self.connection.deadline() {
                self.now = self.now.max(deadline);
                self.timeout();
            }
        }
        self.check_patience();
    }

    pub(super) fn drain(&mut self) {
        let most = self.most_segments();
        // Transitions and signals: four, and one of each kind.
        for _ in 0..most + 32 {
            match self.connection.poll(self.now) {
                Output::Wait(deadline) => {
                    self.story.tell(self.now, Line::Out(Output::Wait(deadline)));
                    self.settle(deadline, most);
                    return;
                }
                output @ (Output::Transition(_) | Output::Signal(_) | Output::Transmit(_)) => {
                    self.story.tell(self.now, Line::Out(output.clone()));
                    self.note_output(&output);
                }
            }
        }
        self.must(Law::BoundedOutput, false, || format!("{most} segments are the most of this window and queue"));
    }

    /// The bound on outgoing segments: full segments as far as window and queue allow, including the rounding of the
    /// window (RFC 7323 section 2.4); a small one of each kind (the front, a probe, the last retransmission, the last
    /// new payload, a FIN, a reset); and an answer to each segment.
    fn most_segments(&self) -> usize {
        let status = self.connection.status();
        let queue = status.unsent + status.in_flight;
        let rounding = (1 << status.snd_scale.unwrap_or(0)) - 1;
        let full = queue.min(status.snd_wnd.unwrap_or(0) + rounding) / u32::from(status.peer_mss.unwrap_or(1).max(1));
        full as usize + self.batch.arrived.len() + 6
    }

    fn note_output(&mut self, output: &Output) {
        match output {
            Output::Transition(transition) => self.note_transition(*transition),
            Output::Signal(signal) => self.note_signal(*signal),
            Output::Transmit(transmit) => {
                self.peer.hear(&transmit.segment);
                self.check_numbers(transmit);
                let status = self.connection.status();
                self.repair.sent(&transmit.segment, transmit.payload.len(), &status);
                self.patience.sent(&transmit.segment, &status);
                self.batch.out.push(transmit.segment);
            }
            Output::Wait(_) => {}
        }
    }

    fn settle(&mut self, deadline: Option<Instant>, most: usize) {
        let out = self.batch.out.len();
        self.must(Law::BoundedOutput, out <= most, || format!("{out} segments, and {most} are the most"));
        self.check_repair();
        self.check_answers();
        self.check_streams();
        self.check_sanity(deadline);
        self.patience.settle(&self.config, &self.connection.status(), deadline, self.now);
        self.batch = Batch::default();
    }
}

/// The calls of our user.
impl Attack {
    pub(super) fn call(
        &mut self,
        name: impl Into<String>,
        call: impl FnOnce(&mut Connection, Instant) -> Result<(), CallError>,
    ) -> bool {
        self.story.tell(self.now, Line::Call(name.into()));
        let before = self.connection.status();
        let called = call(&mut self.connection, self.now).is_ok();
        self.batch.calls += 1;
        self.note_change(&before, true);
        called
    }

    fn open(&mut self, open: Open) {
        let name = if open == Open::Active { "open active" } else { "open passive" };
        if self.call(name, |connection, now| connection.open(open, now)) {
            self.begin_life();
        }
    }

    fn send(
        &mut self,
        bytes: usize,
        name: &str,
        send: impl FnOnce(&mut Connection, usize, Instant) -> Result<(), CallError>,
    ) {
        let bytes = bytes.min(MOST_QUEUED.saturating_sub(self.life.queued()));
        if self.call(format!("{name} {bytes}"), |connection, now| send(connection, bytes, now)) {
            self.life.given += bytes;
        }
    }

    fn receive(&mut self, bytes: usize) {
        if bytes > 0 {
            self.call(format!("receive {bytes}"), |connection, _| connection.receive(bytes));
        }
    }

    fn close(&mut self) {
        self.ends("close", Connection::close);
    }

    /// DETACH: the user leaves.
    fn detach(&mut self) {
        self.life.detached |= self.ends("detach", Connection::detach);
    }

    fn abort(&mut self) {
        self.ends("abort", |connection, _| connection.abort());
    }

    fn ends(&mut self, name: &str, call: impl FnOnce(&mut Connection, Instant) -> Result<(), CallError>) -> bool {
        let before = self.connection.status();
        let called = self.call(name, call);
        self.note_close(&before, called);
        called
    }
}

/// Whether the retransmission timer has fired. (The first probe of a closed window restarts the count; then the growing
/// back-off shows that it has fired.)
pub(super) fn is_retry(before: &Status, after: &Status) -> bool {
    let counted = after.retransmissions != before.retransmissions || before.retransmissions == u8::MAX;
    counted || after.rto > before.rto || (before.snd_wnd == Some(0) && before.retransmissions == 1)
}

/// Whether the peer's SYN has arrived.
pub(super) const fn is_synchronized(status: &Status) -> bool {
    !matches!(status.state, State::Closed | State::Listen | State::SynSent)
}

const ICMP: [IcmpError; 5] = [
    IcmpError::HostUnreachable,
    IcmpError::PortUnreachable,
    IcmpError::FragmentationNeeded,
    IcmpError::SourceQuench,
    IcmpError::TimeExceeded,
];

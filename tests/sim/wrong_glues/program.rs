//! A program with a send queue, a receive queue and a timer around its connection, and the faults that it may have.

use core::ops::Range;
use core::time::Duration;

use tcp_lifecycle::sim::{Emitted, Glue};
use tcp_lifecycle::{
    CallError, Config, Connection, IcmpError, Instant, Open, Output, Refusal, Segment, SeqNumber, Signal, State,
    Transition, Transmit,
};

/// Who polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drives {
    Script,
    /// The program, after each event.
    Itself,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The program stops at `Wait`, without a timer.
    NoTimer,
    /// The timer counts in steps that are too long.
    LateTimer,
    /// The timer fires, and the connection is not told.
    TimeoutNotHandedOn,
    /// The user has consumed the bytes, and the connection is not told.
    NoReceive,
    /// The connection is told one byte less than the user has consumed.
    ReceivesTooFew,
    /// On `Acknowledged` one byte too many leaves the send queue.
    DropsTooMuch,
    /// On `Acknowledged` nothing leaves the send queue.
    DropsNothing,
    /// On `Acknowledged` bytes leave the send queue at the wrong end.
    DropsTheBack,
    /// Acknowledged bytes leave the send queue only after the segments that follow have been sent.
    StaleQueue,
    /// Back in LISTEN, bytes queued for the last peer are kept.
    KeepsTheQueueInListen,
    /// Bytes of a SEND are queued twice.
    QueuesTwice,
    /// The user gets another range of the payload: its front.
    RangeIgnored,
    /// The user gets the whole payload of a segment, whatever the connection returns.
    DeliversRefused,
    /// The user gets the bytes in another order.
    DeliversBackwards,
    /// The user never gets the last byte.
    DeliversTooFew,
    /// `Closing` is not handed on.
    SwallowsClosing,
    /// The signal of an end is not handed on.
    SwallowsEnds,
    /// A segment is lost on its way out.
    SwallowsSegments,
    /// The FIN of the peer makes the program close, before the user does.
    ClosesUnasked,
    /// Each CLOSE of the user is made twice.
    ClosesTwice,
    /// The program does not poll after ABORT.
    NoPollAfterAbort,
    /// The program does not poll after RECEIVE.
    NoPollAfterReceive,
    /// The program does not poll after a timeout.
    NoPollAfterTimeout,
    /// The program does not poll after an ICMP error.
    NoPollAfterIcmp,
    /// The program polls once for each event.
    PollsOnce,
    /// A keep-alive probe is sent without its octet.
    NoOctet,
    /// The clock stands still.
    StaleClock,
}

pub(crate) struct Program {
    connection: Connection,
    drives: Drives,
    fault: Option<Fault>,
    now: Instant,
    timer: Option<Instant>,
    unacknowledged: Vec<u8>,
    /// The number of bytes that leave the send queue too late.
    late: usize,
    unread: Vec<u8>,
    emitted: Vec<Emitted>,
}

impl Program {
    pub(crate) fn new(config: &Config, drives: Drives, fault: Option<Fault>) -> Program {
        Program {
            connection: Connection::new(config, 0),
            drives,
            fault,
            now: Instant::ZERO,
            timer: None,
            unacknowledged: Vec::new(),
            late: 0,
            unread: Vec::new(),
            emitted: Vec::new(),
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Handles an event, and polls afterwards if the program does.
    fn event<T>(&mut self, left_out_by: Option<Fault>, event: impl FnOnce(&mut Program, Instant) -> T) -> T {
        let now = self.now;
        let result = event(self, now);
        if self.drives == Drives::Itself && (left_out_by.is_none() || self.fault != left_out_by) {
            self.run(now);
        }
        result
    }

    fn run(&mut self, now: Instant) {
        loop {
            match self.next(now) {
                Output::Transition(_) => {}
                Output::Signal(signal) => self.emitted.push(Emitted::Signal(signal)),
                Output::Transmit(Transmit { segment, payload }) => {
                    let mut bytes = self.bytes(payload);
                    if bytes.is_empty() && !self.has(Fault::NoOctet) {
                        // The octet of a keep-alive probe is no byte of the send queue.
                        bytes.resize(segment.payload_len().into(), 0);
                    }
                    self.emitted.push(Emitted::Segment(segment, bytes));
                }
                Output::Wait(_) => return,
            }
            if self.has(Fault::PollsOnce) {
                return;
            }
        }
    }

    /// Polls once, and carries out the output.
    fn next(&mut self, now: Instant) -> Output {
        let output = self.connection.poll(now);
        match output {
            Output::Signal(Signal::Acknowledged(bytes)) => self.acknowledged(bytes),
            Output::Signal(Signal::Closing) if self.has(Fault::SwallowsClosing) => return self.next(now),
            Output::Signal(Signal::Closing) if self.has(Fault::ClosesUnasked) => {
                self.connection.close(now).expect("it is open");
            }
            Output::Signal(Signal::Reset | Signal::TimedOut | Signal::Refused) if self.has(Fault::SwallowsEnds) => {
                return self.next(now);
            }
            Output::Transmit(_) if self.has(Fault::SwallowsSegments) => return self.next(now),
            Output::Wait(until) => {
                let late = if self.has(Fault::LateTimer) { Duration::from_millis(500) } else { Duration::ZERO };
                self.timer = until.filter(|_| !self.has(Fault::NoTimer)).map(|until| until + late);
                self.unacknowledged.drain(..core::mem::take(&mut self.late));
                return Output::Wait(self.timer);
            }
            Output::Transition(Transition { to: State::Listen, .. }) if self.has(Fault::KeepsTheQueueInListen) => {}
            // Not on a transition to CLOSED: `Acknowledged` may follow.
            Output::Transition(Transition { to: State::Listen, .. } | Transition { from: State::Closed, .. }) => {
                self.unacknowledged.clear();
            }
            Output::Signal(_) | Output::Transition(_) | Output::Transmit(_) => {}
        }
        output
    }

    fn acknowledged(&mut self, bytes: usize) {
        let queued = self.unacknowledged.len();
        match self.fault {
            Some(Fault::DropsTooMuch) => drop(self.unacknowledged.drain(..(bytes + 1).min(queued))),
            Some(Fault::DropsTheBack) => self.unacknowledged.truncate(queued - bytes),
            Some(Fault::StaleQueue) => self.late += bytes,
            Some(Fault::DropsNothing) => {}
            _ => drop(self.unacknowledged.drain(..bytes)),
        }
    }

    /// The bytes of this range of the send queue; of the right length even if the queue is too short.
    fn bytes(&self, range: Range<usize>) -> Vec<u8> {
        range.map(|index| self.unacknowledged.get(index).copied().unwrap_or_default()).collect()
    }

    fn queue(&mut self, bytes: &[u8]) {
        self.unacknowledged.extend_from_slice(bytes);
        if self.has(Fault::QueuesTwice) {
            self.unacknowledged.extend_from_slice(bytes);
        }
    }

    fn deliver(&mut self, payload: &[u8], new: Range<usize>) {
        match self.fault {
            Some(Fault::RangeIgnored) => self.unread.extend_from_slice(&payload[..new.len()]),
            Some(Fault::DeliversRefused) => self.unread.extend_from_slice(payload),
            Some(Fault::DeliversBackwards) => self.unread.extend(payload[new].iter().rev()),
            Some(Fault::DeliversTooFew) => {
                self.unread.extend_from_slice(&payload[new.start..new.end.saturating_sub(1)])
            }
            _ => self.unread.extend_from_slice(&payload[new]),
        }
    }
}

impl Glue for Program {
    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn clock(&mut self, now: Instant) {
        if !self.has(Fault::StaleClock) {
            self.now = now;
        }
    }

    fn open(&mut self, open: Open, _: Instant) -> Result<(), CallError> {
        self.event(None, |program, now| program.connection.open(open, now))
    }

    fn send_bytes(&mut self, bytes: &[u8], _: Instant) -> Result<(), CallError> {
        self.event(None, |program, now| {
            program.connection.send(bytes.len(), now)?;
            program.queue(bytes);
            Ok(())
        })
    }

    fn send_urgent_bytes(&mut self, bytes: &[u8], _: Instant) -> Result<(), CallError> {
        self.event(None, |program, now| {
            program.connection.send_urgent(bytes.len(), now)?;
            program.queue(bytes);
            Ok(())
        })
    }

    fn receive_bytes(&mut self, bytes: usize) -> Result<Option<Vec<u8>>, CallError> {
        self.event(Some(Fault::NoPollAfterReceive), |program, _| {
            match program.fault {
                Some(Fault::NoReceive) => {}
                Some(Fault::ReceivesTooFew) => program.connection.receive(bytes - 1)?,
                _ => program.connection.receive(bytes)?,
            }
            let there = bytes.min(program.unread.len());
            Ok(Some(program.unread.drain(..there).collect()))
        })
    }

    fn close(&mut self, _: Instant) -> Result<(), CallError> {
        self.event(None, |program, now| {
            if program.has(Fault::ClosesTwice) {
                program.connection.close(now)?;
            }
            program.connection.close(now)
        })
    }

    fn abort(&mut self) -> Result<(), CallError> {
        self.event(Some(Fault::NoPollAfterAbort), |program, _| program.connection.abort())
    }

    fn call(&mut self, call: &mut dyn FnMut(&mut Connection)) {
        self.event(None, |program, _| call(&mut program.connection));
    }

    fn payload_arrives(&mut self, segment: &Segment, payload: &[u8], _: Instant) -> Result<Range<usize>, Refusal> {
        self.event(None, |program, now| {
            let arrived = program.connection.segment_arrives(segment, now);
            match &arrived {
                Ok(new) => program.deliver(payload, new.clone()),
                Err(_) if program.has(Fault::DeliversRefused) => program.deliver(payload, 0..payload.len()),
                Err(_) => {}
            }
            arrived
        })
    }

    fn icmp(&mut self, error: IcmpError, quoted: SeqNumber) -> Result<(), Refusal> {
        self.event(Some(Fault::NoPollAfterIcmp), |program, _| program.connection.icmp(error, quoted))
    }

    fn timeout(&mut self, _: Instant) {
        self.timer = None;
        self.event(Some(Fault::NoPollAfterTimeout), |program, now| {
            if !program.has(Fault::TimeoutNotHandedOn) {
                program.connection.timeout(now);
            }
        });
    }

    fn poll(&mut self, now: Instant) -> Output {
        assert_eq!(self.drives, Drives::Script, "the program polls by itself");
        self.next(now)
    }

    fn payload(&mut self, range: Range<usize>) -> Option<Vec<u8>> {
        Some(self.bytes(range))
    }

    fn next_timeout(&mut self) -> Option<Instant> {
        self.timer
    }

    fn emitted(&mut self) -> Option<Vec<Emitted>> {
        (self.drives == Drives::Itself).then(|| core::mem::take(&mut self.emitted))
    }
}

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
    /// `Wait` is taken for the end.
    NoTimer,
    /// The timer counts in steps that are too long.
    LateTimer,
    /// The timer fires, and the connection does not hear of it.
    TimeoutNotHandedOn,
    /// The user has the bytes, and the connection does not hear of it.
    NoReceive,
    /// The connection hears of one byte less than the user has.
    ReceivesTooFew,
    /// On `Acknowledged` one byte more leaves the send queue.
    DropsTooMuch,
    /// On `Acknowledged` nothing leaves the send queue.
    DropsNothing,
    /// On `Acknowledged` bytes leave the send queue at the wrong end.
    DropsTheBack,
    /// Acknowledged bytes leave the send queue only after the segments behind them.
    StaleQueue,
    /// Back in LISTEN, what was to be sent to the last peer is kept.
    KeepsTheQueueInListen,
    /// Bytes of a SEND stand in the send queue twice.
    QueuesTwice,
    /// Of the payload that arrives another range goes to the user: its front.
    RangeIgnored,
    /// All of a segment goes to the user, whatever the connection says.
    DeliversRefused,
    /// The bytes go to the user in another order.
    DeliversBackwards,
    /// The last byte never comes to the user.
    DeliversTooFew,
    /// `Closing` is not handed on.
    SwallowsClosing,
    /// An end is not handed on.
    SwallowsEnds,
    /// A segment is lost on its way out.
    SwallowsSegments,
    /// The FIN of the peer closes, before the user does.
    ClosesUnasked,
    /// Each CLOSE of the user is two.
    ClosesTwice,
    /// After ABORT nothing is polled for.
    NoPollAfterAbort,
    /// After RECEIVE nothing is polled for.
    NoPollAfterReceive,
    /// After a timeout nothing is polled for.
    NoPollAfterTimeout,
    /// After an ICMP error nothing is polled for.
    NoPollAfterIcmp,
    /// One poll for each event.
    PollsOnce,
    /// A keep-alive probe goes out without its octet.
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

    /// An event, and the loop behind it if the program has one.
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

    /// One output, and what the program does about it.
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
            // Not on the way to CLOSED: `Acknowledged` may follow.
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

    /// Of the send queue, as long as it should be even where the queue is too short.
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

//! The calls of the user, and the passing of time, at both ends alike.

use std::time::Duration;

use tcp_lifecycle::State;

use super::ends::Outcome;
use super::life::Step;
use super::play::{Play, SLOW, Stop};

/// How much later than the kernel's timer, which has just fired, ours may be.
const EARLY: Duration = Duration::from_millis(15);
/// How much later than ours the kernel's timer may be, in addition to a sixth of its time. The kernel's clock ticks in
/// milliseconds, and in coarser steps for longer timers.
const LATE: Duration = Duration::from_millis(60);

impl Play<'_> {
    /// Makes a call of the user, if there is a user, and if a kernel call corresponds to the RFC's.
    pub(crate) fn call(&mut self, step: &Step) -> Result<(), Stop> {
        let begins = matches!(self.state, State::Closed | State::Listen | State::SynSent | State::SynReceived);
        let may = match step {
            Step::Connect => true,
            Step::Gone | Step::Abort => self.kernel.has_user(),
            Step::Send(_) => self.kernel.has_socket() && !begins,
            // For the kernel a second shutdown is neither an error nor a call.
            Step::Close => self.kernel.has_socket() && matches!(self.state, State::Established | State::CloseWait),
            // Before the SYN a socket is no connection yet.
            Step::Receive(_) => self.kernel.has_socket() && (!begins || self.has_ended()),
            Step::Segment(_) | Step::Again(_) | Step::Fill | Step::Pause(_) => false,
        };
        if !may {
            return Ok(());
        }
        let now = self.world.now();
        let (name, outcomes) = match *step {
            Step::Send(bytes) => {
                let content = &self.content[..usize::from(bytes)];
                (format!("SEND {bytes}"), (self.kernel.send(content), self.twin.send(content.len(), now)))
            }
            Step::Receive(bytes) => {
                let bytes = usize::from(bytes);
                (format!("RECEIVE {bytes}"), (self.kernel.receive(bytes), self.twin.receive(bytes)))
            }
            Step::Close => ("CLOSE".to_owned(), (self.kernel.close(), self.twin.close(now))),
            Step::Gone => ("GONE".to_owned(), (self.kernel.gone(), self.twin.gone(now))),
            Step::Abort => ("ABORT".to_owned(), (self.kernel.abort(), self.twin.abort())),
            Step::Connect => ("OPEN active".to_owned(), (self.kernel.connect(), self.twin.connect(now))),
            Step::Segment(_) | Step::Again(_) | Step::Fill | Step::Pause(_) => return Ok(()),
        };
        self.script.push(name.clone());
        self.after_call(&name, outcomes)
    }

    fn has_ended(&self) -> bool {
        self.state == State::Closed && self.kernel_seen.has_been_open()
    }

    fn after_call(&mut self, name: &str, (kernel, twin): (Outcome, Outcome)) -> Result<(), Stop> {
        let call = name.split(' ').next().unwrap_or(name);
        self.kind = format!("{}: {call}", self.state);
        // After a `Fill` one queue holds more than the other. How a user learns of the end after the peer's FIN depends
        // on sockets.
        let comparable = self.kernel_seen.drift == self.twin_seen.drift && self.state != State::Closed;
        if kernel != twin && comparable {
            self.kind = format!("{}: {call} {kernel:?} / {twin:?}", self.state);
            self.script.push(format!("kernel: {kernel:?}"));
            self.script.push(format!("we:     {twin:?}"));
            return Err(Stop::Differs);
        }
        let now = self.world.now();
        let (kernel, twin) = (self.kernel_sends(), self.twin_sends(now));
        self.compare(&kernel, &twin, None)
    }

    /// Lets time pass, at both ends alike: our timer fires when the kernel's does.
    pub(crate) fn pause(&mut self, pause: Duration) -> Result<(), Stop> {
        let end = self.world.now() + pause;
        let mut last = self.world.now();
        loop {
            let now = self.world.now();
            if now.saturating_duration_since(last) > SLOW {
                return Err(Stop::Slow);
            }
            last = now;
            let kernel = self.kernel_sends();
            let deadline = self.twin.connection.deadline();
            let is_near = deadline.is_some_and(|deadline| deadline <= now + EARLY);
            let lateness = LATE + self.twin.connection.status().rto.unwrap_or_default() / 6;
            let is_over = deadline.is_some_and(|deadline| deadline + lateness <= now);
            if !kernel.is_empty() || is_over {
                let fires = is_near || is_over;
                let then = deadline.filter(|_| fires).map_or(now, |deadline| deadline.max(now));
                self.state = self.twin.state();
                self.kind = format!("{}: timer", self.state);
                self.script.push("(a timer)".to_owned());
                self.timed_out = true;
                if fires {
                    self.twin.connection.timeout(then);
                }
                let twin = self.twin_sends(then);
                self.compare(&kernel, &twin, None)?;
            } else if end <= now && !is_near {
                return Ok(());
            } else {
                self.world.device.wait(Duration::from_millis(1));
            }
        }
    }
}

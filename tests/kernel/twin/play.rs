//! Plays a life at both ends, step by step, and compares after each.

use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant as Clock};

use tcp_lifecycle::wire::Packet;
use tcp_lifecycle::{Control, Instant, Segment, State};

use super::ends::{Kernel, Twin};
use super::kinds::{described, shape};
use super::life::{Life, Piece, Seq, Stamp, Step};
use super::moment::{Moment, Verdict};
use super::seen::Seen;
use super::world::{Difference, Played, World};
use crate::harness::{ISN_OFFSET, bytes};
use crate::packets::{emit, parse};

/// A step that took longer was played on a busy machine.
pub(crate) const SLOW: Duration = Duration::from_millis(30);

/// A life in progress.
pub(crate) struct Play<'w> {
    pub(crate) world: &'w mut World,
    pub(crate) life: &'w Life,
    pub(crate) kernel: Kernel,
    pub(crate) twin: Twin,
    pub(crate) kernel_seen: Seen,
    pub(crate) twin_seen: Seen,
    /// The peer's clock, for its timestamps.
    pub(crate) clock: u32,
    /// The segments that have arrived, at each end.
    arrived: Vec<(Segment, Segment)>,
    pub(crate) script: Vec<String>,
    /// The state before the step.
    pub(crate) state: State,
    pub(crate) kind: String,
    /// The bytes that are sent.
    pub(crate) content: Vec<u8>,
    /// Both ends have opened at once.
    crossed: bool,
    /// TS.Recent may differ.
    loose: bool,
    /// A segment has arrived at the right edge, which differs between the ends.
    has_edge: bool,
    /// A timer of either end has fired.
    pub(crate) timed_out: bool,
}

/// Why a life stops.
pub(crate) enum Stop {
    Slow,
    Differs,
    /// An allowed difference, after which the two may differ in everything.
    Over,
}

impl<'w> Play<'w> {
    pub(crate) fn new(world: &'w mut World, life: &'w Life, local: SocketAddr, remote: SocketAddr) -> Play<'w> {
        let now = world.now();
        let mut twin = Twin::new(life, ISN_OFFSET, now);
        assert_eq!(twin.drain(now), []);
        Play {
            kernel: Kernel::new(life, local, remote),
            twin,
            kernel_seen: Seen::new(life),
            twin_seen: Seen::new(life),
            clock: life.peer_ts,
            arrived: Vec::new(),
            script: vec![life.to_string()],
            state: State::Closed,
            kind: String::new(),
            content: bytes(20_000),
            crossed: false,
            loose: false,
            has_edge: false,
            timed_out: false,
            world,
            life,
        }
    }

    pub(crate) fn all(&mut self) -> Played {
        for (number, step) in self.life.steps.iter().enumerate() {
            let start = Clock::now();
            let outcome = self.step(step);
            if start.elapsed() > SLOW && !matches!(step, Step::Pause(_) | Step::Fill) {
                return Played::Slow;
            }
            match outcome {
                Ok(()) => {}
                Err(Stop::Slow) => return Played::Slow,
                Err(Stop::Over) => return Played::Same,
                Err(Stop::Differs) => {
                    let (script, kind) = (mem::take(&mut self.script), mem::take(&mut self.kind));
                    return Played::Differs(Box::new(Difference { script, kind, step: number }));
                }
            }
        }
        Played::Same
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        // A timer that is about to fire fires first.
        self.pause(Duration::ZERO)?;
        self.state = self.twin.state();
        // The peer's last segments may have been refused.
        let una = self.twin.connection.snd_una().map_or(0, |una| self.twin_seen.relative(una));
        self.kernel_seen.begin(una);
        self.crossed |= self.life.active && self.state == State::SynReceived;
        match *step {
            Step::Segment(piece) => {
                let pair = self.resolve(&piece);
                self.arrived.push(pair);
                self.has_edge |= matches!(piece.seq, Seq::Edge(_));
                self.arrive(pair, &described(&piece))
            }
            // A segment to no connection, or to the edge of a window, has no number that is the same for both ends.
            Step::Again(_) if self.has_edge || matches!(self.state, State::Closed | State::Listen | State::SynSent) => {
                Ok(())
            }
            Step::Again(back) => match self.arrived.iter().rev().nth(back) {
                Some(pair) => self.arrive(*pair, "again"),
                None => Ok(()),
            },
            Step::Fill => self.fill(),
            Step::Pause(millis) => {
                self.script.push(format!("+ {millis} ms"));
                self.pause(Duration::from_millis(u64::from(millis)))
            }
            Step::Connect | Step::Send(_) | Step::Receive(_) | Step::Close | Step::Gone | Step::Abort => {
                self.call(step)
            }
        }
    }

    fn resolve(&mut self, piece: &Piece) -> (Segment, Segment) {
        if piece.stamp == Stamp::Fresh {
            self.clock = self.clock.wrapping_add(10);
        }
        if matches!(self.state, State::Closed | State::Listen) {
            // In CLOSED and LISTEN there is no window.
            self.twin_seen.take_window(&self.kernel_seen);
        }
        (self.kernel_seen.resolve(piece, self.clock), self.twin_seen.resolve(piece, self.clock))
    }

    fn arrive(&mut self, (to_kernel, to_twin): (Segment, Segment), kind: &str) -> Result<(), Stop> {
        let arrival = self.kernel_seen.arrival(&to_kernel);
        self.script.push(format!("<-- {arrival}"));
        let now = self.world.now();
        self.send_to_kernel(&to_kernel);
        self.kernel_seen.note_acked(&to_kernel);
        self.twin_seen.note_acked(&to_twin);
        let refusal = self.twin.arrives(&to_twin, now);
        if refusal.is_none() {
            self.kernel_seen.note_taken(&to_kernel);
        }
        let refusal = refusal.map_or(String::new(), |refusal| format!("{refusal:?}"));
        self.kind = format!("{}: {kind} {refusal}", self.state);
        let (kernel, twin) = (self.kernel_sends(), self.twin_sends(now));
        self.compare(&kernel, &twin, Some(arrival))
    }

    pub(crate) fn send_to_kernel(&self, segment: &Segment) {
        let payload = &self.content[..usize::from(segment.payload_len())];
        self.world.device.send(&emit(self.kernel.remote, self.kernel.local, segment, payload));
    }

    /// Sends payload in order, until neither end has room for more.
    fn fill(&mut self) -> Result<(), Stop> {
        let takes = matches!(self.state, State::Established | State::FinWait1 | State::FinWait2);
        if !takes || !self.kernel.has_socket() || self.has_edge {
            return Ok(());
        }
        self.script.push("... payload until the window is closed".to_owned());
        let stamps = self.kernel_seen.has_stamps();
        let piece = |room: u32| Piece::plain(Control::ACK, room.min(1_000) as u16, stamps);
        let before = (self.kernel_seen.rcv_nxt(), self.twin_seen.rcv_nxt());
        self.clock = self.clock.wrapping_add(10);
        // This many are enough; a window that does not close by then is outside the scope of this step.
        for _ in 0..80 {
            if self.kernel_seen.window() > 0 {
                let segment = self.kernel_seen.resolve(&piece(self.kernel_seen.window()), self.clock);
                self.send_to_kernel(&segment);
                self.kernel_seen.note_taken(&segment);
                self.kernel_sends();
            }
            if self.twin_seen.window() > 0 {
                let segment = self.twin_seen.resolve(&piece(self.twin_seen.window()), self.clock);
                let now = self.world.now();
                let _ = self.twin.arrives(&segment, now);
                self.twin_sends(now);
            }
        }
        self.kernel_seen.drift += self.kernel_seen.rcv_nxt().wrapping_sub(before.0);
        self.twin_seen.drift += self.twin_seen.rcv_nxt().wrapping_sub(before.1);
        self.kind = format!("{}: fill", self.state);
        self.compare(&[], &[], None)
    }

    /// Everything that the kernel has sent by now: once a device has taken a packet, the packet is delivered and
    /// answered.
    pub(crate) fn kernel_sends(&mut self) -> Vec<Segment> {
        let mut segments = Vec::new();
        while let Some(bytes) = self.world.device.receive() {
            if let Some(Packet { header, .. }) = parse(&bytes)
                && (header.source, header.destination) == (self.kernel.local, self.kernel.remote)
            {
                self.kernel_seen.note(&header.segment);
                segments.push(header.segment);
            }
        }
        self.kernel.accept();
        segments
    }

    pub(crate) fn twin_sends(&mut self, now: Instant) -> Vec<Segment> {
        let segments = self.twin.drain(now);
        segments.iter().for_each(|segment| self.twin_seen.note(segment));
        segments
    }

    pub(crate) fn compare(
        &mut self,
        kernel: &[Segment],
        twin: &[Segment],
        arrival: Option<Segment>,
    ) -> Result<(), Stop> {
        let moment = Moment {
            state: self.state,
            gone: !self.kernel.has_user(),
            active: self.life.active,
            crossed: self.crossed,
            timed_out: self.timed_out,
            loose: self.loose,
            unread: self.twin.has_unread(),
            drifts: self.kernel_seen.drift != self.twin_seen.drift,
            seen: &self.kernel_seen,
            room: self.twin.room(),
            arrival,
            kernel: kernel.iter().map(|segment| self.kernel_seen.answer(segment)).collect(),
            twin: twin.iter().map(|segment| self.twin_seen.answer(segment)).collect(),
            states: (self.kernel.state(), self.twin.state()),
        };
        let (verdict, loosens) = (moment.verdict(), moment.loosens());
        let Moment { kernel, twin, states, .. } = moment;
        if let Verdict::Allowed(why) | Verdict::Apart(why) | Verdict::Echo(why) = verdict {
            *self.world.allowed.entry(why).or_default() += 1;
        }
        match verdict {
            Verdict::Same | Verdict::Allowed(_) | Verdict::Echo(_) => {
                self.loose |= loosens;
                kernel.iter().for_each(|answer| self.script.push(format!("--> {answer}")));
                self.script.push(states.0.to_string());
                Ok(())
            }
            Verdict::Apart(_) => Err(Stop::Over),
            Verdict::Differs => {
                self.kind += &format!(" | {} {} | {} {}", shape(&kernel), states.0, shape(&twin), states.1);
                kernel.iter().for_each(|answer| self.script.push(format!("kernel: --> {answer}")));
                self.script.push(format!("kernel: {}", states.0));
                twin.iter().for_each(|answer| self.script.push(format!("we:     --> {answer}")));
                self.script.push(format!("we:     {}", states.1));
                Err(Stop::Differs)
            }
        }
    }

    /// Removes this life from the kernel, as far as possible.
    pub(crate) fn clean_up(&mut self) {
        self.kernel.abort();
        let reset = Piece::plain(Control::RST, 0, self.kernel_seen.has_stamps());
        let (reset, _) = self.resolve(&reset);
        self.send_to_kernel(&reset);
        while self.world.device.receive().is_some() {}
    }
}

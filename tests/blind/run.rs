//! One run in virtual time: two ends over the path, a scene, and an attacker of each end.

use std::time::Duration;

use tcp_lifecycle::{Config, Ecn, Instant, SackBlocks, Segment, State};

use crate::attacker::{Attacker, Knows, Random};
use crate::end::{End, FORGED, Packet, is_bare_ack};
use crate::luck::{Luck, is_exempt, luck};
use crate::path::Path;
use crate::scene::{Act, Scene};

/// The most that the rest of the life may take after the scene. The attack goes on until it is done.
const PATIENCE: Duration = Duration::from_secs(60);

/// The parameters of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) scene: Scene,
    pub(crate) config: Config,
    pub(crate) knows: Knows,
    /// Segments a second to each end; zero for no attack.
    pub(crate) rate: u64,
    /// How long the scene is held under attack. The attack goes on after it.
    pub(crate) attack: Duration,
    pub(crate) seed: u64,
}

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) fault: Option<Fault>,
    /// Bytes delivered during the scene, where throughput counts.
    pub(crate) delivered: u64,
    /// The time from the end of the scene until everything is done, except TIME-WAIT.
    pub(crate) done_in: Duration,
    /// How long A was in TIME-WAIT.
    pub(crate) time_wait: Duration,
    /// By end.
    pub(crate) answers: [Answers; 2],
    pub(crate) lucky: [u64; Luck::ALL.len()],
}

/// A connection that did not end gracefully, or bytes that are wrong or missing: in one word, and in full.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) word: &'static str,
    pub(crate) told: String,
}

/// The answers of one end to the attacker.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answers {
    pub(crate) attacks: u64,
    pub(crate) acks: u64,
    /// The number of ACKs that the limiter allows in this time, including the exempt ones.
    pub(crate) allowed: u64,
    /// Resets in SYN-SENT and SYN-RECEIVED, and retransmitted SYN,ACKs.
    pub(crate) others: u64,
    exempt: u64,
    /// When the attacker's first and last segments arrived.
    period: Option<(Instant, Instant)>,
}

impl Outcome {
    pub(crate) fn is_within_limit(&self) -> bool {
        self.answers.iter().all(|answers| answers.acks <= answers.allowed)
    }
}

/// Runs a plan to its end.
#[track_caller]
pub(crate) fn run(plan: &Plan) -> Outcome {
    let mut world = World::new(plan);
    while let Some(next) = world.next() {
        world.happens(next);
    }
    world.outcome()
}

#[derive(Clone, Copy)]
enum Next {
    Act(Instant),
    Arrival(Instant),
    Timer(Instant, usize),
    Attack(Instant, usize),
}

struct World {
    plan: Plan,
    now: Instant,
    ends: [End; 2],
    path: Path,
    /// The acts that are left, in reverse order.
    acts: Vec<(Instant, usize, Act)>,
    attackers: [Attacker; 2],
    attacks: [Instant; 2],
    from: Instant,
    until: Instant,
    /// Bytes received when the scene was reached, and when it ended.
    received: [Option<u64>; 2],
    done_at: Option<Instant>,
    outcome: Outcome,
}

impl World {
    fn new(plan: &Plan) -> World {
        let from = plan.scene.attacked_from();
        let until = from + plan.attack;
        let mut acts = plan.scene.acts(until);
        acts.sort_by_key(|(at, _, _)| *at);
        acts.reverse();
        let config = plan.scene.config(&plan.config, plan.attack);
        let attacker = |end: u64| Attacker { knows: plan.knows, random: Random(plan.seed.wrapping_mul(2) + end) };
        World {
            plan: Plan { config, ..*plan },
            now: Instant::ZERO,
            ends: [100, 300].map(|isn_offset| End::new(&config, isn_offset)),
            path: Path::new(),
            acts,
            attackers: [attacker(0), attacker(1)],
            attacks: [from; 2],
            from,
            until,
            received: [None; 2],
            done_at: None,
            outcome: Outcome::default(),
        }
    }

    /// The earliest of all pending events; `None` if everything is over.
    fn next(&mut self) -> Option<Next> {
        let mut next: Option<(Instant, Next)> = None;
        let mut may_be = |at: Option<Instant>, what: fn(Instant, usize) -> Next, end: usize| {
            if let Some(at) = at
                && next.is_none_or(|(earliest, _)| at < earliest)
            {
                next = Some((at, what(at, end)));
            }
        };
        may_be(self.acts.last().map(|(at, _, _)| *at), |at, _| Next::Act(at), 0);
        may_be(self.path.next(), |at, _| Next::Arrival(at), 0);
        for end in 0..2 {
            may_be(self.ends[end].stream.deadline(), Next::Timer, end);
            may_be((self.plan.rate > 0).then_some(self.attacks[end]), Next::Attack, end);
        }
        let (at, next) = next?;
        self.note_time(at);
        // TIME-WAIT is waited out only in the scene that tests it.
        let is_over = self.done_at.is_some()
            && (self.plan.scene != Scene::TimeWait || self.ends.iter().all(|end| end.state() == State::Closed));
        let is_dead = self.ends.iter().any(|end| end.death.is_some());
        (!is_over && !is_dead && at <= self.until + PATIENCE).then_some(next)
    }

    /// Notes the bytes received when the attack begins, and when the scene ends.
    fn note_time(&mut self, at: Instant) {
        if at >= self.from && self.received[0].is_none() {
            let states = [0, 1].map(|end| self.ends[end].state());
            assert_eq!(states, self.plan.scene.states(), "{:?} is not reached", self.plan);
            self.received[0] = Some(self.received_by_receiver());
        }
        if at >= self.until && self.received[1].is_none() {
            self.received[1] = Some(self.received_by_receiver());
        }
    }

    fn received_by_receiver(&self) -> u64 {
        self.plan.scene.receiver().map_or(0, |end| self.ends[end].received)
    }

    fn happens(&mut self, next: Next) {
        match next {
            Next::Act(at) => {
                self.now = at.max(self.now);
                if let Some((_, end, act)) = self.acts.pop() {
                    self.ends[end].act(act, self.now);
                    self.after_event(end);
                }
            }
            Next::Arrival(at) => {
                self.now = at.max(self.now);
                if let Some((end, packet)) = self.path.arrival() {
                    self.ends[end].segment_arrives(&packet, self.now);
                    self.after_event(end);
                }
            }
            Next::Timer(at, end) => {
                self.now = at.max(self.now);
                self.ends[end].stream.timeout(self.now);
                self.after_event(end);
            }
            Next::Attack(at, end) => {
                self.now = at.max(self.now);
                self.attack(end);
            }
        }
        let is_done = self.ends.iter().all(|end| matches!(end.state(), State::Closed | State::TimeWait));
        if is_done && self.acts.is_empty() {
            self.done_at = self.done_at.or(Some(self.now));
        }
    }

    fn attack(&mut self, end: usize) {
        let period = 1_000_000 / self.plan.rate;
        self.attacks[end] = self.now + Duration::from_micros(1 + self.attackers[end].random.below(2 * period - 1));
        // Only a connection that exists is attacked.
        if matches!(self.ends[end].state(), State::Closed | State::Listen) {
            return;
        }
        let view = self.ends[end].view();
        let segment = self.attackers[end].segment(&view);
        self.count(end);
        if let Some(luck) = luck(&segment, &view) {
            self.outcome.lucky[luck as usize] += 1;
            return;
        }
        self.outcome.answers[end].exempt += u64::from(is_exempt(&segment, &view));
        let payload = vec![FORGED; usize::from(segment.payload_len())];
        let packet = Packet { segment, sack: SackBlocks::NONE, ecn: Ecn::NotEct, payload };
        self.ends[end].segment_arrives(&packet, self.now);
        for segment in self.after_event(end) {
            let answers = &mut self.outcome.answers[end];
            answers.acks += u64::from(is_bare_ack(&segment));
            answers.others += u64::from(!is_bare_ack(&segment));
        }
    }

    fn count(&mut self, end: usize) {
        let answers = &mut self.outcome.answers[end];
        answers.attacks += 1;
        let first = answers.period.map_or(self.now, |(first, _)| first);
        answers.period = Some((first, self.now));
    }

    fn after_event(&mut self, from: usize) -> Vec<Segment> {
        let packets = self.ends[from].after_event(self.now);
        let state = self.ends[from].state();
        let holds = self.now < self.until;
        let sent = packets.iter().map(|packet| packet.segment).collect();
        for packet in packets {
            if !(holds && self.plan.scene.swallows(from, state, &packet.segment)) {
                self.path.launch(from, packet, self.now);
            }
        }
        sent
    }

    fn outcome(mut self) -> Outcome {
        let Config { challenge_limit, challenge_period, .. } = self.plan.config;
        for answers in &mut self.outcome.answers {
            let lasted = answers.period.map_or(Duration::ZERO, |(first, last)| last.saturating_duration_since(first));
            let refilled = u128::from(challenge_limit) * lasted.as_micros() / challenge_period.as_micros().max(1);
            answers.allowed = u64::from(challenge_limit) + refilled as u64 + answers.exempt;
        }
        let [began, ended] = self.received.map(|received| received.unwrap_or_else(|| self.received_by_receiver()));
        self.outcome.delivered = ended - began;
        self.outcome.done_in = self.done_at.unwrap_or(self.now).saturating_duration_since(self.until);
        if let (Some(since), at) = (self.ends[0].time_wait_at, self.ends[0].closed_at) {
            self.outcome.time_wait = at.unwrap_or(self.now).saturating_duration_since(since);
        }
        self.outcome.fault = self.fault();
        self.outcome
    }

    fn fault(&self) -> Option<Fault> {
        for (name, end) in ["A", "B"].into_iter().zip(&self.ends) {
            if let Some(death) = &end.death {
                let after = death.at.saturating_duration_since(self.from).as_secs_f64();
                let told = format!("{name}: {} in {} after {after:.2} s", death.how, death.left);
                return Some(Fault { word: "dies", told });
            }
            if end.is_wrong {
                return Some(Fault { word: "wrong", told: format!("{name} has bytes that were not sent") });
            }
        }
        let [a, b] = &self.ends;
        let told = if self.done_at.is_none() {
            format!("A is in {}, B in {} after {PATIENCE:?}", a.state(), b.state())
        } else if a.received != b.sent || b.received != a.sent {
            format!("A has {} of {} bytes, B {} of {}", a.received, b.sent, b.received, a.sent)
        } else {
            return None;
        };
        Some(Fault { word: "stalls", told })
    }
}

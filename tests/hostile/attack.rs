//! A peer that knows our numbers: it sees every segment that we send and all of `Status`. Bytes decide its acts, and
//! those of our user and the clock. The laws hold for any bytes ([`Law`]); each law has a file of its own.

mod acts;
mod answers;
mod drive;
mod honest;
mod laws;
mod patience;
mod policies;
mod repair;
mod sanity;
mod shapes;
mod streams;

use core::ops::Range;
use core::time::Duration;

use tcp_lifecycle::{CallError, Config, Connection, IcmpError, Instant, Open, Output, Refusal, Segment, State, Status};

use self::acts::{ACT, Act, Bytes};
pub(crate) use self::laws::Law;
use self::policies::Offer;
use self::shapes::{Peer, Shape};
use crate::run;
use crate::story::{Line, Story};

/// The most acts in an attack; more would find nothing new.
const MOST_ACTS: usize = 150;
const MOST_ARRIVALS: usize = 700;
/// The most bytes in the send queue: each byte may be sent in a segment of its own.
const MOST_QUEUED: usize = 30_000;
/// The bytes that decide the policies, the beginning, and the peer's SYN.
pub(crate) const SETUP: usize = 48;

/// Plays the attack that the bytes describe, and panics if one of the laws is broken.
pub(crate) fn attack(bytes: &[u8], laws: &[Law]) {
    let (setup, acts) = bytes.split_at(bytes.len().min(SETUP));
    let mut attack = Attack::new(&mut Bytes(setup), laws);
    let (acts, _) = acts.as_chunks::<ACT>();
    for act in acts.iter().take(MOST_ACTS) {
        let (act, drains) = Act::read(*act);
        attack.act(act, drains);
    }
    attack.drain();
    attack.turns_honest();
}

struct Attack {
    connection: Connection,
    config: Config,
    now: Instant,
    laws: Vec<Law>,
    peer: Peer,
    /// The shapes that were sent, and the last segment.
    shapes: Vec<Shape>,
    last: Option<Segment>,
    arrivals: usize,
    batch: Batch,
    life: streams::Life,
    repair: repair::Repair,
    patience: patience::Patience,
    answers: answers::Answers,
    story: Story,
}

/// The events since the last `Wait`, and their effects.
#[derive(Debug, Default)]
struct Batch {
    arrived: Vec<Arrival>,
    calls: usize,
    firings: usize,
    out: Vec<Segment>,
}

/// A segment that arrived, and the variables before and after it.
#[derive(Clone, Debug)]
struct Arrival {
    segment: Segment,
    before: Status,
    after: Status,
    taken: Result<Range<usize>, Refusal>,
}

impl Attack {
    fn new(setup: &mut Bytes<'_>, laws: &[Law]) -> Attack {
        let isn_offset = setup.one_of(&[100, u32::MAX - 700, (1 << 31) - 700]);
        let beginning = setup.next();
        let sends = usize::from(setup.next()) << (setup.next() % 7);
        let offer = Offer::read(setup);
        let config = policies::read(setup);
        let mut story = Story::default();
        story.tell(Instant::ZERO, Line::Call(format!("ISS={isn_offset}")));
        story.tell(Instant::ZERO, Line::Config(config));
        let mut attack = Attack {
            connection: Connection::new(&config, isn_offset),
            config,
            now: Instant::ZERO,
            laws: laws.to_vec(),
            peer: Peer::new(offer),
            shapes: Vec::new(),
            last: None,
            arrivals: 0,
            batch: Batch::default(),
            life: streams::Life::default(),
            repair: repair::Repair::default(),
            patience: patience::Patience::default(),
            answers: answers::Answers::default(),
            story,
        };
        attack.begin(beginning, sends);
        attack
    }

    /// Begins the attack. Most attacks begin in ESTABLISHED, with something to lose.
    fn begin(&mut self, beginning: u8, sends: usize) {
        let passive = beginning & 1 == 1;
        self.act(Act::Open(if passive { Open::Passive } else { Open::Active }), true);
        if beginning >= 224 {
            return;
        }
        self.act(Act::Segment(if passive { Shape::SYN } else { Shape::SYN_ACK }), true);
        if passive && beginning < 208 {
            self.act(Act::Segment(Shape::ACK), true);
        }
        self.act(Act::Send(sends), true);
        if beginning < 64 {
            self.act(Act::Segment(Shape::ACK), true);
        }
        match beginning >> 1 & 7 {
            6 => [Act::Segment(Shape::FIN), Act::Close].map(|act| self.act(act, true)),
            7 => [Act::Close, Act::Segment(Shape::FIN)].map(|act| self.act(act, true)),
            _ => return,
        };
    }

    /// Checks the law, if this attack is to check it.
    #[track_caller]
    fn must(&self, law: Law, holds: bool, what: impl FnOnce() -> String) {
        if !holds && self.laws.contains(&law) {
            panic!("{law}: {}", what());
        }
    }
}

impl Drop for Attack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            run::tell(&self.story);
        }
    }
}

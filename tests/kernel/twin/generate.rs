//! Random lives: which end opens, with which options, the path to a random state, and then segments, calls and pauses.

use tcp_lifecycle::{Control, Options};

use super::life::{Ack, Echo, Life, Piece, Seq, Stamp, Step};
use crate::link::random;

struct Generator {
    seed: u64,
    stamps: bool,
}

impl Generator {
    fn below(&mut self, limit: u64) -> u64 {
        random(&mut self.seed) % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }

    fn syn(&mut self, ack: Ack) -> Piece {
        let mut options = Options::NONE;
        if self.chance(85) {
            options = options.with_mss(self.one_of(&[1460, 1460, 1460, 536, 1000, 100, 8960, 20, 0]));
        }
        if self.chance(50) {
            options = options.with_window_scale(self.one_of(&[0, 0, 1, 4, 7, 14, 15]));
        }
        if self.chance(50) {
            options = options.with_sack_permitted();
        }
        Piece {
            seq: Seq::Nxt(0),
            ack,
            control: Control::SYN,
            payload: 0,
            window: self.one_of(&[65_535, 65_535, 30_000, 1_000, 0]),
            stamp: if self.stamps { Stamp::Fresh } else { Stamp::Missing },
            echo: Echo::Last,
            options,
        }
    }

    /// A segment of an honest peer.
    fn plain(&self, control: Control, payload: u16) -> Piece {
        Piece::plain(control, payload, self.stamps)
    }

    /// A segment of any sender.
    fn any_segment(&mut self) -> Piece {
        let payload = match self.below(100) {
            0..50 => 0,
            50..70 => 10,
            70..80 => 1,
            80..90 => 100,
            90..95 => 536,
            _ => 1_400,
        };
        let small = self.below(3) as i32 + 1;
        let seq = match self.below(100) {
            0..50 => Seq::Nxt(0),
            50..62 => Seq::Nxt(-small),
            62..67 => Seq::Nxt(-i32::from(payload)),
            67..77 => Seq::Nxt(small * 10),
            77..80 => Seq::Nxt(small),
            80..92 => Seq::Edge(self.below(5) as i32 - 2),
            92..94 => Seq::Nxt(-70_000),
            94..96 => Seq::Nxt(-40_000),
            96..98 => Seq::Nxt(1 << 30),
            _ => Seq::Nxt(i32::MIN + small - 1),
        };
        let ack = match self.below(100) {
            0..50 => Ack::Nxt(0),
            50..73 => Ack::Una(0),
            73..76 => Ack::Una(small),
            76..80 => Ack::Nxt(-1),
            80..85 => Ack::Nxt(small),
            85..88 => Ack::Nxt(100_000),
            88..90 => Ack::Una(-small),
            90..92 => Ack::Una(-70_000),
            92..95 => Ack::Una(1),
            95..96 => Ack::Nxt(i32::MIN),
            _ => Ack::Nothing,
        };
        let mut control = Control::empty();
        for (bit, percent) in [(Control::FIN, 18), (Control::RST, 7), (Control::SYN, 7), (Control::PSH, 30)] {
            if self.chance(percent) {
                control |= bit;
            }
        }
        let window = match self.below(10) {
            0..8 => 60_000,
            8 => 0,
            _ if self.chance(50) => 1 + self.below(2_000) as u16,
            _ => self.below(65_536) as u16,
        };
        let stamp = match self.below(100) {
            _ if !self.stamps => {
                if self.chance(5) {
                    Stamp::Fresh
                } else {
                    Stamp::Missing
                }
            }
            0..75 => Stamp::Fresh,
            75..83 => Stamp::Older(10),
            83..91 => Stamp::Older(self.one_of(&[15, 20, 100, 1_000])),
            91..96 => Stamp::Missing,
            _ => Stamp::Older(1 << 30),
        };
        let echo = match self.below(100) {
            0..85 => Echo::Last,
            85..90 => Echo::Zero,
            _ => Echo::Off(self.one_of(&[-100, -1, 1, 100_000])),
        };
        let mut options = Options::NONE;
        if control.contains(Control::SYN) && self.chance(70) {
            options = options.with_mss(1_460);
        }
        Piece { seq, ack, control, payload, window, stamp, echo, options }
    }

    fn any_call(&mut self) -> Step {
        match self.below(100) {
            0..45 => Step::Send(self.one_of(&[1, 10, 100, 1_000, 3_000, 10_000])),
            45..70 => Step::Receive(self.one_of(&[1, 50, 30_000])),
            70..85 => Step::Close,
            85..95 => Step::Gone,
            _ => Step::Abort,
        }
    }

    fn any_step(&mut self, pauses: bool) -> Step {
        match self.below(100) {
            0..65 => Step::Segment(self.any_segment()),
            65..72 => Step::Again(self.below(4) as usize),
            72..74 => Step::Fill,
            74..84 if pauses => Step::Pause(self.one_of(&[50, 250, 700, 1_100])),
            74..76 => Step::Pause(self.one_of(&[1, 5])),
            _ => self.any_call(),
        }
    }

    /// The path into ESTABLISHED, or part of it.
    fn opening(&mut self, active: bool, steps: &mut Vec<Step>) {
        let stray = |generator: &mut Generator, steps: &mut Vec<Step>| {
            while generator.chance(12) {
                let mut segment = generator.any_segment();
                if generator.chance(50) {
                    segment.control |= generator.one_of(&[Control::RST, Control::SYN]);
                }
                steps.push(Step::Segment(segment));
            }
        };
        stray(self, steps);
        if active {
            steps.push(Step::Connect);
            stray(self, steps);
            if self.chance(20) {
                // Both open at once.
                let syn = self.syn(Ack::Nothing);
                steps.push(Step::Segment(syn));
                stray(self, steps);
                let seq = if self.chance(50) { Seq::Nxt(-1) } else { Seq::Nxt(0) };
                steps.push(Step::Segment(match seq {
                    Seq::Nxt(-1) => Piece { seq, ack: Ack::Nxt(0), control: Control::SYN, ..syn },
                    Seq::Nxt(_) | Seq::Edge(_) => self.plain(Control::ACK, 0),
                }));
            } else {
                let syn = self.syn(Ack::Nxt(0));
                steps.push(Step::Segment(syn));
            }
        } else {
            let syn = self.syn(Ack::Nothing);
            steps.push(Step::Segment(syn));
            stray(self, steps);
            let payload = self.one_of(&[0, 0, 0, 10]);
            steps.push(Step::Segment(self.plain(Control::ACK, payload)));
        }
    }

    /// The path from ESTABLISHED into some state.
    fn closing(&mut self, steps: &mut Vec<Step>) {
        for _ in 0..self.below(3) {
            match self.below(4) {
                0 => steps.push(Step::Send(self.one_of(&[10, 100, 3_000]))),
                1 => steps.push(Step::Segment(self.plain(Control::ACK, 0))),
                2 => steps.push(Step::Segment(self.plain(Control::PSH, 10))),
                _ => steps.push(Step::Receive(30_000)),
            }
        }
        let close = if self.chance(50) { Step::Close } else { Step::Gone };
        let fin = Step::Segment(self.plain(Control::FIN, 0));
        let ack = Step::Segment(self.plain(Control::ACK, 0));
        let fin_without_ack = Step::Segment(Piece { ack: Ack::Nxt(-1), ..self.plain(Control::FIN, 0) });
        let way: &[Step] = match self.below(12) {
            0..3 => &[],
            3 => &[fin],
            4 => &[close],
            5 | 6 => &[close, ack],
            7 => &[close, fin_without_ack],
            8 => &[fin, close],
            9 => &[close, fin],
            _ => &[close, ack, fin],
        };
        steps.extend_from_slice(way);
    }
}

impl Life {
    pub(crate) fn new(seed: u64, pauses: bool) -> Life {
        let mut generator = Generator { seed: (seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15), stamps: false };
        for _ in 0..4 {
            generator.below(2);
        }
        generator.stamps = generator.chance(60);
        let active = generator.chance(40);
        let mut steps = Vec::new();
        generator.opening(active, &mut steps);
        generator.closing(&mut steps);
        for _ in 0..1 + generator.below(10) {
            let step = generator.any_step(pauses);
            steps.push(step);
        }
        Life {
            seed,
            active,
            peer_iss: if generator.chance(30) {
                u32::MAX - generator.below(300) as u32
            } else {
                generator.below(1 << 32) as u32
            },
            peer_ts: generator.one_of(&[1_000, 0x7FFF_FF00, 0xFFFF_FF00, 0xFFFF_FFFF, 1 << 31, 5_000_000]),
            timestamps: generator.chance(85),
            sack: generator.chance(50),
            window_scaling: generator.chance(85),
            buffer: generator.one_of(&[32_768, 32_768, 4_096]),
            steps,
        }
    }
}

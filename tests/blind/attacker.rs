//! The attacker's segments.

use tcp_lifecycle::{Control, Options, Segment, SeqNumber};

use crate::end::View;
use crate::luck::least_ack;

/// The six control bits of RFC 793; all combinations are equally likely.
const BITS: u64 = 64;
const FULL: u64 = 1_460;

/// The attacker's knowledge in addition to the two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Knows {
    Nothing,
    /// Nothing, and no segment has payload or FIN, so that the limiter exempts none.
    NothingBare,
    /// The receive window: SEG.SEQ lies in it.
    Seq,
    /// The range of SEG.ACK that RFC 5961 section 5.2 accepts.
    Ack,
}

impl Knows {
    pub(crate) const ALL: [Knows; 4] = [Knows::Nothing, Knows::NothingBare, Knows::Seq, Knows::Ack];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Knows::Nothing => "blind",
            Knows::NothingBare => "blind, bare",
            Knows::Seq => "knows SEQ",
            Knows::Ack => "knows ACK",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Attacker {
    pub(crate) knows: Knows,
    pub(crate) random: Random,
}

impl Attacker {
    /// Makes one segment for this end.
    pub(crate) fn segment(&mut self, view: &View) -> Segment {
        let status = &view.status;
        let random = &mut self.random;
        let seq = match (self.knows, status.rcv_nxt) {
            (Knows::Seq, Some(nxt)) => nxt + random.below(u64::from(status.rcv_wnd.unwrap_or(0)).max(1)) as u32,
            (_, _) => random.number(),
        };
        let ack = match (self.knows, status.snd_nxt) {
            (Knows::Ack, Some(nxt)) => {
                let least = least_ack(view);
                least + random.below(u64::from(nxt - least) + 1) as u32
            }
            (_, _) => random.number(),
        };
        let mut control = Control::from_bits_truncate(random.below(BITS) as u16);
        let mut payload = if random.below(2) == 0 { 0 } else { random.below(FULL) + 1 };
        if self.knows == Knows::NothingBare {
            (control, payload) = (control.difference(Control::FIN), 0);
        }
        let window = [0, 1, random.below(1 << 16) as u16, u16::MAX][random.below(4) as usize];
        Segment::new(seq, ack, control)
            .with_payload(payload as u16)
            .with_window(window)
            .with_urgent(random.below(1 << 16) as u16)
            .with_options(random.options(control))
    }
}

/// SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn number(&mut self) -> SeqNumber {
        SeqNumber(self.below(1 << 32) as u32)
    }

    /// Timestamps on every second segment, MSS and window scale on every second SYN.
    fn options(&mut self, control: Control) -> Options {
        let mut options = Options::NONE;
        if self.below(2) == 0 {
            options = options.with_timestamps(self.number().0, self.number().0);
        }
        if control.contains(Control::SYN) && self.below(2) == 0 {
            options = options.with_mss(self.below(1 << 16) as u16).with_window_scale(self.below(15) as u8);
        }
        options
    }
}

//! The options of a TCP header (RFC 9293 section 3.2, RFC 7323, RFC 2018).

use etherparse::tcp_option::{
    KIND_END, KIND_MAXIMUM_SEGMENT_SIZE as MSS, KIND_NOOP as NOP, KIND_SELECTIVE_ACK as SACK,
    KIND_SELECTIVE_ACK_PERMITTED as SACK_PERMITTED, KIND_TIMESTAMP as TIMESTAMPS, KIND_WINDOW_SCALE as WINDOW_SCALE,
};

use super::words::Words;
use crate::{Options, SackBlock, SackBlocks, SeqNumber};

/// The room for options in a header, in bytes.
const ROOM: usize = 40;

/// Parses the options. Of an option that stands twice the last one counts; SACK blocks are collected. An option that is
/// unknown, or whose length is not that of its kind, is skipped by its length (MUST-6, MUST-68). A length that is
/// impossible ends the options (MUST-7).
#[inline]
pub(super) fn parse(bytes: &[u8]) -> (Options, SackBlocks) {
    // Almost every segment has these options, or none (RFC 7323 appendix A).
    if let [NOP, NOP, TIMESTAMPS, 10, v0, v1, v2, v3, e0, e1, e2, e3] = *bytes {
        let (value, echo) = (u32::from_be_bytes([v0, v1, v2, v3]), u32::from_be_bytes([e0, e1, e2, e3]));
        return (Options::NONE.with_timestamps(value, echo), SackBlocks::NONE);
    }
    let mut sack = SackBlocks::NONE;
    (parse_each(bytes, &mut sack), sack)
}

fn parse_each(mut rest: &[u8], sack: &mut SackBlocks) -> Options {
    let mut options = Options::NONE;
    loop {
        // An option begins at any octet (MUST-64).
        let (option, after) = match *rest {
            [] | [KIND_END, ..] | [_] => return options,
            [NOP, ref after @ ..] => (&[][..], after),
            [_, length, ..] => match rest.split_at_checked(length.into()) {
                Some(split) if length >= 2 => split,
                Some(_) | None => return options,
            },
        };
        options = match *option {
            [MSS, 4, high, low] => options.with_mss(u16::from_be_bytes([high, low])),
            [WINDOW_SCALE, 3, shift] => options.with_window_scale(shift),
            [SACK_PERMITTED, 2] => options.with_sack_permitted(),
            [TIMESTAMPS, 10, v0, v1, v2, v3, e0, e1, e2, e3] => {
                options.with_timestamps(u32::from_be_bytes([v0, v1, v2, v3]), u32::from_be_bytes([e0, e1, e2, e3]))
            }
            [SACK, _, ref blocks @ ..] => {
                parse_sack(blocks, sack);
                options
            }
            [..] => options,
        };
        rest = after;
    }
}

fn parse_sack(blocks: &[u8], sack: &mut SackBlocks) {
    // A length that is no number of blocks is not that of the kind.
    if let (blocks, []) = blocks.as_chunks() {
        for &[l0, l1, l2, l3, r0, r1, r2, r3] in blocks {
            let (left, right) = (u32::from_be_bytes([l0, l1, l2, l3]), u32::from_be_bytes([r0, r1, r2, r3]));
            sack.push(SackBlock { left: SeqNumber(left), right: SeqNumber(right) });
        }
    }
}

/// Returns the first blocks, as many as fit beside the options.
#[inline]
pub(super) fn fitting(options: &Options, sack: &SackBlocks) -> SackBlocks {
    let mut fitting = *sack;
    if options.wire_len().saturating_add(sack.wire_len()) > ROOM {
        fitting.truncate(ROOM.saturating_sub(4).saturating_sub(options.wire_len()) / 8);
    }
    fitting
}

/// Writes the options as Linux lays them out, each at a whole word: MSS, timestamps, SACK-permitted, window scale, SACK
/// blocks. SACK-permitted takes the place of the padding before the timestamps. Nothing needs padding after it
/// (MUST-69).
#[inline]
pub(super) fn emit(options: &Options, sack: &SackBlocks, words: &mut Words<'_>) {
    if let Some(mss) = options.mss() {
        let [high, low] = mss.to_be_bytes();
        words.put([MSS, 4, high, low]);
    }
    if let Some((value, echo)) = options.timestamps() {
        let padding = if options.sack_permitted() { [SACK_PERMITTED, 2] } else { [NOP, NOP] };
        let [first, second] = padding;
        words.put([first, second, TIMESTAMPS, 10]);
        words.put(value.to_be_bytes());
        words.put(echo.to_be_bytes());
    } else if options.sack_permitted() {
        words.put([NOP, NOP, SACK_PERMITTED, 2]);
    }
    if let Some(shift) = options.window_scale() {
        words.put([NOP, WINDOW_SCALE, 3, shift]);
    }
    if !sack.is_empty() {
        // Two NOPs pad the option to whole words.
        words.put([NOP, NOP, SACK, sack.wire_len().saturating_sub(2) as u8]);
        for block in sack {
            words.put(block.left.0.to_be_bytes());
            words.put(block.right.0.to_be_bytes());
        }
    }
}

//! The list of SACK blocks.

use tcp_lifecycle::{SackBlock, SackBlocks, SeqNumber};

fn block(number: u32) -> SackBlock {
    SackBlock { left: SeqNumber(number), right: SeqNumber(number + 1) }
}

#[test]
fn there_are_at_most_four_blocks_and_the_first_stay() {
    let mut blocks = SackBlocks::NONE;
    for number in 0..6 {
        assert_eq!(blocks.len(), (number as usize).min(4));
        blocks.push(block(number));
    }
    assert_eq!(blocks[..], [0, 1, 2, 3].map(block));
    assert_eq!((0..9).map(block).collect::<SackBlocks>(), blocks);
    assert_eq!(blocks.into_iter().count(), SackBlocks::MOST);
}

#[test]
fn equal_blocks_are_equal_however_they_came_about() {
    let mut blocks: SackBlocks = (0..4).map(block).collect();
    blocks.truncate(4);
    assert_eq!(blocks.len(), 4);
    blocks.truncate(1);
    assert_eq!(blocks, [block(0)].into_iter().collect());
    blocks.truncate(0);
    assert_eq!(blocks, SackBlocks::NONE);
    assert_eq!(SackBlocks::default(), SackBlocks::NONE);
}

#[test]
fn blocks_print_as_ranges() {
    assert_eq!(format!("{:?}", (0..2).map(block).collect::<SackBlocks>()), "[0..1, 1..2]");
}

#[test]
fn each_block_takes_eight_bytes_and_all_together_four_more() {
    for (count, bytes) in [(0, 0), (1, 12), (2, 20), (3, 28), (4, 36)] {
        assert_eq!((0..count).map(block).collect::<SackBlocks>().wire_len(), bytes);
    }
}

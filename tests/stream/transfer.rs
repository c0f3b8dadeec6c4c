//! Transfers over a path in virtual time: how long they take, and how much is sent again.

use std::time::Duration;

use tcp_lifecycle::stream::StreamConfig;
use tcp_lifecycle::stream::congestion::NewReno;

use crate::path::{Path, World};

const BYTES: usize = 2_000_000;

fn bytes(len: usize) -> Vec<u8> {
    (0..len as u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).take(len).collect()
}

/// Transfers over `path`; returns the time in milliseconds, and the bytes sent for a thousand bytes that arrive.
fn transfer(path: Path, config: &StreamConfig) -> (u64, u64) {
    let mut world = World::new(path, [config, config]);
    let sent = bytes(BYTES);
    world.transfer([sent.clone(), Vec::new()]);
    assert!(world.hosts[1].read == sent, "{path:?}: {} bytes, {:?}", world.hosts[1].read.len(), world.ends());
    (world.now.as_micros() / 1_000, world.hosts[0].sent * 1_000 / BYTES as u64)
}

/// Delay, loss, held back, time, bytes sent.
type Row = (u64, u64, (u64, u64), u64, u64);

/// 100 Mbit/s, a queue of 20 ms. A row: the delay of each way in milliseconds; how many segments of ten thousand are
/// lost; how many are held back, and for how many microseconds; the time in milliseconds; the bytes sent for a thousand.
/// The wire alone takes 167 ms for two million bytes and their headers.
const TABLE: [Row; 9] = [
    (0, 0, (0, 0), 165, 1_000),
    (0, 100, (0, 0), 166, 1_007),
    (0, 500, (0, 0), 172, 1_043),
    (5, 0, (0, 0), 204, 1_000),
    (5, 10, (100, 500), 216, 1_010),
    (5, 100, (0, 0), 654, 1_007),
    (20, 0, (0, 0), 845, 1_032),
    (20, 100, (0, 0), 2_558, 1_007),
    (20, 500, (0, 0), 9_767, 1_043),
];

/// No row gets worse by more than a tenth.
#[test]
fn the_table_of_transfers_is_kept() {
    let mut found = Vec::new();
    for (delay, loss, (reordered, held), ..) in TABLE {
        let (delay, held) = (Duration::from_millis(delay), Duration::from_micros(held));
        let path = Path { delay, loss, reordered, held, ..Path::default() };
        found.push(transfer(path, &StreamConfig::default()));
    }
    let kept = TABLE.iter().zip(&found).all(|((.., time, sent), (found_time, found_sent))| {
        found_time * 10 <= time * 11 && (found_sent - 1_000) * 10 <= (sent - 1_000) * 11 + 10
    });
    assert!(kept, "{found:?}");
}

#[test]
fn new_reno_and_a_peer_without_sack_come_to_the_end_too() {
    let mut config = StreamConfig { controller: NewReno::start, ..StreamConfig::default() };
    let path = Path { loss: 100, ..Path::default() };
    let (with_sack, _) = transfer(path, &config);
    config.tcp.sack_permitted = false;
    let (without, sent) = transfer(path, &config);
    assert!(without < with_sack * 4, "{without} ms, {with_sack} ms with SACK");
    assert!(sent < 1_050, "{sent}");
}

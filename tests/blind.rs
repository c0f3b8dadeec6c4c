//! An off-path attacker against two honest peers. The attacker knows both sockets, sees nothing, and sends segments
//! with random numbers to both ends: all control bits, with and without payload and timestamps, zero and large windows,
//! 10 to 10,000 segments a second to each end. It does so while the connection is in each of its states, under
//! `DEFAULT`, `linux()` and `bsd()`.
//!
//! The connection must survive: all bytes arrive, both ends close gracefully, keep-alive goes on. A transfer keeps four
//! fifths of its throughput. The attacker draws no more ACKs than the limiter allows (D12, RFC 5961 section 7).
//!
//! * `cargo test --test blind` attacks for one second of virtual time, or four during a transfer.
//! * `BLIND=1 cargo test --release --test blind -- --nocapture` attacks for twenty seconds, and prints the table.
//!   `BLIND_SEED` chooses other random numbers; `BLIND_RUNS` prints each run in a line of its own.
//!
//! # The path
//!
//! 10 ms each way, 10 Mbit/s, a queue of 20 ms. Each end is a stream with NewReno. The attacker's segments take no
//! bandwidth on the path; the answers to them do.
//!
//! # Four attackers
//!
//! * *Blind*: sequence number and acknowledgment number are both uniformly random.
//! * *Blind, bare*: the same without payload and FIN. So the limiter exempts no answer, and surplus answers do not keep
//!   the connection alive by accident.
//! * *Knows SEQ*: the sequence number lies in the receive window, the acknowledgment number is random.
//! * *Knows ACK*: the acknowledgment number lies in the range of RFC 5961 section 5.2, the sequence number is random.
//!
//! # Lucky guesses
//!
//! RFC 5961 leaves some forged segments effective: a reset at RCV.NXT; payload, a FIN or a false acknowledgment with
//! both numbers right. RFC 9293 leaves two more: a SYN in the window in SYN-RECEIVED (D23), and any SYN without ACK in
//! SYN-SENT. Such a SYN opens simultaneously (MUST-10), and the peer resets the answer to it. No receiver can
//! distinguish these segments from the peer's. They are counted and not delivered, so that no run depends on them. A
//! bare ACK that acknowledges nothing new is always delivered.
//!
//! The blind attacker guesses both numbers with the odds (window / 2^32)^2. Consider segments with ACK and neither SYN
//! nor RST, an eighth of all. Of these, one in four billion is lucky with windows of 65,535 bytes, and one in 466,000
//! with the 6 MiB of `linux()`. One of four billion resets is at RCV.NXT. An attack of 10,000 segments a second for
//! twenty seconds to both ends has 0.1 lucky segments in a run under `linux()`, and a ten-thousandth of that under
//! `DEFAULT`.
//!
//! An attacker that knows SEQ has only the other number to guess: one in 65,000 segments (`DEFAULT`) or in 680
//! (`linux()`) has an acknowledgment in range. In a window of 65,535 bytes one reset in 65,535 is at RCV.NXT. At 10,000
//! a second RFC 5961 lets such an attacker end that connection after thirteen seconds on average.
//!
//! In TIME-WAIT the table shows how much of 2 MSL is left, in percent. No test demands a minimum, because a challenge
//! ACK that reaches the peer in CLOSED brings an honest reset (D14).

#[path = "blind/attacker.rs"]
mod attacker;
#[path = "blind/end.rs"]
mod end;
#[path = "blind/luck.rs"]
mod luck;
#[path = "blind/path.rs"]
mod path;
#[path = "blind/run.rs"]
mod run;
#[path = "blind/scene.rs"]
mod scene;
#[path = "blind/table.rs"]
mod table;

use std::sync::LazyLock;

use table::{Extent, Row, rows, table};

/// The number in an environment variable, if it is set.
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

/// All runs; each test checks one property of all of them.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let is_whole = asked("BLIND").is_some_and(|asked| asked > 0);
    let rows = rows(Extent { is_whole, seed: asked("BLIND_SEED").unwrap_or(5961) });
    if asked("BLIND_RUNS").is_some_and(|asked| asked > 0) {
        rows.iter().for_each(|row| println!("{row}"));
    }
    println!("{}", table(&rows));
    rows
});

#[track_caller]
fn all(what: &str, holds: impl Fn(&Row) -> bool) {
    let broken: Vec<_> = ROWS.iter().filter(|row| !holds(row)).map(Row::to_string).collect();
    assert!(broken.is_empty(), "{what} in {} of {} runs:\n{}", broken.len(), ROWS.len(), broken.join("\n"));
}

/// If a scene fails without an attack, the other tests prove nothing about it.
#[test]
fn a_connection_that_nobody_attacks_lives() {
    all("it does not live", |row| row.unharmed.fault.is_none());
}

/// This includes keep-alive: an end whose probes are not answered gives up within 0.6 s.
#[test]
fn an_honest_connection_lives_beside_an_attacker_in_every_state() {
    all("it does not live", |row| row.outcome.fault.is_none());
}

#[test]
fn an_attacker_takes_no_more_than_a_fifth_of_the_throughput() {
    all("more than a fifth is lost", |row| row.throughput().is_none_or(|percent| percent >= 80));
}

/// RFC 5961 section 7
#[test]
fn an_attacker_draws_no_more_acks_than_the_limiter_allows() {
    all("there are more", |row| row.outcome.is_within_limit());
}

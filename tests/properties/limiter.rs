//! The limiter (RFC 5961 section 7): how many answers a peer out of step, or an attacker, can provoke.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Output, Segment, SeqNumber};

use crate::run::config;

fn drain(connection: &mut Connection, now: Instant) -> Vec<Segment> {
    let mut segments = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Wait(_) => return segments,
            Output::Transmit(transmit) => segments.push(transmit.segment),
            Output::Transition(_) | Output::Signal(_) => {}
        }
    }
}

/// ESTABLISHED, with nothing in flight.
fn established(config: &Config, iss: u32, irs: SeqNumber) -> Connection {
    let mut connection = Connection::new(config, iss);
    connection.open(Open::Active, Instant::ZERO).unwrap();
    let syn_ack = Segment::new(irs, SeqNumber(iss) + 1, Control::SYN | Control::ACK).with_window(1_000);
    connection.segment_arrives(&syn_ack, Instant::ZERO).unwrap();
    drain(&mut connection, Instant::ZERO);
    connection
}

proptest! {
    #![proptest_config(config(300))]

    /// Blind segments that are answered by an ACK, and that cannot repeat anything the peer has sent.
    #[test]
    fn no_more_challenges_go_out_than_the_bucket_holds_and_is_filled_with(
        limit in 0_u8..12,
        blind in vec((any::<u32>(), any::<u32>(), 0_usize..3, 0_u64..200), 0..60),
    ) {
        let period = Duration::from_secs(5);
        let config = Config { challenge_limit: limit, challenge_period: period, ..Config::DEFAULT };
        let mut connection = established(&config, 100, SeqNumber(300));
        let mut now = Instant::ZERO;
        let mut answers = Vec::new();
        for (seq, ack, control, pause) in blind {
            now = now + Duration::from_millis(pause);
            let control = [Control::ACK, Control::SYN, Control::RST][control];
            // Avoids the one segment that would be in order by accident.
            let seq = if seq == 301 { 302 } else { seq };
            let segment = Segment::new(SeqNumber(seq), SeqNumber(ack), control).with_window(1_000);
            _ = connection.segment_arrives(&segment, now);
            answers.extend(drain(&mut connection, now).into_iter().map(|answer| (now, answer)));
        }
        for (index, (first, answer)) in answers.iter().enumerate() {
            prop_assert_eq!(answer.control(), Control::ACK);
            // A token bucket: its capacity, and the tokens added since.
            for (count, (last, _)) in (1..).zip(&answers[index..]) {
                let since = last.as_micros() - first.as_micros();
                let filled = u64::from(limit) * since / 5_000_000;
                prop_assert!(count <= u64::from(limit) + filled, "{count} from {first} to {last}");
            }
        }
    }

    /// S4: two ends that refuse each other's segments fall silent.
    #[test]
    fn two_ends_out_of_step_fall_silent(a in any::<u32>(), b in any::<u32>(), limit in 1_u8..12, rst in any::<bool>()) {
        let config = Config { challenge_limit: limit, ..Config::DEFAULT };
        // The two ends agree in no number.
        let apart = |iss: u32, peer: u32| established(&config, iss, SeqNumber(peer) + (1 << 20));
        let mut ends = [apart(a, b), apart(b, a)];
        let control = if rst { Control::RST } else { Control::ACK };
        let first = Segment::new(SeqNumber(a) + (1 << 20) + 2, SeqNumber(b), control).with_window(1_000);
        let mut flying = vec![(1, first)];
        let mut sent = 0;
        while let Some((to, segment)) = flying.pop() {
            _ = ends[to].segment_arrives(&segment, Instant::ZERO);
            flying.extend(drain(&mut ends[to], Instant::ZERO).into_iter().map(|answer| (1 - to, answer)));
            sent += 1;
            prop_assert!(sent <= 2 * usize::from(limit) + 2, "they answer each other without end");
        }
    }
}

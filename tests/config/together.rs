//! All of these policies together, over faulty networks, and changed during the connection.

use core::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Side};
use tcp_lifecycle::{Config, KeepAlive, State};

/// One of many policies, determined by the number.
fn config(number: u64) -> Config {
    let on = |bit: u64| number >> bit & 1 > 0;
    Config {
        keep_alive: on(0).then_some(KeepAlive {
            idle: Duration::from_millis(300),
            interval: Duration::from_millis(200),
            probes: 40,
        }),
        delayed_ack: on(2).then_some(Duration::from_millis(40 + 100 * (number % 5))),
        nagle: on(3),
        timestamps: true,
        receive_buffer: if on(1) { 3_000 } else { 65_535 },
        ..Config::DEFAULT
    }
}

#[test]
fn transfers_arrive_whole_whatever_the_policies() {
    for seed in 0..200 {
        let mut pair = Pair::new(&config(seed), &config(seed * 7 + 3), Network::faulty(seed));
        pair.handshake().unwrap();
        let bytes = [7; 1_500];
        for round in 0..12 {
            for side in [Side::A, Side::B] {
                let number = seed * 31 + round * 5 + u64::from(side == Side::B);
                pair.send(side, &bytes[..number as usize * 37 % 1_500]).unwrap();
                if number.is_multiple_of(3) {
                    pair.call(side, "send urgent 0", |connection, now| connection.send_urgent(0, now)).unwrap();
                }
                if number.is_multiple_of(4) {
                    // The buffer must not shrink again and again, so the other policies change without it.
                    let changed = Config { receive_buffer: 65_535, ..config(number) };
                    pair.call(side, "configure", |connection, _| connection.configure(&changed));
                }
                pair.drive_for(Duration::from_millis(number % 700)).unwrap();
            }
        }
        for side in [Side::A, Side::B] {
            pair.close(side).unwrap();
        }
        pair.drive().unwrap();
        for side in [Side::A, Side::B] {
            assert_eq!(pair.state(side), State::Closed, "{seed}");
            assert!(pair.send_queue(side).is_empty(), "{seed}");
            assert_eq!(pair.received(side), pair.sent(side.other()), "{seed}");
        }
    }
}

//! Lives of a connection with any policies; each must come to an end.

use core::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Side, Violation};
use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Segment, Signal, State};

/// The times of the segments, and the signals to the user.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) sent: Vec<(Instant, Segment)>,
    pub(crate) signals: Vec<(Instant, Signal)>,
}

impl Log {
    #[track_caller]
    pub(crate) fn drain(&mut self, connection: &mut Connection, now: Instant) {
        for _ in 0..10_000 {
            match connection.poll(now) {
                Output::Transition(_) => {}
                Output::Signal(signal) => self.signals.push((now, signal)),
                Output::Transmit(transmit) => self.sent.push((now, transmit.segment)),
                Output::Wait(deadline) => {
                    assert_eq!(deadline, connection.deadline());
                    return;
                }
            }
        }
        panic!("outputs without end");
    }

    /// Nobody answers: lets timers fire until none is running. Returns when the last one fired.
    #[track_caller]
    pub(crate) fn wait_for_the_end(&mut self, connection: &mut Connection, start: Instant) -> Instant {
        let (mut now, mut in_a_row) = (start, 0);
        self.drain(connection, now);
        for _ in 0..200_000 {
            let Some(deadline) = connection.deadline() else { return now };
            assert!(deadline >= now, "a deadline in the past");
            // With a timeout of zero one timeout may follow another at once, but not without end.
            in_a_row = if deadline == now { in_a_row + 1 } else { 0 };
            assert!(in_a_row < 3, "{} fires for ever", connection.state());
            now = deadline;
            connection.timeout(now);
            self.drain(connection, now);
        }
        panic!("{} fires for ever", connection.state());
    }

    /// The time of each segment, counted from `start`.
    pub(crate) fn times(&self, start: Instant) -> Vec<Duration> {
        self.sent.iter().map(|(at, _)| at.saturating_duration_since(start)).collect()
    }
}

pub(crate) fn segment(text: &str) -> Segment {
    text.parse().expect("a segment")
}

/// Goes from OPEN to ESTABLISHED in no time. SND.NXT is 101, RCV.NXT 301.
#[track_caller]
pub(crate) fn established(config: &Config) -> Connection {
    let mut connection = Connection::new(config, 100);
    connection.open(Open::Active, Instant::ZERO).unwrap();
    Log::default().drain(&mut connection, Instant::ZERO);
    let syn_ack = segment("<SEQ=300><ACK=101><CTL=SYN,ACK><WND=65535>");
    connection.segment_arrives(&syn_ack, Instant::ZERO).unwrap();
    Log::default().drain(&mut connection, Instant::ZERO);
    assert_eq!(connection.state(), State::Established);
    connection
}

/// Plays every kind of life with these policies: with a dead peer, and with a peer of the same policies.
#[track_caller]
pub(crate) fn live(config: &Config) {
    dead_peer(config);
    for network in [Network::PERFECT, Network { loss: 100, seed: 7, ..Network::PERFECT }] {
        let mut pair = Pair::new(config, config, network);
        // With some policies an end gives up at once.
        let opened = pair.handshake();
        assert!(matches!(opened, Ok(()) | Err(Violation::NotOpen(_))), "{opened:?}");
        for side in [Side::A, Side::B] {
            let _ = pair.send(side, &[1; 200]);
            pair.drive_for(Duration::from_secs(600)).unwrap();
        }
        for side in [Side::A, Side::B] {
            let _ = pair.close(side);
            pair.drive_for(Duration::from_secs(10_000)).unwrap();
        }
        assert!(pair.trace().events().len() < 100_000, "without end");
    }
}

#[track_caller]
fn dead_peer(config: &Config) {
    let start = Instant::ZERO;
    let mut log = Log::default();
    let mut opening = Connection::new(config, 100);
    opening.open(Open::Active, start).unwrap();
    log.wait_for_the_end(&mut opening, start);

    let mut passive = Connection::new(config, 100);
    passive.open(Open::Passive, start).unwrap();
    log.drain(&mut passive, start);
    passive.segment_arrives(&segment("<SEQ=300><CTL=SYN><WND=1000>"), start).unwrap();
    log.wait_for_the_end(&mut passive, start);

    // Payload and FIN, a closed window, payload of the peer, urgent bytes.
    for window in [0, 1, 65_535] {
        for calls in 0..8 {
            let mut connection = established(config);
            let ack = segment("<SEQ=301><ACK=101><CTL=ACK>").with_window(window);
            let _ = connection.segment_arrives(&ack, start);
            log.drain(&mut connection, start);
            if calls & 1 > 0 {
                connection.send_urgent(1_000, start).unwrap();
            }
            if calls & 2 > 0 {
                let _ = connection.segment_arrives(&segment("<SEQ=301><ACK=101><CTL=ACK><DATA=9><WND=500>"), start);
            }
            if calls & 4 > 0 {
                let _ = connection.close(start);
            }
            log.wait_for_the_end(&mut connection, start);
        }
    }

    // FIN-WAIT-2 and TIME-WAIT.
    let mut closing = established(config);
    closing.close(start).unwrap();
    log.drain(&mut closing, start);
    let _ = closing.segment_arrives(&segment("<SEQ=301><ACK=102><CTL=ACK><WND=9>"), start);
    log.wait_for_the_end(&mut closing.clone(), start);
    log.drain(&mut closing, start);
    let _ = closing.segment_arrives(&segment("<SEQ=301><ACK=102><CTL=FIN,ACK><WND=9>"), start);
    log.wait_for_the_end(&mut closing, start);
    // TIME-WAIT ends, unless MSL is unbounded; and if no window is ever open, no FIN is accepted.
    let state = closing.state();
    let lasts = (state == State::TimeWait && config.msl == Duration::MAX)
        || (state == State::FinWait2 && config.receive_buffer == 0);
    assert!(state == State::Closed || lasts, "{state}");
}

//! One end without a script: for policies that change, and segments that a script cannot write.

use core::time::Duration;

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Instant, KeepAlive, Output, Segment, Signal, Transmit};

/// Probes after a minute, every ten seconds, at most three.
pub(crate) const QUICK: KeepAlive =
    KeepAlive { idle: Duration::from_secs(60), interval: Duration::from_secs(10), probes: 3 };
pub(crate) const QUICK_CONFIG: Config = Config { keep_alive: Some(QUICK), ..Config::DEFAULT };

pub(crate) const fn seconds(seconds: u64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

/// The connection after a script; its clock begins at zero.
#[track_caller]
pub(crate) fn after(script: &str, config: &Config) -> Connection {
    Script::parse(script).unwrap().run(config).unwrap()
}

/// All outputs that are due, without `Wait`.
#[track_caller]
pub(crate) fn drain(connection: &mut Connection, now: Instant) -> Vec<Output> {
    let mut outputs = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Wait(deadline) => {
                assert_eq!(deadline, connection.deadline());
                return outputs;
            }
            output @ (Output::Transition(_) | Output::Signal(_) | Output::Transmit(_)) => outputs.push(output),
        }
        assert!(outputs.len() < 100, "outputs without end: {outputs:?}");
    }
}

/// Fires the timer that is due at `now`; returns the segments that are sent.
#[track_caller]
pub(crate) fn expires(connection: &mut Connection, now: Instant) -> Vec<Transmit> {
    assert_eq!(connection.deadline(), Some(now));
    connection.timeout(now);
    let outputs = drain(connection, now);
    let told = |output: &&Output| **output == Output::Signal(Signal::RetransmissionTimeout);
    let transmits = outputs.iter().skip_while(told).map(|output| match output {
        Output::Transmit(transmit) => transmit.clone(),
        other @ (Output::Transition(_) | Output::Signal(_) | Output::Wait(_)) => panic!("no segment: {other:?}"),
    });
    transmits.collect()
}

#[track_caller]
pub(crate) fn segment(text: &str) -> Segment {
    text.parse().unwrap()
}

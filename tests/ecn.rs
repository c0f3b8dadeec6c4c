//! Explicit congestion notification: RFC 9293 section 3.8.2 (SHLD-8), RFC 3168 section 6.1.

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Control, Instant, Output, Segment, Signal};

#[path = "ecn/accepting.rs"]
mod accepting;
#[path = "ecn/agreement.rs"]
mod agreement;
#[path = "ecn/marks.rs"]
mod marks;

const NOW: Instant = Instant::ZERO;
const WILLING: Config = Config { ecn: true, default_peer_mss: 100, ..Config::DEFAULT };

#[track_caller]
fn after(config: Config, script: &str) -> Connection {
    Script::parse(script).and_then(|script| script.run(&config)).unwrap_or_else(|error| panic!("{error}"))
}

fn segment(text: &str) -> Segment {
    text.parse().unwrap()
}

fn agreed() -> Connection {
    agreed_with(WILLING)
}

#[track_caller]
fn agreed_with(config: Config) -> Connection {
    after(
        config,
        "
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK,ECE><WND=1000>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED
        ",
    )
}

/// The segments that are sent, and whether the user is told of congestion.
fn drain(connection: &mut Connection) -> (Vec<Segment>, bool) {
    let (mut segments, mut congestion) = (vec![], false);
    loop {
        match connection.poll(NOW) {
            Output::Transition(_) => {}
            Output::Signal(signal) => congestion |= signal == Signal::CongestionExperienced,
            Output::Transmit(transmit) => segments.push(transmit.segment),
            Output::Wait(_) => return (segments, congestion),
        }
    }
}

fn arrives(connection: &mut Connection, text: &str) -> (Vec<Segment>, bool) {
    connection.segment_arrives(&segment(text), NOW).unwrap();
    drain(connection)
}

fn bits(segments: &[Segment]) -> Vec<Control> {
    segments.iter().map(|segment| segment.control() & (Control::ECE | Control::CWR)).collect()
}

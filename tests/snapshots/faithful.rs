//! A connection out of a snapshot is the connection that was put into it.

use core::fmt::Debug;

use proptest::collection::vec;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Policy, State, TimeWaitPolicy};

use crate::events::{apply, beginning, event, isn_offset};
use crate::policies::policies;
use crate::run::check;
use crate::watch::Watched;

/// Serialises a value in two formats, one for people and one for machines, and compares what comes out.
#[track_caller]
pub(crate) fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> T {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    let bytes = postcard::to_allocvec(value).unwrap();
    let again = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(&again, value, "{text}");
    again
}

/// Two connections have the same events. One is taken out of a snapshot before each event, and before each output.
#[test]
fn a_connection_out_of_a_snapshot_lives_on_as_it_would_have() {
    let input = (policies(), isn_offset(), beginning(), vec((event(), 0_usize..8), 1..60));
    check(200, &input, |(policies, offset, beginning, events)| {
        let (mut stays, mut moves) = (Watched::new(policies, offset), Watched::new(policies, offset));
        let (mut arrived, mut arrived_again) = (Vec::new(), Vec::new());
        let beginning = beginning.into_iter().map(|event| (event, usize::MAX));
        for (event, polls) in beginning.chain(events) {
            apply(event, &mut stays, &mut arrived);
            apply(event, &mut moves, &mut arrived_again);
            // Sometimes not everything that is due is handed out.
            for _ in 0..polls.saturating_mul(2).min(1_000) {
                moves.connection = comes_back(&moves.connection);
                let output = stays.poll();
                assert_eq!(moves.poll(), output);
                if output.is_none() {
                    break;
                }
            }
            assert_eq!(moves.connection, stays.connection);
        }
    });
}

/// What random events seldom lead to.
#[test]
fn rare_variables_come_back() {
    let scripts = [
        // The FIN is the last of what has arrived ahead of the gap.
        "ESTABLISHED                                  SND.NXT=100 RCV.NXT=300
         <-- <SEQ=305><ACK=100><CTL=FIN,ACK><DATA=5> delivers nothing
         --> <SEQ=100><ACK=300><CTL=ACK>
         <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>
         --> <SEQ=100><ACK=305><CTL=ACK>
         <-- <SEQ=305><ACK=100><CTL=FIN,ACK><DATA=5>
         signal: Closing
         --> <SEQ=100><ACK=311><CTL=ACK>
         CLOSE-WAIT",
        // Behind a zero window a bare ACK is taken one number further, with its urgent pointer.
        "config receive_buffer=10
         ESTABLISHED                                  SND.NXT=100 RCV.NXT=300
         <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
         --> <SEQ=100><ACK=310><CTL=ACK><WND=0>
         <-- <SEQ=311><ACK=100><CTL=URG,ACK><URG=65535>
         signal: Urgent
         ESTABLISHED",
        // The probe is refused, and then acknowledged before it could go again.
        "ESTABLISHED                                  SND.NXT=100 RCV.NXT=300 SND.WND=0
         send 5
         + 1s
         --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
         <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
         & limit 0
         & <-- <SEQ=300><ACK=101><CTL=ACK><WND=1000>
         signal: Acknowledged 1
         ESTABLISHED",
    ];
    for script in scripts {
        comes_back(&Script::parse(script).unwrap().run(&Config::DEFAULT).unwrap());
    }
}

#[test]
fn a_connection_in_time_wait_comes_back() {
    let input = (policies(), isn_offset(), beginning(), vec(event(), 1..60));
    check(300, &input, |(policies, offset, beginning, events)| {
        let mut watched = Watched::new(policies, offset);
        let mut arrived = Vec::new();
        for event in beginning.into_iter().chain(events) {
            apply(event, &mut watched, &mut arrived);
            watched.drain();
            if let (State::TimeWait, Some(time_wait)) = (watched.state(), watched.connection.time_wait()) {
                comes_back(&time_wait);
            }
        }
    });
}

#[test]
fn policies_come_back() {
    check(500, &policies(), |config| {
        comes_back(&config);
        comes_back(&Policy::new(&config));
        comes_back(&TimeWaitPolicy::new(&config));
        comes_back(&Connection::new(&config, 100));
    });
}

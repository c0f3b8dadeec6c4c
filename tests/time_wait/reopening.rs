//! A SYN that reopens TIME-WAIT: the caller has the last incarnation, as a [`Connection`] or as a [`TimeWait`], and a
//! separate new connection.

use std::time::Duration;

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Segment, State, TimeWait};

const CONFIG: Config = Config::DEFAULT;
const TWO_MSL: Duration = Duration::from_secs(240);
const NOW: Instant = Instant::ZERO;
const SYN: &str = "<SEQ=400><CTL=SYN><WND=1000>";
/// The FIN of the last incarnation, and its acknowledgment.
const FIN: &str = "<SEQ=301><ACK=102><CTL=FIN,ACK><WND=1000>";
const LAST_ACK: &str = "<SEQ=102><ACK=302><CTL=ACK><WND=65535>";

/// A connection, or its `TimeWait`.
#[derive(Clone, Debug, PartialEq)]
enum Life {
    Whole(Connection),
    Small(TimeWait),
}

#[track_caller]
fn segment(text: &str) -> Segment {
    text.parse().unwrap()
}

impl Life {
    #[track_caller]
    fn opened(open: Open, isn_offset: u32) -> Life {
        let mut connection = Connection::new(&CONFIG, isn_offset);
        connection.open(open, NOW).unwrap();
        Life::Whole(connection)
    }

    /// Hands in a segment; returns the outputs.
    fn arrives(&mut self, text: &str, now: Instant) -> Vec<String> {
        let _ = match self {
            Life::Whole(connection) => connection.segment_arrives(&segment(text), now),
            Life::Small(time_wait) => time_wait.segment_arrives(&segment(text), now, &CONFIG),
        };
        self.drain(now)
    }

    fn timeout(&mut self, now: Instant) -> Vec<String> {
        match self {
            Life::Whole(connection) => connection.timeout(now),
            Life::Small(time_wait) => time_wait.timeout(now, &CONFIG),
        }
        self.drain(now)
    }

    fn drain(&mut self, now: Instant) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let output = match self {
                Life::Whole(connection) => connection.poll(now),
                Life::Small(time_wait) => time_wait.poll(now, &CONFIG),
            };
            match output {
                Output::Transition(transition) => lines.push(transition.to_string()),
                Output::Signal(signal) => lines.push(format!("{signal:?}")),
                Output::Transmit(transmit) => lines.push(transmit.segment.to_string()),
                Output::Wait(_) => return lines,
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Life::Whole(connection) => connection.deadline(),
            Life::Small(time_wait) => time_wait.deadline(&CONFIG),
        }
    }

    fn reopens(&self, syn: &str, now: Instant) -> Option<u32> {
        match self {
            Life::Whole(connection) => connection.reopens(&segment(syn), now),
            Life::Small(time_wait) => time_wait.reopens(&segment(syn), 100, now, &CONFIG),
        }
    }

    fn state(&self) -> State {
        match self {
            Life::Whole(connection) => connection.state(),
            Life::Small(time_wait) => time_wait.state(),
        }
    }
}

/// TIME-WAIT since [`NOW`] with SND.NXT=102 and RCV.NXT=302, in both forms.
fn in_time_wait() -> [Life; 2] {
    let mut connection = Connection::new(&CONFIG, 100);
    connection.open(Open::Active, NOW).unwrap();
    let mut whole = Life::Whole(connection);
    whole.drain(NOW);
    whole.arrives("<SEQ=300><ACK=101><CTL=SYN,ACK><WND=1000>", NOW);
    let Life::Whole(mut connection) = whole else { unreachable!() };
    connection.close(NOW).unwrap();
    let mut whole = Life::Whole(connection);
    whole.drain(NOW);
    assert_eq!(whole.arrives(FIN, NOW).last().unwrap(), LAST_ACK);
    let Life::Whole(connection) = &whole else { unreachable!() };
    let small = Life::Small(connection.time_wait().unwrap());
    [whole, small]
}

/// The new incarnation in SYN-RECEIVED, whose numbers lie beyond those of the last.
#[track_caller]
fn reopen(last: &Life) -> Life {
    let mut next = Life::opened(Open::Passive, last.reopens(SYN, NOW).unwrap());
    next.drain(NOW);
    let lines = next.arrives(SYN, NOW);
    assert_eq!(lines, ["LISTEN -> SYN-RECEIVED", "<SEQ=103><ACK=401><CTL=SYN,ACK><WND=65535><MSS=536>"]);
    next
}

/// Checks that the SYN had no effect: the state, the deadline, and the answers are the same.
#[track_caller]
fn assert_as_it_was(mut last: Life, before: &Life) {
    assert_eq!(last, *before);
    assert_eq!(last.deadline(), Some(NOW + TWO_MSL));
    let later = NOW + Duration::from_secs(200);
    assert_eq!(last.arrives(FIN, later), [LAST_ACK]);
    assert_eq!(last.deadline(), Some(later + TWO_MSL));
    assert_eq!(last.timeout(later + TWO_MSL), ["TIME-WAIT -> CLOSED"]);
}

#[test]
fn a_new_life_that_is_established_has_the_pair_of_sockets_for_itself() {
    for last in in_time_wait() {
        let mut next = reopen(&last);
        assert_eq!(next.arrives("<SEQ=401><ACK=104><CTL=ACK><WND=1000>", NOW), ["SYN-RECEIVED -> ESTABLISHED"]);
        let lines = next.arrives("<SEQ=401><ACK=104><CTL=ACK><DATA=5><WND=1000>", NOW);
        assert_eq!(lines, ["<SEQ=104><ACK=406><CTL=ACK><WND=65530>"]);
        // Nothing of the last incarnation is acceptable, neither its numbers nor its acknowledgments.
        let lines = next.arrives(FIN, NOW);
        assert_eq!(lines, ["<SEQ=104><ACK=406><CTL=ACK><WND=65530>"]);
        let lines = next.arrives("<SEQ=406><ACK=102><CTL=ACK><DATA=5><WND=1000>", NOW);
        assert_eq!(next.state(), State::Established, "{lines:?}");
    }
}

#[test]
fn a_new_life_that_is_reset_leaves_time_wait_as_it_was() {
    for last in in_time_wait() {
        let before = last.clone();
        let mut next = reopen(&last);
        assert_eq!(next.arrives("<SEQ=401><CTL=RST>", NOW), ["SYN-RECEIVED -> LISTEN"]);
        assert_as_it_was(last, &before);
    }
}

#[test]
fn a_new_life_that_hears_nothing_leaves_time_wait_as_it_was() {
    for last in in_time_wait() {
        let before = last.clone();
        let mut next = reopen(&last);
        let mut ended = NOW;
        while next.state() == State::SynReceived {
            ended = next.deadline().unwrap();
            next.timeout(ended);
        }
        assert_eq!(next.state(), State::Listen);
        assert!(ended >= NOW + CONFIG.syn_r2 && ended < NOW + TWO_MSL);
        assert_as_it_was(last, &before);
    }
}

/// If `reopens` is not called, a SYN is challenged (D5), and a reset in answer to the challenge is believed (D14).
#[test]
fn a_caller_that_does_not_ask_challenges_the_syn() {
    for mut last in in_time_wait() {
        assert_eq!(last.arrives(SYN, NOW), [LAST_ACK]);
        assert_eq!(last.deadline(), Some(NOW + TWO_MSL));
        assert_eq!(last.arrives("<SEQ=302><CTL=RST>", NOW), ["TIME-WAIT -> CLOSED"]);
    }
}

/// Time alone moves the clock beyond the last incarnation, as in RFC 9293 section 3.4.3.
#[test]
fn later_the_clock_is_beyond_and_the_offset_stays() {
    for last in in_time_wait() {
        assert_eq!(last.reopens(SYN, NOW), Some(103));
        assert_eq!(last.reopens(SYN, NOW + Duration::from_micros(11)), Some(101));
        assert_eq!(last.reopens(SYN, NOW + Duration::from_micros(12)), Some(100));
    }
}

/// Timestamps were agreed, and the peer's were always zero, which counts as none (D30): the sequence number decides.
#[test]
fn a_syn_with_a_timestamp_after_timestamps_of_zero_reopens_by_its_number() {
    let script = "
        config timestamps=on
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK><TS=0,0>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                                     TIMESTAMPS=1
        close
        --> <SEQ=101><ACK=301><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=301><ACK=102><CTL=FIN,ACK><TS=0,0>
        signal: Closing
        --> <SEQ=102><ACK=302><CTL=ACK>
        TIME-WAIT
    ";
    let config = Config { timestamps: true, ..CONFIG };
    let last = Script::parse(script).unwrap().run(&CONFIG).unwrap();
    let small = last.time_wait().unwrap();
    for (seq, reopens) in [(250, false), (302, false), (303, true)] {
        let syn = segment(&format!("<SEQ={seq}><CTL=SYN><WND=1000><TS=5,0>"));
        assert_eq!(last.reopens(&syn, NOW).is_some(), reopens, "{seq}");
        assert_eq!(small.reopens(&syn, 100, NOW, &config).is_some(), reopens, "{seq}");
    }
}

//! The main stories of TIME-WAIT, and connections that have none.

use core::time::Duration;

use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Refusal, Segment, State, TimeWait};

use crate::reach::{LIFE, Life, Way, drain};

/// A `TimeWait` with SND.NXT=100, RCV.NXT=300, IRS=298, which is two or three milliseconds old.
struct Story {
    config: Config,
    time_wait: TimeWait,
    now: Instant,
}

impl Story {
    fn begins(life: Life) -> Story {
        let (connection, now) = life.reach();
        Story { config: life.config, time_wait: connection.time_wait().unwrap(), now }
    }

    /// Hands in a segment; checks the outcome and the outputs.
    #[track_caller]
    fn arrives(&mut self, segment: &str, outcome: Result<(), Refusal>, outputs: &[&str]) {
        let took = self.time_wait.segment_arrives(&segment.parse().unwrap(), self.now, &self.config);
        assert_eq!(took, outcome.map(|()| 0..0), "{segment}");
        self.outputs(outputs);
    }

    #[track_caller]
    fn outputs(&mut self, outputs: &[&str]) {
        let mut got = Vec::new();
        loop {
            match self.time_wait.poll(self.now, &self.config) {
                Output::Transition(transition) => got.push(transition.to_string()),
                Output::Transmit(transmit) => got.push(transmit.segment.to_string()),
                Output::Signal(signal) => panic!("{signal:?}"),
                Output::Wait(until) => {
                    assert_eq!(until, self.time_wait.deadline(&self.config));
                    return assert_eq!(got, outputs);
                }
            }
        }
    }

    #[track_caller]
    fn passes(&mut self, duration: Duration, outputs: &[&str]) {
        self.now = self.now + duration;
        self.time_wait.timeout(self.now, &self.config);
        self.outputs(outputs);
    }
}

const ACK: &str = "<SEQ=100><ACK=300><CTL=ACK><WND=65535>";
const END: &str = "TIME-WAIT -> CLOSED";
const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn the_fin_comes_again_is_acknowledged_and_restarts_2_msl() {
    for way in [Way::FinWait2, Way::FinWait1, Way::Closing] {
        let mut story = Story::begins(Life { way, ..LIFE });
        story.passes(Duration::from_secs(239), &[]);
        story.arrives("<SEQ=299><ACK=100><CTL=FIN,ACK>", Ok(()), &[ACK]);
        assert_eq!(story.time_wait.deadline(&story.config), Some(story.now + Duration::from_secs(240)));
        story.passes(Duration::from_secs(240) - MILLISECOND, &[]);
        story.passes(MILLISECOND, &[END]);
        assert_eq!(story.time_wait.state(), State::Closed);
    }
}

#[test]
fn two_msl_end_in_closed_and_nothing_is_left() {
    let mut story = Story::begins(LIFE);
    story.passes(Duration::from_secs(240), &[END]);
    assert_eq!(story.time_wait.deadline(&story.config), None);
    story.arrives("<SEQ=299><ACK=100><CTL=FIN,ACK>", Err(Refusal::NoConnection), &[]);
    story.passes(Duration::from_secs(240), &[]);
}

// RFC 1337 figure 1: an old duplicate is answered, the peer resets the unknown connection, and TIME-WAIT must stay.
#[test]
fn an_old_duplicate_does_not_get_time_wait_assassinated() {
    let mut story = Story::begins(LIFE);
    story.arrives("<SEQ=299><ACK=99><CTL=ACK>", Err(Refusal::NotAcceptable), &[ACK]);
    story.arrives("<SEQ=300><CTL=RST>", Err(Refusal::ResetInTimeWait), &[]);
    assert_eq!(story.time_wait.state(), State::TimeWait);
}

#[test]
fn with_the_policy_a_reset_ends_it() {
    let config = Config { reset_in_time_wait: true, ..Config::DEFAULT };
    let mut story = Story::begins(Life { config, ..LIFE });
    story.arrives("<SEQ=301><CTL=RST>", Err(Refusal::ResetNotAtRcvNxt), &[ACK]);
    story.arrives("<SEQ=300><CTL=RST>", Ok(()), &[END]);
}

// D14
#[test]
fn a_peer_that_starts_afresh_is_challenged_and_may_reset() {
    let mut story = Story::begins(LIFE);
    story.arrives("<SEQ=7000><CTL=SYN>", Err(Refusal::SynChallenged), &[ACK]);
    story.arrives("<SEQ=301><CTL=RST>", Err(Refusal::ResetInTimeWait), &[]);
    story.arrives("<SEQ=300><CTL=RST>", Ok(()), &[END]);
}

// D14
#[test]
fn a_repeat_of_the_syn_of_this_life_opens_no_door_to_a_reset() {
    let mut story = Story::begins(LIFE);
    story.arrives("<SEQ=298><CTL=SYN>", Err(Refusal::NotAcceptable), &[ACK]);
    story.arrives("<SEQ=300><CTL=RST>", Err(Refusal::ResetInTimeWait), &[]);
}

// D14
#[test]
fn a_syn_ack_opens_no_door_to_a_reset() {
    for syn_ack in ["<SEQ=7000><ACK=99><CTL=SYN,ACK>", "<SEQ=300><ACK=100><CTL=SYN,ACK>"] {
        let mut story = Story::begins(LIFE);
        story.arrives(syn_ack, Err(Refusal::SynChallenged), &[ACK]);
        story.arrives("<SEQ=300><CTL=RST>", Err(Refusal::ResetInTimeWait), &[]);
        story.arrives("<SEQ=7000><CTL=SYN>", Err(Refusal::SynChallenged), &[ACK]);
        story.arrives("<SEQ=300><CTL=RST>", Ok(()), &[END]);
    }
}

// D12
#[test]
fn the_limiter_goes_on_where_the_connection_left_it() {
    let (mut connection, now) = LIFE.reach();
    let old = "<SEQ=298><ACK=100><CTL=ACK>";
    for _ in 0..8 {
        assert!(connection.segment_arrives(&old.parse().unwrap(), now).is_err());
        assert_eq!(drain(&mut connection, now).len(), 1);
    }
    let mut story = Story { config: LIFE.config, time_wait: connection.time_wait().unwrap(), now };
    let refused = Err(Refusal::NotAcceptable);
    story.arrives(old, refused, &[ACK]);
    story.arrives(old, refused, &[ACK]);
    story.arrives(old, refused, &[]);
    story.passes(Duration::from_millis(500), &[]);
    story.arrives(old, refused, &[ACK]);
    story.arrives(old, refused, &[]);
}

#[test]
fn a_syn_beyond_reopens_with_an_offset_that_lies_beyond_too() {
    let story = Story::begins(LIFE);
    let reopens = |seq: u32| {
        let syn = format!("<SEQ={seq}><CTL=SYN><WND=1000>").parse::<Segment>().unwrap();
        story.time_wait.reopens(&syn, LIFE.isn_offset, story.now, &story.config)
    };
    assert_eq!(reopens(300), None);
    let offset = reopens(301).unwrap();
    let mut anew = Connection::new(&story.config, offset);
    anew.open(Open::Passive, story.now).unwrap();
    anew.segment_arrives(&"<SEQ=301><CTL=SYN><WND=1000>".parse().unwrap(), story.now).unwrap();
    assert!(drain(&mut anew, story.now)[0].seq().gt(tcp_lifecycle::SeqNumber(100)));
}

#[test]
fn timestamps_go_on_and_old_ones_are_refused() {
    let config = Config { timestamps: true, ..Config::DEFAULT };
    let mut story = Story::begins(Life { config, peer_time: Some(1_000), ..LIFE });
    story.passes(Duration::from_millis(500), &[]);
    let stamped = "<SEQ=100><ACK=300><CTL=ACK><WND=65535><TS=504,1000>";
    story.arrives("<SEQ=300><ACK=100><CTL=ACK><TS=999,1>", Err(Refusal::OldTimestamp), &[stamped]);
    story.arrives("<SEQ=299><ACK=100><CTL=FIN,ACK><TS=1001,1>", Ok(()), &[stamped]);
    story.arrives("<SEQ=299><ACK=100><CTL=FIN,ACK>", Err(Refusal::NoTimestamp), &[]);
}

// RFC 7323 5.5
#[test]
fn a_ts_recent_of_24_days_ago_counts_no_more() {
    let config = Config { timestamps: true, ..Config::DEFAULT };
    let (mut connection, now) = Life { config, peer_time: Some(1_000), ..LIFE }.reach();
    let late = now + Duration::from_secs(25 * 86_400);
    let fin = "<SEQ=299><ACK=100><CTL=FIN,ACK><TS=999,1>".parse().unwrap();
    assert_eq!(connection.segment_arrives(&fin, late), Ok(0..0));
    drain(&mut connection, late);
    let mut story = Story { config, time_wait: connection.time_wait().unwrap(), now: late };
    story.arrives("<SEQ=300><ACK=100><CTL=ACK><TS=999,1>", Ok(()), &[]);
}

#[test]
fn what_the_user_consumed_last_is_in_the_window_of_the_next_ack() {
    for (consumed_late, window) in [(0, 64_535), (1_000, 65_535)] {
        let mut story = Story::begins(Life { payload: 1_000, consumed_late, ..LIFE });
        let ack = format!("<SEQ=100><ACK=1300><CTL=ACK><WND={window}>");
        story.arrives("<SEQ=1299><ACK=100><CTL=FIN,ACK>", Ok(()), &[&ack]);
    }
}

#[test]
fn there_is_none_elsewhere_and_none_undrained() {
    let mut connection = Connection::new(&Config::DEFAULT, 98);
    assert_eq!(connection.time_wait(), None);
    connection.open(Open::Active, Instant::ZERO).unwrap();
    drain(&mut connection, Instant::ZERO);
    assert_eq!(connection.time_wait(), None);
    let (mut connection, now) = LIFE.reach();
    assert!(connection.time_wait().is_some());
    connection.segment_arrives(&"<SEQ=299><ACK=100><CTL=FIN,ACK>".parse().unwrap(), now).unwrap();
    assert_eq!(connection.time_wait(), None);
    drain(&mut connection, now);
    assert!(connection.time_wait().is_some());
    connection.timeout(connection.deadline().unwrap());
    drain(&mut connection, now);
    assert_eq!(connection.time_wait(), None);
}

#[test]
fn there_is_none_that_would_not_be_faithful() {
    let of = |config: Config| Life { config, ..LIFE }.reach().0;
    let hours = |hours: u64| Config { msl: Duration::from_secs(hours * 3_600), ..Config::DEFAULT };
    assert!(of(hours(2)).time_wait().is_some());
    assert_eq!(of(hours(3)).time_wait(), None);
    assert_eq!(of(Config { msl: Duration::MAX, ..Config::DEFAULT }).time_wait(), None);
    for msl in [Duration::from_secs(1), Duration::from_secs(3_600)] {
        let mut configured = of(Config::DEFAULT);
        configured.configure(&Config { msl, ..Config::DEFAULT });
        assert_eq!(configured.time_wait(), None, "2 MSL of the past, and others of the future");
    }
    let scaled = Config { receive_buffer: 1 << 20, ..Config::DEFAULT };
    let mut configured = Life { config: scaled, peer_scale: Some(0), ..LIFE }.reach().0;
    assert!(configured.time_wait().is_some());
    configured.configure(&Config { receive_buffer: 1 << 22, ..scaled });
    assert_eq!(configured.time_wait(), None, "the scale that was agreed is not that of the policies");
    let far = Life { opened: Instant::from_micros(1 << 52), ..LIFE }.reach().0;
    assert_eq!(far.time_wait(), None, "142 years after the epoch");
}

/// The peer may retransmit what it sent into the window of a former, larger buffer.
#[test]
fn a_buffer_that_has_been_larger_is_remembered() {
    let config = Config { receive_buffer: 100, challenge_limit: 0, ..Config::DEFAULT };
    let ack = ACK.replace("65535", "5000");
    for (former_buffer, answer) in [(0, [].as_slice()), (5_000, &[ack.as_str()])] {
        let mut story = Story::begins(Life { config, former_buffer, ..LIFE });
        story.arrives("<SEQ=4294962596><ACK=100><CTL=ACK><DATA=10>", Err(Refusal::NotAcceptable), answer);
    }
}

/// Later times count as that moment.
#[test]
fn moments_end_142_years_after_the_epoch() {
    let last = Instant::from_micros((1 << 52) - 1);
    for now in
        [last, last + Duration::from_micros(1), last + Duration::from_secs(1 << 40), Instant::from_micros(u64::MAX)]
    {
        let mut story = Story::begins(LIFE);
        story.now = now;
        story.arrives("<SEQ=299><ACK=100><CTL=FIN,ACK>", Ok(()), &[ACK]);
        assert_eq!(story.time_wait.deadline(&story.config), Some(last + Duration::from_secs(240)));
    }
}

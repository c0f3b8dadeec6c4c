//! A SYN to a socket in TIME-WAIT: it opens a new life, or proves to be an old duplicate, and then TIME-WAIT goes on
//! (RFC 1122 section 4.2.2.13).

use std::time::Duration;

use tcp_lifecycle::endpoint::{Accept, EndpointConfig, EndpointEvent, Handle, ListenerId};
use tcp_lifecycle::stream::{Event, StreamConfig};
use tcp_lifecycle::{Config, Control, Instant, Refusal, Segment, SeqNumber, State};

use crate::peer::{Bench, plain, socket};

const PEER: &str = "198.51.100.7:1025";
const OTHER: &str = "198.51.100.7:1026";
const SYN: &str = "<SEQ=100000><CTL=SYN><WND=1000>";
const TWO_MSL: Duration = Duration::from_secs(240);

/// An endpoint that has closed a connection first.
struct World {
    bench: Bench,
    listener: ListenerId,
    /// The number behind our FIN.
    next: u32,
    since: Instant,
}

/// The policies have an MSL of 120 s, so that a handshake ends before TIME-WAIT.
fn in_time_wait(config: Config, accept: Accept, backlog: usize) -> World {
    let endpoint = EndpointConfig { time_wait: config, max_streams: 2, ..EndpointConfig::default() };
    let stream = StreamConfig { tcp: config, ..plain() };
    let (mut bench, listener) = Bench::listening_with(endpoint, &stream, accept, backlog);
    bench.arrives(PEER, "<SEQ=300><CTL=SYN><WND=1000>").unwrap();
    let early = (accept == Accept::Syn).then(|| admitted(&mut bench, listener));
    let next = bench.sends().seq() + 1;
    bench.arrives(PEER, &format!("<SEQ=301><ACK={next}><CTL=ACK><WND=1000>")).unwrap();
    assert_eq!(bench.sent(), []);
    let handle = early.unwrap_or_else(|| admitted(&mut bench, listener));
    bench.endpoint.stream_mut(handle).unwrap().shutdown(bench.now);
    let next = (bench.sends().seq() + 1).0;
    let mut world = World { since: bench.now, bench, listener, next };
    world.bench.arrives(PEER, &world.fin()).unwrap();
    assert_eq!(world.bench.sends().to_string(), world.last_ack());
    world.bench.endpoint.release(handle, world.since);
    assert_eq!(world.bench.sent(), []);
    world.bench.events();
    assert_eq!(world.bench.endpoint.len(), (0, 1));
    world
}

/// The next connection that waits at the listener, once the user has it.
#[track_caller]
fn admitted(bench: &mut Bench, listener: ListenerId) -> Handle {
    let incoming = bench.incoming(listener);
    bench.endpoint.admit(incoming, bench.now).unwrap()
}

/// An endpoint that has closed a connection with timestamps first; TSval of the peer is 52, RCV.NXT is 302.
fn in_time_wait_with_timestamps(config: Config) -> Bench {
    let config = Config { timestamps: true, ..config };
    let endpoint = EndpointConfig { time_wait: config, ..EndpointConfig::default() };
    let stream = StreamConfig { tcp: config, ..plain() };
    let (mut bench, listener) = Bench::listening_with(endpoint, &stream, Accept::Established, 10);
    bench.arrives(PEER, "<SEQ=300><CTL=SYN><WND=1000><TS=50,0>").unwrap();
    let syn_ack = bench.sends();
    let (stamp, next) = (syn_ack.options().timestamps().unwrap().0, syn_ack.seq() + 1);
    bench.arrives(PEER, &format!("<SEQ=301><ACK={next}><CTL=ACK><WND=1000><TS=51,{stamp}>")).unwrap();
    assert_eq!(bench.sent(), []);
    let handle = admitted(&mut bench, listener);
    bench.endpoint.stream_mut(handle).unwrap().shutdown(bench.now);
    bench.sends();
    let fin = format!("<SEQ=301><ACK={}><CTL=FIN,ACK><WND=1000><TS=52,{stamp}>", next + 1);
    bench.arrives(PEER, &fin).unwrap();
    bench.sends();
    bench.endpoint.release(handle, bench.now);
    assert_eq!((bench.sent(), bench.endpoint.len()), (vec![], (0, 1)));
    bench
}

impl World {
    fn new() -> World {
        in_time_wait(plain().tcp, Accept::Established, 10)
    }

    /// A SYN, ten seconds later, that has been answered with a SYN,ACK.
    #[track_caller]
    fn half_open() -> (World, Segment) {
        let mut world = World::new();
        world.bench.pass(Duration::from_secs(10));
        world.bench.arrives(PEER, SYN).unwrap();
        let syn_ack = world.bench.sends();
        assert_eq!((syn_ack.control(), syn_ack.ack()), (Control::SYN | Control::ACK, Some(SeqNumber(100_001))));
        assert_eq!(world.bench.endpoint.len(), (1, 1));
        (world, syn_ack)
    }

    /// The FIN of the last life, and its acknowledgment.
    fn fin(&self) -> String {
        format!("<SEQ=301><ACK={}><CTL=FIN,ACK><WND=1000>", self.next)
    }

    fn last_ack(&self) -> String {
        format!("<SEQ={}><ACK=302><CTL=ACK><WND=65535>", self.next)
    }

    /// The peer refuses the new life.
    #[track_caller]
    fn refuses(&mut self, syn_ack: Segment) {
        let reset = syn_ack.reset().unwrap().to_string();
        assert_eq!(self.bench.arrives(PEER, &reset), Ok(()));
        assert_eq!(self.bench.sent(), []);
    }

    /// Checks that the TIME-WAIT of the last life has its original 2 MSL, and answers.
    #[track_caller]
    fn assert_stands(&mut self) {
        let until = self.since + TWO_MSL;
        assert_eq!((self.bench.endpoint.len(), self.bench.endpoint.deadline()), ((0, 1), Some(until)));
        self.assert_answers();
    }

    #[track_caller]
    fn assert_answers(&mut self) {
        let fin = self.fin();
        assert_eq!(self.bench.arrives(PEER, &fin), Ok(()));
        assert_eq!(self.bench.sends().to_string(), self.last_ack());
    }

    /// Checks that the peer acknowledges this SYN,ACK and has its connection.
    #[track_caller]
    fn assert_opens(&mut self, syn_ack: Segment) {
        assert_eq!(syn_ack.control(), Control::SYN | Control::ACK);
        assert!(syn_ack.seq().gt(SeqNumber(self.next)), "its numbers lie right of the old ones");
        let (seq, ack) = (syn_ack.ack().unwrap(), syn_ack.seq() + 1);
        self.bench.arrives(PEER, &format!("<SEQ={seq}><ACK={ack}><CTL=ACK><WND=1000>")).unwrap();
        assert_eq!(self.bench.sent(), []);
        let states: Vec<_> = self.bench.endpoint.connections().filter(|(_, peer, _)| *peer == socket(PEER)).collect();
        assert_eq!(states, [(socket("192.0.2.2:80"), socket(PEER), State::Established)]);
    }
}

#[test]
fn a_reset_ends_the_new_life_and_time_wait_goes_on() {
    let (mut world, syn_ack) = World::half_open();
    world.refuses(syn_ack);
    world.assert_stands();
}

#[test]
fn silence_ends_the_new_life_and_time_wait_goes_on() {
    let (mut world, syn_ack) = World::half_open();
    let mut again = 0;
    while world.bench.endpoint.len() == (1, 1) {
        let wait = world.bench.endpoint.deadline().unwrap().saturating_duration_since(world.bench.now);
        world.bench.pass(wait);
        for (_, segment) in world.bench.sent() {
            assert_eq!((segment.seq(), segment.control()), (syn_ack.seq(), syn_ack.control()));
            again += 1;
        }
    }
    assert!(again > 3);
    assert!(world.bench.now < world.since + TWO_MSL);
    world.assert_stands();
}

/// RFC 1337: neither the reset that ends the new life nor an old reset ends the 2 MSL.
#[test]
fn resets_in_between_do_no_harm_to_time_wait() {
    let (mut world, syn_ack) = World::half_open();
    assert_eq!(world.bench.arrives(PEER, "<SEQ=302><CTL=RST>"), Err(Refusal::ResetOutsideWindow));
    assert_eq!(world.bench.endpoint.len(), (1, 1));
    world.refuses(syn_ack);
    assert_eq!(world.bench.arrives(PEER, "<SEQ=302><CTL=RST>"), Err(Refusal::ResetInTimeWait));
    assert_eq!(world.bench.sent(), []);
    world.assert_stands();
}

/// The peer is still in LAST-ACK: its FIN is acknowledged as if there had been no SYN.
#[test]
fn while_the_new_life_is_half_open_the_last_one_answers_for_itself() {
    let (mut world, syn_ack) = World::half_open();
    world.assert_answers();
    assert_eq!(world.bench.endpoint.len(), (1, 1));
    // The repeated SYN is for the new life.
    assert_eq!(world.bench.arrives(PEER, SYN), Err(Refusal::SynRepeated));
    assert_eq!(world.bench.sends().seq(), syn_ack.seq());
    world.refuses(syn_ack);
    // The FIN has begun the 2 MSL again.
    world.since = world.bench.now;
    world.assert_stands();
}

/// An answer would come from a life that the peer does not know.
#[test]
fn an_acknowledgment_for_the_last_life_is_passed_over_in_silence() {
    let (mut world, syn_ack) = World::half_open();
    let ack = format!("<SEQ=302><ACK={}><CTL=ACK><WND=1000>", world.next);
    assert_eq!(world.bench.arrives(PEER, &ack), Ok(()));
    assert_eq!((world.bench.sent(), world.bench.endpoint.len()), (vec![], (1, 1)));
    world.refuses(syn_ack);
    world.assert_stands();
}

#[test]
fn an_acknowledgment_of_old_establishes_nothing() {
    let (mut world, syn_ack) = World::half_open();
    let ack = format!("<SEQ=100001><ACK={}><CTL=ACK><WND=1000>", world.next);
    assert_eq!(world.bench.arrives(PEER, &ack), Err(Refusal::AckInSynReceived));
    assert_eq!(world.bench.sends().control(), Control::RST);
    assert_eq!(world.bench.endpoint.len(), (1, 1));
    world.refuses(syn_ack);
    world.assert_stands();
}

#[test]
fn after_an_old_duplicate_another_syn_may_open() {
    let (mut world, syn_ack) = World::half_open();
    world.refuses(syn_ack);
    world.bench.arrives(PEER, "<SEQ=200000><CTL=SYN><WND=1000>").unwrap();
    let syn_ack = world.bench.sends();
    world.assert_opens(syn_ack);
    assert_eq!(world.bench.endpoint.len(), (1, 0));
}

/// Without any time between them the clock alone does not move the number beyond.
#[test]
fn the_numbers_of_the_new_life_lie_beyond_those_of_the_last() {
    for accept in [Accept::Established, Accept::Syn] {
        let mut world = in_time_wait(plain().tcp, accept, 10);
        world.bench.arrives(PEER, SYN).unwrap();
        if accept == Accept::Syn {
            assert_eq!(world.bench.sent(), []);
            let incoming = world.bench.incoming(world.listener);
            world.bench.endpoint.admit(incoming, world.bench.now).unwrap();
        }
        let syn_ack = world.bench.sends();
        world.assert_opens(syn_ack);
    }
}

/// The SYN replaces its own TIME-WAIT: a flood that takes all places does not lock its peer out.
#[test]
fn with_a_full_backlog_a_syn_opens_a_new_life() {
    let mut world = in_time_wait(plain().tcp, Accept::Established, 1);
    world.bench.arrives(OTHER, "<SEQ=300><CTL=SYN><WND=1000>").unwrap();
    world.bench.sends();
    world.bench.arrives(PEER, SYN).unwrap();
    assert_eq!(world.bench.endpoint.len(), (2, 1), "no cookie: it need not lie beyond the old numbers");
    let syn_ack = world.bench.sends();
    world.assert_opens(syn_ack);
}

/// The endpoint holds no more streams than it has room for.
#[test]
fn in_a_full_endpoint_the_syn_is_passed_over_and_comes_again() {
    let mut world = World::new();
    let [first, _] = [OTHER, "198.51.100.7:1027"].map(|peer| world.bench.accepted(world.listener, peer).0);
    assert_eq!(world.bench.arrives(PEER, SYN), Ok(()));
    assert_eq!((world.bench.sent(), world.bench.endpoint.len()), (vec![], (2, 1)));
    world.bench.endpoint.stream_mut(first).unwrap().abort();
    world.bench.endpoint.release(first, world.bench.now);
    world.bench.sends();
    assert_eq!(world.bench.arrives(PEER, SYN), Ok(()));
    let syn_ack = world.bench.sends();
    world.assert_opens(syn_ack);
}

/// RFC 6191: the number is lower, and the timestamp is later.
#[test]
fn a_later_timestamp_opens_where_the_number_would_not() {
    let mut bench = in_time_wait_with_timestamps(plain().tcp);
    assert!(bench.arrives(PEER, "<SEQ=200><CTL=SYN><WND=1000><TS=52,0>").is_err());
    assert_eq!(bench.sends().control(), Control::ACK);
    bench.arrives(PEER, "<SEQ=200><CTL=SYN><WND=1000><TS=1053,0>").unwrap();
    assert_eq!(bench.sends().ack(), Some(SeqNumber(201)));
}

/// A reset would end TIME-WAIT under this policy, and both lives expect the same number.
#[test]
fn the_reset_that_refuses_the_new_life_is_for_that_alone() {
    let mut bench = in_time_wait_with_timestamps(Config { reset_in_time_wait: true, ..plain().tcp });
    bench.arrives(PEER, "<SEQ=301><CTL=SYN><WND=1000><TS=1053,0>").unwrap();
    let syn_ack = bench.sends();
    assert_eq!((syn_ack.ack(), bench.endpoint.len()), (Some(SeqNumber(302)), (1, 1)));
    bench.arrives(PEER, "<SEQ=302><CTL=RST>").unwrap();
    assert_eq!((bench.sent(), bench.endpoint.len()), (vec![], (0, 1)));
    bench.arrives(PEER, "<SEQ=302><CTL=RST>").unwrap();
    assert_eq!((bench.sent(), bench.endpoint.len()), (vec![], (0, 0)), "this one is for TIME-WAIT");
}

#[test]
fn time_wait_of_a_connection_that_we_opened_is_not_opened_again_where_nobody_listens() {
    let mut bench = Bench::new(EndpointConfig { time_wait: plain().tcp, ..EndpointConfig::default() });
    let handle = bench.endpoint.connect(bench.local, socket(PEER), &plain(), bench.now).unwrap();
    let next = bench.sends().seq() + 1;
    bench.arrives(PEER, &format!("<SEQ=300><ACK={next}><CTL=SYN,ACK><WND=1000>")).unwrap();
    bench.sends();
    bench.endpoint.stream_mut(handle).unwrap().shutdown(bench.now);
    bench.sends();
    bench.arrives(PEER, &format!("<SEQ=301><ACK={}><CTL=FIN,ACK><WND=1000>", next + 1)).unwrap();
    bench.sends();
    assert!(bench.events().contains(&EndpointEvent::Stream(handle, Event::EndOfStream)));
    assert_eq!(bench.arrives(PEER, "<SEQ=1000><CTL=SYN><WND=1000>"), Err(Refusal::SynChallenged));
    assert_eq!(bench.sends().ack(), Some(SeqNumber(302)));
    assert_eq!(bench.endpoint.deadline(), Some(bench.now + TWO_MSL));
}

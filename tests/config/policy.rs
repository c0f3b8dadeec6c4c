//! A `Policy` made once is equivalent to its `Config` everywhere that accepts either.

use proptest::prelude::*;
use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener};
use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Policy, Segment, SeqNumber, TimeWaitPolicy};

const NOW: Instant = Instant::from_micros(7_000);

fn syn() -> Segment {
    "<SEQ=300><CTL=SYN><MSS=1400><TS=9,0><WS=7><SACK>".parse().unwrap()
}

fn systems() -> [Config; 5] {
    [
        Config::DEFAULT,
        Config::linux(),
        Config::bsd(),
        Config { receive_buffer: 0, mss: 0, max_segment: 0, ..Config::DEFAULT },
        Config { timestamps: true, window_scale: Some(99), receive_buffer: u32::MAX, ..Config::linux() },
    ]
}

#[test]
fn a_connection_is_equal() {
    for config in systems() {
        assert_eq!(Connection::with_policy(Policy::new(&config), 100), Connection::new(&config, 100));
        assert_eq!(Policy::from(&config), Policy::new(&config));
        assert_eq!(
            Connection::accept_with_policy(Policy::new(&config), 100, &syn(), NOW),
            Connection::accept(&config, 100, &syn(), NOW)
        );
    }
}

#[test]
fn a_segment_without_syn_is_refused_alike() {
    let segments = ["<SEQ=1><CTL=RST>", "<SEQ=1><ACK=1><CTL=SYN,ACK>", "<SEQ=1><CTL=FIN>"];
    for segment in segments.map(|text| text.parse::<Segment>().unwrap()) {
        let policy = Policy::new(&Config::DEFAULT);
        let refusal = Connection::accept_with_policy(policy, 100, &segment, NOW);
        assert!(refusal.is_err(), "{segment}");
        assert_eq!(refusal, Connection::accept(&Config::DEFAULT, 100, &segment, NOW), "{segment}");
    }
}

#[test]
fn policies_may_change_by_it_in_any_state() {
    for (first, second) in systems().into_iter().flat_map(|first| systems().map(|second| (first, second))) {
        let mut in_syn_sent = Connection::new(&first, 100);
        in_syn_sent.open(Open::Active, NOW).unwrap();
        let in_syn_received = Connection::accept(&first, 100, &syn(), NOW).unwrap();
        for connection in [Connection::new(&first, 100), in_syn_sent, in_syn_received] {
            let (mut by_config, mut by_policy) = (connection.clone(), connection);
            by_config.configure(&second);
            by_policy.set_policy(Policy::new(&second));
            assert_eq!(by_config, by_policy);
        }
    }
}

#[test]
fn the_children_of_a_listener_are_equal() {
    let (local, remote) = ("192.0.2.1:80".parse().unwrap(), "192.0.2.2:4000".parse().unwrap());
    for config in systems() {
        let hash = || IsnHash::new(std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default());
        let listeners = [Listener::new(&config, hash()), Listener::with_policy(Policy::new(&config), hash())];
        let [by_config, by_policy] = listeners.map(|listener| {
            let Arrival::Syn(syn) = listener.segment_arrives(&syn(), local, remote, NOW) else { panic!("a SYN") };
            syn.accept()
        });
        assert_eq!(by_config, by_policy);
    }
}

#[test]
fn time_wait_takes_it() {
    for config in systems() {
        assert_eq!(TimeWaitPolicy::from(Policy::new(&config)), TimeWaitPolicy::new(&config));
    }
}

proptest! {
    /// The first SYN shows the policies.
    #[test]
    fn whatever_the_sizes(mss: u16, receive_buffer: u32, max_segment: u16, isn in any::<u32>().prop_map(SeqNumber)) {
        let config = Config { mss, receive_buffer, max_segment, ..Config::linux() };
        let first = |mut connection: Connection| -> Output {
            connection.open(Open::Active, NOW).unwrap();
            core::iter::from_fn(|| Some(connection.poll(NOW))).find(|out| matches!(out, Output::Transmit(_))).unwrap()
        };
        let (by_config, by_policy) =
            (Connection::new(&config, isn.0), Connection::with_policy(Policy::new(&config), isn.0));
        prop_assert_eq!(first(by_config), first(by_policy));
    }
}

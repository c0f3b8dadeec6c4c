//! Timestamps on the resets that we send: RFC 7323 section 5.2.

use core::time::Duration;

use tcp_lifecycle::{Config, Open, Refusal};

use crate::end::{End, parsed};

const TIMESTAMPS: Config = Config { timestamps: true, ..Config::DEFAULT };

/// TSval 0 and TSecr = SEG.TSval if the segment had the option; otherwise none. Policies make no difference.
#[test]
fn a_reset_that_answers_has_timestamps_if_the_segment_had() {
    for config in [Config::DEFAULT, TIMESTAMPS] {
        let mut end = End::new(&config);
        end.wait(Duration::from_millis(5));
        assert_eq!(
            end.refuses("<SEQ=7><ACK=9><CTL=ACK><TS=55,66>"),
            (Refusal::NoConnection, "<SEQ=9><CTL=RST><TS=0,55>".to_owned())
        );
        assert_eq!(
            end.refuses("<SEQ=7><CTL=SYN><MSS=100><WS=1><SACK><TS=55,0>"),
            (Refusal::NoConnection, "<SEQ=0><ACK=8><CTL=RST,ACK><TS=0,55>".to_owned())
        );
        assert_eq!(end.refuses("<SEQ=7><ACK=9><CTL=ACK>"), (Refusal::NoConnection, "<SEQ=9><CTL=RST>".to_owned()));
        assert_eq!(end.open(Open::Passive), "");
        assert_eq!(
            end.refuses("<SEQ=7><ACK=9><CTL=ACK><TS=0,66>"),
            (Refusal::AckInListen, "<SEQ=9><CTL=RST><TS=0,0>".to_owned())
        );
        assert_eq!(end.refuses("<SEQ=7><ACK=9><CTL=ACK>"), (Refusal::AckInListen, "<SEQ=9><CTL=RST>".to_owned()));
    }
}

#[test]
fn a_reset_from_syn_sent_and_syn_received_has_them_too() {
    let mut end = End::new(&TIMESTAMPS);
    end.open(Open::Active);
    end.wait(Duration::from_millis(5));
    assert_eq!(
        end.refuses("<SEQ=7><ACK=9><CTL=ACK><TS=55,66>"),
        (Refusal::AckInSynSent, "<SEQ=9><CTL=RST><TS=0,55>".to_owned())
    );
    let mut end = End::new(&TIMESTAMPS);
    end.open(Open::Passive);
    end.arrives("<SEQ=299><CTL=SYN><WND=8000><TS=1000,0>");
    end.wait(Duration::from_millis(5));
    assert_eq!(
        end.refuses("<SEQ=300><ACK=9><CTL=ACK><TS=1055,66>"),
        (Refusal::AckInSynReceived, "<SEQ=9><CTL=RST><TS=0,1055>".to_owned())
    );
}

/// Without RFC 5961 a SYN in the window is answered with a reset.
#[test]
fn the_reset_that_answers_a_syn_in_the_window_has_them() {
    let config = Config { rfc5961: false, ..TIMESTAMPS };
    let mut end = End::established(&config, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,0>");
    assert_eq!(end.arrives("<SEQ=300><CTL=SYN><WND=8000><TS=1055,0>"), "<SEQ=0><ACK=301><CTL=RST,ACK><TS=0,1055>");
}

/// The reset of an ABORT has our clock at the moment when it is sent. Without ACK it echoes nothing (RFC 7323 3.2).
#[test]
fn the_reset_of_an_abort_has_our_clock_and_no_echo() {
    let mut end = End::established(&TIMESTAMPS, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,0>");
    end.wait(Duration::from_millis(5));
    end.arrives("<SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=8000><TS=1055,0>");
    end.connection.abort().expect("ABORT");
    end.wait(Duration::from_millis(2));
    assert_eq!(end.segments(), "<SEQ=100><CTL=RST><TS=7,0>");
    // The next reset is not that of an ABORT.
    assert_eq!(
        end.refuses("<SEQ=7><ACK=9><CTL=ACK><TS=55,66>"),
        (Refusal::NoConnection, "<SEQ=9><CTL=RST><TS=0,55>".to_owned())
    );
    assert_eq!(end.refuses("<SEQ=7><ACK=9><CTL=ACK>"), (Refusal::NoConnection, "<SEQ=9><CTL=RST>".to_owned()));
}

/// Only one reset is held: a later one replaces it, including its options.
#[test]
fn a_later_reset_replaces_an_earlier_one_with_its_options() {
    let mut end = End::established(&TIMESTAMPS, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,0>");
    end.connection.abort().expect("ABORT");
    assert_eq!(end.hand_in(&parsed("<SEQ=7><ACK=9><CTL=ACK>")), Err(Refusal::NoConnection));
    assert_eq!(end.segments(), "<SEQ=9><CTL=RST>");
    assert_eq!(end.hand_in(&parsed("<SEQ=7><CTL=SYN><TS=55,66>")), Err(Refusal::NoConnection));
    assert_eq!(end.hand_in(&parsed("<SEQ=7><ACK=9><CTL=ACK>")), Err(Refusal::NoConnection));
    assert_eq!(end.segments(), "<SEQ=9><CTL=RST>");
}

#[test]
fn without_an_agreement_the_reset_of_an_abort_has_none() {
    let mut end = End::established(&TIMESTAMPS, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000>");
    end.arrives("<SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=8000><TS=1055,0>");
    assert_eq!(end.abort(), "<SEQ=100><CTL=RST>");
}

/// The same in SYN-RECEIVED.
#[test]
fn the_reset_of_an_abort_in_syn_received_has_them() {
    let mut end = End::new(&TIMESTAMPS);
    end.open(Open::Passive);
    end.arrives("<SEQ=299><CTL=SYN><WND=8000><TS=1000,0>");
    assert_eq!(end.abort(), "<SEQ=100><CTL=RST><TS=0,0>");
}

/// [`Segment::reset`] returns that answer, for a host that has no connection.
#[test]
fn the_answer_of_a_host_without_a_connection_has_them_as_well() {
    for segment in [
        "<SEQ=7><ACK=9><CTL=ACK><TS=55,66>",
        "<SEQ=7><ACK=9><CTL=FIN,ACK><DATA=3>",
        "<SEQ=7><CTL=SYN><MSS=100><WS=1><SACK><TS=55,0>",
        "<SEQ=7><CTL=SYN><MSS=100><WS=1><SACK>",
        "<SEQ=7><ACK=9><CTL=SYN,ACK><TS=0,0>",
    ] {
        let (_, answer) = End::new(&Config::DEFAULT).refuses(segment);
        assert_eq!(parsed(segment).reset().map(|reset| reset.to_string()), Some(answer), "{segment}");
    }
    let reset = parsed("<SEQ=7><ACK=9><CTL=ACK><TS=55,66>").reset().expect("it is no reset");
    assert_eq!(reset.to_string(), "<SEQ=9><CTL=RST><TS=0,55>");
    assert_eq!(parsed("<SEQ=7><CTL=RST><TS=55,66>").reset(), None);
}

/// Nothing is left of the replaced reset: connections with the same future are equal.
#[test]
fn a_reset_that_was_replaced_leaves_nothing_behind() {
    let ack = "<SEQ=7><ACK=9><CTL=ACK>";
    let mut plain = End::new(&Config::DEFAULT);
    plain.refuses(ack);
    let mut replaced = End::new(&Config::DEFAULT);
    assert_eq!(replaced.hand_in(&parsed("<SEQ=7><ACK=9><CTL=ACK><TS=55,66>")), Err(Refusal::NoConnection));
    replaced.refuses(ack);
    assert_eq!(replaced.connection, plain.connection);
}

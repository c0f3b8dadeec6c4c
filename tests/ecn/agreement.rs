//! The agreement on ECN by the SYNs: RFC 3168 section 6.1.1.

use std::hash::RandomState;
use std::net::SocketAddr;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener};
use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, Control, Segment};

use super::{NOW, WILLING, after, agreed, bits, drain, segment};

#[test]
fn a_syn_offers_it_with_both_bits_and_a_syn_ack_accepts_it_with_one() {
    check(
        "
        config ecn=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT                                ECN=0
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK,ECE>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED                             ECN=1
        ",
    );
    check(
        "
        config ecn=on
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN,ECE,CWR>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        SYN-RECEIVED                            ECN=1
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED                             ECN=1
        ",
    );
}

#[test]
fn when_both_offer_it_at_once_it_is_agreed() {
    check(
        "
        config ecn=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT
        <-- <SEQ=299><CTL=SYN,ECE,CWR>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        SYN-RECEIVED                            ECN=1
        ",
    );
}

/// Some hosts reflect the bits of a SYN, which is no acceptance (RFC 3168 section 6.1.1).
#[test]
fn any_other_bits_accept_nothing() {
    for bits in ["", ",CWR", ",ECE,CWR"] {
        check(&format!(
            "
            config ecn=on
            ISS=99
            open active
            --> <SEQ=99><CTL=SYN,ECE,CWR>
            SYN-SENT
            <-- <SEQ=299><ACK=100><CTL=SYN,ACK{bits}>
            --> <SEQ=100><ACK=300><CTL=ACK>
            ESTABLISHED                         ECN=0
            "
        ));
    }
    for bits in ["", ",ECE", ",CWR"] {
        check(&format!(
            "
            config ecn=on
            ISS=99
            open passive
            LISTEN
            <-- <SEQ=299><CTL=SYN{bits}>
            --> <SEQ=99><ACK=300><CTL=SYN,ACK>
            SYN-RECEIVED                        ECN=0
            "
        ));
    }
}

/// Without the policy a SYN with the offer is treated like any other SYN, and the bits have no effect on any segment.
#[test]
fn switched_off_the_bits_do_no_harm() {
    check(
        "
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN,ECE,CWR>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED                            ECN=0
        <-- <SEQ=300><ACK=100><CTL=ACK,ECE><DATA=5>
        --> <SEQ=100><ACK=305><CTL=ACK>
        ESTABLISHED
        <-- <SEQ=305><ACK=100><CTL=FIN,ACK,ECE,CWR>
        signal: Closing
        --> <SEQ=100><ACK=306><CTL=ACK>
        CLOSE-WAIT                              ECN=0
        ",
    );
}

#[test]
fn the_offer_stands_when_the_policy_changes_before_the_answer() {
    let mut connection = after(WILLING, "ISS=99\nopen active\n--> <SEQ=99><CTL=SYN,ECE,CWR>\nSYN-SENT");
    connection.configure(&Config::DEFAULT);
    assert_eq!(connection.segment_arrives(&segment("<SEQ=299><ACK=100><CTL=SYN,ACK,ECE>"), NOW), Ok(0..0));
    assert!(connection.status().ecn);
}

/// RFC 3168 section 6.1.1.1: a middlebox may drop a SYN because of its bits.
#[test]
fn a_syn_that_is_sent_again_does_not_offer_it() {
    check(
        "
        config ecn=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=99><CTL=SYN>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=99><CTL=SYN>
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED                             ECN=0
        ",
    );
}

/// RFC 3168 section 6.1.1: a host that has sent a SYN without the bits must not mark its packets ECN-capable, even if
/// its first SYN is accepted.
#[test]
fn after_a_syn_without_the_bits_it_is_not_agreed() {
    check(
        "
        config ecn=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=99><CTL=SYN>
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK,ECE>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED                             ECN=0
        ",
    );
}

/// The next incarnation offers ECN again.
#[test]
fn the_first_syn_of_the_next_life_offers_it_again() {
    check(
        "
        config ecn=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=99><CTL=SYN>
        close
        CLOSED
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT
        ",
    );
}

/// Our retransmitted SYN,ACK still accepts ECN, since the offer has arrived.
#[test]
fn it_is_on_every_copy_of_a_syn_ack() {
    check(
        "
        config ecn=on
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN,ECE,CWR>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        SYN-RECEIVED
        + 1s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        <-- <SEQ=299><CTL=SYN,ECE,CWR>          refused: SynRepeated
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        ",
    );
}

#[test]
fn the_peers_crossing_syn_without_the_bits_accepts_nothing() {
    check(
        "
        config ecn=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT
        <-- <SEQ=299><CTL=SYN>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED                            ECN=0
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED                             ECN=0
        ",
    );
}

/// A SYN of Accurate ECN has the third bit too, and is an offer to a host that knows only these two. On a SYN,ACK such
/// a host ignores that bit (RFC 9768).
#[test]
fn the_bit_of_accurate_ecn_makes_no_difference() {
    check(
        "
        config ecn=on
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN,ECE,CWR,AE>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        SYN-RECEIVED                            ECN=1
        ",
    );
    check(
        "
        config ecn=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK,ECE,AE>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED                             ECN=1
        ",
    );
}

#[test]
fn what_was_agreed_outlives_the_policy() {
    let mut connection = agreed();
    connection.configure(&Config::DEFAULT);
    assert!(connection.status().ecn);
    connection.congestion_experienced();
    connection.send(10, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE]);
}

/// The next incarnation makes its own agreement, and is not affected by marks of the last.
#[test]
fn another_life_begins_without_it() {
    let mut connection = agreed();
    connection.congestion_experienced();
    connection.congestion_window_reduced();
    connection.abort().unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty()], "nor does the reset have the bits");
    connection.configure(&Config::DEFAULT);
    connection.open(tcp_lifecycle::Open::Active, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty()]);
    assert!(!connection.status().ecn);
}

/// A cookie has no room for ECN; a half-open connection has.
#[test]
fn a_listener_accepts_it_where_it_has_room() {
    let (local, remote) = (SocketAddr::from(([10, 0, 0, 1], 80)), SocketAddr::from(([10, 0, 0, 2], 2_000)));
    let listener = Listener::new(&WILLING, IsnHash::new(RandomState::new()));
    let syn = segment("<SEQ=299><CTL=SYN,ECE,CWR><WND=1000>");
    let Arrival::Syn(arrival) = listener.segment_arrives(&syn, local, remote, NOW) else { panic!("a SYN") };
    let cookie = arrival.cookie();
    assert_eq!(cookie.control(), Control::SYN | Control::ACK);
    let mut child = arrival.accept();
    assert_eq!(bits(&drain(&mut child).0), [Control::ECE]);
    assert!(child.status().ecn);

    let ack = Segment::new(cookie.ack().unwrap(), cookie.seq() + 1, Control::ACK).with_window(1_000);
    let arrival = listener.segment_arrives(&ack, local, remote, NOW);
    let Arrival::Completed { connection, .. } = arrival else { panic!("{arrival:?}") };
    assert!(!connection.status().ecn);
}

/// A host without an answer may retry without the offer (RFC 3168 section 6.1.1); then we withdraw our acceptance.
#[test]
fn a_syn_sent_again_without_the_bits_takes_the_offer_back() {
    check(
        "
        config ecn=on
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN,ECE,CWR>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        SYN-RECEIVED                            ECN=1
        <-- <SEQ=299><CTL=SYN>                  refused: SynRepeated
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED                            ECN=0
        <-- <SEQ=299><CTL=SYN,ECE,CWR>          refused: SynRepeated
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED                            ECN=0
        ",
    );
}

#[test]
fn a_crossing_syn_ack_without_the_bit_takes_it_back() {
    let crossed = |bits: &str, ecn: u8| {
        format!(
            "
            config ecn=on
            ISS=99
            open active
            --> <SEQ=99><CTL=SYN,ECE,CWR>
            SYN-SENT
            <-- <SEQ=299><CTL=SYN,ECE,CWR>
            --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
            SYN-RECEIVED                            ECN=1
            <-- <SEQ=299><ACK=100><CTL=SYN,ACK{bits}>
            ESTABLISHED                             ECN={ecn}
            "
        )
    };
    check(&crossed(",ECE", 1));
    check(&crossed("", 0));
}

/// The peer accepts the first offer, and our second SYN made none: the peer's marks are echoed, but none of our packets
/// may be marked (RFC 3168 section 6.1.1).
#[test]
fn an_offer_that_was_accepted_late_echoes_marks_and_makes_none() {
    check(
        "
        config ecn=on
        open active
        --> <SEQ=100><CTL=SYN,ECE,CWR>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK,ECE>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                         ECN=0
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=5>
        & congestion experienced
        --> <SEQ=101><ACK=306><CTL=ACK,ECE>
        ",
    );
}

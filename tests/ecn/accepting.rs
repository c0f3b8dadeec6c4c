//! `accept_ecn`, the default of Linux and FreeBSD: a peer's offer is accepted, and none is made.

use tcp_lifecycle::Config;
use tcp_lifecycle::sim::check;

use super::after;

#[test]
fn a_peers_offer_is_accepted() {
    check(
        "
        config accept_ecn=on
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
fn none_is_made() {
    check(
        "
        config accept_ecn=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK,ECE> # an answer to nothing
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED                             ECN=0
        ",
    );
}

/// A SYN,ACK does not accept the offer of a crossing SYN either, once we have sent a SYN without the bits (RFC 3168
/// section 6.1.1).
#[test]
fn an_offer_that_crosses_our_syn_is_not_agreed() {
    check(
        "
        config accept_ecn=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><CTL=SYN,ECE,CWR>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED                            ECN=0
        ",
    );
}

#[test]
fn who_offers_accepts_too() {
    for config in ["ecn=on, accept_ecn=off", "ecn=on, accept_ecn=on"] {
        check(&format!(
            "
            config {config}
            ISS=99
            open passive
            LISTEN
            <-- <SEQ=299><CTL=SYN,ECE,CWR>
            --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
            SYN-RECEIVED                        ECN=1
            "
        ));
    }
}

#[test]
fn linux_and_bsd_accept_and_do_not_offer() {
    for config in [Config::linux(), Config::bsd()] {
        after(config, "ISS=99\nopen active\n--> <SEQ=99><CTL=SYN>\nSYN-SENT");
        after(
            config,
            "
            ISS=99
            open passive
            LISTEN
            <-- <SEQ=299><CTL=SYN,ECE,CWR>
            --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
            SYN-RECEIVED                        ECN=1
            ",
        );
    }
}

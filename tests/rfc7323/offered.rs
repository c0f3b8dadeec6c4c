//! A change of policies between our SYN and its answer: the offers of the SYN count, since the peer knows only those.

use tcp_lifecycle::{Config, Instant, Open};

use crate::end::End;

const ALL: Config = Config { receive_buffer: 1 << 20, timestamps: true, sack_permitted: true, ..Config::DEFAULT };

#[test]
fn what_our_syn_has_offered_is_agreed_although_the_policies_have_changed() {
    let mut end = End::new(&ALL);
    assert_eq!(end.open(Open::Active), "<SEQ=99><CTL=SYN><WND=65535><MSS=536><WS=5><SACK><TS=0,0>");
    end.connection.configure(&Config { receive_buffer: 1 << 20, window_scale: Some(1), ..Config::DEFAULT });
    assert_eq!(
        end.arrives("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><WS=2><SACK><TS=1000,0>"),
        "<SEQ=100><ACK=300><CTL=ACK><WND=32768><TS=0,1000>"
    );
    let status = end.connection.status();
    assert_eq!((status.snd_scale, status.rcv_scale), (Some(2), Some(5)));
    assert!(status.timestamps && status.sack_permitted);
}

#[test]
fn our_syn_offers_the_same_when_it_is_sent_again() {
    let mut end = End::new(&ALL);
    let syn = end.open(Open::Active);
    end.connection.configure(&Config::DEFAULT);
    end.connection.timeout(Instant::from_micros(1_000_000));
    assert_eq!(end.segments(), syn.replace("TS=0,0", "TS=1000,0"));
}

#[test]
fn what_our_syn_has_not_offered_is_not_agreed() {
    let mut end = End::new(&Config::DEFAULT);
    assert_eq!(end.open(Open::Active), "<SEQ=99><CTL=SYN><WND=65535><MSS=536>");
    end.connection.configure(&ALL);
    assert_eq!(
        end.arrives("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><WS=2><SACK><TS=1000,0>"),
        "<SEQ=100><ACK=300><CTL=ACK><WND=65535>"
    );
    let status = end.connection.status();
    assert_eq!((status.snd_scale, status.rcv_scale), (Some(0), Some(0)));
    assert!(!status.timestamps && !status.sack_permitted);
}

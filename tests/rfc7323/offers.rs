//! The offers of SYNs, the answers of SYN,ACKs, and the agreement of both: RFC 7323 sections 2.2 and 3.2.

use core::time::Duration;

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, Open};

use crate::end::{End, parsed};

const MIB: u32 = 1 << 20;
const GIB: u32 = 1 << 30;
const ALL: Config = Config { receive_buffer: MIB, timestamps: true, sack_permitted: true, ..Config::DEFAULT };

/// The option on the SYN of such an end, and on its answer to a SYN that has the option.
#[track_caller]
fn offered(receive_buffer: u32, window_scale: Option<u8>) -> Option<u8> {
    let config = Config { receive_buffer, window_scale, ..Config::DEFAULT };
    let offer = parsed(&End::new(&config).open(Open::Active)).options().window_scale();
    let mut end = End::new(&config);
    end.open(Open::Passive);
    let answer = parsed(&end.arrives("<SEQ=299><CTL=SYN><WND=100><WS=1>")).options().window_scale();
    assert_eq!(offer, answer, "on the SYN, and on the SYN,ACK");
    offer
}

#[test]
fn the_shift_is_the_least_with_which_the_buffer_fits_the_field() {
    assert_eq!(offered(65_535, None), None);
    assert_eq!(offered(65_536, None), Some(1));
    assert_eq!(offered(131_071, None), Some(1));
    assert_eq!(offered(131_072, None), Some(2));
    assert_eq!(offered(MIB, None), Some(5));
    assert_eq!(offered(GIB - 1, None), Some(14));
    assert_eq!(offered(GIB, None), Some(14));
}

/// An offer of zero lets the peer scale.
#[test]
fn the_policy_may_ask_for_a_smaller_shift_and_for_an_offer_of_zero() {
    assert_eq!(offered(65_535, Some(0)), Some(0));
    assert_eq!(offered(100, Some(0)), Some(0));
    assert_eq!(offered(MIB, Some(0)), Some(0));
    assert_eq!(offered(MIB, Some(3)), Some(3));
    assert_eq!(offered(MIB, Some(5)), Some(5));
}

#[test]
fn a_plain_syn_has_no_option_but_the_mss() {
    assert_eq!(End::new(&Config::DEFAULT).open(Open::Active), "<SEQ=99><CTL=SYN><WND=65535><MSS=536>");
}

#[test]
fn a_syn_offers_what_the_policies_ask_for_and_echoes_nothing() {
    let mut end = End::new(&ALL);
    assert_eq!(end.open(Open::Active), "<SEQ=99><CTL=SYN><WND=65535><MSS=536><WS=5><SACK><TS=0,0>");
    end.wait(Duration::from_secs(1));
    end.connection.timeout(tcp_lifecycle::Instant::from_micros(1_000_000));
    assert_eq!(end.segments(), "<SEQ=99><CTL=SYN><WND=65535><MSS=536><WS=5><SACK><TS=1000,0>");
    let sack = Config { sack_permitted: true, ..Config::DEFAULT };
    assert_eq!(End::new(&sack).open(Open::Active), "<SEQ=99><CTL=SYN><WND=65535><MSS=536><SACK>");
    let timestamps = Config { timestamps: true, ..Config::DEFAULT };
    assert_eq!(End::new(&timestamps).open(Open::Active), "<SEQ=99><CTL=SYN><WND=65535><MSS=536><TS=0,0>");
}

/// Each option is answered independently.
#[test]
fn a_syn_ack_has_what_the_syn_had_and_we_want_and_nothing_else() {
    let answer = |config: &Config, options: &str| {
        let mut end = End::new(config);
        assert_eq!(end.open(Open::Passive), "");
        end.wait(Duration::from_millis(7));
        end.connection.set_isn_offset(99_u32.wrapping_sub(7_000 / 4));
        end.arrives(&format!("<SEQ=299><CTL=SYN><WND=100>{options}"))
    };
    let plain = "<SEQ=99><ACK=300><CTL=SYN,ACK><WND=65535><MSS=536>";
    assert_eq!(answer(&ALL, ""), plain);
    assert_eq!(answer(&ALL, "<WS=3>"), format!("{plain}<WS=5>"));
    assert_eq!(answer(&ALL, "<SACK>"), format!("{plain}<SACK>"));
    assert_eq!(answer(&ALL, "<TS=1000,0>"), format!("{plain}<TS=7,1000>"));
    assert_eq!(answer(&ALL, "<WS=0><SACK><TS=0,0>"), format!("{plain}<WS=5><SACK><TS=7,0>"));
    assert_eq!(answer(&Config::DEFAULT, "<WS=3><SACK><TS=1000,0>"), plain);
}

/// TSecr counts only with an ACK bit: its value on a SYN is no round-trip time and is not echoed.
#[test]
fn the_echo_on_a_syn_means_nothing() {
    check(
        "
        config timestamps=on
        open passive
        LISTEN
        + 500ms
        <-- <SEQ=300><CTL=SYN><TS=1000,77>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK><TS=500,1000>
        SYN-RECEIVED                        SRTT=none
        + 30ms
        <-- <SEQ=301><ACK=101><CTL=ACK><TS=1030,500>
        ESTABLISHED                         SRTT=30ms TIMESTAMPS=1
        ",
    );
}

/// The agreement of a connection with these policies after a SYN,ACK with these options.
#[track_caller]
fn agreed_by(config: &Config, options: &str) -> (u8, u8, bool, bool) {
    let end = End::established(config, &format!("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=100>{options}"));
    let status = end.connection.status();
    (status.snd_scale.unwrap(), status.rcv_scale.unwrap(), status.timestamps, status.sack_permitted)
}

#[test]
fn only_what_both_syns_have_is_agreed() {
    assert_eq!(agreed_by(&ALL, "<WS=3><SACK><TS=1,0>"), (3, 5, true, true));
    assert_eq!(agreed_by(&ALL, ""), (0, 0, false, false));
    assert_eq!(agreed_by(&ALL, "<WS=0>"), (0, 5, false, false));
    assert_eq!(agreed_by(&ALL, "<SACK>"), (0, 0, false, true));
    assert_eq!(agreed_by(&ALL, "<TS=1,0>"), (0, 0, true, false));
    assert_eq!(agreed_by(&Config::DEFAULT, "<WS=3><SACK><TS=1,0>"), (0, 0, false, false));
}

/// RFC 7323 2.3: more than 14 is 14.
#[test]
fn a_shift_beyond_fourteen_is_fourteen() {
    for shift in [14, 15, 100, 255] {
        assert_eq!(agreed_by(&ALL, &format!("<WS={shift}>")), (14, 5, false, false), "{shift}");
    }
}

/// The SYNs cross: each side agrees to the options of both SYNs, and the SYN,ACKs repeat them.
#[test]
fn syns_that_cross_agree_too() {
    check(
        "
        config receive_buffer=1048576, timestamps=on, sack_permitted=on
        open active
        --> <SEQ=100><CTL=SYN><WS=5><SACK><TS=0,0>
        SYN-SENT
        + 10ms
        <-- <SEQ=300><CTL=SYN><WND=1000><WS=2><SACK><TS=5,0>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK><WND=65535><WS=5><SACK><TS=10,5>
        SYN-RECEIVED                        SND.SCALE=2 RCV.SCALE=5 TIMESTAMPS=1 SACK=1 SND.WND=1000
        + 10ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK><WND=1000><WS=2><SACK><TS=15,10>
        ESTABLISHED                         SND.WND=1000 SND.SCALE=2
        <-- <SEQ=301><ACK=101><CTL=ACK><WND=1000><TS=16,10>
        ESTABLISHED                         SND.WND=4000
        send 1
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=1><WND=32768><TS=20,16>
        ",
    );
}

/// The peer's SYN has none of the options, and its SYN,ACK, which answers ours, has them all. That is too late: each
/// side's SYN has to offer an option, and both ends must come to the same agreement.
#[test]
fn a_syn_ack_cannot_add_to_a_syn_that_has_crossed() {
    let mut end = End::new(&ALL);
    end.open(Open::Active);
    let syn_ack = "<SEQ=99><ACK=300><CTL=SYN,ACK><WND=65535><MSS=536>";
    assert_eq!(end.arrives("<SEQ=299><CTL=SYN><WND=1000>"), syn_ack);
    assert_eq!(end.arrives("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=1000><WS=2><SACK><TS=5,0>"), "");
    assert_eq!(end.send(1), "<SEQ=100><ACK=300><CTL=PSH,ACK><DATA=1><WND=65535>");
    let status = end.connection.status();
    assert_eq!((status.snd_scale, status.rcv_scale), (Some(0), Some(0)));
    assert!(!status.timestamps && !status.sack_permitted);
}

/// The next connection of a listener begins without any agreement.
#[test]
fn what_was_agreed_ends_with_the_life() {
    let mut end = End::new(&ALL);
    end.open(Open::Passive);
    end.arrives("<SEQ=299><CTL=SYN><WND=100><WS=1><SACK><TS=5,0>");
    end.arrives("<SEQ=300><CTL=RST>");
    assert_eq!(end.arrives("<SEQ=699><CTL=SYN><WND=100>"), "<SEQ=99><ACK=700><CTL=SYN,ACK><WND=65535><MSS=536>");
    let status = end.connection.status();
    assert_eq!((status.snd_scale, status.rcv_scale), (Some(0), Some(0)));
    assert!(!status.timestamps && !status.sack_permitted);
}

/// SACK-permitted is on SYNs only, and changes nothing else.
#[test]
fn sack_permitted_stands_on_syns_alone() {
    let config = Config { sack_permitted: true, ..Config::DEFAULT };
    let mut end = End::established(&config, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><SACK>");
    assert_eq!(end.send(5), "<SEQ=100><ACK=300><CTL=PSH,ACK><DATA=5><WND=65535>");
    assert_eq!(end.arrives("<SEQ=300><ACK=105><CTL=ACK><DATA=7><WND=8000>"), "<SEQ=105><ACK=307><CTL=ACK><WND=65528>");
    assert_eq!(end.close(), "<SEQ=105><ACK=307><CTL=FIN,ACK><WND=65528>");
}

/// The agreement of the SYNs stays, whatever the policies become.
#[test]
fn other_policies_in_mid_life_change_nothing_of_the_agreement() {
    let mut end = End::established(&ALL, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><WS=2><SACK><TS=1000,0>");
    end.connection.configure(&Config { receive_buffer: MIB, ..Config::DEFAULT });
    end.wait(Duration::from_millis(1));
    assert_eq!(
        end.arrives("<SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=100><TS=1001,0>"),
        "<SEQ=100><ACK=305><CTL=ACK><WND=32767><TS=1,1001>"
    );
    let status = end.connection.status();
    assert_eq!((status.snd_scale, status.rcv_scale, status.snd_wnd), (Some(2), Some(5), Some(400)));
    assert!(status.timestamps && status.sack_permitted);
    // Policies that ask for more do not add anything either.
    let mut end = End::established(&Config::DEFAULT, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000>");
    end.connection.configure(&ALL);
    assert_eq!(end.arrives("<SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=100>"), "<SEQ=100><ACK=305><CTL=ACK><WND=65530>");
}

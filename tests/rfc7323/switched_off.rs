//! `window_scaling`: with it off, a connection neither offers nor accepts scaled windows, at any buffer (RFC 7323
//! section 2.2).

use tcp_lifecycle::sim::check;

#[test]
fn switched_off_no_syn_offers_it() {
    for buffer in [1_000, 65_535, 65_536, 200_000, 1_073_741_824] {
        check(&format!(
            "
            config window_scaling=off, receive_buffer={buffer}
            open active
            --> <SEQ=100><CTL=SYN><WS=none>
            SYN-SENT
            <-- <SEQ=299><ACK=101><CTL=SYN,ACK><WND=1000><WS=7>     # an answer to nothing
            --> <SEQ=101><ACK=300><CTL=ACK>
            ESTABLISHED SND.WND=1000 SND.SCALE=0 RCV.SCALE=0
            <-- <SEQ=300><ACK=101><CTL=ACK><WND=500>
            ESTABLISHED SND.WND=500
            "
        ));
    }
}

#[test]
fn switched_off_an_offer_is_not_taken() {
    check(
        "
        config window_scaling=off, receive_buffer=200000
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><WND=1000><WS=7>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><WND=65535><WS=none>
        SYN-RECEIVED
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=1000>
        ESTABLISHED SND.WND=1000 RCV.WND=65535 SND.SCALE=0 RCV.SCALE=0
        ",
    );
}

/// It overrides `window_scale`.
#[test]
fn switched_off_a_wish_for_a_scale_counts_for_nothing() {
    check(
        "
        config window_scaling=off, receive_buffer=200000, window_scale=2
        open active
        --> <SEQ=100><CTL=SYN><WS=none>
        SYN-SENT
        ",
    );
}

#[test]
fn switched_on_as_it_is_by_default_the_buffer_decides() {
    check("config window_scaling=on, receive_buffer=200000\n open active\n --> <SEQ=100><CTL=SYN><WS=2>\n SYN-SENT");
}

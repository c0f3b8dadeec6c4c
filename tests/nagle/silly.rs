//! When a window is large enough for a segment: MUST-38, with Fs one half.

use tcp_lifecycle::sim::check;

/// The largest window was `most`; now `queued` bytes are queued, and the window is `window`.
#[track_caller]
fn row(mss: u32, most: u32, queued: u32, window: u32, what_comes: &str) {
    check(&format!(
        "
        config default_peer_mss={mss}
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND={most}
        <-- <SEQ=300><ACK=100><CTL=ACK><WND={window}>
        send {queued}
        {what_comes}
        "
    ));
}

/// Nothing is sent, and the timer of the override runs.
#[track_caller]
fn held(mss: u32, most: u32, queued: u32, window: u32) {
    row(mss, most, queued, window, &format!("ESTABLISHED SND.NXT=100 UNSENT={queued} DEADLINE=1s"));
}

/// Everything that the window allows is sent in one segment.
#[track_caller]
fn goes(mss: u32, most: u32, queued: u32, window: u32) {
    let bytes = queued.min(window);
    row(mss, most, queued, window, &format!("--> <SEQ=100><ACK=300><CTL=ACK><DATA={bytes}>\n ESTABLISHED DEADLINE=1s"));
}

#[test]
fn a_full_segment_is_worth_it() {
    held(100, 1000, 200, 99);
    goes(100, 1000, 200, 100);
    // A second, smaller segment that the window would allow is not sent.
    row(100, 1000, 500, 199, "--> <SEQ=100><ACK=300><CTL=ACK><DATA=100>\n ESTABLISHED UNSENT=400");
    row(100, 1000, 500, 200, "--> <SEQ=100><ACK=300><CTL=ACK><DATA=100>\n --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>");
}

#[test]
fn all_there_is_is_worth_it() {
    held(100, 1000, 51, 50);
    goes(100, 1000, 50, 50);
    goes(100, 1000, 50, 51);
    goes(100, 1000, 1, 1);
    held(100, 1000, 2, 1);
}

#[test]
fn half_of_the_largest_window_is_worth_it() {
    held(536, 600, 1000, 299);
    goes(536, 600, 1000, 300);
    held(536, 1000, 1000, 499);
    goes(536, 1000, 1000, 500);
}

/// The peer's buffer is smaller than half a segment: half of the buffer counts, not half of a segment.
#[test]
fn a_small_buffer_is_used_as_one() {
    goes(536, 100, 1000, 100);
    goes(536, 100, 1000, 50);
    held(536, 100, 1000, 49);
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=100
        send 1000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        <-- <SEQ=300><ACK=200><CTL=ACK><WND=100>
        signal: Acknowledged 100
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
        ",
    );
}

/// Max(SND.WND) is the largest window so far, not the last: it grows with the window, and never shrinks.
#[test]
fn the_largest_window_is_the_largest_so_far() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=600
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=700>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=499>
        send 1000
        ESTABLISHED                         UNSENT=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=500>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=500>
        ",
    );
}

/// The window of a SYN counts for it (D1).
#[test]
fn the_window_of_a_syn_is_one_of_them() {
    let exchange = |syn_window: u32, what_comes: &str| {
        check(&format!(
            "
            ISS=99
            open passive
            LISTEN
            <-- <SEQ=299><CTL=SYN><WND={syn_window}>
            --> <SEQ=99><ACK=300><CTL=SYN,ACK>
            SYN-RECEIVED
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=300>
            ESTABLISHED
            send 1000
            {what_comes}
            "
        ));
    };
    exchange(600, "--> <SEQ=100><ACK=300><CTL=ACK><DATA=300>");
    exchange(602, "ESTABLISHED UNSENT=1000");
}

/// The same without Nagle's algorithm; and no separate timer runs while something is in flight.
#[test]
fn what_is_left_of_a_window_in_use_is_not_worth_it() {
    check(
        "
        config default_peer_mss=100, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=210
        send 150
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=200><ACK=300><CTL=PSH,ACK><DATA=50>    # all there is
        + 400ms
        send 61
        ESTABLISHED                         UNSENT=61 DEADLINE=600ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=211>        # now it is all there is
        --> <SEQ=250><ACK=300><CTL=PSH,ACK><DATA=61>
        ",
    );
    check(
        "
        config default_peer_mss=200, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=300
        send 500
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=200>
        ESTABLISHED                         UNSENT=300
        <-- <SEQ=300><ACK=149><CTL=ACK>
        signal: Acknowledged 49
        ESTABLISHED                         UNSENT=300
        <-- <SEQ=300><ACK=150><CTL=ACK>
        signal: Acknowledged 1
        --> <SEQ=300><ACK=300><CTL=ACK><DATA=150>       # half of 300
        ",
    );
}

/// With Nagle's algorithm half of the largest window waits as well, while anything is in flight.
#[test]
fn half_of_the_largest_window_waits_for_what_is_in_flight() {
    let exchange = |nagle: &str, what_comes: &str| {
        check(&format!(
            "
            config nagle={nagle}
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300 SND.WND=600
            send 10
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=400>
            send 500
            {what_comes}
            "
        ));
    };
    exchange("on", "ESTABLISHED UNSENT=500");
    exchange("off", "--> <SEQ=110><ACK=300><CTL=ACK><DATA=390>");
}

/// The peer's window grows byte by byte, and nothing is sent until the window is large enough.
#[test]
fn a_window_that_grows_byte_by_byte_is_used_once() {
    let mut script = String::from(
        "
        config default_peer_mss=100
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1>
        send 300
        ",
    );
    for window in 2..100 {
        script += &format!("+ 10ms\n <-- <SEQ=300><ACK=100><CTL=ACK><WND={window}>\n");
    }
    script += "
        ESTABLISHED                         SND.NXT=100 DEADLINE=20ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=100>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        ESTABLISHED                         DEADLINE=1s
        ";
    check(&script);
}

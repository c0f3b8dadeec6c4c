//! The caller's `limit` is not a window of the peer: any amount that it allows is worth sending while nothing is in
//! flight.

use core::time::Duration;

use tcp_lifecycle::sim::check;

use crate::{after, segments};

#[test]
fn what_a_small_limit_allows_goes_at_once_while_nothing_is_in_flight() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        limit 30
        send 100
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=30>
        ESTABLISHED                         UNSENT=70 DEADLINE=1s
        <-- <SEQ=300><ACK=115><CTL=ACK>
        signal: Acknowledged 15
        ESTABLISHED                         UNSENT=70
        <-- <SEQ=300><ACK=130><CTL=ACK>
        signal: Acknowledged 15
        --> <SEQ=130><ACK=300><CTL=ACK><DATA=30>
        ",
    );
}

/// The same without Nagle's algorithm.
#[test]
fn what_a_limit_leaves_beside_something_in_flight_waits() {
    check(
        "
        config default_peer_mss=100, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        limit 150
        send 500
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        ESTABLISHED                         UNSENT=400
        limit 199
        limit 200
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
        ",
    );
}

/// If the window is smaller than the limit or equal, silly window avoidance decides.
#[test]
fn a_limit_no_smaller_than_the_window_changes_nothing() {
    for limit in [10, 11, 1000] {
        check(&format!(
            "
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300 SND.WND=1000
            limit {limit}
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
            send 30
            ESTABLISHED                     UNSENT=30 DEADLINE=1s
            + 1s
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            "
        ));
    }
}

/// A limit of zero stops the override; the connection waits for the caller.
#[test]
fn a_limit_of_nothing_stops_the_override() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
        send 30
        limit 0
        + 1s
        ESTABLISHED                         UNSENT=30 DEADLINE=none
        + 1h
        limit 20
        ESTABLISHED                         UNSENT=30 DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ",
    );
}

/// The override does not start under such a limit either.
#[test]
fn under_a_limit_of_nothing_no_timer_begins() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
        limit 0
        send 30
        ESTABLISHED                         UNSENT=30 DEADLINE=none
        ",
    );
}

#[test]
fn a_limit_below_a_window_that_is_too_small_lets_what_it_allows_go() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
        send 30
        limit 4
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=4>
        ESTABLISHED                         IN-FLIGHT=4 DEADLINE=1s
        ",
    );
}

/// The limit changes after the timer has fired and before the poll.
#[test]
fn the_override_keeps_within_the_limit_of_the_moment_at_which_it_goes_out() {
    for (limit, what_comes) in [(0, &[][..]), (4, &["<SEQ=100><ACK=300><CTL=ACK><DATA=4>"])] {
        let mut connection = after(
            "
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300 SND.WND=1000
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
            send 30
            ",
        );
        let now = connection.deadline().unwrap();
        connection.timeout(now);
        connection.limit(limit);
        assert_eq!(segments(&mut connection, now), what_comes);
        assert_eq!(connection.deadline(), (limit > 0).then_some(now + Duration::from_secs(1)));
    }
}

/// A probe is due when the limit stops it. It is sent when the limit is removed, and the next one follows.
#[test]
fn a_probe_that_was_stopped_before_the_poll_has_a_timer() {
    for (config, fires_again) in
        [("", true), ("config keep_alive=2h 75s 9", true), ("config keep_alive=2h 75s 9", false)]
    {
        let mut connection = after(&format!("{config}\n ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0\n send 30"));
        let mut now = connection.deadline().unwrap();
        connection.timeout(now);
        connection.limit(0);
        if fires_again {
            now = connection.deadline().unwrap_or(now);
            connection.timeout(now);
        }
        connection.limit(u32::MAX);
        assert_eq!(segments(&mut connection, now), ["<SEQ=100><ACK=300><CTL=ACK><DATA=1>"]);
        let next = connection.deadline().expect("a timer");
        assert!(next <= now + Duration::from_secs(4), "{next:?}");
        connection.timeout(next);
        assert_eq!(segments(&mut connection, next), ["<SEQ=100><ACK=300><CTL=ACK><DATA=1>"]);
    }
}

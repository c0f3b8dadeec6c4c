//! A peer that takes its window back: RFC 9293 section 3.8.6.

use tcp_lifecycle::sim::check;

/// A thousand bytes are in flight, and the peer reduces its window to two hundred.
const SHRUNK: &str = "
    config r1=0, nagle=off
    ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
    send 1000
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=636><ACK=300><CTL=ACK><DATA=464>
    <-- <SEQ=300><ACK=100><CTL=ACK><WND=200>
    ESTABLISHED                         SND.WND=200 IN-FLIGHT=1000
";

#[track_caller]
fn after_it_shrank(script: &str) {
    check(&format!("{SHRUNK}{script}"));
}

/// MUST-34, SHLD-15.
#[test]
fn nothing_new_is_sent() {
    after_it_shrank("send 100\n ESTABLISHED SND.NXT=1100 UNSENT=100");
    after_it_shrank("close\n FIN-WAIT-1 SND.NXT=1100");
}

/// SHLD-16: bytes within the window are retransmitted, no others.
#[test]
fn what_is_sent_again_lies_within_the_window() {
    after_it_shrank(
        "
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=200>   bytes 0..200
        <-- <SEQ=300><ACK=300><CTL=ACK><WND=200>
        signal: Acknowledged 200
        --> <SEQ=300><ACK=300><CTL=ACK><DATA=200>   bytes 0..200
        <-- <SEQ=300><ACK=500><CTL=ACK><WND=600>
        signal: Acknowledged 200
        --> <SEQ=500><ACK=300><CTL=ACK><DATA=536>   bytes 0..536
        --> <SEQ=1036><ACK=300><CTL=ACK><DATA=64>   bytes 536..600
        ESTABLISHED                     SND.NXT=1100
        ",
    );
}

/// The FIN takes a number, which lies beyond the window now.
#[test]
fn a_fin_beyond_the_shrunken_window_is_not_sent_again() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 10
        & close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=10>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=FIN,ACK>
        ",
    );
}

/// The peer may have accepted bytes before it took the window back.
#[test]
fn an_acknowledgment_beyond_the_shrunken_window_counts() {
    after_it_shrank(
        "
        send 100
        <-- <SEQ=300><ACK=1100><CTL=ACK><WND=200>
        signal: Acknowledged 1000
        --> <SEQ=1100><ACK=300><CTL=ACK><DATA=100>
        ",
    );
}

/// D17.
#[test]
fn an_ack_carries_the_number_at_the_edge_of_the_shrunken_window() {
    after_it_shrank(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=200>
        --> <SEQ=300><ACK=310><CTL=ACK>
        ",
    );
}

/// MUST-35.
#[test]
fn a_window_that_shrinks_to_zero_is_probed() {
    check(
        "
        config nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 1000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=464>
        + 500ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        ESTABLISHED                         SND.WND=0 IN-FLIGHT=1000 DEADLINE=500ms
        + 500ms
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>     bytes 0..1
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 2s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>     bytes 0..1
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=0>
        --> <SEQ=100><ACK=310><CTL=ACK>             # D17: not SEQ=1100
        ESTABLISHED                         SND.NXT=1100
        ",
    );
}

/// SHLD-17, MUST-37: for more than an hour the peer has accepted nothing, but it answers.
#[test]
fn a_peer_that_answers_is_not_given_up_for_what_lies_beyond_its_window() {
    let mut script = SHRUNK.replace("WND=200", "WND=0");
    let pauses = [1, 2, 4, 8, 16, 32].into_iter().chain([60; 100]);
    for pause in pauses {
        script += &format!(
            "
            + {pause}s
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>     bytes 0..1
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
            "
        );
    }
    script += "ESTABLISHED";
    check(&script);
}

/// A peer that does not answer is given up, after at least three probes.
#[test]
fn a_peer_that_does_not_answer_is_given_up() {
    check(
        "
        config r1=0, r2=6s, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 1000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=464>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 2s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 4s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 8s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// Once it opens again, one segment from the front is retransmitted, and the rest as after a timeout (D16).
#[test]
fn a_window_that_opens_again_lets_the_rest_go() {
    check(
        "
        config r1=0, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 1000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=464>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=1000>
        signal: Acknowledged 1
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=536>   bytes 0..536
        <-- <SEQ=300><ACK=637><CTL=ACK><WND=1000>
        signal: Acknowledged 536
        --> <SEQ=637><ACK=300><CTL=ACK><DATA=463>   bytes 0..463
        <-- <SEQ=300><ACK=1100><CTL=ACK><WND=1000>
        signal: Acknowledged 463
        ESTABLISHED                         DEADLINE=none
        ",
    );
}

/// SND.WL1 and SND.WL2: an older segment does not restore an older window.
#[test]
fn an_old_segment_does_not_set_the_window() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 100
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        <-- <SEQ=300><ACK=150><CTL=ACK><DATA=10><WND=500>
        signal: Acknowledged 50
        --> <SEQ=200><ACK=310><CTL=ACK>
        ESTABLISHED                         SND.WND=500
        <-- <SEQ=310><ACK=140><CTL=ACK><WND=900>        # a smaller ACK, sent later
        ESTABLISHED                         SND.WND=500
        <-- <SEQ=310><ACK=150><CTL=ACK><WND=700>
        ESTABLISHED                         SND.WND=700
        <-- <SEQ=310><ACK=150><CTL=ACK><WND=600>        # the same numbers: the later one counts
        ESTABLISHED                         SND.WND=600
        <-- <SEQ=310><ACK=160><CTL=ACK><WND=800>
        signal: Acknowledged 10
        ESTABLISHED                         SND.WND=800
        <-- <SEQ=400><ACK=160><CTL=ACK><DATA=5><WND=300>    delivers nothing
        --> <SEQ=200><ACK=310><CTL=ACK>
        ESTABLISHED                         SND.WND=300
        <-- <SEQ=310><ACK=160><CTL=ACK><WND=700>        # sent before the one ahead
        ESTABLISHED                         SND.WND=300
        <-- <SEQ=310><ACK=170><CTL=ACK><WND=900>        # likewise, but it advances SND.UNA
        signal: Acknowledged 10
        ESTABLISHED                         SND.UNA=170 SND.WND=900
        ",
    );
}

/// A caller that asks for a retransmission behind the closed window gets none, and none when the window opens: nothing
/// was probed, and nothing is known to be lost.
#[test]
fn behind_a_window_that_has_closed_nothing_is_marked_as_lost() {
    check(
        "
        config r1=0, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 1000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=464>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        retransmit 0..1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        ESTABLISHED                         IN-FLIGHT=1000
        <-- <SEQ=300><ACK=1100><CTL=ACK><WND=1000>
        signal: Acknowledged 1000
        ESTABLISHED                         DEADLINE=none
        ",
    );
}

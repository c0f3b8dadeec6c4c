//! D12: segments that are answered without limit, because an honest peer sends them: a probe, and a segment near the
//! window that is retransmitted since our acknowledgment was lost.

use tcp_lifecycle::sim::check;

const ACK: &str = "--> <SEQ=100><ACK=300><CTL=ACK>\n";
const BLIND: &str = "<-- <SEQ=301><CTL=RST> refused\n";

/// Spends the limiter, and then lets this segment arrive twenty times.
#[track_caller]
fn when_the_limiter_is_spent(given: &str, segment: &str, answer: &str) {
    check(&format!(
        "{given}\n{}{BLIND}{}{BLIND}",
        format!("{BLIND}{ACK}").repeat(10),
        format!("<-- {segment} refused\n{answer}").repeat(20),
    ));
}

#[track_caller]
fn is_exempt(given: &str, segment: &str) {
    when_the_limiter_is_spent(given, segment, ACK);
    // The segment takes no tokens from the limiter either.
    check(&format!(
        "{given}\n{}{}{BLIND}",
        format!("<-- {segment} refused\n{ACK}").repeat(20),
        format!("{BLIND}{ACK}").repeat(10),
    ));
}

#[track_caller]
fn is_limited(given: &str, segment: &str) {
    when_the_limiter_is_spent(given, segment, "");
}

/// RFC 9293 3.8.4 and 3.8.6.1: a keep-alive probe, with an octet or without, and a window probe with a byte that we
/// have.
#[test]
fn a_probe_with_an_acceptable_ack_is_always_answered() {
    for state in ["ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-2"] {
        let given = format!("{state} SND.NXT=100 RCV.NXT=300");
        for ack in [100, 99, 4_294_901_861_u32] {
            for octet in ["", "<DATA=1>"] {
                is_exempt(&given, &format!("<SEQ=299><ACK={ack}><CTL=ACK>{octet}"));
            }
        }
    }
}

#[test]
fn a_probe_is_answered_with_a_limit_of_zero() {
    for octet in ["", "<DATA=1>"] {
        check(&format!(
            "config challenge_limit=0\nESTABLISHED SND.NXT=100 RCV.NXT=300\n{BLIND}{}{BLIND}",
            format!("<-- <SEQ=299><ACK=100><CTL=ACK>{octet} refused\n{ACK}").repeat(3),
        ));
    }
}

/// No payload of the peer has ever had a place, and its keep-alive carries an octet.
#[test]
fn a_probe_is_answered_where_no_window_was_ever_offered() {
    for octet in ["", "<DATA=1>"] {
        check(&format!(
            "config challenge_limit=0, receive_buffer=0\nESTABLISHED SND.NXT=100 RCV.NXT=300\n{}",
            format!("<-- <SEQ=299><ACK=100><CTL=ACK>{octet} refused\n{ACK}").repeat(3),
        ));
    }
}

/// RCV.NXT = 0, and the probe lies at 2^32 - 1.
#[test]
fn a_probe_may_lie_on_the_other_side_of_zero() {
    let blind = "<-- <SEQ=1><CTL=RST> refused\n";
    let ack = "--> <SEQ=0><ACK=0><CTL=ACK>\n";
    check(&format!(
        "ESTABLISHED SND.NXT=0 RCV.NXT=0\n{}{blind}{}",
        format!("{blind}{ack}").repeat(10),
        format!("<-- <SEQ=4294967295><ACK=4294967295><CTL=ACK> refused\n{ack}").repeat(20),
    ));
}

/// A blind attacker does not know both numbers.
#[test]
fn what_is_almost_a_probe_is_limited() {
    let given = "ESTABLISHED SND.NXT=100 RCV.NXT=300";
    for segment in [
        "<SEQ=299><ACK=101><CTL=ACK>",        // of something never sent
        "<SEQ=299><ACK=4294901860><CTL=ACK>", // older than the largest window
        "<SEQ=299><ACK=101><CTL=ACK><DATA=1>",
        "<SEQ=298><ACK=100><CTL=ACK>",
        "<SEQ=298><ACK=100><CTL=SYN,ACK>",
        "<SEQ=299><CTL=PSH><DATA=1>",
    ] {
        is_limited(given, segment);
    }
}

/// The largest window offered is 65,535: payload and FIN are answered from RCV.NXT less 65,535 to the right edge.
#[test]
fn payload_and_fin_near_the_window_are_exempt() {
    let given = "ESTABLISHED SND.NXT=100 RCV.NXT=300";
    for segment in [
        "<SEQ=290><ACK=100><CTL=ACK><DATA=10>",
        "<SEQ=4294902061><ACK=100><CTL=ACK><DATA=10>",
        "<SEQ=299><ACK=100><CTL=FIN,ACK>",
        "<SEQ=4294902061><ACK=100><CTL=FIN,ACK>",
        "<SEQ=65835><ACK=100><CTL=ACK><DATA=10>",
        "<SEQ=65836><ACK=100><CTL=ACK><DATA=10>",
        "<SEQ=65836><ACK=100><CTL=FIN,ACK>",
        "<SEQ=290><ACK=4294901861><CTL=ACK><DATA=10>",
    ] {
        is_exempt(given, segment);
    }
}

#[test]
fn payload_and_fin_far_from_the_window_are_limited() {
    let given = "ESTABLISHED SND.NXT=100 RCV.NXT=300";
    for segment in [
        "<SEQ=4294902060><ACK=100><CTL=ACK><DATA=10>",
        "<SEQ=4294902060><ACK=100><CTL=FIN,ACK>",
        "<SEQ=65837><ACK=100><CTL=ACK><DATA=10>",
        "<SEQ=65837><ACK=100><CTL=FIN,ACK>",
        "<SEQ=2147483948><ACK=100><CTL=FIN,ACK>",
        "<SEQ=3000000000><ACK=100><CTL=ACK><DATA=1460>",
    ] {
        is_limited(given, segment);
    }
}

/// A segment near the window by chance, but without a number of ours, is a blind one.
#[test]
fn payload_and_fin_without_an_acceptable_ack_are_limited() {
    let given = "ESTABLISHED SND.NXT=100 RCV.NXT=300";
    for segment in [
        "<SEQ=290><ACK=101><CTL=ACK><DATA=10>",
        "<SEQ=290><ACK=4294901860><CTL=ACK><DATA=10>",
        "<SEQ=299><ACK=2147483748><CTL=FIN,ACK>",
        "<SEQ=290><CTL=><DATA=10>",
        "<SEQ=299><CTL=FIN>",
    ] {
        is_limited(given, segment);
    }
}

/// A small buffer, which was offered as a whole, and is full.
#[test]
fn the_largest_window_that_was_offered_counts() {
    let given = "
        config receive_buffer=1000
        ESTABLISHED SND.NXT=100 RCV.NXT=300";
    is_exempt(given, "<SEQ=4294966596><ACK=100><CTL=ACK><DATA=10>");
    is_limited(given, "<SEQ=4294966595><ACK=100><CTL=ACK><DATA=10>");
    is_exempt(given, "<SEQ=1300><ACK=100><CTL=ACK><DATA=10>");
    is_limited(given, "<SEQ=1302><ACK=100><CTL=ACK><DATA=10>");

    let full = format!("{given}\n<-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000>\n--> <SEQ=100><ACK=1300><CTL=ACK><WND=0>");
    let ack = "--> <SEQ=100><ACK=1300><CTL=ACK><WND=0>\n";
    let blind = "<-- <SEQ=1299><CTL=SYN> refused\n";
    let spent = format!("{blind}{ack}").repeat(10);
    for (seq, answer) in [(300, ack), (299, "")] {
        let again = format!("<-- <SEQ={seq}><ACK=100><CTL=ACK><DATA=10> refused\n{answer}").repeat(20);
        check(&format!("{full}\n{spent}{blind}{again}"));
    }
}

/// A buffer that has been larger: the peer may retransmit what it sent into the former window.
#[test]
fn the_window_of_a_larger_buffer_counts_as_far_as_the_field_can_tell() {
    for smaller in ["configure receive_buffer=1\n", "configure receive_buffer=1\nconfigure receive_buffer=1000\n"] {
        let given = format!("config receive_buffer=5000\nESTABLISHED SND.NXT=100 RCV.NXT=300\n{smaller}");
        is_exempt(&given, "<SEQ=4294902061><ACK=100><CTL=ACK><DATA=10>");
        is_limited(&given, "<SEQ=4294902060><ACK=100><CTL=ACK><DATA=10>");
    }
    let larger = "config receive_buffer=500\nESTABLISHED SND.NXT=100 RCV.NXT=300\nconfigure receive_buffer=1000";
    is_exempt(larger, "<SEQ=4294966596><ACK=100><CTL=ACK><DATA=10>");
    is_limited(larger, "<SEQ=4294966595><ACK=100><CTL=ACK><DATA=10>");
}

/// The window of a SYN is never scaled, whatever the buffer.
#[test]
fn before_our_syn_is_acknowledged_no_more_counts_than_the_field_can_tell_unscaled() {
    let given = "
        config receive_buffer=1000000, window_scale=14, challenge_limit=0
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><WS=0>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><WS=14>
        SYN-RECEIVED";
    let again = |seq: u32| format!("<-- <SEQ={seq}><ACK=101><CTL=ACK><DATA=10> refused");
    let ack = "--> <SEQ=101><ACK=300><CTL=ACK>";
    check(&format!("{given}\n{}\n{ack}\n{}", again(300_u32.wrapping_sub(65_535)), again(300_u32.wrapping_sub(65_536))));
}

/// The front of the peer's flight is retransmitted as long as our acknowledgment is lost, and is answered each time.
#[test]
fn what_was_sent_into_a_larger_window_is_acknowledged_with_a_limit_of_zero() {
    let again = "<-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000> refused\n--> <SEQ=100><ACK=5300><CTL=ACK>\n";
    check(&format!(
        "config receive_buffer=5000, challenge_limit=0
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5000>
        --> <SEQ=100><ACK=5300><CTL=ACK>
        receive 5000
        --> <SEQ=100><ACK=5300><CTL=ACK>
        configure receive_buffer=1
        {}",
        again.repeat(3),
    ));
}

/// The buffer was offered with our SYN. The next incarnation has offered only its own.
#[test]
fn the_buffer_of_the_syn_counts_and_that_of_another_life_does_not() {
    let open = "open active\n--> <SEQ=100><CTL=SYN><WND=5000>\nSYN-SENT\n";
    let opened = "<-- <SEQ=299><ACK=101><CTL=SYN,ACK>\n--> <SEQ=101><ACK=300><CTL=ACK>\nESTABLISHED\n";
    let again = "<-- <SEQ=4294902061><ACK=101><CTL=ACK><DATA=10> refused\n";
    let first = format!(
        "config receive_buffer=5000, window_scaling=off, challenge_limit=0
        {open} configure receive_buffer=1, window_scaling=off, challenge_limit=0
        {opened} {again} --> <SEQ=101><ACK=300><CTL=ACK>"
    );
    let open = open.replace("5000", "1");
    check(&format!("{first}\n abort\n CLOSED\n --> <SEQ=101><CTL=RST>\n {open} {opened} {again}"));
}

/// A thousand blind FINs draw as many answers as a thousand blind resets.
#[test]
fn a_flood_of_blind_fins_draws_no_more_than_the_limit() {
    for state in ["ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-2", "TIME-WAIT"] {
        let fin = |n: u32| format!("<-- <SEQ={}><ACK={}><CTL=FIN,ACK> refused\n", 400_000_000 + n, 1_000_000_000 + n);
        let mut script = format!("{state} SND.NXT=100 RCV.NXT=300\n");
        for n in 0..1_000 {
            script += &fin(n);
            if n < 10 {
                script += ACK;
            }
        }
        check(&script);
    }
}

/// The peer's FIN is retransmitted, since its acknowledgment was lost. It is answered even during a flood.
#[test]
fn the_peers_own_repeats_are_answered_in_every_state() {
    for (state, ack) in [
        ("ESTABLISHED", 100),
        ("FIN-WAIT-1", 99),
        ("FIN-WAIT-2", 100),
        ("CLOSE-WAIT", 100),
        ("CLOSING", 99),
        ("LAST-ACK", 99),
        ("TIME-WAIT", 100),
    ] {
        let blind = "<-- <SEQ=70000><ACK=99><CTL=ACK> refused\n";
        check(&format!(
            "config msl=1h\n{state} SND.NXT=100 RCV.NXT=300\n{}{blind}{}{blind}",
            format!("{blind}{ACK}").repeat(10),
            format!("<-- <SEQ=280><ACK={ack}><CTL=ACK><DATA=10> refused\n{ACK}").repeat(20),
        ));
    }
}

//! The urgent mechanism, RFC 9293 section 3.8.5.

use tcp_lifecycle::sim::check;

#[test]
fn urgent_bytes_are_pointed_at_until_they_are_acknowledged() {
    check(
        "
        config default_peer_mss=100, nagle=off
        ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.UP=none
        send 50
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=50>
        send urgent 120
        --> <SEQ=150><ACK=300><CTL=URG,ACK><DATA=100><URG=120>
        --> <SEQ=250><ACK=300><CTL=URG,ACK><DATA=20><URG=20>
        ESTABLISHED SND.UP=270
        send 10
        --> <SEQ=270><ACK=300><CTL=ACK><DATA=10><URG=0>
        + 1s
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=100><URG=170>
        <-- <SEQ=300><ACK=280><CTL=ACK>
        signal: Acknowledged 180
        ESTABLISHED SND.UP=none
        ",
    );
}

#[test]
fn the_user_is_told_when_the_pointer_comes_and_when_it_moves_on() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300 URGENT=0
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=20><DATA=10>
        signal: Urgent
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED URGENT=20 RCV.UP=320
        receive 10
        ESTABLISHED URGENT=10
        <-- <SEQ=310><ACK=100><CTL=URG,ACK><URG=10><DATA=10>
        --> <SEQ=100><ACK=320><CTL=ACK>
        receive 10
        ESTABLISHED URGENT=0 RCV.UP=none
        <-- <SEQ=320><ACK=100><CTL=URG,ACK><URG=1>
        signal: Urgent
        ",
    );
}

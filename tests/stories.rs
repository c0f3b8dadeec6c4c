//! The life of a connection, told in short exchanges.

use tcp_lifecycle::sim::check;

#[test]
fn the_handshake_of_a_client() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED    SND.NXT=101 RCV.NXT=301 DEADLINE=none
        ",
    );
}

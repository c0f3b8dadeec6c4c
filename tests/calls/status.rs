//! STATUS, RFC 9293 section 3.10.6: the state, and the variables of that state.

use super::table::table;

#[test]
fn status_has_the_variables_of_its_state_and_no_others() {
    table(
        "
        CLOSED: limit 9         => CLOSED ISS=none IRS=none SND.UNA=none SND.NXT=none SND.WND=none RCV.NXT=none RCV.WND=none RTO=none PEER-MSS=none
        LISTEN: limit 9         => LISTEN ISS=none IRS=none SND.UNA=none SND.NXT=none SND.WND=none RCV.NXT=none RCV.WND=none RTO=none PEER-MSS=none
        SYN-SENT: limit 9       => SYN-SENT ISS=99 IRS=none SND.UNA=99 SND.NXT=100 RCV.NXT=none RCV.WND=none IN-FLIGHT=1 RTO=1s SRTT=none
        SYN-RECEIVED: limit 9   => SYN-RECEIVED ISS=99 IRS=299 SND.UNA=99 SND.NXT=100 RCV.NXT=300 RCV.WND=65535 IN-FLIGHT=1
        ESTABLISHED: limit 9    => ESTABLISHED ISS=99 IRS=299 SND.UNA=100 SND.NXT=100 SND.WND=65535 RCV.NXT=300 RCV.WND=65535 UNSENT=0 IN-FLIGHT=0 UNREAD=0 RETRANSMISSIONS=0 PEER-MSS=536
        FIN-WAIT-1: limit 9     => FIN-WAIT-1 ISS=98 IRS=299 SND.UNA=99 SND.NXT=100 RCV.NXT=300 IN-FLIGHT=1
        FIN-WAIT-2: limit 9     => FIN-WAIT-2 ISS=98 IRS=299 SND.UNA=100 SND.NXT=100 RCV.NXT=300 IN-FLIGHT=0
        CLOSE-WAIT: limit 9     => CLOSE-WAIT ISS=99 IRS=298 SND.UNA=100 SND.NXT=100 RCV.NXT=300 IN-FLIGHT=0
        CLOSING: limit 9        => CLOSING ISS=98 IRS=298 SND.UNA=99 SND.NXT=100 RCV.NXT=300 IN-FLIGHT=1
        LAST-ACK: limit 9       => LAST-ACK ISS=98 IRS=298 SND.UNA=99 SND.NXT=100 RCV.NXT=300 IN-FLIGHT=1
        TIME-WAIT: limit 9      => TIME-WAIT ISS=98 IRS=298 SND.UNA=100 SND.NXT=100 RCV.NXT=300 IN-FLIGHT=0 DEADLINE=4m
        ",
    );
}

#[test]
fn the_fin_is_no_payload_that_is_unsent() {
    table(
        "
        ESTABLISHED SND.WND=0: send 10   => ESTABLISHED UNSENT=10 IN-FLIGHT=0
        SYN-SENT: send 10                => SYN-SENT UNSENT=10 IN-FLIGHT=1
        ESTABLISHED: close               => <SEQ=100><ACK=300><CTL=FIN,ACK>; FIN-WAIT-1 UNSENT=0 IN-FLIGHT=1
        ",
    );
}

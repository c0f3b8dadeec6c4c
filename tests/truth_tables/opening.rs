//! RFC 9293 sections 3.10.7.1 to 3.10.7.3: CLOSED, LISTEN and SYN-SENT.

use super::table::table;

#[test]
fn closed_resets_whatever_carries_no_ack_at_sequence_number_zero() {
    table(
        "CLOSED",
        "
        <SEQ=300><CTL=>                   refused: NoConnection => <SEQ=0><ACK=300><CTL=RST,ACK>
        <SEQ=300><CTL=><DATA=10>          refused: NoConnection => <SEQ=0><ACK=310><CTL=RST,ACK>
        <SEQ=300><CTL=PSH><DATA=10>       refused: NoConnection => <SEQ=0><ACK=310><CTL=RST,ACK>
        <SEQ=300><CTL=SYN>                refused: NoConnection => <SEQ=0><ACK=301><CTL=RST,ACK>
        <SEQ=300><CTL=SYN><DATA=10>       refused: NoConnection => <SEQ=0><ACK=311><CTL=RST,ACK>
        <SEQ=300><CTL=FIN>                refused: NoConnection => <SEQ=0><ACK=301><CTL=RST,ACK>
        <SEQ=300><CTL=FIN><DATA=10>       refused: NoConnection => <SEQ=0><ACK=311><CTL=RST,ACK>
        <SEQ=300><CTL=FIN,SYN>            refused: NoConnection => <SEQ=0><ACK=302><CTL=RST,ACK>
        <SEQ=300><CTL=FIN,SYN><DATA=10>   refused: NoConnection => <SEQ=0><ACK=312><CTL=RST,ACK>
        <SEQ=4294967295><CTL=FIN,SYN>     refused: NoConnection => <SEQ=0><ACK=1><CTL=RST,ACK>
        <SEQ=300><CTL=><DATA=65535>       refused: NoConnection => <SEQ=0><ACK=65835><CTL=RST,ACK>
        ",
    );
}

#[test]
fn closed_resets_an_ack_where_the_ack_says() {
    table(
        "CLOSED",
        "
        <SEQ=300><ACK=100><CTL=ACK>                    refused: NoConnection => <SEQ=100><CTL=RST>
        <SEQ=300><ACK=100><CTL=ACK><DATA=10>           refused: NoConnection => <SEQ=100><CTL=RST>
        <SEQ=300><ACK=100><CTL=SYN,ACK>                refused: NoConnection => <SEQ=100><CTL=RST>
        <SEQ=300><ACK=100><CTL=SYN,ACK><DATA=10>       refused: NoConnection => <SEQ=100><CTL=RST>
        <SEQ=300><ACK=100><CTL=FIN,ACK>                refused: NoConnection => <SEQ=100><CTL=RST>
        <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=10>       refused: NoConnection => <SEQ=100><CTL=RST>
        <SEQ=300><ACK=100><CTL=FIN,SYN,ACK>            refused: NoConnection => <SEQ=100><CTL=RST>
        <SEQ=300><ACK=100><CTL=FIN,SYN,ACK><DATA=10>   refused: NoConnection => <SEQ=100><CTL=RST>
        <SEQ=300><ACK=0><CTL=ACK>                      refused: NoConnection => <SEQ=0><CTL=RST>
        <SEQ=300><ACK=4294967295><CTL=ACK>             refused: NoConnection => <SEQ=4294967295><CTL=RST>
        ",
    );
}

#[test]
fn closed_drops_every_reset() {
    table(
        "CLOSED",
        "
        <SEQ=300><CTL=RST>                                 refused: ResetWithoutConnection =>
        <SEQ=300><CTL=RST><DATA=10>                        refused: ResetWithoutConnection =>
        <SEQ=300><ACK=100><CTL=RST,ACK>                    refused: ResetWithoutConnection =>
        <SEQ=300><CTL=SYN,RST>                             refused: ResetWithoutConnection =>
        <SEQ=300><CTL=FIN,RST>                             refused: ResetWithoutConnection =>
        <SEQ=300><ACK=100><CTL=FIN,SYN,RST,ACK><DATA=10>   refused: ResetWithoutConnection =>
        ",
    );
}

#[test]
fn listen_looks_for_a_reset_then_an_ack_then_a_syn() {
    table(
        "LISTEN",
        "
        # First: a reset, whatever else it carries.
        <SEQ=300><CTL=RST>                         refused: ResetInListen =>
        <SEQ=300><CTL=SYN,RST>                     refused: ResetInListen =>
        <SEQ=300><CTL=FIN,RST><DATA=10>            refused: ResetInListen =>
        <SEQ=300><ACK=100><CTL=RST,ACK>            refused: ResetInListen =>
        <SEQ=300><ACK=100><CTL=SYN,RST,ACK>        refused: ResetInListen =>
        # Second: an acknowledgment, whatever else it carries.
        <SEQ=300><ACK=100><CTL=ACK>                refused: AckInListen => <SEQ=100><CTL=RST>
        <SEQ=300><ACK=101><CTL=ACK><DATA=10>       refused: AckInListen => <SEQ=101><CTL=RST>
        <SEQ=300><ACK=100><CTL=SYN,ACK>            refused: AckInListen => <SEQ=100><CTL=RST>
        <SEQ=300><ACK=0><CTL=FIN,ACK>              refused: AckInListen => <SEQ=0><CTL=RST>
        <SEQ=300><ACK=100><CTL=FIN,SYN,ACK>        refused: AckInListen => <SEQ=100><CTL=RST>
        # Third: a SYN. What it carries besides is not acknowledged.
        <SEQ=300><CTL=SYN>                  => <SEQ=100><ACK=301><CTL=SYN,ACK>; SYN-RECEIVED ISS=100 IRS=300 SND.UNA=100 SND.NXT=101 RCV.NXT=301
        <SEQ=300><CTL=SYN><DATA=10>         delivers nothing => <SEQ=100><ACK=301><CTL=SYN,ACK>; SYN-RECEIVED RCV.NXT=301
        <SEQ=300><CTL=FIN,SYN>              => <SEQ=100><ACK=301><CTL=SYN,ACK>; SYN-RECEIVED RCV.NXT=301
        <SEQ=300><CTL=FIN,SYN><DATA=10>     delivers nothing => <SEQ=100><ACK=301><CTL=SYN,ACK>; SYN-RECEIVED RCV.NXT=301
        <SEQ=300><CTL=SYN,ECE,CWR>          => <SEQ=100><ACK=301><CTL=SYN,ACK>; SYN-RECEIVED
        <SEQ=4294967295><CTL=SYN>           => <SEQ=100><ACK=0><CTL=SYN,ACK>; SYN-RECEIVED IRS=4294967295 RCV.NXT=0
        # Fourth: the rest.
        <SEQ=300><CTL=>                     refused: NoSynInListen =>
        <SEQ=300><CTL=><DATA=10>            refused: NoSynInListen =>
        <SEQ=300><CTL=FIN>                  refused: NoSynInListen =>
        <SEQ=300><CTL=FIN,PSH,URG><DATA=10> refused: NoSynInListen =>
        ",
    );
}

#[test]
fn syn_sent_resets_an_unacceptable_ack_and_stays() {
    table(
        "SYN-SENT   SND.NXT=100", // so the ISS is 99, and only 100 acknowledges it
        "
        <SEQ=299><ACK=98><CTL=ACK>                  refused: AckInSynSent => <SEQ=98><CTL=RST>
        <SEQ=299><ACK=99><CTL=ACK>                  refused: AckInSynSent => <SEQ=99><CTL=RST>
        <SEQ=299><ACK=101><CTL=ACK>                 refused: AckInSynSent => <SEQ=101><CTL=RST>
        <SEQ=299><ACK=99><CTL=SYN,ACK>              refused: AckInSynSent => <SEQ=99><CTL=RST>
        <SEQ=299><ACK=101><CTL=SYN,ACK>             refused: AckInSynSent => <SEQ=101><CTL=RST>
        <SEQ=299><ACK=99><CTL=FIN,ACK>              refused: AckInSynSent => <SEQ=99><CTL=RST>
        <SEQ=299><ACK=101><CTL=FIN,SYN,ACK>         refused: AckInSynSent => <SEQ=101><CTL=RST>
        <SEQ=299><ACK=99><CTL=ACK><DATA=10>         refused: AckInSynSent => <SEQ=99><CTL=RST>
        <SEQ=299><ACK=101><CTL=SYN,ACK><DATA=10>    refused: AckInSynSent => <SEQ=101><CTL=RST>
        <SEQ=299><ACK=2147483747><CTL=ACK>          refused: AckInSynSent => <SEQ=2147483747><CTL=RST>
        <SEQ=299><ACK=2147483748><CTL=ACK>          refused: AckInSynSent => <SEQ=2147483748><CTL=RST>
        ",
    );
}

#[test]
fn syn_sent_is_refused_by_a_reset_that_acknowledges_the_syn_and_by_no_other() {
    table(
        "SYN-SENT   SND.NXT=100",
        "
        <SEQ=0><ACK=100><CTL=RST,ACK>                   => signal: Refused; CLOSED DEADLINE=none
        <SEQ=299><ACK=100><CTL=RST,ACK>                 => signal: Refused; CLOSED
        <SEQ=299><ACK=100><CTL=SYN,RST,ACK>             => signal: Refused; CLOSED
        <SEQ=299><ACK=100><CTL=FIN,RST,ACK><DATA=10>    delivers nothing => signal: Refused; CLOSED
        <SEQ=299><ACK=99><CTL=RST,ACK>                  refused: ResetWithBadAckInSynSent =>
        <SEQ=299><ACK=101><CTL=RST,ACK>                 refused: ResetWithBadAckInSynSent =>
        <SEQ=299><ACK=101><CTL=SYN,RST,ACK><DATA=10>    refused: ResetWithBadAckInSynSent =>
        <SEQ=299><CTL=RST>                              refused: ResetWithoutAckInSynSent =>
        <SEQ=100><CTL=RST><DATA=10>                     refused: ResetWithoutAckInSynSent =>
        <SEQ=299><CTL=SYN,RST>                          refused: ResetWithoutAckInSynSent =>
        <SEQ=299><CTL=FIN,RST>                          refused: ResetWithoutAckInSynSent =>
        ",
    );
}

#[test]
fn syn_sent_answers_a_syn_and_drops_what_has_none() {
    table(
        "SYN-SENT   SND.NXT=100",
        "
        # Fourth: with a good acknowledgment it establishes, and what comes with it is processed.
        <SEQ=299><ACK=100><CTL=SYN,ACK>               => <SEQ=100><ACK=300><CTL=ACK>; ESTABLISHED ISS=99 IRS=299 SND.UNA=100 SND.NXT=100 RCV.NXT=300 DEADLINE=none
        <SEQ=299><ACK=100><CTL=SYN,ACK,ECE>           => <SEQ=100><ACK=300><CTL=ACK>; ESTABLISHED
        <SEQ=299><ACK=100><CTL=SYN,ACK><DATA=10>      delivers 0..10 => <SEQ=100><ACK=310><CTL=ACK>; ESTABLISHED RCV.NXT=310
        <SEQ=299><ACK=100><CTL=FIN,SYN,ACK>           => signal: Closing; <SEQ=100><ACK=301><CTL=ACK>; SYN-SENT -> ESTABLISHED; ESTABLISHED -> CLOSE-WAIT
        <SEQ=299><ACK=100><CTL=FIN,SYN,ACK><DATA=10>  delivers 0..10 => signal: Closing; <SEQ=100><ACK=311><CTL=ACK>; CLOSE-WAIT RCV.NXT=311
        <SEQ=4294967295><ACK=100><CTL=SYN,ACK>        => <SEQ=100><ACK=0><CTL=ACK>; ESTABLISHED RCV.NXT=0
        # Without one the SYNs have crossed, and what comes with it is not acknowledged.
        <SEQ=299><CTL=SYN>                            => <SEQ=99><ACK=300><CTL=SYN,ACK>; SYN-RECEIVED SND.UNA=99 SND.NXT=100 RCV.NXT=300
        <SEQ=299><CTL=SYN><WND=500>                   => <SEQ=99><ACK=300><CTL=SYN,ACK>; SYN-RECEIVED SND.WND=500
        <SEQ=299><CTL=SYN><DATA=10>                   delivers nothing => <SEQ=99><ACK=300><CTL=SYN,ACK>; SYN-RECEIVED RCV.NXT=300
        <SEQ=299><CTL=FIN,SYN>                        => <SEQ=99><ACK=300><CTL=SYN,ACK>; SYN-RECEIVED RCV.NXT=300
        # Fifth: the rest, with a good acknowledgment too.
        <SEQ=299><CTL=>                               refused: NoSynInSynSent =>
        <SEQ=299><CTL=FIN><DATA=10>                   refused: NoSynInSynSent =>
        <SEQ=299><ACK=100><CTL=ACK>                   refused: NoSynInSynSent =>
        <SEQ=299><ACK=100><CTL=FIN,ACK>               refused: NoSynInSynSent =>
        <SEQ=299><ACK=100><CTL=ACK><DATA=10>          refused: NoSynInSynSent =>
        ",
    );
}

#[test]
fn a_number_that_wraps_is_compared_like_any_other() {
    table(
        "SYN-SENT   SND.NXT=0", // so the ISS is 4294967295
        "
        <SEQ=299><ACK=0><CTL=SYN,ACK>            => <SEQ=0><ACK=300><CTL=ACK>; ESTABLISHED SND.UNA=0 SND.NXT=0
        <SEQ=299><ACK=4294967295><CTL=SYN,ACK>   refused: AckInSynSent => <SEQ=4294967295><CTL=RST>
        <SEQ=299><ACK=1><CTL=SYN,ACK>            refused: AckInSynSent => <SEQ=1><CTL=RST>
        ",
    );
}

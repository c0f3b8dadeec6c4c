//! Scripts in the language of packetdrill. The texts follow its grammar, `gtests/net/packetdrill/parser.y`.

use expect_test::{Expect, expect};
use tcp_lifecycle::sim::Script;

#[track_caller]
fn exports(script: &str, expected: &Expect) {
    let script = Script::parse(script).unwrap_or_else(|error| panic!("{error}"));
    expected.assert_eq(&script.packetdrill().unwrap_or_else(|error| panic!("{error}")));
}

#[track_caller]
fn fails(script: &str, line: usize, why: &str) {
    let error = Script::parse(script).unwrap().packetdrill().expect_err("it cannot be expressed");
    assert_eq!(error.line(), line, "{error}");
    assert!(error.to_string().ends_with(&format!("\n  packetdrill cannot express it: {why}")), "{error}");
}

#[test]
fn an_active_life_with_bytes_and_options() {
    let script = "
        ISS=4294967295
        open active
        --> <SEQ=4294967295><CTL=SYN><WND=65535><MSS=1460><WS=7><SACK><TS=1,0>
        SYN-SENT
        <-- <SEQ=300><ACK=0><CTL=SYN,ACK><WND=1000><MSS=1400><TS=900,1>
        --> <SEQ=0><ACK=301><CTL=ACK>
        SYN-SENT -> ESTABLISHED
        send 10
        --> <SEQ=0><ACK=301><CTL=PSH,ACK><DATA=10>              bytes 0..10
        + 200ms
        <-- <SEQ=301><ACK=10><CTL=PSH,ACK,ECE><DATA=3>          delivers 0..3
        signal: Acknowledged 10
        --> <SEQ=10><ACK=304><CTL=ACK><TS=3,900>
        receive 3
        close
        --> <SEQ=10><ACK=304><CTL=FIN,ACK>
        FIN-WAIT-1                                              SND.NXT=11
        <-- <SEQ=304><ACK=11><CTL=FIN,ACK>
        --> <SEQ=11><ACK=305><CTL=ACK>
        + 2 MSL
        CLOSED";
    exports(
        script,
        &expect![[r#"
            +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
            +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
            +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
            +0 > S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>
            // SYN-SENT
            +0 < S. 0:0(0) ack 1 win 1000 <mss 1400,nop,nop,TS val 900 ecr 1>
            +0 > . 1:1(0) ack 1 <...>
            // SYN-SENT -> ESTABLISHED
            +0 write(3, ..., 10) = 10
            +0 > P. 1:11(10) ack 1 <...>
            +0.2 < PE. 1:4(3) ack 11 win 1000
            // signal: Acknowledged 10
            +0 > . 11:11(0) ack 4 <nop,nop,TS val 3 ecr 900>
            +0 read(3, ..., 3) = 3
            +0 shutdown(3, SHUT_WR) = 0
            +0 > F. 11:11(0) ack 4 <...>
            // FIN-WAIT-1 SND.NXT=11
            +0 < F. 4:4(0) ack 12 win 1000
            +0 > . 12:12(0) ack 5 <...>
            // CLOSED
            +240 `true`
        "#]],
    );
}

#[test]
fn a_passive_open_accepts_before_the_first_call_on_the_connection() {
    let script = "
        open passive
        LISTEN
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED
        <-- <SEQ=301><ACK=101><CTL=ACK>
        ESTABLISHED
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=5>
        --> <SEQ=101><ACK=306><CTL=ACK>
        receive 5
        send urgent 2
        --> <SEQ=101><ACK=306><CTL=URG,ACK><DATA=2><URG=2>
        icmp HostUnreachable 101
        signal: SoftError HostUnreachable
        abort
        --> <SEQ=103><CTL=RST>
        CLOSED";
    exports(
        script,
        &expect![[r#"
        +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
        +0 bind(3, ..., ...) = 0
        +0 listen(3, 1) = 0
        // LISTEN
        +0 < S 0:0(0) win 65535
        +0 > S. 0:0(0) ack 1 <...>
        // SYN-RECEIVED
        +0 < . 1:1(0) ack 1 win 65535
        // ESTABLISHED
        +0 < . 1:6(5) ack 1 win 65535
        +0 > . 1:1(0) ack 6 <...>
        +0 accept(3, ..., ...) = 4
        +0 read(4, ..., 5) = 5
        +0 send(4, ..., 2, MSG_OOB) = 2
        +0 > U. 1:3(2) ack 6 urg 2 <...>
        +0 < icmp unreachable host_unreachable [1:1(0)]
        // signal: SoftError HostUnreachable
        +0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0
        +0 close(4) = 0
        +0 > R 3:3(0) <...>
        // CLOSED
    "#]],
    );
}

#[test]
fn a_given_state_has_its_handshake() {
    let script = "
        TIME-WAIT                                   SND.NXT=101 RCV.NXT=301
        <-- <SEQ=299><ACK=100><CTL=FIN,ACK>         refused
        --> <SEQ=101><ACK=301><CTL=ACK>
        + 1.5s
        <-- <SEQ=900><CTL=>                         refused
        --> <SEQ=101><ACK=301><CTL=ACK>";
    exports(
        script,
        &expect![[r#"
        +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
        +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
        +0 > S 0:0(0) <...>
        +0 < S. 0:0(0) ack 1 win 65535
        +0 > . 1:1(0) ack 1 <...>
        +0 shutdown(3, SHUT_WR) = 0
        +0 > F. 1:1(0) ack 1 <...>
        +0 < F. 1:1(0) ack 2 win 65535
        +0 > . 2:2(0) ack 2 <...>
        // TIME-WAIT SND.NXT=101 RCV.NXT=301
        +0 < F. 0:0(0) ack 1 win 65535
        +0 > . 2:2(0) ack 2 <...>
        +1.5 < - 601:601(0) win 65535
        +0 > . 2:2(0) ack 2 <...>
    "#]],
    );
    exports(
        "SYN-RECEIVED\n<-- <SEQ=300><CTL=RST>\nLISTEN",
        &expect![[r#"
        +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
        +0 bind(3, ..., ...) = 0
        +0 listen(3, 1) = 0
        +0 < S 0:0(0) win 65535
        +0 > S. 0:0(0) ack 1 <...>
        // SYN-RECEIVED
        +0 < R 1:1(0) win 65535
        // LISTEN
    "#]],
    );
    exports(
        "LISTEN\nclose\nCLOSED",
        &expect![[r#"
        +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
        +0 bind(3, ..., ...) = 0
        +0 listen(3, 1) = 0
        // LISTEN
        +0 close(3) = 0
        // CLOSED
    "#]],
    );
    exports(
        "SYN-SENT\nclose\nCLOSED",
        &expect![[r#"
        +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
        +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
        +0 > S 0:0(0) <...>
        // SYN-SENT
        +0 close(3) = 0
        // CLOSED
    "#]],
    );
}

#[test]
fn a_line_that_cannot_be_expressed_is_named() {
    fails("config nagle=off\nESTABLISHED", 1, "it has no policies");
    fails("ESTABLISHED\nlimit 10", 2, "no socket has the call `limit 10`");
    fails("ESTABLISHED\nsend 1\n& close", 3, "a kernel answers each event at once, so none can be joined to another");
    fails("close => error: connection does not exist", 1, "the error of a call has no equivalent");
    fails("send 1", 1, "there is no open socket");
    fails("<-- <SEQ=300><CTL=SYN> refused", 1, "a segment comes before the socket");
    fails("LISTEN\n<-- <SEQ=300><CTL=RST> refused", 2, "the first segment to a listening socket is a SYN");
    fails("SYN-RECEIVED\nsend 1", 2, "a connection is accepted only once it is ESTABLISHED");
    fails("LISTEN\nopen active", 2, "it has one socket, which is open already or has been closed");
    fails("ESTABLISHED\ndetach\nopen active", 3, "it has one socket, which is open already or has been closed");
    fails("open active\n--> <SEQ=100><CTL=SYN><WS=none>", 2, "an option that must be absent, <WS=none>");
    let reset = "ESTABLISHED\n--> <SEQ=0><ACK=301><CTL=RST,ACK>";
    fails(reset, 2, "sequence number zero of a reset, since all numbers are relative");
    let old = "ESTABLISHED\n<-- <SEQ=298><ACK=100><CTL=ACK><DATA=5>";
    fails(old, 2, "a segment across the end of the relative sequence numbers");
}

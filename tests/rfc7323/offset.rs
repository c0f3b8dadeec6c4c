//! The clock of the timestamps may start anywhere: RFC 7323 section 7.1.

use core::time::Duration;

use tcp_lifecycle::{Config, Instant, Open, Refusal};

use crate::end::End;

const TIMESTAMPS: Config = Config { timestamps: true, nagle: false, ..Config::DEFAULT };

/// An end in CLOSED with this offset.
fn with_offset(offset: u16) -> End {
    let mut end = End::new(&TIMESTAMPS);
    end.connection.set_timestamp_offset(offset);
    end
}

/// TSval is the clock in milliseconds and 65,536 times the offset, modulo 2^32.
#[test]
fn every_segment_has_the_offset() {
    for offset in [0, 1, 0x8000, 0xffff] {
        let base = u32::from(offset) << 16;
        let stamp = |millis: u32| base.wrapping_add(millis);
        let mut end = with_offset(offset);
        assert!(end.open(Open::Active).ends_with(&format!("<TS={},0>", stamp(0))));
        end.wait(Duration::from_millis(20));
        assert_eq!(
            end.arrives(&format!("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,{}>", stamp(0))),
            format!("<SEQ=100><ACK=300><CTL=ACK><WND=65535><TS={},1000>", stamp(20))
        );
        end.wait(Duration::from_millis(70_000));
        assert_eq!(
            end.send(1),
            format!("<SEQ=100><ACK=300><CTL=PSH,ACK><DATA=1><WND=65535><TS={},1000>", stamp(70_020))
        );
        assert_eq!(end.abort(), format!("<SEQ=101><CTL=RST><TS={},0>", stamp(70_020)));
    }
}

/// An echo is measured with the offset, across 2^32 too.
#[test]
fn an_echo_is_measured_with_the_offset() {
    for offset in [0_u16, 1, 0x7fff, 0xffff] {
        let stamp = |millis: u32| (u32::from(offset) << 16).wrapping_add(millis);
        for (echo, millis) in [(1_020, 30), (20, 20), (1_121, 20)] {
            let mut end = with_offset(offset);
            end.open(Open::Active);
            end.wait(Duration::from_millis(20));
            end.arrives(&format!("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,{}>", stamp(0)));
            end.send(1);
            end.wait(Duration::from_secs(1));
            end.connection.timeout(Instant::from_micros(1_020_000));
            end.segments();
            end.wait(Duration::from_millis(100));
            end.arrives(&format!("<SEQ=300><ACK=101><CTL=ACK><WND=8000><TS=1100,{}>", stamp(echo)));
            let srtt = end.connection.status().srtt;
            assert_eq!(srtt, Some(Duration::from_millis(millis)), "{offset} {echo}");
        }
    }
}

/// The reset that answers a segment of no connection has a TSval of zero, as without an offset.
#[test]
fn a_reset_that_answers_has_no_clock() {
    let mut end = with_offset(7);
    assert_eq!(
        end.refuses("<SEQ=7><ACK=9><CTL=ACK><TS=55,66>"),
        (Refusal::NoConnection, "<SEQ=9><CTL=RST><TS=0,55>".to_owned())
    );
}

/// A `TimeWait` continues with the clock of its connection.
#[test]
fn a_time_wait_keeps_the_offset() {
    for offset in [0, 1, 0xffff] {
        let mut end = with_offset(offset);
        end.open(Open::Active);
        end.arrives("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,0>");
        end.close();
        end.arrives("<SEQ=300><ACK=101><CTL=FIN,ACK><WND=8000><TS=1000,0>");
        let mut time_wait = end.connection.time_wait().expect("TIME-WAIT");
        let fin = "<SEQ=300><ACK=101><CTL=FIN,ACK><WND=8000><TS=1000,0>";
        assert_eq!(time_wait.segment_arrives(&fin.parse().unwrap(), Instant::ZERO, &TIMESTAMPS), Ok(0..0));
        let ours = end.arrives(fin);
        let output = time_wait.poll(Instant::ZERO, &TIMESTAMPS);
        let tcp_lifecycle::Output::Transmit(theirs) = output else { panic!("{output:?}") };
        assert_eq!(theirs.segment.to_string(), ours);
        assert!(ours.ends_with(&format!("<TS={},1000>", u32::from(offset) << 16)), "{ours}");
    }
}

//! Window scale, timestamps, PAWS (RFC 7323), and SACK-permitted (RFC 2018 section 2).

mod cases;
#[path = "rfc7323/end.rs"]
mod end;
#[path = "rfc7323/offered.rs"]
mod offered;
#[path = "rfc7323/offers.rs"]
mod offers;
#[path = "rfc7323/offset.rs"]
mod offset;
#[path = "rfc7323/pair.rs"]
mod pair;
#[path = "rfc7323/paws.rs"]
mod paws;
#[path = "rfc7323/poison.rs"]
mod poison;
#[path = "rfc7323/policies.rs"]
mod policies;
#[path = "rfc7323/recent_zero.rs"]
mod recent_zero;
#[path = "rfc7323/repeated.rs"]
mod repeated;
#[path = "rfc7323/resets.rs"]
mod resets;
#[path = "rfc7323/rtt.rs"]
mod rtt;
#[path = "rfc7323/samples.rs"]
mod samples;
#[path = "rfc7323/scaled_receiver.rs"]
mod scaled_receiver;
#[path = "rfc7323/scaled_sender.rs"]
mod scaled_sender;
#[path = "rfc7323/switched_off.rs"]
mod switched_off;
#[path = "rfc7323/syn_again.rs"]
mod syn_again;
#[path = "rfc7323/timestamps.rs"]
mod timestamps;
#[path = "rfc7323/tolerated.rs"]
mod tolerated;
#[path = "rfc7323/which_echo.rs"]
mod which_echo;

use tcp_lifecycle::sim::check;

/// ESTABLISHED at 20 ms with timestamps agreed: SND.NXT=100, RCV.NXT=300, TS.Recent=1000.
const AGREED: &str = "
    config timestamps=on
    ISS=99
    open active
    --> <SEQ=99><CTL=SYN><TS=0,0>
    SYN-SENT
    + 20ms
    <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,0>
    --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
    ESTABLISHED                         TIMESTAMPS=1 SND.NXT=100 RCV.NXT=300
    ";

/// Checks a script that starts after timestamps are agreed, as in [`AGREED`].
#[track_caller]
fn once_agreed(script: &str) {
    check(&format!("{AGREED}{script}"));
}

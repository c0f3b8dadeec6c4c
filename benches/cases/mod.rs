//! The measured cases: each is one event, including its driver, repeated many times.

mod lifecycle;
mod smoltcp;
mod wire;

use std::time::Duration;

use tcp_lifecycle::{Config, KeepAlive};

/// Makes as many of the prepared events as its argument says, from the first on. All data that the events need are
/// prepared before, for all of them, so that a run of more events differs from a run of fewer only by these events.
pub(crate) type Run = Box<dyn FnMut(usize)>;

/// The number of prepared events.
pub(crate) const EVENTS: usize = 2_000;

/// An event of a connection.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// This crate, with these policies. The peer has timestamps if they have them.
    pub(crate) lifecycle: fn(&Config) -> Run,
    /// The same event with smoltcp, if it can do it; with timestamps or without.
    pub(crate) smoltcp: Option<fn(bool) -> Run>,
}

/// The policies that are measured.
pub(crate) const POLICIES: [(&str, Config); 5] = [
    ("default", Config::DEFAULT),
    ("timestamps", Config { timestamps: true, ..Config::DEFAULT }),
    ("keep-alive", Config { keep_alive: Some(KeepAlive::DEFAULT), ..Config::DEFAULT }),
    ("delayed ACK", Config { delayed_ack: Some(Duration::from_millis(40)), ..Config::DEFAULT }),
    ("linux()", Config::linux()),
];

pub(crate) const CASES: [Case; 18] = [
    Case { name: "pure ACK in, nothing out", lifecycle: lifecycle::pure_ack, smoltcp: Some(smoltcp::pure_ack) },
    Case {
        name: "pure ACK in that moves the window",
        lifecycle: lifecycle::window_update,
        smoltcp: Some(smoltcp::window_update),
    },
    Case { name: "1 byte in, consumed, ACK out", lifecycle: lifecycle::one_byte, smoltcp: Some(smoltcp::one_byte) },
    Case { name: "send, and its ACK", lifecycle: lifecycle::send_and_ack, smoltcp: Some(smoltcp::send_and_ack) },
    Case {
        name: "two full segments out, and their ACK",
        lifecycle: lifecycle::two_segments,
        smoltcp: Some(smoltcp::two_segments),
    },
    Case {
        name: "refused: blind RST in the window",
        lifecycle: lifecycle::blind_rst,
        smoltcp: Some(smoltcp::blind_rst),
    },
    Case { name: "refused: SYN in the window", lifecycle: lifecycle::blind_syn, smoltcp: Some(smoltcp::blind_syn) },
    Case { name: "refused: old payload", lifecycle: lifecycle::old_data, smoltcp: Some(smoltcp::old_data) },
    Case { name: "refused: ACK of the future", lifecycle: lifecycle::future_ack, smoltcp: Some(smoltcp::future_ack) },
    Case {
        name: "RST from CLOSED",
        lifecycle: lifecycle::reset_from_closed,
        smoltcp: Some(smoltcp::reset_from_closed),
    },
    Case {
        name: "RST from LISTEN",
        lifecycle: lifecycle::reset_from_listen,
        smoltcp: Some(smoltcp::reset_from_listen),
    },
    Case {
        name: "whole life, both ends, 7 segments",
        lifecycle: lifecycle::whole_life,
        smoltcp: Some(smoltcp::whole_life),
    },
    Case { name: "a connection, of a Policy", lifecycle: lifecycle::connection, smoltcp: None },
    Case { name: "FIN again at a TimeWait, ACK out", lifecycle: lifecycle::time_wait, smoltcp: None },
    Case { name: "packet of an ACK parsed", lifecycle: wire::parse_ack, smoltcp: Some(wire::smoltcp_parse_ack) },
    Case { name: "packet of an ACK emitted", lifecycle: wire::emit_ack, smoltcp: Some(wire::smoltcp_emit_ack) },
    Case { name: "packet of 1448 bytes parsed", lifecycle: wire::parse_full, smoltcp: Some(wire::smoltcp_parse_full) },
    Case { name: "packet of 1448 bytes emitted", lifecycle: wire::emit_full, smoltcp: Some(wire::smoltcp_emit_full) },
];

//! What is measured: each case is one event, with all that its driver does for it, made many times over.

mod lifecycle;
mod smoltcp;

/// Makes the first so many of the events that were prepared. Everything that the events need is prepared before, for
/// as many as there are, so that a run of more events differs from a run of fewer by these events alone.
pub(crate) type Run = Box<dyn FnMut(usize)>;

/// How many events are prepared.
pub(crate) const EVENTS: usize = 2_000;

/// One thing that happens to a connection.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// This crate.
    pub(crate) lifecycle: fn() -> Run,
    /// smoltcp doing the same, where it can.
    pub(crate) smoltcp: fn() -> Run,
}

pub(crate) const CASES: [Case; 11] = [
    Case { name: "pure ACK in, nothing out", lifecycle: lifecycle::pure_ack, smoltcp: smoltcp::pure_ack },
    Case {
        name: "pure ACK in that moves the window",
        lifecycle: lifecycle::window_update,
        smoltcp: smoltcp::window_update,
    },
    Case { name: "1 byte in, ACK out", lifecycle: lifecycle::one_byte, smoltcp: smoltcp::one_byte },
    Case { name: "send, and its ACK", lifecycle: lifecycle::send_and_ack, smoltcp: smoltcp::send_and_ack },
    Case { name: "refused: blind RST in the window", lifecycle: lifecycle::blind_rst, smoltcp: smoltcp::blind_rst },
    Case { name: "refused: SYN in the window", lifecycle: lifecycle::blind_syn, smoltcp: smoltcp::blind_syn },
    Case { name: "refused: old payload", lifecycle: lifecycle::old_data, smoltcp: smoltcp::old_data },
    Case { name: "refused: ACK of the future", lifecycle: lifecycle::future_ack, smoltcp: smoltcp::future_ack },
    Case { name: "RST from CLOSED", lifecycle: lifecycle::reset_from_closed, smoltcp: smoltcp::reset_from_closed },
    Case { name: "RST from LISTEN", lifecycle: lifecycle::reset_from_listen, smoltcp: smoltcp::reset_from_listen },
    Case { name: "whole life, both ends, 7 segments", lifecycle: lifecycle::whole_life, smoltcp: smoltcp::whole_life },
];

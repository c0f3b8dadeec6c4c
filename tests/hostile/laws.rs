//! The laws: what a peer cannot do to us, whatever it sends.

use core::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Law {
    /// Output in addition to new payload is bounded by the input, by the timers, and by the acknowledged payload (D16).
    BoundedRepair,
    /// A poll reaches `Wait` after no more segments than window and queue allow.
    BoundedOutput,
    /// R2 and the user timeout hold (RFC 9293 sections 3.8.3 and 3.9.1.1), whatever arrives without acknowledging
    /// anything new. But a closed window whose probes are answered is waited for (MUST-37).
    BoundedPatience,
    /// Both streams arrive with each byte at its number, or the end of the connection is signalled.
    Streams,
    /// The connection ends once, no timer runs after the end, and a timer runs wherever the network is waited for.
    Sanity,
    /// A probe with an acceptable acknowledgment is answered, whatever the limiter (RFC 9293 sections 3.8.4 and
    /// 3.8.6.1).
    Probes,
    /// A segment far from the window is answered only within the limiter (RFC 5961 section 7).
    Limiter,
    /// Each segment ahead of a gap draws a duplicate ACK, and a segment that fills the gap draws an immediate ACK (RFC
    /// 5681 section 4.2).
    Gaps,
    /// A repeated FIN that acknowledges ours ends CLOSING and LAST-ACK.
    RepeatedFin,
    /// A single lost probe of a closed window never ends the connection.
    ThreeProbes,
    /// When the peer turns honest, everything queued reaches it within a few timeouts.
    Progress,
}

impl Law {
    #[allow(dead_code, reason = "the property tests look at one at a time")]
    pub(crate) const ALL: &[Law] = &[
        Law::BoundedRepair,
        Law::BoundedOutput,
        Law::BoundedPatience,
        Law::Streams,
        Law::Sanity,
        Law::Probes,
        Law::Limiter,
        Law::Gaps,
        Law::RepeatedFin,
        Law::ThreeProbes,
        Law::Progress,
    ];
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Law::BoundedRepair => "more goes out than the peer has paid for",
            Law::BoundedOutput => "poll does not reach Wait",
            Law::BoundedPatience => "a peer that acknowledges nothing new is not given up",
            Law::Streams => "a byte is lost, doubled or misplaced, and no end is signalled",
            Law::Sanity => "an end, a state or a timer that cannot be",
            Law::Probes => "an honest probe finds nobody",
            Law::Limiter => "what lies far from the window is answered without limit",
            Law::Gaps => "an acknowledgment at a gap is missing or late",
            Law::RepeatedFin => "a FIN that acknowledges ours is thrown away",
            Law::ThreeProbes => "a closed window ends the connection before three probes",
            Law::Progress => "the peer has turned honest, and does not get all",
        })
    }
}

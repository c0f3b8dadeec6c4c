//! Which segments are sent, and when.

use tcp_lifecycle::{Segment, SeqNumber, State};

use super::{Effect, Rule};
use crate::twin::moment::is_bare_ack;

pub(crate) const RULES: &[Rule] = &[
    Rule {
        why: "a closed window is probed with an old number and nothing (tcp_xmit_probe_skb()); RFC 9293 wants an octet",
        effect: Effect::Parts,
        holds: |m| {
            m.agree()
                && m.arrival.is_none()
                && matches!((&m.kernel[..], &m.twin[..]), ([kernel], [twin])
                    if is_bare_ack(kernel) && twin.len() == 1 && kernel.seq() + 1 == twin.seq())
        },
    },
    Rule {
        why: "with TCP_NODELAY tcp_mss_split_point() fills a small window, where silly-window avoidance waits; \
              or tcp_tso_should_defer() waits",
        effect: Effect::Parts,
        holds: |m| m.agree() && m.fills_the_window(),
    },
    Rule {
        why: "after a timeout tcp_cwnd_test() lets fewer segments go; here that is congestion control's, beside the \
              connection",
        effect: Effect::Parts,
        holds: |m| {
            m.agree() && m.timed_out && {
                let (kernel, twin) = (m.comparable(&m.kernel), m.comparable(&m.twin));
                twin.starts_with(&kernel) && twin[kernel.len()..].iter().all(|more| more.payload_len() > 0)
            }
        },
    },
    Rule {
        why: "what is sent again is cut anew (tcp_retrans_try_collapse(), and the FIN that rides on it here)",
        effect: Effect::Parts,
        holds: |m| {
            m.agree()
                && m.arrival.is_none()
                && matches!((&m.kernel[..], &m.twin[..]), ([kernel, ..], [twin, ..])
                    if kernel.payload_len() > 0 && twin.payload_len() > 0 && kernel.seq() == twin.seq())
                && m.sends_again()
        },
    },
    Rule {
        why: "a segment is half the largest window at most (tcp_bound_to_half_wnd()), and shorter beside SACK blocks: \
              the sender chooses",
        effect: Effect::Nothing,
        holds: |m| m.agree() && m.joins(&m.kernel, &m.twin),
    },
    Rule {
        why: "tcp_acceptable_seq() forgives a step of the end's own window scale; here it is the peer's, whose field \
              rounds (D17)",
        effect: Effect::Nothing,
        holds: |m| {
            m.agree()
                && matches!((&m.kernel[..], &m.twin[..]), ([kernel], [twin])
                    if kernel.len() == 0 && twin.len() == 0
                        && (1..m.seen.step()).contains(&twin.seq().0.wrapping_sub(kernel.seq().0))
                        && m.comparable(&m.kernel) == m.comparable(&[at(twin, kernel.seq())]))
        },
    },
    Rule {
        why: "tcp_acceptable_seq() steps back to a window that was taken from a FIN; here a FIN alone needs none (D17)",
        effect: Effect::Nothing,
        holds: |m| {
            m.agree()
                && matches!(m.state, State::FinWait1 | State::Closing | State::LastAck)
                && matches!((&m.kernel[..], &m.twin[..]), ([kernel], [twin])
                    if kernel.len() == 0 && twin.len() == 0
                        && twin.seq() == kernel.seq() + 1
                        && m.comparable(&m.kernel) == m.comparable(&[at(twin, kernel.seq())]))
        },
    },
];

/// The same segment at another number.
fn at(segment: &Segment, seq: SeqNumber) -> Segment {
    Segment::new(seq, segment.ack().unwrap_or(seq), segment.control())
        .with_window(segment.window())
        .with_urgent(segment.urgent())
        .with_options(segment.options())
}

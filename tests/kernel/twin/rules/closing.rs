//! From the first FIN on, and ABORT.

use tcp_lifecycle::{Options, State};

use super::{Effect, Rule};
use crate::twin::moment::{is_bare_ack, is_fin, is_rst, is_syn, unadorned};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        why: "after a Fill one may have read all, and the other not",
        effect: Effect::Parts,
        holds: |m| m.arrival.is_none() && m.gone && m.drifts && m.unread && m.twin.iter().any(is_rst) && !m.agree(),
    },
    Rule {
        why: "tcp_rcv_state_process() resets for payload behind the peer's FIN; RFC 9293: this should not occur",
        effect: Effect::Parts,
        holds: |m| {
            m.has_their_fin()
                && m.states.0 == State::Closed
                && m.arrives(|arrival| {
                    m.offset(arrival) < 0 && m.offset(arrival) + i64::from(arrival.payload_len()) > 0
                })
        },
    },
    Rule {
        why: "tcp_fin() advances RCV.NXT over a second FIN behind the first one; RFC 9293: there is one (D10)",
        effect: Effect::Parts,
        holds: |m| {
            m.has_their_fin()
                && m.arrives(|arrival| {
                    is_fin(arrival) && m.offset(arrival) < 0 && m.offset(arrival) + i64::from(arrival.len()) == 1
                })
        },
    },
    Rule {
        why: "tcp_reset_check() takes a reset at the number of the peer's FIN, for macOS",
        effect: Effect::Parts,
        holds: |m| {
            m.has_their_fin()
                && m.states.0 == State::Closed
                && m.arrives(|arrival| is_rst(arrival) && m.offset(arrival) == -1)
        },
    },
    Rule {
        why: "tcp_fin() acknowledges the FIN at once, before what its acknowledgment lets go",
        effect: Effect::Nothing,
        holds: |m| {
            m.agree()
                && m.arrives(is_fin)
                && matches!(&m.kernel[..], [ack, rest @ ..] 
                    if is_bare_ack(ack) && m.joins(rest, &m.twin))
        },
    },
    Rule {
        why: "tcp_close_state() enters LAST-ACK at once; RFC 9293 when all has been segmentized (D36)",
        effect: Effect::Parts,
        holds: |m| m.arrival.is_none() && m.states == (State::LastAck, State::CloseWait),
    },
    Rule {
        why: "SO_LINGER has no hold on a TIME-WAIT; ABORT deletes the TCB there too (3.10.5)",
        effect: Effect::Parts,
        holds: |m| m.arrival.is_none() && m.states == (State::TimeWait, State::Closed),
    },
    Rule {
        why: "__tcp_close() resets in CLOSING and LAST-ACK too where something is unread; ABORT does not (3.10.5)",
        effect: Effect::Parts,
        holds: |m| {
            m.arrival.is_none()
                && m.unread
                && matches!(m.state, State::Closing | State::LastAck)
                && m.states == (State::Closed, State::Closed)
        },
    },
    Rule {
        why: "tcp_timewait_state_process() looks at no acknowledgment, and challenges no reset; RFC 9293 does",
        effect: Effect::Nothing,
        holds: |m| {
            m.state == State::TimeWait
                && m.agree()
                && m.differ_by_bare_acks()
                && m.arrives(|arrival| !m.has_good_ack(arrival) || is_rst(arrival))
        },
    },
    Rule {
        why: "tcp_v4_timewait_ack() has timestamps, agreed or not, once a segment had",
        effect: Effect::Nothing,
        holds: |m| {
            // For the kernel FIN-WAIT-2 is a kind of TIME-WAIT once nobody reads.
            (m.state == State::TimeWait || m.state == State::FinWait2 && m.gone)
                && m.agree()
                && matches!((&m.kernel[..], &m.twin[..]), ([kernel], [twin])
                    if is_bare_ack(kernel) && is_bare_ack(twin) && twin.options() == Options::NONE
                        && unadorned(kernel) == unadorned(twin))
        },
    },
    Rule {
        why: "tcp_timewait_state_process() takes the timestamp of a bare ACK; here none is taken in TIME-WAIT (D30)",
        effect: Effect::Echo,
        holds: |m| m.state == State::TimeWait && m.arrives(|arrival| arrival.options().timestamps().is_some()),
    },
    Rule {
        why: "tcp_timewait_state_process() has FIN-WAIT-2 too once nobody reads: no acknowledgment is looked at, any \
              reset or SYN ends it",
        effect: Effect::Parts,
        holds: |m| {
            m.state == State::FinWait2
                && m.gone
                && m.arrives(|arrival| !m.has_good_ack(arrival) || is_rst(arrival) || is_syn(arrival))
        },
    },
    Rule {
        why: "tcp_timewait_state_process() has FIN-WAIT-2 once nobody reads, and takes no timestamp from what brings \
              nothing; RFC 7323 section 4.3 does",
        effect: Effect::Echo,
        holds: |m| {
            m.state == State::FinWait2
                && m.gone
                && m.arrives(|arrival| {
                    arrival.options().timestamps().is_some()
                        && (arrival.len() == 0 || m.offset(arrival) + i64::from(arrival.len()) <= 0)
                })
        },
    },
    Rule {
        why: "once nobody reads, tcp_v4_send_reset() answers payload at SEG.ACK; here at SND.NXT (D45): SEG.ACK may be \
              left of what the peer has taken meanwhile",
        effect: Effect::Nothing,
        holds: |m| {
            m.gone
                && m.states == (State::Closed, State::Closed)
                && matches!((&m.kernel[..], &m.twin[..]), ([kernel], [twin])
                    if is_rst(kernel) && is_rst(twin) && m.is_in_flight(twin.seq())
                        && m.arrives(|arrival| arrival.payload_len() > 0 && arrival.ack() == Some(kernel.seq())))
        },
    },
    Rule {
        why: "once nobody reads, tcp_rcv_state_process() resets for a bare FIN ahead of a gap; RFC 1122 section \
              4.2.2.13 for payload (D45)",
        effect: Effect::Parts,
        holds: |m| {
            m.gone
                && matches!(m.state, State::FinWait1 | State::FinWait2)
                && m.states.0 == State::Closed
                && m.arrives(|arrival| {
                    is_fin(arrival)
                        && arrival.payload_len() == 0
                        && (1..=i64::from(m.seen.window_before())).contains(&m.offset(arrival))
                })
        },
    },
];

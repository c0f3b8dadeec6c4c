//! Which segments count, once there is a connection.

use tcp_lifecycle::{Control, Segment, State};

use super::{Effect, Rule};
use crate::twin::moment::{Moment, is_bare_ack, is_fin, is_rst};
use crate::twin::seen::ISS;

/// The segment lies entirely left of RCV.NXT, and near enough for D4.
fn ends_left(m: &Moment<'_>, arrival: &Segment) -> bool {
    let offset = m.offset(arrival);
    let is_plain = !arrival.control().intersects(Control::SYN | Control::RST);
    is_plain && (-65_536..0).contains(&offset) && offset + i64::from(arrival.len()) < 0
}

/// The segment has arrived before as a whole, and ends at RCV.NXT.
fn ends_at_nxt(m: &Moment<'_>, arrival: &Segment) -> bool {
    arrival.len() > 0 && m.offset(arrival) + i64::from(arrival.len()) == 0
}

/// The segment begins at the right edge of the window.
fn is_at_the_edge(m: &Moment<'_>, arrival: &Segment) -> bool {
    m.offset(arrival) == i64::from(m.seen.window_before())
}

pub(crate) const RULES: &[Rule] = &[
    Rule {
        why: "what ends left of RCV.NXT is dropped whole by tcp_sequence(); here its acknowledgment counts (D4)",
        effect: Effect::PartsUnseen,
        holds: |m| {
            m.is_synchronized()
                && m.states.0 == m.state
                && m.arrives(|arrival| ends_left(m, arrival) && m.acknowledges_something(arrival))
        },
    },
    Rule {
        why: "what is left of RCV.NXT is not answered by tcp_rcv_state_process() where its ACK moves the connection \
              on; RFC 9293 answers it",
        effect: Effect::Nothing,
        holds: |m| {
            (m.state == State::Closing || m.state == State::FinWait1 && m.gone)
                && m.agree()
                && m.states.0 != m.state
                && m.kernel.is_empty()
                && m.differ_by_bare_acks()
                && m.arrives(|arrival| ends_at_nxt(m, arrival))
        },
    },
    Rule {
        why: "of what ends at RCV.NXT tcp_ack() takes a larger or closed window too; here only with a new \
              acknowledgment (D4)",
        effect: Effect::PartsUnseen,
        holds: |m| {
            m.is_synchronized()
                && m.agree()
                && m.arrives(|arrival| {
                    ends_at_nxt(m, arrival) && !m.acknowledges_something(arrival) && m.seen.widens_or_closes(arrival)
                })
        },
    },
    Rule {
        why: "a bare ACK left of RCV.NXT that opens a closed window is used here (D17), and refused by tcp_sequence()",
        effect: Effect::PartsUnseen,
        holds: |m| {
            m.is_synchronized()
                && m.state != State::TimeWait
                && m.arrives(|arrival| {
                    is_bare_ack(arrival)
                        && (-65_536..0).contains(&m.offset(arrival))
                        && m.has_good_ack(arrival)
                        && m.seen.opens(arrival)
                })
        },
    },
    Rule {
        why: "where TS.Recent differs, what is too old does",
        effect: Effect::Parts,
        holds: |m| m.loose && m.arrives(|arrival| m.seen.has_old_stamp(arrival)),
    },
    Rule {
        why: "duplicate ACKs make the kernel retransmit; here that is congestion control's, beside the connection",
        effect: Effect::Parts,
        holds: |m| m.agree() && m.arrival.is_some() && m.sends_again() && m.twin.iter().all(is_bare_ack),
    },
    Rule {
        why: "tcp_sequence() drops what reaches beyond the edge whole, unless all was read (6.17); RFC 9293 trims it",
        effect: Effect::PartsUnseen,
        holds: |m| {
            !matches!(m.state, State::Closed | State::Listen | State::SynSent)
                && m.arrives(|arrival| {
                    // The FIN does not count.
                    let length = i64::from(arrival.len()) - i64::from(is_fin(arrival));
                    let beyond = m.offset(arrival) + length - i64::from(m.seen.window_before());
                    beyond > 0 && beyond <= length
                })
        },
    },
    Rule {
        why: "tcp_may_update_window() takes a smaller window only from a later segment; RFC 9293 compares SEG.ACK too",
        effect: Effect::PartsUnseen,
        holds: |m| {
            m.is_synchronized() && m.arrives(|arrival| m.seen.shrinks(arrival) && !m.acknowledges_something(arrival))
        },
    },
    Rule {
        why: "tcp_may_update_window() looks at SEG.SEQ as it came; RFC 9293 at the trimmed segment's",
        effect: Effect::PartsUnseen,
        holds: |m| {
            m.is_synchronized()
                && m.arrives(|arrival| {
                    let offset = m.offset(arrival);
                    offset < 0 && offset + i64::from(arrival.len()) > 0 && !m.acknowledges_something(arrival)
                })
        },
    },
    Rule {
        why: "tcp_ack() refuses an ACK left of the SYN, of what was never sent; RFC 5961 section 5.2 counts a window",
        effect: Effect::PartsUnseen,
        holds: |m| {
            m.is_synchronized()
                && m.arrives(|arrival| arrival.ack().is_some_and(|ack| (ack.0.wrapping_sub(ISS + 1) as i32) < 0))
        },
    },
    Rule {
        why: "tcp_ack() takes no timestamp from a segment with an old ACK; RFC 7323 section 4.3 does",
        effect: Effect::Echo,
        holds: |m| m.is_synchronized() && m.arrives(|arrival| m.has_old_ack(arrival)),
    },
    Rule {
        why: "tcp_rcv_established() drops what has no ACK before it looks at the sequence number",
        effect: Effect::Nothing,
        holds: |m| {
            m.has_full_socket()
                && m.agree()
                && m.kernel.is_empty()
                && m.differ_by_bare_acks()
                && m.arrives(|arrival| !arrival.control().intersects(Control::ACK | Control::RST | Control::SYN))
        },
    },
    Rule {
        why: "tcp_disordered_ack_check(): an old bare ACK is not answered for its timestamp; RFC 7323 section 5.3 does",
        effect: Effect::Nothing,
        holds: |m| {
            m.has_full_socket()
                && m.agree()
                && m.kernel.is_empty()
                && m.differ_by_bare_acks()
                && m.arrives(|arrival| {
                    arrival.len() == 0 && arrival.options().timestamps().is_some() && m.offset(arrival) <= 0
                })
        },
    },
    Rule {
        why: "tcp_validate_incoming() challenges a reset whose payload reaches into the window; SEG.SEQ decides (D11)",
        effect: Effect::Nothing,
        holds: |m| {
            m.agree()
                && m.twin.is_empty()
                && m.differ_by_bare_acks()
                && m.arrives(|arrival| {
                    is_rst(arrival) && m.offset(arrival) < 0 && m.offset(arrival) + i64::from(arrival.len()) >= 0
                })
        },
    },
    Rule {
        why: "tcp_validate_incoming() takes a reset at the end of the last SACK block too; RFC 9293 at RCV.NXT",
        effect: Effect::Parts,
        holds: |m| {
            m.is_synchronized()
                && m.states.0 == State::Closed
                && m.unread
                && m.arrives(|arrival| is_rst(arrival) && m.offset(arrival) > 0)
        },
    },
    Rule {
        why: "a bare ACK behind the probe of a closed window is used here (D17), and refused by tcp_sequence()",
        effect: Effect::Parts,
        holds: |m| {
            m.is_synchronized()
                && m.seen.window_before() == 0
                && m.arrives(|arrival| arrival.len() == 0 && m.offset(arrival) == 1)
        },
    },
    Rule {
        why: "tcp_sequence() counts the right edge itself as within",
        effect: Effect::Nothing,
        holds: |m| m.agree() && m.differ_by_bare_acks() && m.arrives(|arrival| is_at_the_edge(m, arrival)),
    },
    Rule {
        why: "tcp_sequence() counts the right edge itself as within, and tcp_ack() uses a FIN there, ahead of a gap; \
              Table 6 refuses it (D28)",
        effect: Effect::PartsUnseen,
        holds: |m| {
            m.has_full_socket()
                && m.states.1 == m.state
                && m.arrives(|arrival| {
                    m.offset(arrival) > 0 && is_at_the_edge(m, arrival) && is_fin(arrival) && m.has_good_ack(arrival)
                })
        },
    },
    Rule {
        why: "after a Fill __tcp_select_window() reckons with memory: a closed window opens at another byte",
        effect: Effect::Parts,
        holds: |m| m.agree() && m.drifts && m.differ_by_windows(),
    },
    Rule {
        why: "tcp_data_snd_check() lets payload carry the ACK of what came ahead of a gap; RFC 5681 counts ACKs \
              without payload (D46)",
        effect: Effect::Nothing,
        holds: |m| {
            m.agree()
                && m.arrives(|arrival| m.offset(arrival) > 0 && arrival.len() > 0)
                && matches!(&m.twin[..], [same @ .., ack]
                    if !same.is_empty() && is_bare_ack(ack) && m.joins(same, &m.kernel))
        },
    },
];

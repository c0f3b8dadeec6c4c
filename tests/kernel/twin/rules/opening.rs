//! LISTEN, SYN-SENT, SYN-RECEIVED, and what the handshake agrees.

use tcp_lifecycle::State;

use super::{Effect, Rule};
use crate::twin::moment::{is_bare_ack, is_fin, is_rst, is_syn, is_syn_ack, unadorned};
use crate::twin::seen::ISS;

pub(crate) const RULES: &[Rule] = &[
    Rule {
        why: "tcp_rcv_synsent_state_process() sends the SYN again some ticks after an unacceptable ACK",
        effect: Effect::PartsLater,
        holds: |m| {
            m.state == State::SynSent
                && m.arrives(|arrival| arrival.ack().is_some() && !m.acknowledges_something(arrival))
        },
    },
    Rule {
        why: "the same, where the ticks are over before its answer is read",
        effect: Effect::Parts,
        holds: |m| {
            m.state == State::SynSent
                && m.arrival.is_some()
                && matches!(&m.kernel[..], [rest @ .., syn]
                    if is_syn(syn) && m.comparable(rest) == m.comparable(&m.twin))
        },
    },
    Rule {
        why: "tcp_rcv_state_process() drops a SYN with a FIN in LISTEN; RFC 9293 leaves the FIN for later (D13)",
        effect: Effect::Parts,
        holds: |m| m.state == State::Listen && m.arrives(|arrival| is_syn(arrival) && is_fin(arrival)),
    },
    Rule {
        why: "after a crossing the kernel knows the round-trip time; here it cannot be told which SYN was meant (Karn)",
        effect: Effect::Parts,
        holds: |m| m.crossed && m.arrival.is_none() && m.kernel.len() + m.twin.len() == 1,
    },
    Rule {
        why: "tcp_rcv_synsent_state_process() refuses an echo of a timestamp that was never sent",
        effect: Effect::Parts,
        holds: |m| {
            m.state == State::SynSent
                && m.states.0 == State::SynSent
                && m.arrives(|arrival| !m.seen.echoes_syn(arrival))
        },
    },
    Rule {
        why: "after a crossing tcp_ack() takes an ACK of SND.UNA, which acknowledges no SYN; RFC 9293 resets",
        effect: Effect::Parts,
        holds: |m| {
            m.state == State::SynReceived
                && m.active
                && m.arrives(|arrival| arrival.ack().is_some_and(|ack| ack.0 == ISS))
        },
    },
    Rule {
        why: "what ends at RCV.NXT is acceptable to tcp_sequence(), after a crossing too",
        effect: Effect::Parts,
        holds: |m| {
            m.state == State::SynReceived
                && m.active
                && m.arrives(|arrival| {
                    !is_syn(arrival) && m.offset(arrival) < 0 && m.offset(arrival) + i64::from(arrival.len()) == 0
                })
        },
    },
    Rule {
        why: "tcp_paws_reject() refuses a reset for its timestamp where there is no full socket; RFC 7323 does not",
        effect: Effect::Parts,
        holds: |m| {
            (m.state == State::SynReceived && !m.active || m.state == State::TimeWait || m.gone)
                && m.kernel.is_empty()
                && m.arrives(|arrival| is_rst(arrival) && arrival.options().timestamps().is_some())
        },
    },
    Rule {
        why: "the SYN,ACK of a crossing has the options of the SYN; RFC 7323 wants those that both SYNs had",
        effect: Effect::Nothing,
        holds: |m| {
            m.state == State::SynSent
                && m.agree()
                && matches!((&m.kernel[..], &m.twin[..]), ([kernel], [twin])
                    if is_syn_ack(kernel) && is_syn_ack(twin) && unadorned(kernel) == unadorned(twin))
        },
    },
    Rule {
        why: "since 6.12 the SYN,ACK of a crossing is acknowledged, which Figure 7 does not ask for",
        effect: Effect::Nothing,
        holds: |m| {
            m.state == State::SynReceived
                && m.active
                && m.arrives(|arrival| is_syn_ack(arrival) && m.offset(arrival) == -1)
                && m.agree()
                && m.differ_by_bare_acks()
        },
    },
    Rule {
        why: "tcp_acceptable_seq() steps back to the window of the peer's SYN; we do once ours is acknowledged (D17)",
        effect: Effect::Nothing,
        holds: |m| {
            m.state == State::SynReceived
                && m.agree()
                && matches!((&m.kernel[..], &m.twin[..]), ([kernel], [twin])
                    if is_bare_ack(kernel) && is_bare_ack(twin) && kernel.seq().0 == ISS && twin.seq().0 == ISS + 1)
        },
    },
    Rule {
        why: "payload on a SYN,ACK is left to be sent again; RFC 9293 goes on with the sixth step",
        effect: Effect::Parts,
        holds: |m| m.state == State::SynSent && m.arrives(|arrival| is_syn_ack(arrival) && arrival.len() > 1),
    },
    Rule {
        why: "tcp_check_req() answers a SYN in the window with a reset; RFC 9293 returns to LISTEN in silence",
        effect: Effect::Nothing,
        holds: |m| {
            m.state == State::SynReceived
                && m.arrives(is_syn)
                && m.states == (State::Listen, State::Listen)
                && m.twin.is_empty()
                && matches!(&m.kernel[..], [reset] if is_rst(reset))
        },
    },
    Rule {
        why: "tcp_check_req() looks at the ACK before the sequence number; RFC 9293 after it",
        effect: Effect::Parts,
        holds: |m| {
            m.state == State::SynReceived
                && !m.active
                && m.arrives(|arrival| {
                    arrival.ack().is_some()
                        && (is_syn(arrival) || !is_rst(arrival) && !m.acknowledges_something(arrival))
                })
        },
    },
    Rule {
        why: "tcp_check_req() takes a SYN whose payload reaches into the window for another one; SEG.SEQ decides here",
        effect: Effect::Parts,
        holds: |m| {
            m.state == State::SynReceived
                && !m.active
                && m.states.0 == State::Listen
                && m.arrives(|arrival| is_syn(arrival) && m.offset(arrival) < -1)
        },
    },
    Rule {
        why: "tcp_check_req() sends the SYN,ACK of the first SYN again; here what a repeat does not offer is taken back \
              (D6)",
        effect: Effect::Parts,
        holds: |m| {
            m.state == State::SynReceived
                && !m.active
                && m.agree()
                && m.arrives(|arrival| is_syn(arrival) && m.offset(arrival) == -1)
                && matches!((&m.kernel[..], &m.twin[..]), ([kernel], [twin])
                    if is_syn_ack(kernel) && is_syn_ack(twin) && unadorned(kernel) == unadorned(twin))
        },
    },
    Rule {
        why: "payload on the SYN,ACK of a crossing is challenged (tcp_validate_incoming()); RFC 9293 takes it",
        effect: Effect::Parts,
        holds: |m| {
            m.state == State::SynReceived && m.active && m.arrives(|arrival| is_syn_ack(arrival) && arrival.len() > 1)
        },
    },
    Rule {
        why: "the SYN of a crossing that comes again is challenged; here the SYN,ACK goes again (D6)",
        effect: Effect::Parts,
        holds: |m| {
            m.state == State::SynReceived
                && m.active
                && m.agree()
                && m.arrives(|arrival| is_syn(arrival) && m.offset(arrival) == -1)
        },
    },
    Rule {
        why: "tcp_check_req() wants an echo of a SYN,ACK's timestamp",
        effect: Effect::Parts,
        holds: |m| {
            m.state == State::SynReceived
                && m.states.0 == State::SynReceived
                && !m.active
                && m.arrives(|arrival| !m.seen.echoes_syn(arrival))
        },
    },
];

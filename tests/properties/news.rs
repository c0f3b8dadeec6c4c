//! The properties of transitions and signals.

use tcp_lifecycle::{Control, Signal, State, Transition};

use super::Watched;
use crate::arcs::{ARCS, By, Cause};

impl Watched {
    /// S1: each transition starts where the last one ended, and runs along an arc that the events explain.
    pub(super) fn check_transition(&mut self, transition: Transition) {
        let Transition { from, to } = transition;
        assert!(from == self.shown && from != to);
        self.shown = to;
        self.transitions += 1;
        self.held += 1;
        assert!(self.held <= 3, "more than three transitions are held");
        let explained = |by: &By| self.causes.iter().any(|(cause, config)| cause.is(*by, config));
        let arc = ARCS.iter().position(|(f, t, by)| (*f, *t) == (from, to) && by.iter().any(explained));
        // From the third transition on, later ones are folded into the third, which need not look like an arc then.
        if self.transitions >= 3 && self.causes.len() > 1 {
            return;
        }
        let arc = arc.unwrap_or_else(|| panic!("{transition} after {:?}", self.causes));
        let by_ack = ARCS[arc] == (State::Established, State::FinWait1, &[By::Ack]);
        assert!(!by_ack || self.transitions == 2, "ESTABLISHED is left only by CLOSE");
        self.walked.insert(arc);
    }

    pub(super) fn check_signal(&mut self, signal: Signal) {
        let ends = matches!(signal, Signal::Refused | Signal::Reset | Signal::TimedOut | Signal::Unreachable(_));
        assert_eq!(signal.is_end(), ends);
        let rank = match signal {
            Signal::Acknowledged(_) => 0,
            Signal::RetransmissionTimeout => 1,
            Signal::Retransmitting => 2,
            _ if ends => 4,
            Signal::SoftError(_) | Signal::CongestionExperienced | Signal::Urgent | Signal::Closing | _ => 3,
        };
        assert!(self.rank_of_signal <= rank, "what is acknowledged first, an end last");
        self.rank_of_signal = rank;
        let life = &mut self.life;
        match signal {
            Signal::Acknowledged(bytes) => {
                assert!(0 < bytes && bytes <= life.queue, "more acknowledged than sent");
                life.queue -= bytes;
                life.acknowledged += bytes as u32;
            }
            Signal::Closing => {
                assert!(!life.closing, "one FIN, one signal");
                life.closing = true;
            }
            Signal::RetransmissionTimeout => {
                assert!(core::mem::take(&mut self.timeout_is_told), "nothing was sent again, or a probe was");
            }
            Signal::Retransmitting => assert!(self.config.r1 > 0 || self.configured),
            Signal::Refused | Signal::Reset | Signal::TimedOut | Signal::Unreachable(_) => {
                assert_eq!(self.end.take(), Some(signal), "the end, of its class, and once");
            }
            Signal::SoftError(error) => {
                assert!(self.causes.iter().any(|(cause, _)| *cause == Cause::Icmp(error)), "an ICMP error of nowhere");
            }
            Signal::Urgent => assert!(self.has_come(Control::URG), "nothing urgent has come"),
            Signal::CongestionExperienced => assert!(self.has_come(Control::ECE), "no echo of a mark has come"),
            _ => panic!("{signal:?} out of the blue"),
        }
        // S14: the return to LISTEN is silent.
        assert_ne!(self.state(), State::Listen);
    }

    fn has_come(&self, bit: Control) -> bool {
        let has = |cause: &Cause| matches!(cause, Cause::Segment(segment) if segment.control().contains(bit));
        self.causes.iter().any(|(cause, _)| has(cause))
    }
}

//! The transitions that wait to be handed out, in two bytes.

use crate::machine::state::{State, Transition};

/// The transitions that have not been polled: up to three states that were left, oldest first, and the state that was
/// reached. Each state that was left leads to the next in the log. Each state takes four bits: its index in
/// [`State::ALL`] plus one, or zero for no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct TransitionLog(u16);

impl TransitionLog {
    pub(super) const EMPTY: TransitionLog = TransitionLog(0);
    const FIRST: u32 = 0;
    const SECOND: u32 = 4;
    const THIRD: u32 = 8;
    const REACHED: u32 = 12;

    /// Maps four bits to a state. All 16 values have an entry, so that no bound is checked; unused values give CLOSED.
    const STATES: [State; 16] = {
        let [closed, listen, syn_sent, syn_received, established, fin_wait_1, fin_wait_2, rest @ ..] = State::ALL;
        let [close_wait, closing, last_ack, time_wait] = rest;
        [
            closed,
            closed,
            listen,
            syn_sent,
            syn_received,
            established,
            fin_wait_1,
            fin_wait_2,
            close_wait,
            closing,
            last_ack,
            time_wait,
            closed,
            closed,
            closed,
            closed,
        ]
    };

    #[inline]
    const fn bits(state: State, place: u32) -> u16 {
        (state as u16).wrapping_add(1) << place
    }

    #[inline]
    const fn has(self, place: u32) -> bool {
        self.0 >> place & 0xF != 0
    }

    /// Returns the state at `place`; CLOSED if there is none.
    #[inline]
    fn get(self, place: u32) -> State {
        let bits = usize::from(self.0 >> place & 0xF);
        TransitionLog::STATES.get(bits).copied().unwrap_or(State::Closed)
    }

    #[inline]
    pub(super) fn push(&mut self, from: State, to: State) {
        if self.has(TransitionLog::FIRST) {
            return self.push_after(from, to);
        }
        self.0 = TransitionLog::bits(from, TransitionLog::FIRST) | TransitionLog::bits(to, TransitionLog::REACHED);
    }

    /// Appends a transition to a log that is not empty. The log has room for three: a later transition merges into the
    /// third. If the third then ends where it began, it is removed.
    #[cold]
    fn push_after(&mut self, from: State, to: State) {
        self.0 = self.0 & !(0xF << TransitionLog::REACHED) | TransitionLog::bits(to, TransitionLog::REACHED);
        if !self.has(TransitionLog::SECOND) {
            self.0 |= TransitionLog::bits(from, TransitionLog::SECOND);
        } else if !self.has(TransitionLog::THIRD) {
            self.0 |= TransitionLog::bits(from, TransitionLog::THIRD);
        } else if self.get(TransitionLog::THIRD) == to {
            self.0 &= !(0xF << TransitionLog::THIRD);
        }
    }

    /// Returns whether the log is one that [`push`](Self::push) makes, and ends in `reached`.
    #[cfg(feature = "serde")]
    pub(super) fn leads_to(self, reached: State) -> bool {
        let is_state = |place| usize::from(self.0 >> place & 0xF) <= State::ALL.len();
        let are_states = [Self::FIRST, Self::SECOND, Self::THIRD, Self::REACHED].into_iter().all(is_state);
        let is_in_order = self.has(Self::FIRST) && (self.has(Self::SECOND) || !self.has(Self::THIRD));
        are_states && is_in_order && self.has(Self::REACHED) && self.get(Self::REACHED) == reached
    }

    /// Returns whether the log holds more than one transition.
    #[inline]
    pub(super) const fn has_several(self) -> bool {
        self.has(TransitionLog::SECOND)
    }

    /// Removes and returns the only transition.
    #[inline]
    pub(super) fn pop_only(&mut self) -> Transition {
        let (from, to) = (self.get(TransitionLog::FIRST), self.get(TransitionLog::REACHED));
        *self = TransitionLog::EMPTY;
        Transition { from, to }
    }

    /// Removes and returns the oldest of several transitions.
    pub(super) fn pop_first(&mut self) -> Transition {
        let (from, to) = (self.get(TransitionLog::FIRST), self.get(TransitionLog::SECOND));
        self.0 = self.0 & 0xF << TransitionLog::REACHED | self.0 >> TransitionLog::SECOND & 0xFF;
        Transition { from, to }
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use crate::machine::outbox::transition_log::TransitionLog;
    use crate::machine::state::State;

    #[test]
    fn a_log_of_up_to_three_states_and_the_state_reached_is_sound() {
        let sound = (0..=u16::MAX).map(TransitionLog).filter(|log| log.leads_to(State::Established));
        // The first state, no second or any, no third or any.
        assert_eq!(sound.count(), 11 * (1 + 11 * (1 + 11)));
        let mut log = TransitionLog::EMPTY;
        assert!(!log.leads_to(State::Closed));
        for [from, to] in State::ALL.windows(2).filter_map(|pair| <[State; 2]>::try_from(pair).ok()) {
            log.push(from, to);
            assert!(log.leads_to(to));
            assert!(!log.leads_to(from));
        }
    }
}

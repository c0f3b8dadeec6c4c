//! The peer turns honest: it has received what it has acknowledged, accepts payload in order, and offers a large
//! window. Then everything that our user has queued reaches it within a few timeouts.

use core::time::Duration;

use tcp_lifecycle::{Control, Options, Segment, SeqNumber, State};

use super::patience::persists_at_most;
use super::{Attack, Law, Shape};

/// The timeouts within which everything must arrive: one that was running; the front, whose acknowledgment earns the
/// rest (D16); twice that if the front was the byte of a probe; and the last for a FIN, or for keep-alive between them.
const MOST_TIMEOUTS: usize = 8;
/// The bound on answers: each byte may be acknowledged by itself.
const MOST_ROUNDS: usize = 40_000;

impl Attack {
    pub(super) fn turns_honest(&mut self) {
        if !self.laws.contains(&Law::Progress) {
            return;
        }
        self.arrivals = 0;
        self.shake_hands();
        let status = self.connection.status();
        let (Some(una), true) = (status.snd_una, self.owes()) else { return };
        // The peer has accepted the front, if anything is in flight.
        let mut honest = una + status.in_flight.min(1);
        self.peer.heard.clear();
        self.answer(honest);
        let began = self.now;
        for _ in 0..MOST_TIMEOUTS {
            self.exchange(&mut honest);
            if !self.owes() {
                return;
            }
            self.expire(1);
        }
        self.exchange(&mut honest);
        let (status, took) = (self.connection.status(), self.now.saturating_duration_since(began));
        self.must(Law::Progress, !self.owes(), || format!("after {took:?}: {status:?}"));
        let end = self.life.end;
        // A policy may have bounded the closed window before.
        let lives = end.is_none() || persists_at_most(&self.config).is_some();
        self.must(Law::Progress, lives, || format!("after {took:?}: {end:?}"));
        let most = MOST_TIMEOUTS as u32 * self.config.rto_max.max(Duration::from_secs(3));
        self.must(Law::Progress, took <= most, || format!("it took {took:?}"));
    }

    /// Whether something of ours is unacknowledged. (In CLOSED, a loss has been signalled.)
    fn owes(&self) -> bool {
        let status = self.connection.status();
        let fin = matches!(status.state, State::FinWait1 | State::Closing | State::LastAck);
        status.in_flight > 0 || status.unsent > 0 || fin
    }

    fn shake_hands(&mut self) {
        let status = self.connection.status();
        if status.snd_una.is_none() || status.snd_una != status.iss {
            return;
        }
        let shape = if status.state == State::SynSent { Shape::SYN_ACK } else { Shape::ACK };
        let segment = shape.of(&self.connection, &mut self.peer, self.now);
        self.arrives(segment);
        self.drain();
    }

    /// Lets the peer answer until there is nothing more to answer.
    fn exchange(&mut self, honest: &mut SeqNumber) {
        for _ in 0..MOST_ROUNDS {
            self.drain();
            let mut answers = false;
            for segment in core::mem::take(&mut self.peer.heard) {
                let end = segment.seq() + segment.len();
                if segment.seq().le(*honest) && honest.lt(end) {
                    *honest = end;
                }
                answers |= segment.len() > 0;
            }
            if !answers {
                return;
            }
            self.answer(*honest);
        }
    }

    /// `<SEQ=RCV.NXT><ACK=honest><CTL=ACK>`: an honest peer has sent only what we have received. Its clock is not
    /// behind the timestamp that we echo.
    fn answer(&mut self, honest: SeqNumber) {
        let status = self.connection.status();
        let Some(nxt) = status.rcv_nxt else { return };
        let mut options = Options::NONE;
        if status.timestamps {
            options = options.with_timestamps(self.peer.echoed, self.peer.last_said);
        }
        let segment = Segment::new(nxt, honest, Control::ACK).with_window(u16::MAX).with_options(options);
        self.arrivals = 0;
        self.arrives(segment);
    }
}

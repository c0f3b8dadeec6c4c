//! The calls of the users, made to the pair and to the watched ends alike.

use tcp_lifecycle::sim::Side;
use tcp_lifecycle::{Open, State};

use crate::life::Act;
use crate::world::{World, place};

impl World<'_> {
    pub(crate) fn act(&mut self, side: Side, act: &Act) {
        let state = self.pair.state(side);
        let status = self.pair.status(side);
        match act {
            Act::Open(open) => self.open(side, *open),
            Act::Send(bytes) => self.send(side, *bytes),
            Act::SendUrgent(bytes) => {
                self.send(side, *bytes);
                self.look();
                let sent = self.watched(side).send_urgent(0);
                let urgent = self.pair.call(side, "send urgent 0", |connection, now| connection.send_urgent(0, now));
                assert_eq!(urgent, sent);
            }
            Act::Close => {
                let closed = self.watched(side).close();
                // With half-duplex close, the CLOSE was an ABORT.
                let aborted = self.watched(side).state() == State::Closed;
                self.has_died |= aborted && !matches!(state, State::Closed | State::Listen | State::SynSent);
                assert_eq!(self.pair.close(side), closed);
            }
            Act::Abort => {
                let aborted = self.watched(side).abort();
                self.has_died |= state != State::Closed;
                assert_eq!(self.pair.abort(side), aborted);
            }
            Act::Limit(bytes) => {
                self.watched(side).limit(*bytes);
                self.pair.call(side, &act.to_string(), |connection, _| connection.limit(*bytes));
            }
            Act::Retransmit(from, count) => {
                let from = status.in_flight as usize * usize::from(*from) / 8;
                let range = from..from + status.in_flight as usize * usize::from(*count) / 8;
                let watched = self.watched(side).retransmit(range.clone());
                let name = format!("retransmit {}..{}", range.start, range.end);
                assert_eq!(self.pair.call(side, &name, |connection, _| connection.retransmit(range)), watched);
            }
            Act::Configure(config) => {
                self.watched(side).configure(**config);
                self.witness.keeps_alive[place(side)] = config.keep_alive.is_some();
                self.pair.call(side, &act.to_string(), |connection, _| connection.configure(config));
            }
            Act::Icmp(error, ahead) => {
                let quoted = status.snd_una.unwrap_or_default() + *ahead;
                let watched = self.watched(side).icmp(*error, quoted);
                let name = format!("icmp {error:?} {quoted}");
                assert_eq!(self.pair.call(side, &name, |connection, _| connection.icmp(*error, quoted)), watched);
            }
            Act::Marked => {
                self.watched(side).congestion_experienced();
                self.pair.call(side, "marked", |connection, _| connection.congestion_experienced());
            }
            Act::Reduced => {
                self.watched(side).congestion_window_reduced();
                self.pair.call(side, "reduced", |connection, _| connection.congestion_window_reduced());
            }
            Act::Isn(forward) => self.move_isn(side, *forward),
            Act::Crash => {
                self.pair.crash(side);
                // The host restarts with its first policies.
                let first = self.life.ends[place(side)].config;
                self.witness.keeps_alive[place(side)] = first.keep_alive.is_some();
                self.pair.call(side, "first policies", |connection, _| connection.configure(&first));
            }
        }
        self.look();
    }

    /// Carries out a step of the plan. In a patient life a CLOSE is skipped that would discard queued payload.
    pub(crate) fn step(&mut self, side: Side, act: &Act) {
        let in_vain = matches!(self.pair.state(side), State::SynSent | State::Listen) && *act == Act::Close;
        if !(in_vain && self.is_patient()) {
            self.act(side, act);
        }
    }

    fn open(&mut self, side: Side, open: Open) {
        let opened = self.watched(side).open(open);
        assert_eq!(self.pair.open(side, open), opened);
    }

    fn send(&mut self, side: Side, bytes: usize) {
        // With a small buffer, few bytes take long enough.
        let buffer = self.life.ends[1 - place(side)].config.receive_buffer as usize;
        let start = self.pair.sent(side).len();
        let bytes = bytes.min((buffer * 20).saturating_sub(start));
        let stream: Vec<_> = (start..start + bytes).map(|at| (at * (3 + place(side)) % 251) as u8).collect();
        let sent = self.watched(side).send(bytes);
        assert_eq!(self.pair.send(side, &stream), sent);
    }
}

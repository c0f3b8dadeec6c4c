//! Ends of two kinds.

use tcp_lifecycle::sim::{Arrival, Emitted, Failure, Subject, Tolerances, UserCall, Value};
use tcp_lifecycle::{Connection, Instant, Segment, SeqNumber, State};

use super::host::Host;

/// An end of a figure: smoltcp, or this crate's connection.
pub(crate) enum Either {
    Theirs(Box<Host>),
    Ours(Box<Connection>),
}

impl Either {
    fn the(&mut self) -> &mut dyn Subject {
        match self {
            Either::Theirs(host) => &mut **host,
            Either::Ours(connection) => &mut **connection,
        }
    }
}

impl Subject for Either {
    fn user_call(&mut self, call: UserCall<'_>, now: Instant) -> Result<Option<Vec<u8>>, Failure> {
        self.the().user_call(call, now)
    }
    fn segment_in(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> Arrival {
        self.the().segment_in(segment, payload, now)
    }
    fn outputs(&mut self, now: Instant) -> Vec<Emitted> {
        self.the().outputs(now)
    }
    fn wakes_at(&mut self) -> Option<Instant> {
        self.the().wakes_at()
    }
    fn wake(&mut self, now: Instant) {
        self.the().wake(now);
    }
    fn tell_state(&mut self) -> Option<State> {
        self.the().tell_state()
    }
    fn tell_variable(&mut self, name: &str, now: Instant) -> Option<Value> {
        self.the().tell_variable(name, now)
    }
    fn supports(&self, policy: &str, value: &str) -> bool {
        match self {
            Either::Theirs(host) => Host::supports(host, policy, value),
            Either::Ours(_) => true,
        }
    }
    fn tolerances(&self) -> Tolerances {
        match self {
            Either::Theirs(host) => host.tolerances(),
            Either::Ours(_) => Tolerances::NONE,
        }
    }
    fn set_iss(&mut self, iss: SeqNumber, now: Instant) {
        self.the().set_iss(iss, now);
    }
    fn connection_inside(&mut self) -> Option<&mut Connection> {
        self.the().connection_inside()
    }
}

//! Every program around a connection is a subject of scripts.

use std::vec::Vec;

use super::emitted::Emitted;
use super::glue::Glue;
use super::subject::{Arrival, Failure, Subject, UserCall};
use super::variable::{self, Value};
use crate::{CallError, Connection, IcmpError, Instant, Output, Segment, SeqNumber, State};

impl<G: Glue> Subject for G {
    fn user_call(&mut self, call: UserCall<'_>, now: Instant) -> Result<Option<Vec<u8>>, Failure> {
        Glue::clock(self, now);
        glue_call(self, call, now).map_err(Failure::Error)
    }

    fn segment_in(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> Arrival {
        Glue::clock(self, now);
        Arrival::Told(Glue::payload_arrives(self, segment, payload, now))
    }

    /// Returns everything that a program with a loop has put out, or else the output of one poll.
    fn outputs(&mut self, now: Instant) -> Vec<Emitted> {
        if let Some(emitted) = Glue::emitted(self) {
            return emitted;
        }
        let output = Glue::poll(self, now);
        let bytes = match &output {
            Output::Transmit(transmit) if !transmit.payload.is_empty() => Glue::payload(self, transmit.payload.clone()),
            Output::Transmit(_) | Output::Transition(_) | Output::Signal(_) | Output::Wait(_) => None,
        };
        Vec::from([Emitted::Polled(output, bytes)])
    }

    fn wakes_at(&mut self) -> Option<Instant> {
        Glue::next_timeout(self)
    }

    fn wake(&mut self, now: Instant) {
        Glue::clock(self, now);
        Glue::timeout(self, now);
    }

    fn icmp_in(&mut self, error: IcmpError, quoted: SeqNumber, now: Instant) -> Option<Arrival> {
        Glue::clock(self, now);
        Some(Arrival::Told(Glue::icmp(self, error, quoted).map(|()| 0..0)))
    }

    fn tell_state(&mut self) -> Option<State> {
        Some(Glue::connection(self).state())
    }

    fn tell_variable(&mut self, name: &str, now: Instant) -> Option<Value> {
        variable::look_up(name, Glue::connection(self), now)
    }

    fn supports(&self, _: &str, _: &str) -> bool {
        true
    }

    fn set_iss(&mut self, iss: SeqNumber, now: Instant) {
        // The ISN offset by which the initial sequence number is `iss` at this time.
        let clock = (now.as_micros() / 4) as u32;
        Glue::connection(self).set_isn_offset(iss.0.wrapping_sub(clock));
    }

    fn connection_inside(&mut self) -> Option<&mut Connection> {
        Some(Glue::connection(self))
    }
}

fn glue_call(glue: &mut impl Glue, call: UserCall<'_>, now: Instant) -> Result<Option<Vec<u8>>, CallError> {
    let mut result = Ok(());
    match call {
        UserCall::Open(open) => result = Glue::open(glue, open, now),
        UserCall::Send(bytes) => result = Glue::send_bytes(glue, bytes, now),
        UserCall::SendMany(number) => result = Glue::send(glue, number, now),
        UserCall::SendUrgent(bytes) => result = Glue::send_urgent_bytes(glue, bytes, now),
        UserCall::SendManyUrgent(number) => result = Glue::send_urgent(glue, number, now),
        UserCall::Receive(number) => return Glue::receive_bytes(glue, number),
        UserCall::Close => result = Glue::close(glue, now),
        UserCall::Detach => result = Glue::detach(glue, now),
        UserCall::Abort => result = Glue::abort(glue),
        UserCall::AcknowledgeNow => Glue::call(glue, &mut |connection| connection.acknowledge_now()),
        UserCall::Limit(bytes) => Glue::call(glue, &mut |connection| connection.limit(bytes)),
        UserCall::Retransmit(range) => {
            Glue::call(glue, &mut |connection| result = connection.retransmit(range.clone()));
        }
        UserCall::CongestionExperienced => Glue::call(glue, &mut |connection| connection.congestion_experienced()),
        UserCall::CongestionWindowReduced => Glue::call(glue, &mut |connection| connection.congestion_window_reduced()),
        UserCall::Configure(config) => Glue::call(glue, &mut |connection| connection.configure(config)),
    }
    result.map(|()| None)
}

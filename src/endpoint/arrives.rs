//! Segments, packets and ICMP errors in.

use core::hash::BuildHasher;
use core::net::SocketAddr;

use super::handle::ListenerId;
use super::host::{Endpoint, Owner};
use super::listeners::Accept;
use super::pair::Pair;
use super::time_waits::Waiter;
use crate::listener::Arrival;
use crate::stream::Stream;
#[cfg(feature = "wire")]
use crate::wire::{Checksums, IcmpMessage, Packet, WireError};
use crate::{Control, Ecn, IcmpError, Instant, Output, Refusal, SackBlock, Segment, SeqNumber, State};

/// A segment for which there is no stream.
#[derive(Clone, Copy, Debug)]
struct Arriving<'a> {
    pair: Pair,
    segment: &'a Segment,
    payload: &'a [u8],
    now: Instant,
}

impl<S: BuildHasher + Clone> Endpoint<S> {
    /// A segment arrives from `remote` at `local`. The other arguments are those of
    /// [`Stream::segment_arrives`](crate::stream::Stream::segment_arrives).
    ///
    /// # Errors
    ///
    /// Those of [`Connection::segment_arrives`](crate::Connection::segment_arrives): information, not failure.
    pub fn segment_arrives(
        &mut self,
        (local, remote): (SocketAddr, SocketAddr),
        segment: &Segment,
        sack: &[SackBlock],
        ecn: Ecn,
        payload: &[u8],
        now: Instant,
    ) -> Result<(), Refusal> {
        let segment = &segment.with_payload(u16::try_from(payload.len()).unwrap_or(u16::MAX));
        let pair = Pair::new(local, remote);
        let arriving = Arriving { pair, segment, payload, now };
        if let Some(number) = self.index.find(&pair, &self.key, &self.slots) {
            if let Some(outcome) = self.arrives_beside_handshake(number, &arriving) {
                return outcome;
            }
            let Some(slot) = self.slots.get_mut(number) else { return Err(Refusal::NoConnection) };
            let before = slot.stream.state();
            let outcome = slot.stream.segment_arrives(segment, sack, ecn, payload, now);
            if before == State::SynReceived && !matches!(slot.stream.state(), State::SynReceived | State::Closed) {
                self.end_last_life(&pair);
            }
            self.note_work(number);
            return outcome;
        }
        if let Some(number) = self.time_waits.find(&pair, &self.key) {
            return self.arrives_in_time_wait(number, &arriving);
        }
        self.arrives_for_listener(&arriving, None)
    }

    /// A segment for the sockets of a handshake may be for another life: the last one, which is in TIME-WAIT until the
    /// handshake is done, or one with a cookie, if the SYN was answered twice. `None` if it is for the handshake. See
    /// "The order" of [`Listener`](crate::listener::Listener).
    fn arrives_beside_handshake(&mut self, number: u32, arriving: &Arriving<'_>) -> Option<Result<(), Refusal>> {
        let Arriving { pair, segment, payload, now } = *arriving;
        let slot = self.slots.get(number).filter(|slot| slot.stream.state() == State::SynReceived)?;
        if let Some(waiter) = self.time_waits.find(&pair, &self.key) {
            let mut time_wait = self.time_waits.get(waiter)?.clone();
            let is_expected = time_wait.segment_arrives(segment, now, self.time_waits.policy).is_ok();
            let is_reset = segment.control().contains(Control::RST);
            // No cookie was sent for this handshake.
            return (is_expected && !is_reset).then(|| self.arrives_in_time_wait(waiter, arriving));
        }
        let Owner::Handshake(id) = slot.owner else { return None };
        if segment.ack()? == slot.stream.connection().status().snd_nxt? {
            return None;
        }
        let listening = self.listeners.get_mut(id)?;
        match listening.machine.segment_arrives(segment, pair.local(), pair.remote(), now) {
            Arrival::Completed { connection, payload: range } => {
                let bytes = payload.get(range).unwrap_or_default();
                let stream = Stream::with_payload(connection, &listening.config, bytes, now);
                // The new connection has the place of this handshake in the backlog.
                self.remove(number);
                self.insert(pair, stream, Owner::Handshake(id));
                Some(Ok(()))
            }
            Arrival::Refused { refusal: Refusal::NoTimestamp, .. } => Some(Err(Refusal::NoTimestamp)),
            Arrival::Syn(_) | Arrival::Refused { .. } => None,
        }
    }

    /// TIME-WAIT: a SYN may open a new life (RFC 9293 section 3.6.1, RFC 6191).
    fn arrives_in_time_wait(&mut self, number: Waiter, arriving: &Arriving<'_>) -> Result<(), Refusal> {
        let Arriving { pair, segment, now, .. } = *arriving;
        if segment.control().contains(Control::SYN)
            && self.listeners.at(pair.local(), self.is_ours(pair.local().ip())).is_some()
            && let Some(offset) = self.reopens(pair, segment, now)
        {
            return self.arrives_for_listener(arriving, Some(offset));
        }
        let policy = self.time_waits.policy;
        let Some(time_wait) = self.time_waits.get_mut(number) else { return Err(Refusal::NoConnection) };
        let before = time_wait.deadline(policy);
        let outcome = time_wait.segment_arrives(segment, now, policy).map(|_| ());
        let is_restarted = time_wait.deadline(policy) != before;
        let mut answers = [None; 2];
        for answer in &mut answers {
            match time_wait.poll(now, policy) {
                Output::Transmit(transmit) => *answer = Some(transmit.segment),
                Output::Transition(_) | Output::Signal(_) => {}
                Output::Wait(_) => break,
            }
        }
        if time_wait.state() == State::Closed {
            self.time_waits.remove(number, &self.key);
        } else if is_restarted {
            self.time_waits.restarted(number);
        }
        for answer in answers.into_iter().flatten() {
            self.answer(pair, answer);
        }
        outcome
    }

    /// Ends the TIME-WAIT of the last life of these sockets: the SYN of the new one was no old duplicate.
    fn end_last_life(&mut self, pair: &Pair) {
        if let Some(last) = self.time_waits.find(pair, &self.key) {
            self.time_waits.remove(last, &self.key);
        }
    }

    /// Returns the ISN offset for a SYN that opens a new life of sockets in TIME-WAIT.
    pub(super) fn reopens(&self, pair: Pair, syn: &Segment, now: Instant) -> Option<u32> {
        let last = self.time_waits.get(self.time_waits.find(&pair, &self.key)?)?;
        last.reopens(syn, self.isn.offset(pair.local(), pair.remote()), now, self.time_waits.policy)
    }

    /// A segment for which there is no connection. `offset` is the ISN offset, if the last life is in TIME-WAIT.
    fn arrives_for_listener(&mut self, arriving: &Arriving<'_>, offset: Option<u32>) -> Result<(), Refusal> {
        let Arriving { pair, segment, payload, now, .. } = *arriving;
        let is_full = self.slots.len() >= self.config.max_streams;
        let is_ours = self.is_ours(pair.local().ip());
        let Some((id, listening)) = self.listeners.at(pair.local(), is_ours) else {
            return if is_ours { self.arrives_for_nobody(arriving) } else { Err(Refusal::NoConnection) };
        };
        match listening.machine.segment_arrives(segment, pair.local(), pair.remote(), now) {
            Arrival::Syn(_) if listening.accept == Accept::Syn => {
                if self.listeners.offer_syn(id, pair, *segment, now) {
                    self.incoming.push_back(id);
                }
                Ok(())
            }
            // A new life takes the room of its own TIME-WAIT. The number of a cookie need not lie beyond the last life.
            Arrival::Syn(_) if is_full && offset.is_some() => Ok(()),
            Arrival::Syn(syn) if is_full || (offset.is_none() && !listening.has_room()) => {
                let cookie = syn.cookie();
                self.answer(pair, cookie);
                Ok(())
            }
            Arrival::Syn(syn) => {
                let connection = offset.map_or_else(|| syn.accept(), |offset| syn.accept_with(offset));
                let stream = Stream::with_connection(connection, &listening.config);
                listening.handshake_begins();
                self.insert(pair, stream, Owner::Handshake(id));
                Ok(())
            }
            // The peer sends again what it gets no answer to.
            Arrival::Completed { .. } if is_full || !listening.has_room_in_queue() => Ok(()),
            Arrival::Completed { connection, payload: range } => {
                let bytes = payload.get(range).unwrap_or_default();
                let stream = Stream::with_payload(connection, &listening.config, bytes, now);
                self.begin_completed(id, pair, stream);
                Ok(())
            }
            Arrival::Refused { refusal, reset } => {
                if let Some(reset) = reset.filter(|_| self.resets.allows(now)) {
                    self.answer(pair, reset);
                }
                Err(refusal)
            }
        }
    }

    fn begin_completed(&mut self, id: ListenerId, pair: Pair, stream: Stream) {
        if let Some(listening) = self.listeners.get_mut(id) {
            listening.handshake_begins();
        }
        self.insert(pair, stream, Owner::Handshake(id));
    }

    /// CLOSED, RFC 9293 section 3.10.7.1.
    fn arrives_for_nobody(&mut self, arriving: &Arriving<'_>) -> Result<(), Refusal> {
        let Some(reset) = arriving.segment.reset() else { return Err(Refusal::ResetWithoutConnection) };
        if self.resets.allows(arriving.now) {
            self.answer(arriving.pair, reset);
        }
        Err(Refusal::NoConnection)
    }

    /// An ICMP error arrives about a segment from `local` to `remote`. The other arguments are those of
    /// [`Stream::icmp_arrives`](crate::stream::Stream::icmp_arrives).
    ///
    /// # Errors
    ///
    /// Those of [`Connection::icmp`](crate::Connection::icmp).
    pub fn icmp_arrives(
        &mut self,
        (local, remote): (SocketAddr, SocketAddr),
        error: IcmpError,
        quoted: SeqNumber,
        max_segment: Option<u16>,
        now: Instant,
    ) -> Result<(), Refusal> {
        let found = self.index.find(&Pair::new(local, remote), &self.key, &self.slots);
        let Some((number, slot)) = found.and_then(|number| Some((number, self.slots.get_mut(number)?))) else {
            return Err(Refusal::IcmpNotInFlight);
        };
        let outcome = slot.stream.icmp_arrives(error, quoted, max_segment, now);
        self.note_work(number);
        outcome
    }
}

/// Packets.
#[cfg(feature = "wire")]
impl<S: BuildHasher + Clone> Endpoint<S> {
    /// An IP packet arrives: a segment, or an ICMP error about a segment. Either the host has named its addresses
    /// ([`set_addresses`](Self::set_addresses)), or the caller has checked that the packet is for it.
    ///
    /// # Errors
    ///
    /// [`PacketError::Wire`] for a packet that holds neither, [`PacketError::Refused`] for a refused segment.
    pub fn packet_arrives(&mut self, packet: &[u8], checksums: Checksums, now: Instant) -> Result<(), PacketError> {
        match Packet::parse(packet, checksums) {
            Ok(Packet { header, payload }) => {
                let sockets = (header.destination, header.source);
                self.segment_arrives(sockets, &header.segment, &header.sack, header.ecn, payload, now)?;
            }
            Err(WireError::Protocol(_)) => {
                let message = IcmpMessage::parse(packet, checksums)?;
                let header = if message.source.is_ipv4() { 20 } else { 40 };
                let largest = message.mtu.map(|mtu| u16::try_from(mtu).unwrap_or(u16::MAX).saturating_sub(header));
                self.icmp_arrives((message.source, message.destination), message.error, message.seq, largest, now)?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Why a packet had no effect: information, not failure.
#[cfg(feature = "wire")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PacketError {
    /// It holds no segment and no ICMP error.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The segment or the ICMP error was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

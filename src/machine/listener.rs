//! The passive side of many connections, without memory for each peer: LISTEN of RFC 9293 section 3.10.7.2, and the SYN
//! cookies of RFC 4987 section 3.6.

mod accept;
mod cookie;

use core::fmt;
use core::hash::BuildHasher;
use core::net::SocketAddr;
use core::ops::Range;

use self::cookie::{CookieData, LastCookie, candidate_period, period};
use crate::machine::config::{Config, Policy};
use crate::machine::connection::Connection;
use crate::machine::error::Refusal;
use crate::machine::isn::{IsnHash, Purpose};
use crate::machine::options::Options;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::Offer;
use crate::machine::time::Instant;

/// The passive side of many connections (RFC 9293 section 3.10.7.2). It takes the segments that arrive at a port for
/// which there is no connection yet.
///
/// A listener keeps its policies, a key, and the time of its last cookie. It keeps nothing about any peer, so a flood
/// of SYNs costs no memory. The caller decides about each SYN. With room, it accepts the SYN, which makes a
/// [`Connection`] in SYN-RECEIVED. Without room, it answers with a SYN,ACK whose initial sequence number is a cookie,
/// and keeps nothing. The ACK that returns the cookie then makes the connection.
///
/// A table of connections with a listener:
///
/// ```
/// use std::collections::HashMap;
/// use std::net::SocketAddr;
/// use tcp_lifecycle::isn::IsnHash;
/// use tcp_lifecycle::listener::{Arrival, Listener};
/// use tcp_lifecycle::{Config, Connection, Instant, Output, Refusal, Segment, State};
///
/// const ROOM: usize = 1; // connections; tiny, to show the cookie
/// type Pair = (SocketAddr, SocketAddr); // the local socket, and the peer's
///
/// struct Socket {
///     connection: Connection,
///     received: Vec<u8>, // the receive queue
/// }
///
/// /// Handles a segment and its payload. Returns the segments to be sent in answer.
/// fn arrives<S: std::hash::BuildHasher>(
///     table: &mut HashMap<Pair, Socket>, listener: &Listener<S>,
///     pair: Pair, segment: &Segment, payload: &[u8], now: Instant,
/// ) -> Vec<Segment> {
///     let mut answers = Vec::new();
///     let room = table.len() < ROOM;
///     let socket = table.get(&pair);
///     // In SYN-RECEIVED, an ACK of another number may acknowledge a cookie: ask the listener
///     // before the child.
///     let asks = socket.is_none_or(|Socket { connection, .. }| {
///         let status = connection.status();
///         let is_other = segment.ack().is_some_and(|ack| status.snd_nxt != Some(ack));
///         status.state == State::SynReceived && is_other
///     });
///     let arrival = asks.then(|| listener.segment_arrives(segment, pair.0, pair.1, now));
///     match arrival {
///         Some(Arrival::Completed { connection, payload: new }) => {
///             table.insert(pair, Socket { connection, received: payload[new].to_vec() });
///         }
///         Some(Arrival::Refused { refusal: Refusal::NoTimestamp, .. }) => {}
///         // No cookie of the listener: the segment is for the child.
///         _ if socket.is_some() => {
///             let socket = table.get_mut(&pair).unwrap();
///             if let Ok(new) = socket.connection.segment_arrives(segment, now) {
///                 socket.received.extend_from_slice(&payload[new]);
///             }
///         }
///         Some(Arrival::Syn(syn)) if room => {
///             table.insert(pair, Socket { connection: syn.accept(), received: Vec::new() });
///         }
///         Some(Arrival::Syn(syn)) => answers.push(syn.cookie()),
///         Some(Arrival::Refused { reset, .. }) => answers.extend(reset),
///         None => {}
///     }
///     let Some(Socket { connection, .. }) = table.get_mut(&pair) else { return answers };
///     loop {
///         match connection.poll(now) {
///             Output::Transmit(transmit) => answers.push(transmit.segment),
///             Output::Transition(_) | Output::Signal(_) => {}
///             Output::Wait(_) => break,
///         }
///     }
///     if connection.state() == State::Closed {
///         table.remove(&pair);
///     }
///     answers
/// }
///
/// let listener = Listener::new(&Config::DEFAULT, IsnHash::new(std::hash::RandomState::new()));
/// let (mut table, now) = (HashMap::new(), Instant::ZERO);
/// let local: SocketAddr = "192.0.2.1:80".parse().unwrap();
/// let first = (local, "198.51.100.7:1025".parse().unwrap());
/// let second = (local, "198.51.100.7:1026".parse().unwrap());
/// let syn: Segment = "<SEQ=100><CTL=SYN><MSS=1460>".parse().unwrap();
///
/// arrives(&mut table, &listener, first, &syn, &[], now);
/// assert_eq!(table[&first].connection.state(), State::SynReceived);
///
/// let answer = arrives(&mut table, &listener, second, &syn, &[], now);
/// assert_eq!(table.len(), 1); // a cookie: nothing is kept
///
/// // Now there is room, and the peer repeats its SYN. Two SYN,ACKs are on their way; the cookie
/// // arrives first.
/// table.remove(&first);
/// arrives(&mut table, &listener, second, &syn, &[], now);
/// assert_eq!(table[&second].connection.state(), State::SynReceived);
///
/// let next = answer[0].seq() + 1;
/// let ack = format!("<SEQ=101><ACK={next}><CTL=ACK><DATA=5><WND=1000>").parse().unwrap();
/// let answers = arrives(&mut table, &listener, second, &ack, b"hello", now);
/// assert_eq!(table[&second].connection.state(), State::Established);
/// assert_eq!(table[&second].received, b"hello"); // the user consumes this, and calls receive(5)
/// assert_eq!(answers[0].to_string(), format!("<SEQ={next}><ACK=106><CTL=ACK><WND=65530>"));
/// ```
///
/// # Children
///
/// A connection that comes from a listener is its child. The child reports the transitions that have led to its state;
/// the first of them leaves LISTEN. Some events in SYN-RECEIVED would return a connection to LISTEN: a reset, another
/// SYN, a timeout, or a hard ICMP error. A child goes to CLOSED instead, without a signal, since the user does not know
/// of it yet. Free it then.
///
/// # The order
///
/// When the SYN,ACK with a cookie is slow or lost, the peer repeats its SYN, and the SYN may find room this time. Then
/// two SYN,ACKs are on their way, and the peer takes the first that arrives. If that is the cookie, a child in
/// SYN-RECEIVED would reset the peer's ACK. So if the child is in SYN-RECEIVED and SEG.ACK is not its SND.NXT, ask the
/// listener first. (Do not hand the ACK to the child before that: its reset would already be due.) The answer decides:
///
/// * [`Arrival::Completed`]: the new connection replaces the child. Bytes that the user has queued at the child must be
///   queued again.
/// * [`Refusal::NoTimestamp`]: drop the ACK.
/// * Anything else: hand the segment to the child.
///
/// If there is a TIME-WAIT for the pair of sockets, a SYN goes there first. Where [`Connection::reopens`] returns an
/// ISN offset, [`accept_with`](Syn::accept_with) makes the new life, whether there is room or not. The new life will
/// replace its own TIME-WAIT, so it takes no room from others. Without this rule a flood would lock out clients that
/// return from the same port. A cookie is no substitute: it need not lie beyond the sequence numbers of the last life.
/// No cookie is sent for such a child, so do not ask the listener about its ACKs. The feature `endpoint` does all of
/// this.
///
/// # Cookies
///
/// A cookie consists of 27 bits of a keyed hash, 3 bits for the peer's maximum segment size, 1 bit for timestamps, and
/// 1 bit for the time. The size is the largest of eight that does not exceed the peer's, or 48 if all of them do. The
/// hash covers both sockets (as in [`IsnHash`]), the peer's initial sequence number, the time in periods of 64 seconds,
/// and the options to be restored. A cookie is valid in the period in which it was sent and in the next: 64 to 128
/// seconds. The listener computes this hash at most once for each ACK, also if the cookie is forged.
///
/// The listener checks cookies only if it has sent one in the present period or in the last. Otherwise an ACK costs no
/// hash, and is reset as in LISTEN. So an attacker who forges ACKs must keep a flood of SYNs going too, and a listener
/// that always has room accepts no cookie at all. The period of the last [`Syn::cookie`] is kept in an atomic, so
/// threads may share a listener by reference. A clone takes over that period, but does not learn of cookies that the
/// original or another clone sends later.
///
/// The peer's other options can be restored only if timestamps are agreed. The five low bits of the TSval on our
/// SYN,ACK, which the peer echoes, hold its window scale (four bits, 15 for none) and SACK-permitted. Without
/// timestamps the SYN,ACK agrees to neither. A SYN,ACK with a cookie never agrees to ECN.
///
/// The TSval is the latest up to now that ends in these five bits, so it is at most 31 ms old. No later TSval of the
/// connection is older, and a round-trip time measured by it is at most 31 ms too long. A cookie is refused if the
/// echoed TSval is older than the cookie's period, or in the future.
///
/// If the cookie says that timestamps were agreed, but its ACK has none, the ACK is dropped silently: their absence is
/// no reason to abort (RFC 7323 section 3.2). The ACK cannot complete the handshake either, even if the policies
/// tolerate missing timestamps, since the other options are restored from the echo. The peer's next segment has them.
///
/// The listener does not retransmit a SYN,ACK with a cookie; the peer retransmits its SYN. If the ACK that completes
/// the handshake is lost, the peer's first payload completes it as well. A segment further ahead is reset. But if the
/// peer waits for the server to send first, nothing brings the cookie back. The peer is then in ESTABLISHED without a
/// connection at this end, until its keep-alive or its user ends the wait. So a server that sends first has all the
/// more reason to keep room for SYNs.
///
/// The ACK of a cookie can be replayed while the cookie is valid. Once the connection has left the table, and its
/// TIME-WAIT too, the same segment makes another connection and delivers its payload again. (There is no TIME-WAIT
/// after a reset, or where the peer closed first.) A network that duplicates packets has the same effect, if the
/// duplicate is late enough. A server that must not execute a request twice should not trust payload on that ACK to be
/// fresh.
///
/// A cookie does not follow the clock that RFC 9293 section 3.4.1 requires of initial sequence numbers (MUST-8). So
/// send cookies only in a flood, or at least only when there is no room.
///
/// # Changing the key
///
/// A listener with another key, or with other policies, does not accept the cookies of its predecessor. Keep the old
/// listener for 128 seconds more. Hand SYNs to the new listener. If the new listener refuses an ACK with
/// [`Refusal::AckInListen`], hand the ACK to the old listener and use its answer. After 128 seconds the old listener
/// accepts no cookie, and can be dropped. The sequence numbers of the new key do not continue those of the old: see
/// [`IsnHash`].
#[derive(Clone)]
#[doc(alias = "backlog")]
#[doc(alias = "SYN cache")]
pub struct Listener<S> {
    isn: IsnHash<S>,
    policy: Policy,
    last_cookie: LastCookie,
}

/// The outcome of a segment at a listener.
#[derive(Clone, Debug)]
pub enum Arrival<'l, S> {
    /// A SYN. [`accept`](Syn::accept) it, answer it with a [`cookie`](Syn::cookie), or drop it: the peer retransmits a
    /// SYN that is dropped.
    Syn(Syn<'l, S>),
    /// An ACK with a valid cookie has completed a handshake. Keep the connection and poll it. A caller without room may
    /// drop it: the peer retransmits whatever is not acknowledged.
    Completed {
        /// The new connection, in ESTABLISHED, or in CLOSE-WAIT if the segment has a FIN.
        connection: Connection,
        /// The range of the segment's payload to append to the receive queue, as from [`Connection::segment_arrives`].
        payload: Range<usize>,
    },
    /// The segment has no effect, as in LISTEN.
    Refused {
        /// The reason.
        refusal: Refusal,
        /// The reset to send to the peer, if one is due.
        reset: Option<Segment>,
    },
}

/// The local socket, and the peer's.
type Sockets = (SocketAddr, SocketAddr);

/// A SYN that has arrived at a listener.
pub struct Syn<'l, S> {
    listener: &'l Listener<S>,
    segment: Segment,
    sockets: Sockets,
    now: Instant,
}

impl<S: BuildHasher> Listener<S> {
    /// Creates a listener whose connections have the policies of `config` and initial sequence numbers by `isn`. The
    /// key of `isn` is the key of the cookies too. A listener with other policies needs another key if cookies of this
    /// listener may still be on their way. A new listener has sent no cookie yet, so it accepts none.
    #[must_use]
    pub const fn new(config: &Config, isn: IsnHash<S>) -> Listener<S> {
        Listener::with_policy(Policy::new(config), isn)
    }

    /// Creates a listener like [`new`](Self::new), with policies that are made once for many listeners.
    #[must_use]
    pub const fn with_policy(policy: Policy, isn: IsnHash<S>) -> Listener<S> {
        Listener { isn, policy, last_cookie: LastCookie::none() }
    }

    /// Handles SEGMENT ARRIVES in LISTEN (RFC 9293 section 3.10.7.2): a segment from `remote` to `local`, for which the
    /// caller has no connection. The section "The order" above has the exceptions.
    #[must_use]
    pub fn segment_arrives(
        &self,
        segment: &Segment,
        local: SocketAddr,
        remote: SocketAddr,
        now: Instant,
    ) -> Arrival<'_, S> {
        // First, check for a RST. It cannot complete a handshake.
        if segment.is_rst() {
            return Arrival::Refused { refusal: Refusal::ResetInListen, reset: None };
        }
        // Second, check for an ACK. It is acceptable only if it acknowledges a cookie of this listener.
        if let Some(ack) = segment.ack() {
            return self.ack_arrives(segment, ack.back(1), &(local, remote), now);
        }
        // Third, check for a SYN.
        if segment.is_syn() {
            return Arrival::Syn(Syn { listener: self, segment: *segment, sockets: (local, remote), now });
        }
        // Fourth, other data or control.
        Arrival::Refused { refusal: Refusal::NoSynInListen, reset: None }
    }

    /// Handles an ACK. `cookie` is SEG.ACK - 1, which is a cookie if this listener has sent it.
    fn ack_arrives(&self, segment: &Segment, cookie: SeqNumber, sockets: &Sockets, now: Instant) -> Arrival<'_, S> {
        let refused = Arrival::Refused { refusal: Refusal::AckInListen, reset: segment.reset() };
        // A peer that has taken our SYN,ACK does not send a SYN,ACK. The hash comes last, and only if a cookie was sent
        // recently.
        if segment.is_syn() || !self.last_cookie.is_near(period(now)) {
            return refused;
        }
        if CookieData::says_timestamps(cookie) {
            if !self.policy.timestamps() {
                return refused;
            }
            if segment.options().timestamps().is_none() {
                // RFC 7323 section 3.2: missing timestamps are no reason to abort.
                return Arrival::Refused { refusal: Refusal::NoTimestamp, reset: None };
            }
        }
        match self.recovered_syn(segment, cookie, sockets, now) {
            Some(syn) => self.complete(&syn, segment, cookie, sockets, now),
            None => refused,
        }
    }

    /// Rebuilds the SYN that was answered with this cookie, with the options that the cookie could keep. Returns `None`
    /// if the cookie is not of this listener, or is too old.
    fn recovered_syn(&self, segment: &Segment, cookie: SeqNumber, sockets: &Sockets, now: Instant) -> Option<Segment> {
        let (irs, period) = (segment.seq().back(1), candidate_period(cookie, now)?);
        // RFC 7323 section 3.2: timestamps that were not agreed are ignored.
        let timestamps = segment.options().timestamps().filter(|_| CookieData::says_timestamps(cookie));
        let data = CookieData::of_ack(cookie, timestamps);
        if self.cookie(sockets, irs, period, &data) != cookie {
            return None;
        }
        // The hash covers the low bits of the echo. The whole echo must not be older than the cookie's period, nor in
        // the future; otherwise the peer could choose our round-trip time.
        let clock = self.clock(sockets, now);
        if timestamps.is_some_and(|(_, echo)| clock.wrapping_sub(echo) > CookieData::max_age(period, now)) {
            return None;
        }
        Some(Segment::new(irs, SeqNumber(0), Control::SYN).with_options(data.restored(timestamps)))
    }

    fn cookie(&self, sockets: &Sockets, irs: SeqNumber, period: u64, data: &CookieData) -> SeqNumber {
        let more = (irs.0, period, data.hashed());
        data.cookie(self.isn.hash(Purpose::Cookie, sockets.0, sockets.1, more), period)
    }

    /// Returns the timestamp clock for this pair of sockets (RFC 7323 section 7.1).
    fn clock(&self, sockets: &Sockets, now: Instant) -> u32 {
        let offset = self.isn.timestamp_offset(sockets.0, sockets.1);
        now.as_millis_low().wrapping_add(u32::from(offset) << 16)
    }

    /// Completes a handshake: makes a child in SYN-RECEIVED as if `syn` had just been answered, and hands it the ACK.
    fn complete(
        &self,
        syn: &Segment,
        ack: &Segment,
        iss: SeqNumber,
        sockets: &Sockets,
        now: Instant,
    ) -> Arrival<'_, S> {
        let mut connection = Connection::child(self.policy, Connection::isn_offset_for(iss, now), syn, now);
        connection.set_timestamp_offset(self.isn.timestamp_offset(sockets.0, sockets.1));
        // The cookie is the ISS of this life only.
        connection.set_isn_offset(self.isn.offset(sockets.0, sockets.1));
        match connection.segment_arrives(ack, now) {
            Ok(payload) => Arrival::Completed { connection, payload },
            Err(refusal) => Arrival::Refused { refusal, reset: ack.reset() },
        }
    }
}

impl<S: BuildHasher> Syn<'_, S> {
    /// Makes a connection in SYN-RECEIVED, with an initial sequence number by RFC 6528. Its SYN,ACK comes out of
    /// [`poll`](Connection::poll).
    #[must_use]
    pub fn accept(&self) -> Connection {
        self.accept_with(self.listener.isn.offset(self.sockets.0, self.sockets.1))
    }

    /// Makes a connection like [`accept`](Self::accept), with another ISN offset. Use it with the offset of
    /// [`Connection::reopens`] if the last life of this connection is in TIME-WAIT. The new connection will replace
    /// the last life, so it needs no room.
    #[must_use]
    pub fn accept_with(&self, isn_offset: u32) -> Connection {
        let mut connection = Connection::child(self.listener.policy, isn_offset, &self.segment, self.now);
        connection.set_timestamp_offset(self.listener.isn.timestamp_offset(self.sockets.0, self.sockets.1));
        connection.context.outbox.request_syn();
        connection
    }

    /// Returns a SYN,ACK to send to the peer, whose initial sequence number is a cookie. The listener keeps nothing of
    /// the SYN. It records only that it has sent a cookie in this period, and so checks the cookies that come back.
    #[must_use]
    pub fn cookie(&self) -> Segment {
        let policy = &self.listener.policy;
        let offer = Offer::of(policy);
        let data = CookieData::of_syn(&self.segment, &offer, policy);
        let mut options = Options::NONE.with_mss(policy.mss);
        if let Some((value, _)) = self.segment.options().timestamps()
            && data.has_timestamps()
        {
            let clock = self.listener.clock(&self.sockets, self.now);
            options = options.with_timestamps(data.stamp(clock), value);
            if let Some(shift) = offer.options.window_scale().filter(|_| data.window_scale().is_some()) {
                options = options.with_window_scale(shift);
            }
            if data.sack_permitted() {
                options = options.with_sack_permitted();
            }
        }
        let (irs, period) = (self.segment.seq(), period(self.now));
        self.listener.last_cookie.sent_in(period);
        let iss = self.listener.cookie(&self.sockets, irs, period, &data);
        Segment::new(iss, irs + 1, Control::SYN | Control::ACK).with_window(offer.window).with_options(options)
    }

    /// Returns the SYN itself.
    #[must_use]
    pub const fn segment(&self) -> &Segment {
        &self.segment
    }
}

#[cfg(feature = "std")]
impl Default for Listener<std::hash::RandomState> {
    /// Creates a listener with the default policies and a random key.
    fn default() -> Self {
        Listener::new(&Config::DEFAULT, IsnHash::default())
    }
}

impl<S> Clone for Syn<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Syn<'_, S> {}

impl<S> fmt::Debug for Listener<S> {
    /// Prints the policies, but not the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Syn<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Syn")
            .field("segment", &self.segment)
            .field("local", &self.sockets.0)
            .field("remote", &self.sockets.1)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

//! The passive side of many connections, without memory for each peer: LISTEN of RFC 9293 section 3.10.7.2, and the SYN
//! cookies of RFC 4987 section 3.6.

mod cookie;

use core::fmt;
use core::hash::BuildHasher;
use core::net::SocketAddr;
use core::ops::Range;

use self::cookie::{CookieData, LastCookie, period, period_of};
use crate::machine::config::{Config, Policy};
use crate::machine::connection::Connection;
use crate::machine::error::Refusal;
use crate::machine::isn::{IsnHash, Purpose};
use crate::machine::options::Options;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::{Offer, Origin, Tcb};
use crate::machine::time::Instant;

/// The passive side of many connections (RFC 9293 section 3.10.7.2): what comes to a port for which there is no
/// connection yet.
///
/// It keeps policies, a key and when it last sent a cookie, and nothing of any peer, so that a flood of SYNs costs it
/// no memory. For a SYN the caller chooses: with room, a [`Connection`] in SYN-RECEIVED; without, a SYN,ACK whose
/// initial sequence number is a cookie, of which nothing has to be kept. An ACK that brings a cookie back yields the
/// connection.
///
/// A table of connections, and its listener:
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
/// /// A segment and its payload have come. The answer is a list of segments.
/// fn arrives<S: std::hash::BuildHasher>(
///     table: &mut HashMap<Pair, Socket>, listener: &Listener<S>,
///     pair: Pair, segment: &Segment, payload: &[u8], now: Instant,
/// ) -> Vec<Segment> {
///     let mut answers = Vec::new();
///     let room = table.len() < ROOM;
///     let socket = table.get(&pair);
///     // In SYN-RECEIVED, an ACK of another number may be that of a cookie: the listener is asked before the child.
///     let asks = socket.is_none_or(|Socket { connection, .. }| {
///         let status = connection.status();
///         status.state == State::SynReceived && segment.ack().is_some_and(|ack| status.snd_nxt != Some(ack))
///     });
///     let arrival = asks.then(|| listener.segment_arrives(segment, pair.0, pair.1, now));
///     match arrival {
///         Some(Arrival::Completed { connection, payload: new }) => {
///             table.insert(pair, Socket { connection, received: payload[new].to_vec() });
///         }
///         Some(Arrival::Refused { refusal: Refusal::NoTimestamp, .. }) => {}
///         // The listener knows nothing of it: it is the child's.
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
/// // There is room, and the SYN comes again: two SYN,ACKs are on their way, that with the cookie ahead of the other.
/// table.remove(&first);
/// arrives(&mut table, &listener, second, &syn, &[], now);
/// assert_eq!(table[&second].connection.state(), State::SynReceived);
///
/// let ack = format!("<SEQ=101><ACK={}><CTL=ACK><DATA=5><WND=1000>", (answer[0].seq() + 1).0).parse().unwrap();
/// let answers = arrives(&mut table, &listener, second, &ack, b"hello", now);
/// assert_eq!(table[&second].connection.state(), State::Established);
/// assert_eq!(table[&second].received, b"hello"); // its user has that now, and calls receive(5)
/// assert_eq!(answers[0].to_string(), format!("<SEQ={}><ACK=106><CTL=ACK><WND=65530>", ack.ack().unwrap()));
/// ```
///
/// # Its children
///
/// A connection that comes from a listener reports the transitions that have led to its state, the first of them out of
/// LISTEN. What would bring it back to LISTEN (a reset, another SYN, a timeout or a hard ICMP error in SYN-RECEIVED)
/// ends it: it goes to CLOSED without a signal, since the user has never heard of it. Free it then.
///
/// # The order
///
/// A SYN that was answered with a cookie may come again, since the SYN,ACK was slow or lost, and find room. The peer
/// takes the first SYN,ACK that reaches it, and if that is the cookie's, a child in SYN-RECEIVED resets the ACK of it.
/// So the listener is asked first about an ACK in SYN-RECEIVED whose number is not SND.NXT of the child, and not by
/// handing it to the child, whose reset would be due by then. If that completes, the new connection takes the child's
/// place; bytes that the user has queued at the child already are to be queued again. If it lacks its timestamps
/// ([`Refusal::NoTimestamp`]), nothing happens. All else is for the child.
///
/// A SYN for a connection in TIME-WAIT is for that first: where [`Connection::reopens`] has an ISN offset for it,
/// [`accept_with`](Syn::accept_with) makes the new life, whether there is room or not. It is to replace the TIME-WAIT
/// that it came for, so it takes no place of others; without this, a flood locks out the clients that come again from
/// the same port. A cookie will not do: its number need not lie beyond those of the last life. No cookie was sent for
/// such a child, and the listener is not asked about its ACKs. `examples/tun/table.rs` has all of this.
///
/// # Cookies
///
/// A cookie is 27 bits of a keyed hash, 3 bits for the peer's maximum segment size (one of eight, never more than what
/// the peer said), 1 bit for timestamps, and 1 bit for the time. The hash is over both sockets, as that of [`IsnHash`],
/// the peer's initial sequence number, the time in periods of 64 seconds, and all that is to be restored. It is good in
/// the period in which it was sent and in the next one, so for 64 to 128 seconds. To check one takes no more than one
/// hash, for a forged one too.
///
/// Cookies are believed only if one was sent in this period or in the last one. Else an ACK costs no hash, and is reset
/// as in LISTEN: who forges ACKs has to keep a flood going, and a listener that always has room believes none. The
/// listener remembers the period of the last [`Syn::cookie`] in an atomic, so that threads may share it by reference.
/// A clone remembers on its own, and does not believe cookies that another sends later.
///
/// What else the peer's SYN offers can be kept only if timestamps are agreed: the five low bits of the TSval on our
/// SYN,ACK, which the peer echoes, are the shift count of its window scale (four bits, 15 for none) and SACK-permitted.
/// Without timestamps the SYN,ACK agrees to neither; and none agrees to ECN. That TSval is the latest one up to now
/// that ends in these bits, at most 31 ms ago: what the connection sends later is never older, and a round-trip time
/// that is taken from it is at most 31 ms too long. An echo of another time than that of the cookie is refused with
/// it. An ACK that lacks the timestamps which its number says were
/// agreed is dropped in silence, since to lack them is no reason to abort (RFC 7323 section 3.2). It completes nothing
/// either, whatever the policies tolerate later: what was agreed stands in them. The peer's next segment has them.
///
/// A SYN,ACK with a cookie is not sent again by us; the peer sends its SYN again. When the ACK that completes the
/// handshake is lost, the peer's first payload does as well, while anything further ahead is reset. Where the peer
/// waits for us to speak first, nothing brings the cookie back then: the peer is in ESTABLISHED, and nobody here knows
/// of it. It learns that from its keep-alive or its user's patience: a server that speaks first needs room all the
/// more.
///
/// The ACK of a cookie can be played again while the cookie is good. As soon as the connection is gone from the table,
/// and TIME-WAIT with it (after a reset, or where the peer closed first), the same segment makes another connection,
/// and what it carries is delivered once more. A network that duplicates packets does that too, if they are so late. A
/// server to whom it matters whether a request comes twice does not take payload on that ACK as proof.
///
/// The initial sequence number is no clock (RFC 9293 section 3.4.1, MUST-8): cookies are for floods, or at least for
/// want of room.
///
/// # Another key
///
/// A listener with another key, or with other policies, does not know the cookies of the last one. Keep that one for
/// 128 seconds more: SYNs go to the new listener, and an ACK that the new one refuses with [`Refusal::AckInListen`] is
/// handed to the old one, whose answer counts. After that time the old one believes no cookie, and can go. The sequence
/// numbers of a new key do not continue those of the old one: see [`IsnHash`].
#[derive(Clone)]
pub struct Listener<S> {
    isn: IsnHash<S>,
    policy: Policy,
    last_cookie: LastCookie,
}

/// What a segment is for a listener.
#[derive(Clone, Debug)]
pub enum Arrival<'l, S> {
    /// A SYN: [`accept`](Syn::accept) it, or answer it with a [`cookie`](Syn::cookie), or drop it. Dropped, it comes
    /// again.
    Syn(Syn<'l, S>),
    /// An ACK with a valid cookie completes a handshake. Poll the connection, and own it; a caller without room drops
    /// it, and the peer sends again what is not acknowledged.
    Completed {
        /// In ESTABLISHED, or in CLOSE-WAIT if the segment has a FIN.
        connection: Connection,
        /// What of the segment's payload is to be appended to the receive queue, as from
        /// [`Connection::segment_arrives`].
        payload: Range<usize>,
    },
    /// Nothing, as in LISTEN.
    Refused {
        /// Why.
        refusal: Refusal,
        /// To be sent to the peer.
        reset: Option<Segment>,
    },
}

/// The local one, and the peer's.
type Sockets = (SocketAddr, SocketAddr);

/// A SYN to a listener.
pub struct Syn<'l, S> {
    listener: &'l Listener<S>,
    segment: Segment,
    sockets: Sockets,
    now: Instant,
}

impl<S: BuildHasher> Listener<S> {
    /// Its connections have the policies of `config` and initial sequence numbers by `isn`, whose key is that of the
    /// cookies too. A listener with other policies needs another key, if cookies of this one may be on their way. It
    /// has sent no cookie, and believes none.
    #[must_use]
    pub const fn new(config: &Config, isn: IsnHash<S>) -> Listener<S> {
        Listener::with_policy(Policy::new(config), isn)
    }

    /// The same with policies that are made once for many.
    #[must_use]
    pub const fn with_policy(policy: Policy, isn: IsnHash<S>) -> Listener<S> {
        Listener { isn, policy, last_cookie: LastCookie::none() }
    }

    /// SEGMENT ARRIVES in LISTEN, RFC 9293 section 3.10.7.2: a segment from `remote` to `local`, for which the caller
    /// has no connection.
    #[must_use]
    pub fn segment_arrives(
        &self,
        segment: &Segment,
        local: SocketAddr,
        remote: SocketAddr,
        now: Instant,
    ) -> Arrival<'_, S> {
        // First, check for a RST, which completes nothing.
        if segment.is_rst() {
            return Arrival::Refused { refusal: Refusal::ResetInListen, reset: None };
        }
        // Second, check for an ACK. Only a cookie of ours can have been acknowledged.
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

    /// An ACK of `cookie`, if that is one.
    fn ack_arrives(&self, segment: &Segment, cookie: SeqNumber, sockets: &Sockets, now: Instant) -> Arrival<'_, S> {
        let refused = Arrival::Refused { refusal: Refusal::AckInListen, reset: segment.reset() };
        // A SYN,ACK was not sent by a peer that has our SYN,ACK. The hash comes last, and only in a flood.
        if segment.is_syn() || !self.last_cookie.is_near(period(now)) {
            return refused;
        }
        if CookieData::says_timestamps(cookie) {
            if !self.policy.timestamps() {
                return refused;
            }
            if segment.options().timestamps().is_none() {
                // RFC 7323 section 3.2: the lack of timestamps that were agreed is no reason to abort.
                return Arrival::Refused { refusal: Refusal::NoTimestamp, reset: None };
            }
        }
        match self.recovered_syn(segment, cookie, sockets, now) {
            Some(syn) => self.complete(&syn, segment, cookie, sockets, now),
            None => refused,
        }
    }

    /// The SYN that was answered with this cookie, as far as it was kept, if the cookie is ours and not too old.
    fn recovered_syn(&self, segment: &Segment, cookie: SeqNumber, sockets: &Sockets, now: Instant) -> Option<Segment> {
        let (irs, period) = (segment.seq().back(1), period_of(cookie, now)?);
        // RFC 7323 section 3.2: timestamps that were not agreed are ignored.
        let timestamps = segment.options().timestamps().filter(|_| CookieData::says_timestamps(cookie));
        let data = CookieData::of_ack(cookie, timestamps);
        if self.cookie(sockets, irs, period, &data) != cookie {
            return None;
        }
        // The cookie covers the low bits of the echo. The rest must not be another time than that of the cookie, or the
        // peer would choose our round-trip time.
        let clock = self.clock(sockets, now);
        if timestamps.is_some_and(|(_, echo)| clock.wrapping_sub(echo) > CookieData::most_age(period, now)) {
            return None;
        }
        Some(Segment::new(irs, SeqNumber(0), Control::SYN).with_options(data.restored(timestamps)))
    }

    fn cookie(&self, sockets: &Sockets, irs: SeqNumber, period: u64, data: &CookieData) -> SeqNumber {
        let more = (irs.0, period, data.hashed());
        data.cookie(self.isn.hash(Purpose::Cookie, sockets.0, sockets.1, more), period)
    }

    /// The clock of the timestamps for this pair of sockets (RFC 7323 section 7.1).
    fn clock(&self, sockets: &Sockets, now: Instant) -> u32 {
        let offset = self.isn.timestamp_offset(sockets.0, sockets.1);
        now.as_millis_low().wrapping_add(u32::from(offset) << 16)
    }

    /// SYN-RECEIVED, as if the SYN had only just been answered, and then the ACK with all it carries.
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
        // The cookie was for this once.
        connection.set_isn_offset(self.isn.offset(sockets.0, sockets.1));
        match connection.segment_arrives(ack, now) {
            Ok(payload) => Arrival::Completed { connection, payload },
            Err(refusal) => Arrival::Refused { refusal, reset: ack.reset() },
        }
    }
}

/// For one SYN, without a listener.
impl Connection {
    /// SEGMENT ARRIVES in LISTEN (RFC 9293 section 3.10.7.2), for a SYN and a connection of its own: a child in
    /// SYN-RECEIVED, as [`Syn::accept`] makes it. Its SYN,ACK comes out of [`poll`](Self::poll).
    ///
    /// # Errors
    ///
    /// The [`Refusal`] of LISTEN, where the segment is no SYN, or has ACK or RST. The answer to an ACK is
    /// [`Segment::reset`].
    pub fn accept(config: &Config, isn_offset: u32, syn: &Segment, now: Instant) -> Result<Connection, Refusal> {
        Connection::accept_with_policy(Policy::new(config), isn_offset, syn, now)
    }

    /// The same with policies that are made once for many.
    ///
    /// # Errors
    ///
    /// Those of [`accept`](Self::accept).
    pub fn accept_with_policy(
        policy: Policy,
        isn_offset: u32,
        syn: &Segment,
        now: Instant,
    ) -> Result<Connection, Refusal> {
        if syn.is_rst() {
            return Err(Refusal::ResetInListen);
        }
        if syn.ack().is_some() {
            return Err(Refusal::AckInListen);
        }
        if !syn.is_syn() {
            return Err(Refusal::NoSynInListen);
        }
        let mut connection = Connection::child(policy, isn_offset, syn, now);
        connection.context.outbox.request_syn();
        Ok(connection)
    }

    /// SYN-RECEIVED, out of a LISTEN that is somewhere else.
    fn child(policy: Policy, isn_offset: u32, syn: &Segment, now: Instant) -> Connection {
        let mut connection = Connection::with_policy(policy, isn_offset);
        connection.tcb = Tcb::Listen;
        connection.context.advance_clock(now);
        connection.enter_syn_received(Origin::Listener, syn);
        connection
    }
}

impl<S: BuildHasher> Syn<'_, S> {
    /// A connection in SYN-RECEIVED, with the initial sequence number of RFC 6528. Its SYN,ACK comes out of
    /// [`poll`](Connection::poll).
    #[must_use]
    pub fn accept(&self) -> Connection {
        self.accept_with(self.listener.isn.offset(self.sockets.0, self.sockets.1))
    }

    /// The same with another ISN offset: that of [`Connection::reopens`], when the caller has the last life of this
    /// connection in TIME-WAIT. It is to replace that, and so needs no room.
    #[must_use]
    pub fn accept_with(&self, isn_offset: u32) -> Connection {
        let mut connection = Connection::child(self.listener.policy, isn_offset, &self.segment, self.now);
        connection.set_timestamp_offset(self.listener.isn.timestamp_offset(self.sockets.0, self.sockets.1));
        connection.context.outbox.request_syn();
        connection
    }

    /// The SYN,ACK to be sent to the peer, whose initial sequence number is a cookie. Nothing is kept of it; but the
    /// listener remembers that it has sent one, and believes those that come back.
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

    /// The SYN itself.
    #[must_use]
    pub const fn segment(&self) -> &Segment {
        &self.segment
    }
}

#[cfg(feature = "std")]
impl Default for Listener<std::hash::RandomState> {
    /// With the default policies, under a random key.
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
    /// Without the key.
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

//! The passive side of many connections, without memory for each peer: LISTEN of RFC 9293 section 3.10.7.2, and the SYN
//! cookies of RFC 4987 section 3.6.

use core::fmt;
use core::hash::BuildHasher;
use core::net::SocketAddr;
use core::ops::Range;

use crate::config::{Config, LEAST_PEER_MSS, Policy};
use crate::connection::{Connection, Endpoint};
use crate::error::Refusal;
use crate::isn::IsnHash;
use crate::options::Options;
use crate::segment::{Control, Segment};
use crate::seq::SeqNumber;
use crate::tcb::{Offer, Origin, Tcb};
use crate::time::Instant;

/// The passive side of many connections (RFC 9293 section 3.10.7.2): what comes to a port for which there is no
/// connection yet.
///
/// It keeps policies and a key, and nothing of any peer, so that a flood of SYNs costs it no memory. For a SYN the
/// caller chooses: with room, a [`Connection`] in SYN-RECEIVED; without, a SYN,ACK whose initial sequence number is a
/// cookie, of which nothing has to be kept. An ACK that brings a cookie back yields the connection.
///
/// A table of connections, and its listener:
///
/// ```
/// use std::collections::HashMap;
/// use std::net::SocketAddr;
/// use tcp_lifecycle::isn::IsnHash;
/// use tcp_lifecycle::listener::{Arrival, Listener};
/// use tcp_lifecycle::{Config, Connection, Instant, Output, Segment, State};
///
/// const ROOM: usize = 1; // connections; tiny, to show the cookie
/// type Table = HashMap<(SocketAddr, SocketAddr), Connection>;
///
/// /// A segment has come for a local socket; the answer is a list of segments.
/// fn arrives<S: std::hash::BuildHasher>(
///     table: &mut Table, listener: &Listener<S>,
///     local: SocketAddr, remote: SocketAddr, segment: &Segment, now: Instant,
/// ) -> Vec<Segment> {
///     let mut answers = Vec::new();
///     let room = table.len() < ROOM;
///     if let Some(connection) = table.get_mut(&(local, remote)) {
///         let _payload = connection.segment_arrives(segment, now);
///     } else {
///         match listener.segment_arrives(segment, local, remote, now) {
///             Arrival::Syn(syn) if room => drop(table.insert((local, remote), syn.accept())),
///             Arrival::Syn(syn) => answers.push(syn.cookie()),
///             Arrival::Completed { connection, payload: _ } => drop(table.insert((local, remote), connection)),
///             Arrival::Refused { refusal: _, reset } => answers.extend(reset),
///         }
///     }
///     let Some(connection) = table.get_mut(&(local, remote)) else { return answers };
///     loop {
///         match connection.poll(now) {
///             Output::Transmit(transmit) => answers.push(transmit.segment),
///             Output::Transition(_) | Output::Signal(_) => {}
///             Output::Wait(_) => break,
///         }
///     }
///     if connection.state() == State::Closed {
///         table.remove(&(local, remote));
///     }
///     answers
/// }
///
/// let listener = Listener::new(&Config::DEFAULT, IsnHash::new(std::hash::RandomState::new()));
/// let (mut table, now) = (Table::new(), Instant::ZERO);
/// let local: SocketAddr = "192.0.2.1:80".parse().unwrap();
/// let (first, second) = ("198.51.100.7:1025".parse().unwrap(), "198.51.100.7:1026".parse().unwrap());
/// let syn: Segment = "<SEQ=100><CTL=SYN><MSS=1460>".parse().unwrap();
///
/// arrives(&mut table, &listener, local, first, &syn, now);
/// assert_eq!(table[&(local, first)].state(), State::SynReceived);
///
/// let answer = arrives(&mut table, &listener, local, second, &syn, now);
/// assert_eq!(table.len(), 1); // a cookie: nothing is kept
///
/// let ack: Segment = format!("<SEQ=101><ACK={}><CTL=ACK><WND=1000>", (answer[0].seq() + 1).0).parse().unwrap();
/// arrives(&mut table, &listener, local, second, &ack, now);
/// assert_eq!(table[&(local, second)].state(), State::Established);
/// ```
///
/// # Its children
///
/// A connection that comes from a listener reports the transitions that have led to its state, the first of them out of
/// LISTEN. What would bring it back to LISTEN (a reset, another SYN, a timeout or a hard ICMP error in SYN-RECEIVED)
/// ends it: it goes to CLOSED without a signal, since the user has never heard of it. Free it then.
///
/// # Cookies
///
/// A cookie is 27 bits of a keyed hash, 3 bits for the peer's maximum segment size (one of eight, never more than what
/// the peer said), 1 bit for timestamps, and 1 bit for the time. The hash is over both sockets, the peer's initial
/// sequence number, the time in periods of 64 seconds, and all that is to be restored. It is good in the period in
/// which it was sent and in the next one, so for 64 to 128 seconds. To check one takes no more than one hash, for a
/// forged one too.
///
/// What else the peer's SYN offers can be kept only if timestamps are agreed: the five low bits of the TSval on our
/// SYN,ACK, which the peer echoes, are the shift count of its window scale (four bits, 15 for none) and SACK-permitted.
/// Without timestamps the SYN,ACK agrees to neither; and none agrees to ECN. That TSval is the latest one up to now
/// that ends in these bits, at most 31 ms ago: what the connection sends later is never older, and a round-trip time
/// that is taken from it is at most so much too long.
///
/// A SYN,ACK with a cookie is not sent again by us; the peer sends its SYN again. When the ACK that completes the
/// handshake is lost, the peer's first payload does as well, while anything further ahead is reset. The initial
/// sequence number is no clock (RFC 9293 section 3.4.1, MUST-8): cookies are for floods, or at least for want of room.
/// When a SYN has been answered with a cookie and its repetition with a connection, the peer's ACK of the cookie is
/// reset.
#[derive(Clone)]
pub struct Listener<S> {
    isn: IsnHash<S>,
    policy: Policy,
}

/// What a segment is for a listener.
#[derive(Clone, Debug)]
pub enum Arrival<'l, S> {
    /// A SYN: [`accept`](Syn::accept) it, or answer it with a [`cookie`](Syn::cookie), or drop it.
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
    /// cookies too. A listener with other policies needs another key, if cookies of this one may be on their way.
    #[must_use]
    pub const fn new(config: &Config, isn: IsnHash<S>) -> Listener<S> {
        Listener { isn, policy: Policy::new(config) }
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
            let (cookie, sockets) = (ack.back(1), (local, remote));
            return match self.syn_behind(segment, cookie, &sockets, now) {
                Some(syn) => self.complete(&syn, segment, cookie, &sockets, now),
                None => Arrival::Refused { refusal: Refusal::AckInListen, reset: segment.reset() },
            };
        }
        // Third, check for a SYN.
        if segment.is_syn() {
            return Arrival::Syn(Syn { listener: self, segment: *segment, sockets: (local, remote), now });
        }
        // Fourth, other data or control.
        Arrival::Refused { refusal: Refusal::NoSynInListen, reset: None }
    }

    /// The SYN that was answered with this cookie, as far as it was kept, if the cookie is ours and not too old.
    fn syn_behind(&self, segment: &Segment, cookie: SeqNumber, sockets: &Sockets, now: Instant) -> Option<Segment> {
        // What brings a SYN along was not sent by a peer that has our SYN,ACK.
        if segment.is_syn() {
            return None;
        }
        let irs = segment.seq().back(1);
        // RFC 7323 section 3.2: timestamps that were not agreed are ignored.
        let timestamps = if cookie.0 & Kept::AGREED == 0 { None } else { Some(segment.options().timestamps()?) };
        let kept = Kept {
            mss: (cookie.0 >> Kept::MSS_SHIFT) & Kept::MSS,
            options: timestamps.map_or(Kept::NO_OPTIONS, |(_, echo)| echo & Kept::OPTIONS),
        };
        let period = period_of(cookie, now)?;
        if self.cookie(sockets, irs, period, &kept) != cookie {
            return None;
        }
        Some(Segment::new(irs, SeqNumber(0), Control::SYN).with_options(kept.restored(timestamps)))
    }

    /// 27 bits of hash, three of MSS, whether timestamps are agreed, and the last bit of the period.
    fn cookie(&self, sockets: &Sockets, irs: SeqNumber, period: u64, kept: &Kept) -> SeqNumber {
        let hash = self.isn.hash((sockets, irs.0, period, kept.mss, kept.options));
        let agreed = if kept.options == Kept::NO_OPTIONS { 0 } else { Kept::AGREED };
        SeqNumber((hash << Kept::HASH_SHIFT) | (kept.mss << Kept::MSS_SHIFT) | agreed | (period as u32 & 1))
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
        let mut connection = self.child(Endpoint::isn_offset_for(iss, now), syn, now);
        // The cookie was for this once.
        connection.set_isn_offset(self.isn.offset(sockets.0, sockets.1));
        match connection.segment_arrives(ack, now) {
            Ok(payload) => Arrival::Completed { connection, payload },
            Err(refusal) => Arrival::Refused { refusal, reset: ack.reset() },
        }
    }

    fn child(&self, isn_offset: u32, syn: &Segment, now: Instant) -> Connection {
        let mut connection = Connection::with_policy(self.policy, isn_offset);
        connection.tcb = Tcb::Listen;
        connection.endpoint.clock(now);
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
    /// connection in TIME-WAIT.
    #[must_use]
    pub fn accept_with(&self, isn_offset: u32) -> Connection {
        let mut connection = self.listener.child(isn_offset, &self.segment, self.now);
        connection.endpoint.due.syn();
        connection
    }

    /// The SYN,ACK to be sent to the peer, whose initial sequence number is a cookie. Nothing is kept of it.
    #[must_use]
    pub fn cookie(&self) -> Segment {
        let policy = &self.listener.policy;
        let offer = Offer::of(policy);
        let kept = Kept::of(&self.segment, &offer, policy);
        let mut options = Options::NONE.with_mss(policy.mss);
        if let Some((value, _)) = self.segment.options().timestamps()
            && kept.options != Kept::NO_OPTIONS
        {
            options = options.with_timestamps(kept.stamp(self.now), value);
            if let Some(shift) = offer.options.window_scale().filter(|_| kept.window_scale().is_some()) {
                options = options.with_window_scale(shift);
            }
            if kept.sack_permitted() {
                options = options.with_sack_permitted();
            }
        }
        let irs = self.segment.seq();
        let iss = self.listener.cookie(&self.sockets, irs, period(self.now), &kept);
        Segment::new(iss, irs + 1, Control::SYN | Control::ACK).with_window(offer.window).with_options(options)
    }

    /// The SYN itself.
    #[must_use]
    pub const fn segment(&self) -> &Segment {
        &self.segment
    }
}

/// What of a SYN comes back with the ACK.
struct Kept {
    /// Which of [`MSS`].
    mss: u32,
    /// The low bits of the TSval: the shift count of the window scale, and SACK-permitted. Else [`Kept::NO_OPTIONS`].
    options: u32,
}

/// The sizes that a cookie can say: the least there is, the defaults of both versions of IP, what is left of an
/// Ethernet frame behind their headers and behind those of tunnels, and what is left of a jumbo frame.
const MSS: [u16; 8] = [LEAST_PEER_MSS, 256, 536, 1220, 1360, 1440, 1460, 8960];

impl Kept {
    const HASH_SHIFT: u32 = 5;
    const MSS_SHIFT: u32 = 2;
    const MSS: u32 = 7;
    const AGREED: u32 = 2;
    const OPTIONS: u32 = 31;
    const NO_SCALE: u32 = 15;
    const SACK_PERMITTED: u32 = 16;
    /// Timestamps are not agreed: nothing comes back.
    const NO_OPTIONS: u32 = 32;

    fn of(syn: &Segment, offer: &Offer, policy: &Policy) -> Kept {
        let (options, ours) = (syn.options(), offer.options);
        let peer = options.mss().unwrap_or(policy.default_peer_mss);
        let larger = MSS.iter().skip(1).take_while(|&&mss| mss <= peer).count();
        let offered = ours.window_scale().and(options.window_scale());
        let scale = offered.map_or(Kept::NO_SCALE, |shift| u32::from(shift.min(14)));
        let sack = if ours.sack_permitted() && options.sack_permitted() { Kept::SACK_PERMITTED } else { 0 };
        let agreed = ours.timestamps().and(options.timestamps()).is_some();
        Kept { mss: larger as u32, options: if agreed { scale | sack } else { Kept::NO_OPTIONS } }
    }

    fn window_scale(&self) -> Option<u8> {
        let shift = self.options & Kept::NO_SCALE;
        (self.options != Kept::NO_OPTIONS && shift != Kept::NO_SCALE).then_some(shift as u8)
    }

    fn sack_permitted(&self) -> bool {
        self.options != Kept::NO_OPTIONS && self.options & Kept::SACK_PERMITTED != 0
    }

    /// The latest TSval up to now that ends in these bits.
    fn stamp(&self, now: Instant) -> u32 {
        let millis = now.as_millis_low();
        millis.wrapping_sub(millis.wrapping_sub(self.options) & Kept::OPTIONS)
    }

    /// The options of the SYN. Its TSval is gone; that of the ACK is no older.
    fn restored(&self, timestamps: Option<(u32, u32)>) -> Options {
        let mss = MSS.get(self.mss as usize).copied().unwrap_or(LEAST_PEER_MSS);
        let mut options = Options::NONE.with_mss(mss);
        if let Some((value, _)) = timestamps {
            options = options.with_timestamps(value, 0);
        }
        if let Some(shift) = self.window_scale() {
            options = options.with_window_scale(shift);
        }
        if self.sack_permitted() { options.with_sack_permitted() } else { options }
    }
}

/// How many periods of 64 seconds have passed.
const fn period(now: Instant) -> u64 {
    now.as_micros() / 64_000_000
}

/// The period in which this cookie was sent, if it is the present one or the last.
fn period_of(cookie: SeqNumber, now: Instant) -> Option<u64> {
    let period = period(now);
    if cookie.0 & 1 == period as u32 & 1 { Some(period) } else { period.checked_sub(1) }
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

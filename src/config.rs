//! Policies: what RFC 9293 and its companions leave to the one who opens the connection.

mod policy;
mod systems;

use core::time::Duration;

pub(crate) use policy::Policy;

/// The policies of a connection. The default is what RFC 9293 and its companions say.
///
/// ```
/// use core::time::Duration;
/// use tcp_lifecycle::Config;
///
/// const CONFIG: Config = Config { msl: Duration::from_secs(30), ..Config::DEFAULT };
/// assert_eq!(CONFIG.check(), Ok(()));
/// ```
///
/// A connection keeps its times in a compact form: whole milliseconds up to 8.19 s, three significant digits or more
/// beyond, rounded up; `Duration::MAX` and anything over two and a half years is for ever, and so is a user timeout or
/// R2 of seven weeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// The maximum segment size that our SYNs announce: the most payload bytes we take in one segment (RFC 9293
    /// section 3.7.1). 1 to 65,535.
    pub mss: u16,
    /// The largest segment that we send, TCP header included (MMS_S of RFC 9293 section 3.7.1). 21 to 65,535, which is
    /// no bound but the peer's.
    pub max_segment: u16,
    /// The peer's maximum segment size where its SYN does not say: 536 bytes for IPv4, 1220 for IPv6 (RFC 9293 section
    /// 3.7.1, MUST-15).
    pub default_peer_mss: u16,
    /// The most payload bytes that we hold until the user has consumed them: the largest window we offer. Up to 1 GiB.
    /// Zero is a window that is closed for ever (MAY-8).
    pub receive_buffer: u32,
    /// The shift count of the window scale option on our SYNs (RFC 7323 section 2). `None` is the count that
    /// `receive_buffer` needs, and no option where it needs none; then a peer that offers it is answered without, and
    /// says no window above 65,535 either. At most 14, and no more than the buffer needs.
    pub window_scale: Option<u8>,
    /// Offer and accept the timestamps option (RFC 7323 section 3): round-trip times of every segment, and protection
    /// against old duplicates. The clock is the moment that is told, in milliseconds: who does not want to show how
    /// long his host is up counts time from a random moment (RFC 7323 section 7.1).
    pub timestamps: bool,
    /// Offer and accept SACK-permitted (RFC 2018). What the SYNs agreed stands in `Status`; the blocks are the
    /// caller's.
    pub sack_permitted: bool,
    /// Offer and accept explicit congestion notification (RFC 3168; RFC 9293 section 3.8.2, SHLD-8). It asks for a
    /// caller who marks packets as capable of it, reads the marks that come
    /// ([`congestion_experienced`](crate::Connection::congestion_experienced)), and has a congestion window to reduce.
    pub ecn: bool,
    /// The maximum segment lifetime (RFC 9293 section 3.4.2). TIME-WAIT lasts twice as long.
    pub msl: Duration,
    /// How long FIN-WAIT-2 may be idle before the connection is given up, zero for at once. `None` is the RFC's answer:
    /// for ever.
    pub fin_wait_2_timeout: Option<Duration>,
    /// How long what we have sent may stay unacknowledged without any progress (RFC 9293 section 3.9.1.1), more than
    /// zero. `None` is for ever.
    pub user_timeout: Option<Duration>,
    /// R1 of RFC 9293 section 3.8.3: after so many retransmissions of the same segment the user is told. Three or
    /// more (SHLD-10); zero is never.
    pub r1: u8,
    /// R2 of RFC 9293 section 3.8.3: when the retransmission timer fires so long after the last progress, the
    /// connection is given up: with zero, when it fires for the first time. The RFC wants 100 s or more (SHLD-11).
    /// `Duration::MAX` is never.
    pub r2: Duration,
    /// R2 while our SYN is unacknowledged, three minutes or more (RFC 9293 section 3.8.3, MUST-23).
    pub syn_r2: Duration,
    /// The retransmission timeout before the first sample of the round-trip time (RFC 6298 section 2.1), from `rto_min`
    /// to `rto_max`.
    pub rto_initial: Duration,
    /// The least retransmission timeout (RFC 6298 section 2.4), more than zero.
    pub rto_min: Duration,
    /// The greatest retransmission timeout, and the longest pause between two probes of a closed window (RFC 6298
    /// section 2.5, which wants 60 s or more). A user timeout that is shorter takes its place. It bounds the three
    /// seconds after a SYN that was sent again, too (section 5.7).
    pub rto_max: Duration,
    /// RFC 9293 section 3.10.7.4 as it is printed, where a reset ends TIME-WAIT. By default it does not: 2 MSL is a
    /// promise to the connections that come after (RFC 1337).
    pub reset_in_time_wait: bool,
    /// Nagle's algorithm (RFC 9293 section 3.7.4): while anything is unacknowledged, less than a full segment waits,
    /// unless the user has closed. It can be switched off (MUST-17), also in mid-life.
    pub nagle: bool,
    /// Delayed acknowledgments (RFC 9293 section 3.8.6.3): payload in order is acknowledged no later than so long after
    /// it has come, and every second segment at once. `None` and zero: each at once. Less than half a second, for which
    /// 500 ms stand as 499 (MUST-40).
    pub delayed_ack: Option<Duration>,
    /// Keep-alive (RFC 9293 section 3.8.4, MAY-5). `None`, the default, is off (MUST-24, MUST-25).
    pub keep_alive: Option<KeepAlive>,
    /// The probes of keep-alive carry one octet of garbage, for peers that do not answer a segment without payload (RFC
    /// 9293 section 3.8.4, MAY-6). It is no byte of the send queue: `Transmit::payload` is empty, and the caller puts
    /// in any octet.
    pub keep_alive_octet: bool,
    /// Half-duplex close (RFC 9293 section 3.6.1, MAY-1): a CLOSE while bytes are unread, or bytes that arrive after
    /// it, reset the connection, so that the peer learns that they are lost (SHLD-3).
    pub half_duplex_close: bool,
    /// A hard ICMP error ends the connection in every state, as RFC 9293 section 3.9.2.2 says; otherwise only before it
    /// is established.
    pub icmp_aborts: bool,
    /// The three checks of RFC 5961 against blind resets, SYNs and data (sections 3.2, 4.2 and 5.2).
    pub rfc5961: bool,
    /// How many challenge ACKs, and ACKs to unacceptable segments that carry nothing, are sent in one
    /// `challenge_period` (RFC 5961 section 7). Zero is none, and then no peer that started afresh is cured.
    pub challenge_limit: u8,
    /// See `challenge_limit`. More than zero.
    pub challenge_period: Duration,
}

impl Config {
    /// RFC 9293 and its companions.
    pub const DEFAULT: Config = Config {
        mss: 536,
        max_segment: u16::MAX,
        default_peer_mss: 536,
        receive_buffer: 65_535,
        window_scale: None,
        timestamps: false,
        sack_permitted: false,
        ecn: false,
        msl: Duration::from_secs(120),
        fin_wait_2_timeout: None,
        user_timeout: Some(Duration::from_secs(300)),
        r1: 3,
        r2: Duration::from_secs(100),
        syn_r2: Duration::from_secs(180),
        rto_initial: Duration::from_secs(1),
        rto_min: Duration::from_secs(1),
        rto_max: Duration::from_secs(60),
        nagle: true,
        delayed_ack: None,
        keep_alive: None,
        keep_alive_octet: false,
        reset_in_time_wait: false,
        half_duplex_close: false,
        icmp_aborts: false,
        rfc5961: true,
        challenge_limit: 10,
        challenge_period: Duration::from_secs(5),
    };

    /// Names the first value that makes no sense. A connection made from such a `Config` takes the nearest that does.
    ///
    /// # Errors
    ///
    /// The first policy, in the order of the fields, that is out of its range.
    pub const fn check(&self) -> Result<(), ConfigError> {
        if self.mss == 0 {
            return Err(ConfigError::Mss);
        }
        if self.max_segment <= HEADER {
            return Err(ConfigError::MaxSegment);
        }
        if self.default_peer_mss < LEAST_PEER_MSS {
            return Err(ConfigError::DefaultPeerMss);
        }
        if self.receive_buffer > MOST_BUFFER {
            return Err(ConfigError::ReceiveBuffer);
        }
        if let Some(shift) = self.window_scale
            && shift > scale_for(self.receive_buffer)
        {
            return Err(ConfigError::WindowScale);
        }
        if self.msl.is_zero() {
            return Err(ConfigError::Msl);
        }
        if let Some(timeout) = self.user_timeout
            && timeout.is_zero()
        {
            return Err(ConfigError::UserTimeout);
        }
        if self.rto_min.is_zero()
            || self.rto_min.as_nanos() > self.rto_max.as_nanos()
            || self.rto_initial.as_nanos() < self.rto_min.as_nanos()
            || self.rto_initial.as_nanos() > self.rto_max.as_nanos()
        {
            return Err(ConfigError::Rto);
        }
        if let Some(delay) = self.delayed_ack
            && delay.as_nanos() > 500_000_000
        {
            return Err(ConfigError::DelayedAck);
        }
        if let Some(KeepAlive { idle, interval, probes }) = self.keep_alive
            && (idle.is_zero() || interval.is_zero() || probes < LEAST_PROBES)
        {
            return Err(ConfigError::KeepAlive);
        }
        if self.challenge_period.is_zero() {
            return Err(ConfigError::ChallengePeriod);
        }
        Ok(())
    }
}

/// When and how an idle connection is probed (RFC 9293 section 3.8.4).
///
/// A probe goes out only while nothing is in flight and nothing of the peer has been accepted for `idle` (MUST-26): in
/// ESTABLISHED and CLOSE-WAIT, and in FIN-WAIT-2 where it has no timeout of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeepAlive {
    /// How long nothing has come before the first probe (MUST-27). The RFC wants two hours or more by default
    /// (MUST-28).
    pub idle: Duration,
    /// From each probe to the next one.
    pub interval: Duration,
    /// So many probes without an answer, and the connection is given up one interval later. Two or more: one may be
    /// lost (MUST-29).
    pub probes: u8,
}

impl KeepAlive {
    /// Two hours, then nine probes every 75 seconds, as BSD has had it since it began.
    pub const DEFAULT: KeepAlive =
        KeepAlive { idle: Duration::from_secs(7_200), interval: Duration::from_secs(75), probes: 9 };
}

impl Default for KeepAlive {
    fn default() -> KeepAlive {
        KeepAlive::DEFAULT
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::DEFAULT
    }
}

/// A policy that makes no sense, as [`Config::check`] finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// `mss` is zero; 1 is taken.
    #[error("mss is zero: no segment could carry payload")]
    Mss,
    /// `max_segment` leaves no room behind the TCP header; one byte of payload is taken.
    #[error("max_segment leaves no room for payload behind the 20 bytes of TCP header")]
    MaxSegment,
    /// `default_peer_mss` is below 48; 48 is taken.
    #[error("default_peer_mss is below 48")]
    DefaultPeerMss,
    /// `receive_buffer` is above 1 GiB; 1 GiB is taken.
    #[error("receive_buffer is above 1 GiB, the most that a window can be")]
    ReceiveBuffer,
    /// `window_scale` is larger than `receive_buffer` needs, or than 14; what the buffer needs is taken.
    #[error("window_scale is larger than receive_buffer needs")]
    WindowScale,
    /// `msl` is zero; one millisecond is taken.
    #[error("msl is zero: TIME-WAIT would not wait")]
    Msl,
    /// `user_timeout` is zero; one millisecond is taken.
    #[error("user_timeout is zero: nothing could be acknowledged in time")]
    UserTimeout,
    /// `rto_min`, `rto_initial` and `rto_max` are not in this order, or zero; `rto_max` is raised to one millisecond
    /// or more, and the others are brought within.
    #[error("rto_min, rto_initial and rto_max are zero or not in this order")]
    Rto,
    /// `delayed_ack` is longer than half a second; 499 ms are taken.
    #[error("delayed_ack is longer than half a second")]
    DelayedAck,
    /// `idle` or `interval` of `keep_alive` is zero, or `probes` is less than two; one millisecond and two are taken.
    #[error("keep_alive has no time to wait, or would give up after one probe")]
    KeepAlive,
    /// `challenge_period` is zero; one millisecond is taken.
    #[error("challenge_period is zero")]
    ChallengePeriod,
}

/// A TCP header without options, in bytes.
const HEADER: u16 = 20;
/// One unanswered probe is no dead peer (MUST-29).
const LEAST_PROBES: u8 = 2;
/// The longest that an acknowledgment is put off (MUST-40).
const MOST_DELAY: Duration = Duration::from_millis(499);
/// A smaller maximum segment size of the peer counts as this (D21): room for the data of one segment and no folly.
pub(crate) const LEAST_PEER_MSS: u16 = 48;
/// The largest window that scaling can express, RFC 7323 section 2.3.
const MOST_BUFFER: u32 = 1 << 30;

/// The least shift count with which a window of so many bytes fits its field; 14 is the most (RFC 7323 section 2.3).
const fn scale_for(buffer: u32) -> u8 {
    let mut shift = 0_u8;
    while shift < 14 && buffer >> shift > u16::MAX as u32 {
        shift = shift.wrapping_add(1);
    }
    shift
}

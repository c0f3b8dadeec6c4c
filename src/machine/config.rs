//! Policies: the choices that RFC 9293 and its companions leave to the user.

mod policy;
mod systems;
mod time_wait;

use core::time::Duration;

pub use policy::Policy;
pub use time_wait::TimeWaitPolicy;

/// The policies of a connection. The default follows RFC 9293 and its companions.
///
/// ```
/// use core::time::Duration;
/// use tcp_lifecycle::Config;
///
/// const CONFIG: Config = Config { msl: Duration::from_secs(30), ..Config::DEFAULT };
/// assert_eq!(CONFIG.check(), Ok(()));
/// ```
///
/// A connection stores each duration in a compact form, rounded up: whole milliseconds up to 8.19 s, and three or more
/// significant digits beyond. `Duration::MAX` and any duration over two and a half years are no limit. A user timeout
/// or an R2 longer than 2^32 ms (seven weeks) is no limit either.
///
/// The defaults and the presets. The last column cites the RFC, and names the setting of Linux or FreeBSD if there is
/// one:
///
/// | field | `DEFAULT` | `linux()` | `bsd()` | from |
/// |---|---|---|---|---|
/// | `mss` | 536 | 1460 | 1460 | RFC 9293 3.7.1 |
/// | `max_segment` | 65535 | 1480 | 1480 | RFC 9293 3.7.1, MMS_S |
/// | `default_peer_mss` | 536 | 536 | 536 | RFC 9293 3.7.1, MUST-15 |
/// | `receive_buffer` | 65535 | 6291456 | 2097152 | `tcp_rmem`; `recvbuf_max` |
/// | `window_scale` | None | None | None | RFC 7323 2 |
/// | `window_scaling` | true | true | true | RFC 7323 2; `tcp_window_scaling`; `rfc1323` |
/// | `timestamps` | false | true | true | RFC 7323 3; `tcp_timestamps`; `rfc1323` |
/// | `tolerate_missing_timestamps` | false | true | true | RFC 7323 3.2; `tolerate_missing_ts` |
/// | `sack_permitted` | false | true | true | RFC 2018; `tcp_sack`; `sack.enable` |
/// | `ecn` | false | false | false | RFC 3168 |
/// | `accept_ecn` | false | true | true | `tcp_ecn`; `ecn.enable` |
/// | `msl` | 120s | 30s | 30s | RFC 9293 3.4.2; `TCP_TIMEWAIT_LEN`; `msl` |
/// | `fin_wait_2_timeout` | None | Some(60s) | Some(600s) | `tcp_fin_timeout`; keep-alive's |
/// | `user_timeout` | Some(300s) | None | None | RFC 9293 3.9.1.1 |
/// | `user_timeout_in_persist` | false | true | false | MUST-37; `TCP_USER_TIMEOUT` |
/// | `r1` | 3 | 3 | 3 | RFC 9293 3.8.3; `tcp_retries1` |
/// | `r2` | 100s | 924s | 373s | RFC 9293 3.8.3; `tcp_retries2`; `TCP_MAXRXTSHIFT` |
/// | `syn_r2` | 180s | 127s | 75s | RFC 9293 3.8.3, MUST-23; `keepinit` |
/// | `r2_count` | None | None | Some(12) | `TCP_MAXRXTSHIFT` |
/// | `syn_r2_count` | None | Some(6) | None | `tcp_syn_retries` |
/// | `syn_ack_r2_count` | None | Some(5) | Some(3) | `tcp_synack_retries`; `syncache.rexmtlimit` |
/// | `rto_initial` | 1s | 1s | 1s | RFC 6298 2.1 |
/// | `rto_min` | 1s | 200ms | 230ms | RFC 6298 2.4; `TCP_RTO_MIN`; `rexmit_min` |
/// | `rto_max` | 60s | 120s | 64s | RFC 6298 2.5; `TCP_RTO_MAX`; `TCPTV_REXMTMAX` |
/// | `rto_after_syn_timeout` | 3s | 3s | 1s | RFC 6298 5.7; `TCP_TIMEOUT_FALLBACK`; `rexmit_initial` |
/// | `reset_in_time_wait` | false | true | false | RFC 1337; `tcp_rfc1337` |
/// | `nagle` | true | true | true | RFC 9293 3.7.4 |
/// | `delayed_ack` | None | Some(40ms) | Some(40ms) | RFC 9293 3.8.6.3; `TCP_DELACK_MIN`; `delacktime` |
/// | `keep_alive` | None | None | Some(2h 75s 8) | RFC 9293 3.8.4; `always_keepalive` |
/// | `keep_alive_octet` | false | false | false | RFC 9293 3.8.4, MAY-6 |
/// | `half_duplex_close` | false | false | false | RFC 9293 3.6.1, MAY-1 |
/// | `icmp_aborts` | false | false | false | RFC 9293 3.9.2.2 |
/// | `rfc5961` | true | true | true | RFC 5961 |
/// | `challenge_limit` | 10 | 1 | 5 | RFC 5961 7; `tcp_invalid_ratelimit`; `ack_war_cnt` |
/// | `challenge_period` | 5s | 500ms | 1s | RFC 5961 7; `tcp_invalid_ratelimit`; `ack_war_timewindow` |
///
/// With the feature `serde` a `Config` can be read from a file. A field that is missing has its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// The maximum segment size that our SYNs announce: the largest payload, in bytes, that the peer may send in one
    /// segment (RFC 9293 section 3.7.1). 1 to 65,535.
    pub mss: u16,
    /// The largest segment that we send, in bytes, TCP header included (MMS_S of RFC 9293 section 3.7.1). 21 to 65,535;
    /// at 65,535 only the peer's maximum segment size limits a segment.
    pub max_segment: u16,
    /// The maximum segment size of a peer whose SYN does not announce one: 536 bytes for IPv4, 1220 for IPv6 (RFC 9293
    /// section 3.7.1, MUST-15). 48 to 65,535.
    pub default_peer_mss: u16,
    /// The size of the receive buffer, in bytes: the most payload that we hold until the user has consumed it, and the
    /// largest receive window that we offer. At most 1 GiB. With zero the window never opens (MAY-8).
    pub receive_buffer: u32,
    /// The shift count of the window scale option on our SYNs (RFC 7323 section 2). At most 14, and small enough that
    /// `receive_buffer` is at least one step of the window field.
    ///
    /// `None` chooses the shift count that `receive_buffer` needs. If the buffer needs no scaling, our SYN carries no
    /// option, and our SYN,ACK does not accept the peer's. The windows of both sides are then 65,535 at most. `Some(0)`
    /// offers the option with such a buffer too, so that the peer may scale its windows (recommended by RFC 7323
    /// section 2.2; D27).
    pub window_scale: Option<u8>,
    /// Enables window scaling. If off, the option is neither offered nor accepted, whatever `receive_buffer` and
    /// `window_scale` are, and no window is larger than 65,535.
    pub window_scaling: bool,
    /// Offers and accepts the timestamps option (RFC 7323 section 3). Timestamps measure the round-trip time of
    /// retransmissions, and protect against old duplicates. TSval is the caller's time in milliseconds plus the offset
    /// of [`set_timestamp_offset`](crate::Connection::set_timestamp_offset). The offset hides the uptime of the host
    /// (RFC 7323 section 7.1). A host that uses timestamps must discover the path MTU (section 5.7).
    pub timestamps: bool,
    /// Accepts segments without timestamps after the SYNs have agreed on them. RFC 7323 section 3.2 drops such
    /// segments. Middleboxes and old stacks send them, and Linux and FreeBSD accept them (`tolerate_missing_ts`).
    pub tolerate_missing_timestamps: bool,
    /// Offers and accepts SACK-permitted (RFC 2018). `Status::sack_permitted` tells whether the SYNs agreed on it. The
    /// caller builds and interprets the SACK blocks.
    pub sack_permitted: bool,
    /// Offers and accepts explicit congestion notification (RFC 3168; RFC 9293 section 3.8.2, SHLD-8). The caller must
    /// mark packets as ECN-capable, report the congestion marks of packets that arrive
    /// ([`congestion_experienced`](crate::Connection::congestion_experienced)), and have a congestion window to reduce.
    pub ecn: bool,
    /// Accepts explicit congestion notification if the peer's SYN offers it, but does not offer it: `tcp_ecn = 2` of
    /// Linux. The caller has the same duties as for `ecn`, which includes this policy.
    pub accept_ecn: bool,
    /// The maximum segment lifetime (RFC 9293 section 3.4.2), more than zero. TIME-WAIT lasts twice as long.
    pub msl: Duration,
    /// How long FIN-WAIT-2 may last after the user has called [`detach`](crate::Connection::detach). Zero ends the
    /// connection at once. `None` is no limit, as in the RFC.
    pub fin_wait_2_timeout: Option<Duration>,
    /// The user timeout: how long a SYN, payload or a FIN of ours may stay unacknowledged without any progress (RFC
    /// 9293 section 3.9.1.1). More than zero; `None` is no limit. Behind a closed window it counts from the first
    /// unanswered probe, and ends the connection only after at least three unanswered probes.
    pub user_timeout: Option<Duration>,
    /// Lets the user timeout bound the time behind a closed window too, even if the peer answers each probe (RFC 6429;
    /// `TCP_USER_TIMEOUT` of Linux). There it counts from the last progress, and does not wait for three unanswered
    /// probes. Once the window has opened, R2 as a time counts from the last progress as well (D20). Off by default
    /// (MUST-37).
    pub user_timeout_in_persist: bool,
    /// R1 of RFC 9293 section 3.8.3: after this many retransmissions of the same segment the user gets
    /// [`Signal::Retransmitting`](crate::Signal::Retransmitting). The RFC wants three or more (SHLD-10). Zero never
    /// signals.
    pub r1: u8,
    /// R2 of RFC 9293 section 3.8.3, as a time since the last progress. The connection is given up when the
    /// retransmission timer fires at that time or later, but not before `r1` retransmissions. The RFC wants 100 s or
    /// more (SHLD-11). `Duration::MAX` never gives up.
    pub r2: Duration,
    /// R2 while our SYN is unacknowledged. The RFC wants three minutes or more (RFC 9293 section 3.8.3, MUST-23).
    pub syn_r2: Duration,
    /// R2 as a count, beside `r2`. The connection is given up when the timer fires after this many retransmissions, or
    /// after this many unanswered zero-window probes, but not before `r1` of them. `None` and `Some(255)` are no limit.
    pub r2_count: Option<u8>,
    /// R2 as a count for our SYN after an active OPEN.
    pub syn_r2_count: Option<u8>,
    /// R2 as a count for our SYN,ACK in SYN-RECEIVED after a passive OPEN.
    pub syn_ack_r2_count: Option<u8>,
    /// The retransmission timeout before the first sample of the round-trip time (RFC 6298 section 2.1). From `rto_min`
    /// to `rto_max`.
    pub rto_initial: Duration,
    /// The minimum retransmission timeout (RFC 6298 section 2.4), more than zero.
    pub rto_min: Duration,
    /// The maximum retransmission timeout, and the longest interval between two zero-window probes (RFC 6298 section
    /// 2.5, which wants 60 s or more). A user timeout that is shorter replaces it.
    pub rto_max: Duration,
    /// The retransmission timeout after the handshake, if our SYN had to be retransmitted (RFC 6298 section 5.7). It is
    /// used only if it is longer than `rto_initial`, and `rto_max` bounds it.
    pub rto_after_syn_timeout: Duration,
    /// Lets a reset end TIME-WAIT, as RFC 9293 section 3.10.7.4 is printed. Off by default, since 2 MSL protects the
    /// connections that come after (RFC 1337).
    pub reset_in_time_wait: bool,
    /// Nagle's algorithm (RFC 9293 section 3.7.4): while anything is unacknowledged, less than a full segment waits,
    /// unless the user has closed. It can be switched off (MUST-17), also while the connection is open.
    pub nagle: bool,
    /// Delayed acknowledgments (RFC 9293 section 3.8.6.3): the longest delay before payload in order is acknowledged.
    /// Every second segment is acknowledged at once. `None` and zero acknowledge each segment at once. Less than half a
    /// second; 500 ms is taken as 499 ms (MUST-40).
    pub delayed_ack: Option<Duration>,
    /// Keep-alive (RFC 9293 section 3.8.4, MAY-5). `None`, the default, is off (MUST-24, MUST-25).
    pub keep_alive: Option<KeepAlive>,
    /// Puts one garbage octet into each keep-alive probe, for peers that do not answer a segment without payload (RFC
    /// 9293 section 3.8.4, MAY-6). The octet is not a byte of the send queue: `Transmit::payload` is empty, and the
    /// caller sends any octet.
    pub keep_alive_octet: bool,
    /// Half-duplex close (RFC 9293 section 3.6.1, MAY-1): after CLOSE the user reads no more, so that CLOSE is
    /// [`detach`](crate::Connection::detach). If off, CLOSE is a half-close, like `shutdown(SHUT_WR)` of a socket API.
    pub half_duplex_close: bool,
    /// Lets a hard ICMP error end the connection in every state, as in RFC 9293 section 3.9.2.2. If off, a hard error
    /// ends a connection only before it is established.
    pub icmp_aborts: bool,
    /// The three checks of RFC 5961 against blind resets, SYNs and data (sections 3.2, 4.2 and 5.2).
    pub rfc5961: bool,
    /// The size of the token bucket that limits challenge ACKs (RFC 5961 section 7). ACKs to other segments that may
    /// come from an attacker take their tokens from it too. Zero sends no challenge ACK, and then a peer that has
    /// restarted cannot recover. A probe of the peer is always answered.
    pub challenge_limit: u8,
    /// The time in which the empty bucket of `challenge_limit` tokens fills, more than zero. A token comes back after
    /// its share of this period, but not before one millisecond, and not later than two hours and 20 minutes.
    pub challenge_period: Duration,
}

impl Config {
    /// The policies that RFC 9293 and its companions ask for.
    pub const DEFAULT: Config = Config {
        mss: 536,
        max_segment: u16::MAX,
        default_peer_mss: 536,
        receive_buffer: 65_535,
        window_scale: None,
        window_scaling: true,
        timestamps: false,
        tolerate_missing_timestamps: false,
        sack_permitted: false,
        ecn: false,
        accept_ecn: false,
        msl: Duration::from_secs(120),
        fin_wait_2_timeout: None,
        user_timeout: Some(Duration::from_secs(300)),
        user_timeout_in_persist: false,
        r1: 3,
        r2: Duration::from_secs(100),
        syn_r2: Duration::from_secs(180),
        r2_count: None,
        syn_r2_count: None,
        syn_ack_r2_count: None,
        rto_initial: Duration::from_secs(1),
        rto_min: Duration::from_secs(1),
        rto_max: Duration::from_secs(60),
        rto_after_syn_timeout: Duration::from_secs(3),
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

    /// Checks that each policy is in its range. A connection replaces a value out of range by the nearest value in
    /// range.
    ///
    /// # Errors
    ///
    /// The first policy out of its range, in the order of the fields. [`ConfigError::FeatureOff`] comes before all
    /// others.
    pub const fn check(&self) -> Result<(), ConfigError> {
        if (self.timestamps && cfg!(not(feature = "timestamps")))
            || ((self.ecn || self.accept_ecn) && cfg!(not(feature = "ecn")))
            || (self.keep_alive.is_some() && cfg!(not(feature = "keep-alive")))
            || (self.delayed_ack.is_some() && cfg!(not(feature = "delayed-ack")))
        {
            return Err(ConfigError::FeatureOff);
        }
        if self.mss == 0 {
            return Err(ConfigError::Mss);
        }
        if self.max_segment <= HEADER {
            return Err(ConfigError::MaxSegment);
        }
        if self.default_peer_mss < MIN_PEER_MSS {
            return Err(ConfigError::DefaultPeerMss);
        }
        if self.receive_buffer > MAX_BUFFER {
            return Err(ConfigError::ReceiveBuffer);
        }
        if let Some(shift) = self.window_scale
            && shift > max_scale_for(self.receive_buffer)
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
        if let Some(KeepAlive { idle, interval, probes: _ }) = self.keep_alive
            && (idle.is_zero() || interval.is_zero())
        {
            return Err(ConfigError::KeepAlive);
        }
        if self.challenge_period.is_zero() {
            return Err(ConfigError::ChallengePeriod);
        }
        Ok(())
    }
}

/// When and how often an idle connection is probed (RFC 9293 section 3.8.4).
///
/// A probe goes out only if nothing is in flight and no segment of the peer has been accepted for `idle` (MUST-26).
/// Keep-alive runs in ESTABLISHED and CLOSE-WAIT, and in FIN-WAIT-2 if that state has no timeout of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct KeepAlive {
    /// The idle time before the first probe (MUST-27). The RFC wants a default of two hours or more (MUST-28).
    pub idle: Duration,
    /// The time between two probes.
    pub interval: Duration,
    /// The number of unanswered probes after which the connection is given up, one interval after the last of them. The
    /// RFC wants two or more, since one may be lost (MUST-29). Zero never gives up.
    pub probes: u8,
}

impl KeepAlive {
    /// Two hours, then nine probes at intervals of 75 seconds: the values of Linux. FreeBSD has the same times, and
    /// eight probes.
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

/// A policy out of its range, as [`Config::check`] finds it. Each variant tells which value a connection takes instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConfigError {
    /// `timestamps`, `ecn`, `accept_ecn`, `keep_alive` or `delayed_ack` is on, but its crate feature is not enabled;
    /// the policy counts as off.
    #[error("a policy is on whose feature is off in this build")]
    FeatureOff,
    /// `mss` is zero; 1 is taken.
    #[error("mss is zero: no segment could carry payload")]
    Mss,
    /// `max_segment` leaves no room for payload after the TCP header; 21 is taken.
    #[error("max_segment leaves no room for payload after the 20 bytes of TCP header")]
    MaxSegment,
    /// `default_peer_mss` is below 48; 48 is taken.
    #[error("default_peer_mss is below 48")]
    DefaultPeerMss,
    /// `receive_buffer` is above 1 GiB; 1 GiB is taken.
    #[error("receive_buffer is above 1 GiB, the most that a window can be")]
    ReceiveBuffer,
    /// `window_scale` is above 14, or makes `receive_buffer` less than one step of the window field; the largest shift
    /// count in range is taken.
    #[error("window_scale is above 14, or makes each window read zero")]
    WindowScale,
    /// `msl` is zero; one millisecond is taken.
    #[error("msl is zero: TIME-WAIT would not wait")]
    Msl,
    /// `user_timeout` is zero; one millisecond is taken.
    #[error("user_timeout is zero: nothing could be acknowledged in time")]
    UserTimeout,
    /// `rto_min` is zero, or `rto_min`, `rto_initial` and `rto_max` are not in ascending order. `rto_min` and `rto_max`
    /// are raised to at least one millisecond, and each timeout is kept between them. If `rto_min` is above `rto_max`,
    /// `rto_max` wins.
    #[error("rto_min, rto_initial and rto_max are zero or not in this order")]
    Rto,
    /// `delayed_ack` is longer than half a second; 499 ms is taken.
    #[error("delayed_ack is longer than half a second")]
    DelayedAck,
    /// `idle` or `interval` of `keep_alive` is zero; one millisecond is taken.
    #[error("keep_alive has no time to wait")]
    KeepAlive,
    /// `challenge_period` is zero; one millisecond is taken.
    #[error("challenge_period is zero")]
    ChallengePeriod,
}

/// The length of a TCP header without options, in bytes.
const HEADER: u16 = 20;
/// The longest delay of an acknowledgment (MUST-40).
const MAX_DELAY: Duration = Duration::from_millis(499);
/// The least maximum segment size of the peer; a smaller one counts as this (D21). With less, most of each segment
/// would be header.
pub(crate) const MIN_PEER_MSS: u16 = 48;
/// The largest window that scaling can express (RFC 7323 section 2.3).
pub(crate) const MAX_BUFFER: u32 = 1 << 30;

/// Returns the largest shift count with which a window of `buffer` bytes is at least one step, 14 at most (RFC 7323
/// section 2.3).
const fn max_scale_for(buffer: u32) -> u8 {
    match buffer.checked_ilog2() {
        Some(shift) if shift < 14 => shift as u8,
        Some(_) => 14,
        None => 0,
    }
}

/// Returns the smallest shift count with which a window of `buffer` bytes fits the window field, 14 at most (RFC 7323
/// section 2.3).
const fn scale_for(buffer: u32) -> u8 {
    let mut shift = 0_u8;
    while shift < 14 && buffer >> shift > u16::MAX as u32 {
        shift = shift.wrapping_add(1);
    }
    shift
}

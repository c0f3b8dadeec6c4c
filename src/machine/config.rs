//! Policies: what RFC 9293 and its companions leave to the one who opens the connection.

mod policy;
mod systems;
mod time_wait;

use core::time::Duration;

pub use policy::Policy;
pub use time_wait::TimeWaitPolicy;

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
/// beyond, rounded up; `Duration::MAX` and anything over two and a half years has no end, and neither has a user
/// timeout or R2 of seven weeks.
///
/// The defaults, and the presets (a setting of Linux or FreeBSD where it has a name):
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
/// | `rto_after_syn_timeout` | 3s | 3s | 3s | RFC 6298 5.7 |
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
    /// Zero is a window that never opens (MAY-8).
    pub receive_buffer: u32,
    /// The shift count of the window scale option on our SYNs (RFC 7323 section 2). `None` is the count that
    /// `receive_buffer` needs, and no option where it needs none; then a peer that offers it is answered without, and
    /// says no window above 65,535 either. `Some(0)` offers it with such a buffer, too, so that the peer may scale (RFC
    /// 7323 section 2.2 recommends it; D27). At most 14, and no more than leaves the buffer one step of the window's
    /// field.
    pub window_scale: Option<u8>,
    /// Window scale at all. Off, no option is offered or accepted, whatever the buffer and `window_scale` say, and no
    /// window is larger than 65,535.
    pub window_scaling: bool,
    /// Offer and accept the timestamps option (RFC 7323 section 3): round-trip times of what is sent again, and
    /// protection against old duplicates. The clock is the moment that is told, in milliseconds, with the offset of
    /// [`set_timestamp_offset`](crate::Connection::set_timestamp_offset), which hides how long the host is up (RFC 7323
    /// section 7.1). A host with it must discover the path's MTU (section 5.7).
    pub timestamps: bool,
    /// Take segments without the timestamps that the SYNs agreed. RFC 7323 section 3.2 drops them; middleboxes and old
    /// stacks send them, and Linux and FreeBSD take them (`tolerate_missing_ts`).
    pub tolerate_missing_timestamps: bool,
    /// Offer and accept SACK-permitted (RFC 2018). What the SYNs agreed stands in `Status`; the blocks are the
    /// caller's.
    pub sack_permitted: bool,
    /// Offer and accept explicit congestion notification (RFC 3168; RFC 9293 section 3.8.2, SHLD-8). It asks for a
    /// caller who marks packets as capable of it, reads the marks that come
    /// ([`congestion_experienced`](crate::Connection::congestion_experienced)), and has a congestion window to reduce.
    pub ecn: bool,
    /// Accept explicit congestion notification where the peer's SYN offers it, without offering it: `tcp_ecn = 2` of
    /// Linux. It asks for the same caller. `ecn` includes it.
    pub accept_ecn: bool,
    /// The maximum segment lifetime (RFC 9293 section 3.4.2). TIME-WAIT lasts twice as long.
    pub msl: Duration,
    /// How long FIN-WAIT-2 may last once the user is gone ([`detach`](crate::Connection::detach)), zero for an end at
    /// once. `None` is the RFC's answer: without an end.
    pub fin_wait_2_timeout: Option<Duration>,
    /// How long what we have sent may stay unacknowledged without any progress (RFC 9293 section 3.9.1.1), more than
    /// zero. `None` is without an end. Behind a closed window it counts from the first probe that is not answered, and
    /// at least three go unanswered before it ends the connection.
    pub user_timeout: Option<Duration>,
    /// The user timeout bounds the time behind a closed window as well, though the peer answers each probe: it counts
    /// from the last progress (RFC 6429; Linux's `TCP_USER_TIMEOUT`), and does not wait for three probes; once the
    /// window has opened, R2 as a time counts from there as well (D20). Off by default (MUST-37).
    pub user_timeout_in_persist: bool,
    /// R1 of RFC 9293 section 3.8.3: after this many retransmissions of the same segment the user is told. Three or
    /// more (SHLD-10); zero is never.
    pub r1: u8,
    /// R2 of RFC 9293 section 3.8.3: when the retransmission timer fires this long after the last progress, or later,
    /// the connection is given up, but not before the retransmissions of `r1` have gone out. The RFC wants 100 s or
    /// more (SHLD-11). `Duration::MAX` is never.
    pub r2: Duration,
    /// R2 while our SYN is unacknowledged, three minutes or more (RFC 9293 section 3.8.3, MUST-23).
    pub syn_r2: Duration,
    /// R2 as a count: the connection is given up, too, when the timer fires after this many retransmissions (or
    /// unanswered probes of a closed window), but not before those of `r1`. `None`, and 255, is no limit.
    pub r2_count: Option<u8>,
    /// The same for our SYN after an active OPEN.
    pub syn_r2_count: Option<u8>,
    /// The same for our SYN,ACK after a passive OPEN, in SYN-RECEIVED.
    pub syn_ack_r2_count: Option<u8>,
    /// The retransmission timeout before the first sample of the round-trip time (RFC 6298 section 2.1), from `rto_min`
    /// to `rto_max`.
    pub rto_initial: Duration,
    /// The least retransmission timeout (RFC 6298 section 2.4), more than zero.
    pub rto_min: Duration,
    /// The greatest retransmission timeout, and the longest pause between two probes of a closed window (RFC 6298
    /// section 2.5, which wants 60 s or more). A user timeout that is shorter takes its place.
    pub rto_max: Duration,
    /// The retransmission timeout once a SYN that had to be sent again is acknowledged (RFC 6298 section 5.7), where it
    /// is longer than `rto_initial` and within `rto_max`.
    pub rto_after_syn_timeout: Duration,
    /// RFC 9293 section 3.10.7.4 as it is printed, where a reset ends TIME-WAIT. By default it does not: 2 MSL is a
    /// promise to the connections that come after (RFC 1337).
    pub reset_in_time_wait: bool,
    /// Nagle's algorithm (RFC 9293 section 3.7.4): while anything is unacknowledged, less than a full segment waits,
    /// unless the user has closed. It can be switched off (MUST-17), also in mid-life.
    pub nagle: bool,
    /// Delayed acknowledgments (RFC 9293 section 3.8.6.3): payload in order is acknowledged no later than this after
    /// it has come, and every second segment at once. `None` and zero: each at once. Less than half a second, for which
    /// 500 ms stand as 499 (MUST-40).
    pub delayed_ack: Option<Duration>,
    /// Keep-alive (RFC 9293 section 3.8.4, MAY-5). `None`, the default, is off (MUST-24, MUST-25).
    pub keep_alive: Option<KeepAlive>,
    /// The probes of keep-alive carry one octet of garbage, for peers that do not answer a segment without payload (RFC
    /// 9293 section 3.8.4, MAY-6). It is no byte of the send queue: `Transmit::payload` is empty, and the caller puts
    /// in any octet.
    pub keep_alive_octet: bool,
    /// Half-duplex close (RFC 9293 section 3.6.1, MAY-1): who has called CLOSE reads no more, so that CLOSE is
    /// [`detach`](crate::Connection::detach). Off, CLOSE is a half-close, as `shutdown(SHUT_WR)` of a socket API.
    pub half_duplex_close: bool,
    /// A hard ICMP error ends the connection in every state, as RFC 9293 section 3.9.2.2 says; otherwise only before it
    /// is established.
    pub icmp_aborts: bool,
    /// The three checks of RFC 5961 against blind resets, SYNs and data (sections 3.2, 4.2 and 5.2).
    pub rfc5961: bool,
    /// The bucket of challenge ACKs (RFC 5961 section 7), from which the ACKs to other segments that may be anybody's
    /// are taken too: it holds this many, and is empty to full in `challenge_period`. Zero is none, and then no peer
    /// that started afresh is cured. A probe of the peer is always answered.
    pub challenge_limit: u8,
    /// See `challenge_limit`. More than zero; there is no more than one challenge for each millisecond of it, and no
    /// less than one in two hours and a third.
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

    /// Names the first value that makes no sense. A connection made from such a `Config` takes the nearest that does.
    ///
    /// # Errors
    ///
    /// The first policy, in the order of the fields, that is out of its range.
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
        if self.default_peer_mss < LEAST_PEER_MSS {
            return Err(ConfigError::DefaultPeerMss);
        }
        if self.receive_buffer > MOST_BUFFER {
            return Err(ConfigError::ReceiveBuffer);
        }
        if let Some(shift) = self.window_scale
            && shift > most_scale_for(self.receive_buffer)
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
    /// After this many probes without an answer the connection is given up, one interval later. Two or more by the RFC:
    /// one may be lost (MUST-29). Zero is without an end.
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
    /// `timestamps`, `ecn`, `accept_ecn`, `keep_alive` or `delayed_ack` is on, and the feature of this name is not: the
    /// policy counts as off.
    #[error("a policy is on whose feature is off in this build")]
    FeatureOff,
    /// `mss` is zero; 1 is taken.
    #[error("mss is zero: no segment could carry payload")]
    Mss,
    /// `max_segment` leaves no room behind the TCP header; one byte of payload is taken.
    #[error("max_segment leaves no room for payload after the 20 bytes of TCP header")]
    MaxSegment,
    /// `default_peer_mss` is below 48; 48 is taken.
    #[error("default_peer_mss is below 48")]
    DefaultPeerMss,
    /// `receive_buffer` is above 1 GiB; 1 GiB is taken.
    #[error("receive_buffer is above 1 GiB, the most that a window can be")]
    ReceiveBuffer,
    /// `window_scale` is larger than 14, or leaves `receive_buffer` not one step of the window's field; the largest
    /// that does neither is taken.
    #[error("window_scale is above 14, or makes each window read zero")]
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
    /// `idle` or `interval` of `keep_alive` is zero; one millisecond is taken.
    #[error("keep_alive has no time to wait")]
    KeepAlive,
    /// `challenge_period` is zero; one millisecond is taken.
    #[error("challenge_period is zero")]
    ChallengePeriod,
}

/// A TCP header without options, in bytes.
const HEADER: u16 = 20;
/// The longest that an acknowledgment is put off (MUST-40).
const MOST_DELAY: Duration = Duration::from_millis(499);
/// A smaller maximum segment size of the peer counts as this (D21): room for the data of one segment and no folly.
pub(crate) const LEAST_PEER_MSS: u16 = 48;
/// The largest window that scaling can express, RFC 7323 section 2.3.
const MOST_BUFFER: u32 = 1 << 30;

/// The largest shift count that leaves a window of this many bytes one step; 14 is the most (RFC 7323 section 2.3).
const fn most_scale_for(buffer: u32) -> u8 {
    match buffer.checked_ilog2() {
        Some(shift) if shift < 14 => shift as u8,
        Some(_) => 14,
        None => 0,
    }
}

/// The least shift count with which a window of `buffer` bytes fits its field; 14 is the most (RFC 7323 section 2.3).
const fn scale_for(buffer: u32) -> u8 {
    let mut shift = 0_u8;
    while shift < 14 && buffer >> shift > u16::MAX as u32 {
        shift = shift.wrapping_add(1);
    }
    shift
}

//! The default policies of other systems.

use core::time::Duration;

use super::{Config, KeepAlive};

impl Config {
    /// The default policies of Linux (6.x), on an Ethernet with an MTU of 1500 bytes. The source names the `net.ipv4`
    /// setting of each policy, or else the constant of `include/net/tcp.h`.
    ///
    /// Linux counts retransmissions. R2 here is the time that this count takes with the minimum retransmission timeout
    /// of Linux, as in its documentation. Linux departs from RFC 9293 in more than one place: R2 for a SYN is shorter
    /// than three minutes (MUST-23), and TIME-WAIT lasts one minute.
    #[must_use]
    pub const fn linux() -> Config {
        Config {
            // 1500 bytes less the headers of IPv4 and TCP.
            mss: 1_460,
            max_segment: 1_480,
            // TCP_MSS_DEFAULT
            default_peer_mss: 536,
            // tcp_rmem: the size up to which the buffer grows by itself. The window scale is chosen for it (7).
            receive_buffer: 6 << 20,
            // tcp_window_scaling
            window_scale: None,
            window_scaling: true,
            // tcp_timestamps, tcp_sack
            timestamps: true,
            // tcp_validate_incoming() checks only the timestamps that are present.
            tolerate_missing_timestamps: true,
            sack_permitted: true,
            // tcp_ecn is 2: ECN is accepted, but not offered. The caller has to take part.
            ecn: false,
            accept_ecn: true,
            // TCP_TIMEWAIT_LEN is one minute, which is 2 MSL.
            msl: Duration::from_secs(30),
            // tcp_fin_timeout
            fin_wait_2_timeout: Some(Duration::from_secs(60)),
            // TCP_USER_TIMEOUT is not set. A socket that sets it bounds the time behind a closed window too.
            user_timeout: None,
            user_timeout_in_persist: true,
            // tcp_retries1
            r1: 3,
            // tcp_retries2, fifteen retransmissions: the timer fires for the sixteenth time after 924.6 s.
            r2: Duration::from_secs(924),
            // tcp_syn_retries, six retransmissions. (Since 6.5 tcp_syn_linear_timeouts puts four more before them.)
            syn_r2: Duration::from_secs(127),
            r2_count: None,
            syn_r2_count: Some(6),
            // tcp_synack_retries: the connection is given up after 63 s.
            syn_ack_r2_count: Some(5),
            // TCP_TIMEOUT_INIT, TCP_RTO_MIN, TCP_RTO_MAX, TCP_TIMEOUT_FALLBACK
            rto_initial: Duration::from_secs(1),
            rto_min: Duration::from_millis(200),
            rto_max: Duration::from_secs(120),
            rto_after_syn_timeout: Duration::from_secs(3),
            // tcp_rfc1337 is off.
            reset_in_time_wait: true,
            // TCP_NODELAY is not set.
            nagle: true,
            // TCP_DELACK_MIN. Linux raises it up to 200 ms, and acknowledges the first segments of a connection at
            // once.
            delayed_ack: Some(Duration::from_millis(40)),
            // SO_KEEPALIVE is not set. KeepAlive::DEFAULT has the values of tcp_keepalive_time, _intvl and _probes.
            keep_alive: None,
            keep_alive_octet: false,
            // shutdown(SHUT_WR) is a half-close; close(2) is `Connection::detach`.
            half_duplex_close: false,
            // IP_RECVERR is not set.
            icmp_aborts: false,
            // RFC 5961 since 3.6. tcp_invalid_ratelimit: one answer in 500 ms for each connection.
            rfc5961: true,
            challenge_limit: 1,
            challenge_period: Duration::from_millis(500),
        }
    }

    /// The default policies of FreeBSD (14), on an Ethernet with an MTU of 1500 bytes. The source names the
    /// `net.inet.tcp` setting of each policy, or else the constant of `sys/netinet/tcp_timer.h`.
    ///
    /// FreeBSD departs from RFC 9293 in more than one place: keep-alive is on (MUST-25), R2 for a SYN is 75 s
    /// (MUST-23), and TIME-WAIT lasts one minute.
    #[must_use]
    pub const fn bsd() -> Config {
        Config {
            // 1500 bytes less the headers of IPv4 and TCP.
            mss: 1_460,
            max_segment: 1_480,
            // mssdflt
            default_peer_mss: 536,
            // recvbuf_max: the size up to which the buffer grows by itself. The window scale is chosen for it (6).
            receive_buffer: 2 << 20,
            // rfc1323, sack.enable
            window_scale: None,
            window_scaling: true,
            timestamps: true,
            // tolerate_missing_ts
            tolerate_missing_timestamps: true,
            sack_permitted: true,
            // ecn.enable is 2: ECN is accepted, but not offered. The caller has to take part.
            ecn: false,
            accept_ecn: true,
            // msl
            msl: Duration::from_secs(30),
            // Eight keep-alive intervals, since fast_finwait2_recycle is off.
            fin_wait_2_timeout: Some(Duration::from_secs(600)),
            // FreeBSD has no user timeout.
            user_timeout: None,
            user_timeout_in_persist: false,
            // TCP_MAXRXTSHIFT / 4: from this count on, FreeBSD looks up the route again.
            r1: 3,
            // TCP_MAXRXTSHIFT: twelve retransmissions, at intervals from 230 ms to 64 s.
            r2: Duration::from_secs(373),
            // keepinit, for which FreeBSD has a separate timer. Here R2 is checked when the retransmission timer fires,
            // after 63 s and after 127 s.
            syn_r2: Duration::from_secs(75),
            r2_count: Some(12),
            syn_r2_count: None,
            // syncache.rexmtlimit: the connection is given up after 15 s.
            syn_ack_r2_count: Some(3),
            // rexmit_initial; rexmit_min with rexmit_slop; TCPTV_REXMTMAX. After a SYN timeout the RTO is
            // rexmit_initial again.
            rto_initial: Duration::from_secs(1),
            rto_min: Duration::from_millis(230),
            rto_max: Duration::from_secs(64),
            rto_after_syn_timeout: Duration::from_secs(1),
            // tcp_twcheck() drops a reset.
            reset_in_time_wait: false,
            // TCP_NODELAY is not set.
            nagle: true,
            // delacktime
            delayed_ack: Some(Duration::from_millis(40)),
            // always_keepalive, keepidle, keepintvl, keepcnt
            keep_alive: Some(KeepAlive { probes: 8, ..KeepAlive::DEFAULT }),
            keep_alive_octet: false,
            // shutdown(SHUT_WR) is a half-close; close(2) is `Connection::detach`. (FreeBSD does not reset a connection
            // that is closed with unread bytes; `detach` does.)
            half_duplex_close: false,
            icmp_aborts: false,
            // insecure_rst and insecure_syn are off. ack_war_cnt: five challenge ACKs in ack_war_timewindow.
            rfc5961: true,
            challenge_limit: 5,
            challenge_period: Duration::from_secs(1),
        }
    }
}

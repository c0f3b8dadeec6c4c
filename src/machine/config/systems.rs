//! What other systems do by default.

use core::time::Duration;

use super::{Config, KeepAlive};

impl Config {
    /// What Linux (6.x) does by default, behind an Ethernet of 1500 bytes. A `net.ipv4` setting is named where there is
    /// one, a constant of `include/net/tcp.h` where there is not.
    ///
    /// Where Linux counts retransmissions, the time stands that they take with its least timeout, as its documentation
    /// has it. It departs from RFC 9293 in more than one place: R2 for a SYN is shorter than three minutes (MUST-23),
    /// and TIME-WAIT one minute.
    #[must_use]
    pub const fn linux() -> Config {
        Config {
            // 1500 bytes less the headers of IPv4 and TCP.
            mss: 1_460,
            max_segment: 1_480,
            // TCP_MSS_DEFAULT
            default_peer_mss: 536,
            // tcp_rmem: as far as the buffer grows by itself, which is what the scale is made for (7).
            receive_buffer: 6 << 20,
            // tcp_window_scaling
            window_scale: None,
            window_scaling: true,
            // tcp_timestamps, tcp_sack
            timestamps: true,
            // tcp_validate_incoming() looks at those that are there.
            tolerate_missing_timestamps: true,
            sack_permitted: true,
            // tcp_ecn is 2: accepted, not offered. The caller has to take part.
            ecn: false,
            accept_ecn: true,
            // TCP_TIMEWAIT_LEN, which is one minute for the two of them.
            msl: Duration::from_secs(30),
            // tcp_fin_timeout
            fin_wait_2_timeout: Some(Duration::from_secs(60)),
            // TCP_USER_TIMEOUT is not set; where it is, it bounds a persist.
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
            // tcp_synack_retries: given up after 63 s.
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
            // TCP_DELACK_MIN; it grows to 200 ms, and the first segments of a connection are acknowledged at once.
            delayed_ack: Some(Duration::from_millis(40)),
            // SO_KEEPALIVE is not set; tcp_keepalive_time, _intvl and _probes are those of KeepAlive::DEFAULT.
            keep_alive: None,
            keep_alive_octet: false,
            // shutdown(SHUT_WR) is a half-close; close(2) is `Connection::detach`.
            half_duplex_close: false,
            // IP_RECVERR is not set.
            icmp_aborts: false,
            // Since 3.6; tcp_invalid_ratelimit: one answer in 500 ms, for each connection.
            rfc5961: true,
            challenge_limit: 1,
            challenge_period: Duration::from_millis(500),
        }
    }

    /// What FreeBSD (14) does by default, behind an Ethernet of 1500 bytes. A `net.inet.tcp` setting is named where
    /// there is one, a constant of `sys/netinet/tcp_timer.h` where there is not.
    ///
    /// It departs from RFC 9293 in more than one place: keep-alive is on (MUST-25), R2 for a SYN is 75 s (MUST-23), and
    /// TIME-WAIT one minute.
    #[must_use]
    pub const fn bsd() -> Config {
        Config {
            // 1500 bytes less the headers of IPv4 and TCP.
            mss: 1_460,
            max_segment: 1_480,
            // mssdflt
            default_peer_mss: 536,
            // recvbuf_max: as far as the buffer grows by itself, which is what the scale is made for (6).
            receive_buffer: 2 << 20,
            // rfc1323, sack.enable
            window_scale: None,
            window_scaling: true,
            timestamps: true,
            // tolerate_missing_ts
            tolerate_missing_timestamps: true,
            sack_permitted: true,
            // ecn.enable is 2: accepted, not offered. The caller has to take part.
            ecn: false,
            accept_ecn: true,
            // msl
            msl: Duration::from_secs(30),
            // Eight intervals of keep-alive, as fast_finwait2_recycle is off.
            fin_wait_2_timeout: Some(Duration::from_secs(600)),
            // There is none.
            user_timeout: None,
            user_timeout_in_persist: false,
            // TCP_MAXRXTSHIFT / 4: from then on the route is looked up again.
            r1: 3,
            // TCP_MAXRXTSHIFT: twelve retransmissions, from 230 ms to 64 s.
            r2: Duration::from_secs(373),
            // keepinit. R2 is looked at when the retransmission timer fires, which it does after 63 s and 127 s;
            // FreeBSD has a timer of its own for it.
            syn_r2: Duration::from_secs(75),
            r2_count: Some(12),
            syn_r2_count: None,
            // syncache.rexmtlimit: given up after 15 s.
            syn_ack_r2_count: Some(3),
            // rexmit_initial; rexmit_min with rexmit_slop; TCPTV_REXMTMAX; tcp_newtcpcb() keeps the initial one.
            rto_initial: Duration::from_secs(1),
            rto_min: Duration::from_millis(230),
            rto_max: Duration::from_secs(64),
            rto_after_syn_timeout: Duration::from_secs(3),
            // tcp_twcheck() drops a reset.
            reset_in_time_wait: false,
            // TCP_NODELAY is not set.
            nagle: true,
            // delacktime
            delayed_ack: Some(Duration::from_millis(40)),
            // always_keepalive, keepidle, keepintvl, keepcnt
            keep_alive: Some(KeepAlive { probes: 8, ..KeepAlive::DEFAULT }),
            keep_alive_octet: false,
            // shutdown(SHUT_WR) is a half-close; close(2) is `Connection::detach`. (Bytes that are unread then do not
            // make FreeBSD reset; here they do.)
            half_duplex_close: false,
            icmp_aborts: false,
            // insecure_rst and insecure_syn are off; ack_war_cnt in ack_war_timewindow.
            rfc5961: true,
            challenge_limit: 5,
            challenge_period: Duration::from_secs(1),
        }
    }
}

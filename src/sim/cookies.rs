//! A listener that answers each SYN with a cookie, for one end of a pair.

use core::hash::BuildHasherDefault;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::ops::Range;
use std::hash::DefaultHasher;

use crate::isn::IsnHash;
use crate::listener::{Arrival, Listener};
use crate::{Config, Connection, Instant, Refusal, Segment};

/// A listener without room. Its key is fixed, so that every run has the same cookies: a simulation has no secrets.
#[derive(Clone, Debug)]
pub(super) struct Cookies(Listener<BuildHasherDefault<DefaultHasher>>);

/// The answer to a segment.
pub(super) struct Answer {
    pub(super) outcome: Result<Range<usize>, Refusal>,
    /// The segment that goes out.
    pub(super) segment: Option<Segment>,
    /// The connection that the ACK of a cookie has made.
    pub(super) connection: Option<Connection>,
}

/// The sockets of both ends, with addresses that RFC 5737 reserves for documentation.
const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 9_293);
const REMOTE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 40_000);

impl Cookies {
    pub(super) fn new(config: &Config) -> Cookies {
        Cookies(Listener::new(config, IsnHash::new(BuildHasherDefault::new())))
    }

    pub(super) fn segment_arrives(&self, segment: &Segment, now: Instant) -> Answer {
        match self.0.segment_arrives(segment, LOCAL, REMOTE, now) {
            Arrival::Syn(syn) => Answer { outcome: Ok(0..0), segment: Some(syn.cookie()), connection: None },
            Arrival::Completed { connection, payload } => {
                Answer { outcome: Ok(payload), segment: None, connection: Some(connection) }
            }
            Arrival::Refused { refusal, reset } => Answer { outcome: Err(refusal), segment: reset, connection: None },
        }
    }
}

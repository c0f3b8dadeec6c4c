//! [`Listener`], with the standard library's hash; any other hash may panic by itself.

use core::hash::BuildHasherDefault;
use core::hint::black_box;
use core::net::SocketAddr;
use std::hash::DefaultHasher;

use no_panic::no_panic;
use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{self, Arrival};
use tcp_lifecycle::{Config, Connection, Instant, Segment};

type Key = BuildHasherDefault<DefaultHasher>;
type Listener = listener::Listener<Key>;
type Syn<'l> = listener::Syn<'l, Key>;

#[no_panic]
fn new(config: &Config, key: Key) -> Listener {
    Listener::new(config, IsnHash::new(key))
}

#[no_panic]
fn segment_arrives<'l>(
    listener: &'l Listener,
    segment: &Segment,
    sockets: (SocketAddr, SocketAddr),
    now: Instant,
) -> Arrival<'l, Key> {
    listener.segment_arrives(segment, sockets.0, sockets.1, now)
}

#[no_panic]
fn accept(syn: &Syn<'_>) -> Connection {
    syn.accept()
}

#[no_panic]
fn accept_with(syn: &Syn<'_>, isn_offset: u32) -> Connection {
    syn.accept_with(isn_offset)
}

#[no_panic]
fn cookie(syn: &Syn<'_>) -> Segment {
    syn.cookie()
}

#[no_panic]
fn segment<'s>(syn: &'s Syn<'_>) -> &'s Segment {
    syn.segment()
}

#[no_panic]
fn isn_offset(isn: &IsnHash<Key>, local: SocketAddr, remote: SocketAddr) -> u32 {
    isn.offset(local, remote)
}

#[no_panic]
fn timestamp_offset(isn: &IsnHash<Key>, local: SocketAddr, remote: SocketAddr) -> u16 {
    isn.timestamp_offset(local, remote)
}

pub(crate) fn keep() {
    black_box(new as fn(&_, _) -> _);
    black_box(segment_arrives as for<'l> fn(&'l _, &_, _, _) -> Arrival<'l, Key>);
    black_box(accept as fn(&_) -> _);
    black_box(accept_with as fn(&_, _) -> _);
    black_box(cookie as fn(&_) -> _);
    black_box(segment as for<'s> fn(&'s _) -> &'s _);
    black_box(isn_offset as fn(&_, _, _) -> _);
    black_box(timestamp_offset as fn(&_, _, _) -> _);
}

//! The listening host, and a peer of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tcp_lifecycle::{Config, Connection, Instant, Open, Segment, State};

use crate::socket::Socket;
use crate::table::{Outgoing, Pair, Table};

/// The policies of the example, and the same without options.
pub(crate) const STAMPED: Config =
    Config { mss: 1460, max_segment: 1480, receive_buffer: 1 << 18, timestamps: true, ..Config::DEFAULT };
pub(crate) const PLAIN: Config = Config::DEFAULT;
pub(crate) const TWO_MSL: Duration = Duration::from_secs(240);
pub(crate) const PAIR: Pair = pair(50_000);

/// The peer at this port.
pub(crate) const fn pair(port: u16) -> Pair {
    let [ours, theirs] = [Ipv4Addr::new(10, 9, 0, 2), Ipv4Addr::new(10, 9, 0, 1)];
    (SocketAddr::new(IpAddr::V4(ours), 80), SocketAddr::new(IpAddr::V4(theirs), port))
}

pub(crate) fn seconds(seconds: u64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

pub(crate) fn listening(config: &Config) -> Table {
    let mut table = Table::new(config);
    table.listen(80);
    table
}

/// A peer that opens. Its initial sequence number is `isn`, whatever the time.
pub(crate) fn peer(config: &Config, isn: u32, now: Instant) -> Socket {
    let isn_offset = isn.wrapping_sub((now.as_micros() / 4) as u32);
    let mut connection = Connection::new(config, isn_offset);
    connection.open(Open::Active, now).unwrap();
    Socket::new(PAIR.0, connection, config, now)
}

/// The segments for this peer.
pub(crate) fn sent(table: &mut Table) -> Vec<Segment> {
    table.outgoing().into_iter().map(|Outgoing { segment, .. }| segment).collect()
}

/// The only segment that the table sends.
#[track_caller]
pub(crate) fn sent_one(table: &mut Table) -> Segment {
    let sent = sent(table);
    assert_eq!(sent.len(), 1, "{sent:?}");
    sent[0]
}

/// Passes segments both ways until neither sends any more. Returns the segments that the table has sent.
pub(crate) fn exchange(table: &mut Table, pair: Pair, peer: &mut Socket, now: Instant) -> Vec<Segment> {
    let mut log = Vec::new();
    loop {
        let to_table: Vec<_> = peer.outgoing().collect();
        for (segment, payload) in &to_table {
            let _ = table.segment_arrives(pair, segment, payload, now);
        }
        let to_peer = table.outgoing();
        for Outgoing { segment, payload, .. } in &to_peer {
            let _ = peer.segment_arrives(segment, payload, now);
            log.push(*segment);
        }
        if to_table.is_empty() && to_peer.is_empty() {
            return log;
        }
    }
}

/// The segments that the peer has sent, and that were lost.
pub(crate) fn lost(peer: &mut Socket) -> Vec<Segment> {
    peer.outgoing().map(|(segment, _)| segment).collect()
}

/// Lets this many peers send this SYN and then nothing more.
#[track_caller]
pub(crate) fn fill(table: &mut Table, places: usize, syn: &Segment) {
    for n in 0..places as u16 {
        assert_eq!(table.segment_arrives(pair(1_024 + n), syn, &[], seconds(1)), Ok(()));
    }
    assert_eq!(sent(table).len(), places);
    assert_eq!(table.sockets().count(), places);
}

/// The peer's view of a whole connection that the table has closed first.
pub(crate) struct Life {
    /// The acknowledgment of the peer's FIN: the last segment of the table.
    pub(crate) last_ack: Segment,
    /// The peer's FIN.
    pub(crate) fin: Segment,
}

/// A whole connection: a request, a response, and then TIME-WAIT in the table.
#[track_caller]
pub(crate) fn live(table: &mut Table, pair: Pair, mut peer: Socket, now: Instant) -> Life {
    exchange(table, pair, &mut peer, now);
    peer.send(b"request", now).unwrap();
    exchange(table, pair, &mut peer, now);
    let socket = only(table);
    assert_eq!(socket.receive(now).unwrap(), b"request");
    socket.send(b"response", now).unwrap();
    socket.close(now).unwrap();
    exchange(table, pair, &mut peer, now);
    assert_eq!(peer.receive(now).unwrap(), b"response");
    exchange(table, pair, &mut peer, now);
    peer.close(now).unwrap();
    let fin = lost(&mut peer)[0];
    assert_eq!(table.segment_arrives(pair, &fin, &[], now), Ok(()));
    assert_eq!(only(table).state(), State::TimeWait);
    Life { last_ack: sent_one(table), fin }
}

/// The only connection outside of TIME-WAIT, or one that has just entered it.
#[track_caller]
pub(crate) fn only(table: &mut Table) -> &mut Socket {
    let mut sockets: Vec<_> = table.sockets().collect();
    assert_eq!(sockets.len(), 1);
    sockets.remove(0)
}

/// Checks that no full connection is left.
#[track_caller]
pub(crate) fn assert_nothing_but_time_wait(table: &mut Table) {
    assert_eq!(table.sockets().count(), 0);
}

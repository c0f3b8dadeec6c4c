//! The cases, with smoltcp.
//!
//! Its socket is publicly accessible only through the interface, so the thinnest possible setup is measured: one socket
//! in its set, IPv4 without a link layer, checksums neither made nor verified, a device that hands over buffers without
//! copying them, `Interface::poll` once for each event, no delay of ACKs. In addition to the socket's own work the
//! figures include parsing and emitting the IP and TCP headers, finding the socket, and copying the byte sent or
//! received. They do not include asking for the next deadline, which is part of the events of this crate.

use std::hint::black_box;
use std::mem;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{ChecksumCapabilities, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{
    HardwareAddress, IpAddress, IpCidr, IpEndpoint, IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr, TcpControl,
    TcpPacket, TcpRepr, TcpSeqNumber, TcpTimestampRepr,
};

use super::{EVENTS, Run};

const US: Ipv4Address = Ipv4Address::new(10, 0, 0, 1);
const PEER: Ipv4Address = Ipv4Address::new(10, 0, 0, 2);
const OUR_PORT: u16 = 80;
const PEER_PORT: u16 = 50_000;
const IRS: TcpSeqNumber = TcpSeqNumber(300);
/// Payload that has arrived before the events begin, so that a segment can be old.
const OLD: &[u8] = &[0; 100];
const RCV_NXT: TcpSeqNumber = TcpSeqNumber(401);
const WINDOW: u16 = 60_000;

/// A packet, or none if the length is zero.
struct Packet {
    bytes: Vec<u8>,
    len: usize,
}

impl Packet {
    fn none() -> Packet {
        Packet { bytes: vec![0; 2048], len: 0 }
    }
}

/// A device with one packet each way.
struct Wire {
    incoming: Packet,
    outgoing: Packet,
}

struct Rx<'a>(&'a [u8]);
struct Tx<'a>(&'a mut Packet);

impl RxToken for Rx<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

impl TxToken for Tx<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        self.0.len = len;
        write(&mut self.0.bytes[..len])
    }
}

impl Device for Wire {
    type RxToken<'a> = Rx<'a>;
    type TxToken<'a> = Tx<'a>;

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = 1500;
        capabilities.checksum = ChecksumCapabilities::ignored();
        capabilities
    }

    fn receive(&mut self, _: Instant) -> Option<(Rx<'_>, Tx<'_>)> {
        let len = mem::take(&mut self.incoming.len);
        (len > 0).then(|| (Rx(&self.incoming.bytes[..len]), Tx(&mut self.outgoing)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Tx<'_>> {
        Some(Tx(&mut self.outgoing))
    }
}

/// A host with one socket.
struct Host {
    wire: Wire,
    interface: Interface,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
}

impl Host {
    fn new(address: Ipv4Address, stamped: bool) -> Host {
        let mut wire = Wire { incoming: Packet::none(), outgoing: Packet::none() };
        let mut interface = Interface::new(Config::new(HardwareAddress::Ip), &mut wire, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(IpAddress::Ipv4(address), 24)).expect("room for an address");
        });
        let mut socket = Socket::new(SocketBuffer::new(vec![0; 65_535]), SocketBuffer::new(vec![0; 65_535]));
        socket.set_ack_delay(None);
        socket.set_tsval_generator(stamped.then_some(|| 1));
        let mut sockets = SocketSet::new(Vec::new());
        let handle = sockets.add(socket);
        Host { wire, interface, sockets, handle }
    }

    fn listening(stamped: bool) -> Host {
        let mut host = Host::new(US, stamped);
        host.socket().listen(OUR_PORT).expect("a closed socket");
        host
    }

    /// A host in ESTABLISHED, after some payload has arrived; and its SND.NXT.
    fn established(stamped: bool) -> (Host, TcpSeqNumber) {
        let mut host = Host::listening(stamped);
        let mut syn = segment(stamped, TcpControl::Syn, IRS, None);
        syn.max_seg_size = Some(1460);
        host.arrive(&mut packet(&syn), Instant::ZERO);
        let answer = Ipv4Packet::new_checked(&host.wire.outgoing.bytes).expect("an IPv4 packet");
        let snd_nxt = TcpPacket::new_checked(answer.payload()).expect("a SYN,ACK").seq_number() + 1;
        let mut text = ack(stamped, IRS + 1, snd_nxt);
        text.payload = OLD;
        host.arrive(&mut packet(&text), Instant::ZERO);
        assert_eq!(host.socket().state(), State::Established);
        host.consume();
        (host, snd_nxt)
    }

    fn socket(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    /// Hands in one packet, and handles its effects.
    #[inline(always)]
    fn arrive(&mut self, packet: &mut Packet, now: Instant) {
        mem::swap(&mut self.wire.incoming, packet);
        self.poll(now);
    }

    /// The user reads the received bytes in place.
    #[inline(always)]
    fn consume(&mut self) {
        if self.socket().recv_queue() > 0 {
            _ = black_box(self.socket().recv(|bytes| (bytes.len(), bytes.len())));
        }
    }

    #[inline(always)]
    fn poll(&mut self, now: Instant) {
        self.wire.outgoing.len = 0;
        black_box(self.interface.poll(now, &mut self.wire, &mut self.sockets));
        black_box(&self.wire.outgoing);
    }
}

fn segment(stamped: bool, control: TcpControl, seq: TcpSeqNumber, ack: Option<TcpSeqNumber>) -> TcpRepr<'static> {
    TcpRepr {
        src_port: PEER_PORT,
        dst_port: OUR_PORT,
        control,
        seq_number: seq,
        ack_number: ack,
        window_len: WINDOW,
        window_scale: None,
        max_seg_size: None,
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: stamped.then_some(TcpTimestampRepr { tsval: 1, tsecr: 1 }),
        payload: &[],
    }
}

fn ack(stamped: bool, seq: TcpSeqNumber, ack: TcpSeqNumber) -> TcpRepr<'static> {
    segment(stamped, TcpControl::None, seq, Some(ack))
}

/// The bytes of a segment, from the peer to us.
fn packet(segment: &TcpRepr<'_>) -> Packet {
    let ip = Ipv4Repr {
        src_addr: PEER,
        dst_addr: US,
        next_header: IpProtocol::Tcp,
        payload_len: segment.buffer_len(),
        hop_limit: 64,
    };
    let len = ip.buffer_len() + segment.buffer_len();
    let mut bytes = vec![0; len];
    let checksums = ChecksumCapabilities::ignored();
    ip.emit(&mut Ipv4Packet::new_unchecked(&mut bytes), &checksums);
    let mut tcp = TcpPacket::new_unchecked(&mut bytes[ip.buffer_len()..]);
    segment.emit(&mut tcp, &PEER.into(), &US.into(), &checksums);
    Packet { bytes, len }
}

/// The events, some seconds apart, so that the limiter allows every challenge ACK.
fn arrivals(segment: impl Fn(usize) -> TcpRepr<'static>) -> Vec<(Packet, Instant)> {
    let at = |i: usize| Instant::ZERO + Duration::from_secs(10 * (i as u64 + 1));
    (0..EVENTS).map(|i| (packet(&segment(i)), at(i))).collect()
}

fn run(mut host: Host, segment: impl Fn(usize) -> TcpRepr<'static>) -> Run {
    let mut arrivals = arrivals(segment);
    Box::new(move |events| {
        for (packet, now) in &mut arrivals[..events] {
            host.arrive(packet, *now);
            host.consume();
        }
    })
}

pub(super) fn pure_ack(stamped: bool) -> Run {
    let (host, snd_nxt) = Host::established(stamped);
    run(host, |_| ack(stamped, RCV_NXT, snd_nxt))
}

pub(super) fn window_update(stamped: bool) -> Run {
    let (host, snd_nxt) = Host::established(stamped);
    run(host, |i| TcpRepr { window_len: WINDOW - 1 - (i % 2) as u16, ..ack(stamped, RCV_NXT, snd_nxt) })
}

pub(super) fn one_byte(stamped: bool) -> Run {
    let (host, snd_nxt) = Host::established(stamped);
    run(host, |i| TcpRepr { payload: &[1], ..ack(stamped, RCV_NXT + i, snd_nxt) })
}

/// smoltcp drops it in silence, as it does the SYN.
pub(super) fn blind_rst(stamped: bool) -> Run {
    run(Host::established(stamped).0, |_| segment(stamped, TcpControl::Rst, RCV_NXT + 1000, None))
}

pub(super) fn blind_syn(stamped: bool) -> Run {
    run(Host::established(stamped).0, |_| segment(stamped, TcpControl::Syn, RCV_NXT + 1000, None))
}

pub(super) fn old_data(stamped: bool) -> Run {
    let (host, snd_nxt) = Host::established(stamped);
    run(host, |_| TcpRepr { payload: OLD, ..ack(stamped, IRS + 1, snd_nxt) })
}

pub(super) fn future_ack(stamped: bool) -> Run {
    let (host, snd_nxt) = Host::established(stamped);
    run(host, |_| ack(stamped, RCV_NXT, snd_nxt + 1000))
}

pub(super) fn reset_from_closed(stamped: bool) -> Run {
    run(Host::new(US, stamped), |_| ack(stamped, RCV_NXT, IRS))
}

pub(super) fn reset_from_listen(stamped: bool) -> Run {
    run(Host::listening(stamped), |_| ack(stamped, RCV_NXT, IRS))
}

/// SEND of one byte, which is sent, and its acknowledgment.
pub(super) fn send_and_ack(stamped: bool) -> Run {
    sends(stamped, &[1])
}

/// SEND of two segments of the maximum size, which are sent, and one acknowledgment of both.
pub(super) fn two_segments(stamped: bool) -> Run {
    sends(stamped, if stamped { &[1; 2 * 1448] } else { &[1; 2 * 1460] })
}

fn sends(stamped: bool, bytes: &'static [u8]) -> Run {
    let (mut host, snd_nxt) = Host::established(stamped);
    let mut arrivals = arrivals(|i| ack(stamped, RCV_NXT, snd_nxt + bytes.len() * (i + 1)));
    Box::new(move |events| {
        for (packet, now) in &mut arrivals[..events] {
            _ = black_box(host.socket().send_slice(bytes));
            host.poll(*now);
            host.arrive(packet, *now);
        }
    })
}

/// Lets one end send everything that is due to the other end's wire.
#[inline(always)]
fn exchange(from: &mut Host, to: &mut Host, now: Instant) {
    from.poll(now);
    mem::swap(&mut from.wire.outgoing, &mut to.wire.incoming);
    black_box(from.socket().state());
}

/// From CLOSED to CLOSED at both ends, repeatedly with the same two sockets: SYN, SYN,ACK, ACK, FIN, ACK, FIN, ACK, and
/// TIME-WAIT, which lasts 10 s here. The state is read after each.
pub(super) fn whole_life(stamped: bool) -> Run {
    let (mut client, mut server) = (Host::new(PEER, stamped), Host::new(US, stamped));
    let starts: Vec<Instant> = (0..EVENTS).map(|i| Instant::ZERO + Duration::from_secs(600) * (i as u32 + 1)).collect();
    let remote = IpEndpoint::new(US.into(), OUR_PORT);
    let local = IpEndpoint::new(PEER.into(), PEER_PORT);
    Box::new(move |events| {
        for &now in &starts[..events] {
            _ = black_box(server.socket().listen(OUR_PORT));
            let socket: &mut Socket<'_> = client.sockets.get_mut(client.handle);
            _ = black_box(socket.connect(client.interface.context(), remote, local));
            exchange(&mut client, &mut server, now);
            exchange(&mut server, &mut client, now);
            exchange(&mut client, &mut server, now);
            exchange(&mut server, &mut client, now);
            client.socket().close();
            exchange(&mut client, &mut server, now);
            exchange(&mut server, &mut client, now);
            exchange(&mut client, &mut server, now);
            server.socket().close();
            exchange(&mut server, &mut client, now);
            exchange(&mut client, &mut server, now);
            exchange(&mut server, &mut client, now);
            client.poll(now + Duration::from_secs(11));
            assert!(client.socket().state() == State::Closed && server.socket().state() == State::Closed);
        }
    })
}

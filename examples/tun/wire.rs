//! Segments on the wire: TCP in IPv4 packets, parsed and built with etherparse.

use std::net::SocketAddrV4;

use etherparse::checksum::Sum16BitWords;
use etherparse::{IpNumber, Ipv4Slice, PacketBuilder, TcpHeader, TcpOptionElement, TcpOptionsIterator, TcpSlice};
use tcp_lifecycle::{Control, Options, Segment, SeqNumber};

/// A segment that has arrived.
#[derive(Debug)]
pub(crate) struct Packet<'a> {
    pub(crate) source: SocketAddrV4,
    pub(crate) destination: SocketAddrV4,
    pub(crate) segment: Segment,
    pub(crate) payload: &'a [u8],
}

impl Packet<'_> {
    /// Parses an IP packet. Returns `None` for anything but a whole TCP segment over IPv4 whose checksums are right.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Packet<'_>> {
        let ip = Ipv4Slice::from_slice(bytes).ok()?;
        let header = ip.header();
        if ip.is_payload_fragmented() || header.protocol() != IpNumber::TCP {
            return None;
        }
        let tcp = TcpSlice::from_slice(ip.payload().payload).ok()?;
        let length = u16::try_from(tcp.slice().len()).ok()?;
        let pseudo_header = Sum16BitWords::new()
            .add_4bytes(header.source())
            .add_4bytes(header.destination())
            .add_2bytes([0, IpNumber::TCP.0])
            .add_2bytes(length.to_be_bytes());
        if !is_intact(Sum16BitWords::new().add_slice(header.slice()))
            || !is_intact(pseudo_header.add_slice(tcp.slice()))
        {
            return None;
        }
        let payload = tcp.payload();
        let segment =
            Segment::new(SeqNumber(tcp.sequence_number()), SeqNumber(tcp.acknowledgment_number()), control_of(&tcp))
                .with_window(tcp.window_size())
                .with_urgent(tcp.urgent_pointer())
                .with_options(options_of(&tcp))
                .with_payload(u16::try_from(payload.len()).ok()?);
        Some(Packet {
            source: SocketAddrV4::new(header.source_addr(), tcp.source_port()),
            destination: SocketAddrV4::new(header.destination_addr(), tcp.destination_port()),
            segment,
            payload,
        })
    }
}

/// Builds an IP packet, with its checksums.
pub(crate) fn emit(source: SocketAddrV4, destination: SocketAddrV4, segment: &Segment, payload: &[u8]) -> Vec<u8> {
    let control = segment.control();
    let mut tcp = TcpHeader::new(source.port(), destination.port(), segment.seq().0, segment.window());
    tcp.acknowledgment_number = segment.ack().unwrap_or(SeqNumber(0)).0;
    tcp.urgent_pointer = segment.urgent();
    tcp.fin = control.contains(Control::FIN);
    tcp.syn = control.contains(Control::SYN);
    tcp.rst = control.contains(Control::RST);
    tcp.psh = control.contains(Control::PSH);
    tcp.ack = control.contains(Control::ACK);
    tcp.urg = control.contains(Control::URG);
    tcp.ece = control.contains(Control::ECE);
    tcp.cwr = control.contains(Control::CWR);
    tcp.ns = control.contains(Control::AE);
    tcp.set_options(&elements_of(segment.options())).expect("all the options together take less than 40 bytes");

    let builder = PacketBuilder::ipv4(source.ip().octets(), destination.ip().octets(), 64).tcp_header(tcp);
    let mut packet = Vec::with_capacity(builder.size(payload.len()));
    builder.write(&mut packet, payload).expect("a segment fits into a packet, and a Vec takes it");
    packet
}

/// Whether the checksum is right: the sum over everything that it covers, the checksum itself included (RFC 1071). This
/// way both representations of zero are accepted; Linux does not send the representation that etherparse computes.
fn is_intact(sum: Sum16BitWords) -> bool {
    sum.ones_complement() == 0
}

fn control_of(tcp: &TcpSlice<'_>) -> Control {
    let bits = [
        (tcp.fin(), Control::FIN),
        (tcp.syn(), Control::SYN),
        (tcp.rst(), Control::RST),
        (tcp.psh(), Control::PSH),
        (tcp.ack(), Control::ACK),
        (tcp.urg(), Control::URG),
        (tcp.ece(), Control::ECE),
        (tcp.cwr(), Control::CWR),
        (tcp.ns(), Control::AE),
    ];
    bits.into_iter().filter(|(set, _)| *set).map(|(_, bit)| bit).collect()
}

fn options_of(tcp: &TcpSlice<'_>) -> Options {
    let mut options = Options::NONE;
    let mut rest = tcp.options();
    loop {
        let mut elements = TcpOptionsIterator::from_slice(rest);
        match elements.next() {
            None => return options,
            Some(Ok(element)) => {
                options = with_element(options, &element);
                rest = elements.rest();
            }
            // RFC 9293 section 3.1: an unknown option is skipped by its length (MUST-6). An impossible length ends the
            // options and does no harm (MUST-7).
            Some(Err(_)) => match rest.get(1).map(|&length| usize::from(length)) {
                Some(length @ 2..) if length <= rest.len() => rest = &rest[length..],
                Some(_) | None => return options,
            },
        }
    }
}

fn with_element(options: Options, element: &TcpOptionElement) -> Options {
    match *element {
        TcpOptionElement::MaximumSegmentSize(mss) => options.with_mss(mss),
        TcpOptionElement::WindowScale(shift) => options.with_window_scale(shift),
        TcpOptionElement::SelectiveAcknowledgementPermitted => options.with_sack_permitted(),
        TcpOptionElement::Timestamp(value, echo) => options.with_timestamps(value, echo),
        TcpOptionElement::SelectiveAcknowledgement(..) | TcpOptionElement::Noop => options,
    }
}

fn elements_of(options: Options) -> Vec<TcpOptionElement> {
    let mut elements = Vec::new();
    elements.extend(options.mss().map(TcpOptionElement::MaximumSegmentSize));
    elements.extend(options.window_scale().map(TcpOptionElement::WindowScale));
    elements.extend(options.sack_permitted().then_some(TcpOptionElement::SelectiveAcknowledgementPermitted));
    elements.extend(options.timestamps().map(|(value, echo)| TcpOptionElement::Timestamp(value, echo)));
    elements
}

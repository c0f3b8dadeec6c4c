//! Segments as bytes, by smoltcp's wire formats: TCP in IPv4 packets, with checksums.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpAddress, IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr, TcpOption, TcpPacket, TcpSeqNumber};
use tcp_lifecycle::{Control, Options, Segment, SeqNumber};

pub(crate) const US: Ipv4Address = Ipv4Address::new(10, 0, 0, 1);
pub(crate) const PEER: Ipv4Address = Ipv4Address::new(10, 0, 0, 2);
pub(crate) const OUR_PORT: u16 = 80;
pub(crate) const PEER_PORT: u16 = 50_000;

/// Builds a packet from us to the peer.
pub(crate) fn emit(segment: &Segment, payload: &[u8]) -> Vec<u8> {
    assert_eq!(payload.len(), usize::from(segment.payload_len()));
    let options = emit_options(&elements_of(segment.options()));
    let header = 20 + options.len();
    let ip = Ipv4Repr {
        src_addr: US,
        dst_addr: PEER,
        next_header: IpProtocol::Tcp,
        payload_len: header + payload.len(),
        hop_limit: 64,
    };
    let mut bytes = vec![0; ip.buffer_len() + ip.payload_len];
    ip.emit(&mut Ipv4Packet::new_unchecked(&mut bytes), &ChecksumCapabilities::default());
    let mut tcp = TcpPacket::new_unchecked(&mut bytes[ip.buffer_len()..]);
    tcp.set_src_port(OUR_PORT);
    tcp.set_dst_port(PEER_PORT);
    tcp.set_seq_number(TcpSeqNumber(segment.seq().0 as i32));
    tcp.set_ack_number(TcpSeqNumber(segment.ack().unwrap_or_default().0 as i32));
    tcp.set_header_len(header as u8);
    set_control(&mut tcp, segment.control());
    tcp.set_window_len(segment.window());
    tcp.set_urgent_at(segment.urgent());
    tcp.options_mut().copy_from_slice(&options);
    tcp.payload_mut().copy_from_slice(payload);
    tcp.fill_checksum(&IpAddress::Ipv4(US), &IpAddress::Ipv4(PEER));
    bytes
}

fn set_control(tcp: &mut TcpPacket<&mut [u8]>, control: Control) {
    tcp.clear_flags();
    tcp.set_fin(control.contains(Control::FIN));
    tcp.set_syn(control.contains(Control::SYN));
    tcp.set_rst(control.contains(Control::RST));
    tcp.set_psh(control.contains(Control::PSH));
    tcp.set_ack(control.contains(Control::ACK));
    tcp.set_urg(control.contains(Control::URG));
    tcp.set_ece(control.contains(Control::ECE));
    tcp.set_cwr(control.contains(Control::CWR));
    tcp.set_ns(control.contains(Control::AE));
}

fn elements_of(options: Options) -> Vec<TcpOption<'static>> {
    let mut elements = Vec::new();
    elements.extend(options.mss().map(TcpOption::MaxSegmentSize));
    elements.extend(options.window_scale().map(TcpOption::WindowScale));
    elements.extend(options.sack_permitted().then_some(TcpOption::SackPermitted));
    elements.extend(options.timestamps().map(|(tsval, tsecr)| TcpOption::TimeStamp { tsval, tsecr }));
    elements
}

/// Padded to whole words.
fn emit_options(elements: &[TcpOption<'static>]) -> Vec<u8> {
    let len: usize = elements.iter().map(TcpOption::buffer_len).sum();
    let mut bytes = vec![0; len.next_multiple_of(4)];
    let mut rest = &mut bytes[..];
    for element in elements {
        rest = element.emit(rest);
    }
    bytes
}

/// Parses a packet from the peer to us. Returns `None` if a checksum is wrong.
pub(crate) fn parse(bytes: &[u8]) -> Option<(Segment, Vec<u8>)> {
    let ip = Ipv4Packet::new_checked(bytes).ok()?;
    let tcp = TcpPacket::new_checked(ip.payload()).ok()?;
    if !ip.verify_checksum() || !tcp.verify_checksum(&IpAddress::Ipv4(PEER), &IpAddress::Ipv4(US)) {
        return None;
    }
    assert_eq!((tcp.src_port(), tcp.dst_port()), (PEER_PORT, OUR_PORT));
    let seq = SeqNumber(tcp.seq_number().0 as u32);
    let ack = SeqNumber(tcp.ack_number().0 as u32);
    let segment = Segment::new(seq, ack, control_of(&tcp))
        .with_window(tcp.window_len())
        .with_urgent(tcp.urgent_at())
        .with_options(options_of(tcp.options()))
        .with_payload(u16::try_from(tcp.payload().len()).expect("no longer than an IP packet"));
    Some((segment, tcp.payload().to_vec()))
}

fn control_of(tcp: &TcpPacket<&[u8]>) -> Control {
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

fn options_of(mut bytes: &[u8]) -> Options {
    let mut options = Options::NONE;
    while let Ok((rest, element)) = TcpOption::parse(bytes) {
        options = match element {
            TcpOption::EndOfList => return options,
            TcpOption::MaxSegmentSize(mss) => options.with_mss(mss),
            TcpOption::WindowScale(shift) => options.with_window_scale(shift),
            TcpOption::SackPermitted => options.with_sack_permitted(),
            TcpOption::TimeStamp { tsval, tsecr } => options.with_timestamps(tsval, tsecr),
            TcpOption::NoOperation | TcpOption::SackRange(_) | TcpOption::Unknown { .. } => options,
        };
        bytes = rest;
    }
    options
}

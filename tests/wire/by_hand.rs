//! Another parser, field by field at its offset as the RFCs draw the headers, and checksums put right.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use tcp_lifecycle::wire::{Ecn, Header, IcmpMessage, Packet};
use tcp_lifecycle::{Control, IcmpError, Options, SackBlock, SackBlocks, Segment, SeqNumber};

pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const ICMPV6: u8 = 58;

/// The extension headers of IPv6 that are skipped.
pub(crate) const HOP_BY_HOP: u8 = 0;
pub(crate) const ROUTE: u8 = 43;
pub(crate) const FRAGMENT: u8 = 44;
pub(crate) const DESTINATION: u8 = 60;

/// The segment in a packet that is whole, with right checksums.
pub(crate) fn segment(bytes: &[u8]) -> Option<Packet<'_>> {
    let (place, protocol) = behind_ip(bytes)?;
    let tcp = &bytes[place];
    let [source, destination] = addresses(bytes);
    let is_possible = protocol == TCP && [source, destination].into_iter().all(is_unicast);
    if !is_possible || tcp.len() < 20 || !(20..=tcp.len()).contains(&offset(tcp)) || !is_right(bytes, protocol, tcp) {
        return None;
    }
    let (options, sack) = options(&tcp[20..offset(tcp)]);
    let payload = &tcp[offset(tcp)..];
    let (seq, ack) = (SeqNumber(double(tcp, 4)), SeqNumber(double(tcp, 8)));
    let segment = Segment::new(seq, ack, Control::from_bits_truncate(word(tcp, 12) & 0x1FF))
        .with_window(word(tcp, 14))
        .with_urgent(word(tcp, 18))
        .with_options(options)
        .with_payload(payload.len() as u16);
    let (class, hop_limit) =
        if bytes[0] >> 4 == 4 { (bytes[1], bytes[8]) } else { ((word(bytes, 0) >> 4) as u8, bytes[7]) };
    let header = Header {
        source: SocketAddr::new(source, word(tcp, 0)),
        destination: SocketAddr::new(destination, word(tcp, 2)),
        segment,
        sack,
        ecn: [Ecn::NotEct, Ecn::Ect1, Ecn::Ect0, Ecn::Ce][usize::from(class % 4)],
        dscp: class / 4,
        hop_limit,
    };
    Some(Packet { header, payload })
}

/// The ICMP error in a packet that is whole, with right checksums.
pub(crate) fn icmp(bytes: &[u8]) -> Option<IcmpMessage> {
    let (place, protocol) = behind_ip(bytes)?;
    let icmp = &bytes[place];
    let is_v4 = bytes[0] >> 4 == 4;
    if protocol != if is_v4 { ICMP } else { ICMPV6 } || icmp.len() < 8 || !is_right(bytes, protocol, icmp) {
        return None;
    }
    let (kind, code, quote) = (icmp[0], icmp[1], &icmp[8..]);
    let error = if is_v4 { IcmpError::of_v4(kind, code) } else { IcmpError::of_v6(kind, code) }?;
    let mtu = match (is_v4, kind, code) {
        (true, 3, 4) => Some(u32::from(word(icmp, 6)).max(68)).filter(|_| word(icmp, 6) > 0),
        (false, 2, _) if double(icmp, 4) < 1280 => return None,
        (false, 2, _) => Some(double(icmp, 4)),
        _ => None,
    };
    let at = behind_quoted_ip(quote, is_v4)?;
    let tcp = quote.get(at..at + 8)?;
    let [source, destination] = addresses(quote);
    Some(IcmpMessage {
        source: SocketAddr::new(source, word(tcp, 0)),
        destination: SocketAddr::new(destination, word(tcp, 2)),
        error,
        seq: SeqNumber(double(tcp, 4)),
        mtu,
    })
}

/// The place of what a whole packet carries, and its protocol.
pub(crate) fn behind_ip(bytes: &[u8]) -> Option<(Range<usize>, u8)> {
    match bytes.first()? >> 4 {
        4 => {
            let header = usize::from(bytes[0] & 15) * 4;
            if header < 20 || bytes.len() < header {
                return None;
            }
            let total = usize::from(word(bytes, 2));
            // More fragments, and the offset of this one.
            let is_whole = word(bytes, 6) & 0x3FFF == 0;
            let is_right = (header..=bytes.len()).contains(&total) && sum(&bytes[..header]) == u16::MAX;
            (is_whole && is_right).then_some((header..total, bytes[9]))
        }
        6 if bytes.len() >= 40 => {
            let end = 40 + usize::from(word(bytes, 4));
            behind_extensions(bytes.get(..end)?, true).map(|(start, protocol)| (start..end, protocol))
        }
        _ => None,
    }
}

fn behind_quoted_ip(quote: &[u8], is_v4: bool) -> Option<usize> {
    let (at, protocol) = match quote.first()? >> 4 {
        4 if is_v4 => {
            let header = usize::from(quote[0] & 15) * 4;
            if header < 20 || quote.len() < header || word(quote, 6) & 0x1FFF != 0 {
                return None;
            }
            (header, quote[9])
        }
        6 if !is_v4 && quote.len() >= 40 => behind_extensions(quote, false)?,
        _ => return None,
    };
    (protocol == TCP).then_some(at)
}

/// Where the extension headers end, and what follows; `None` if one of them keeps its receiver from going on.
fn behind_extensions(bytes: &[u8], is_received: bool) -> Option<(usize, u8)> {
    let (mut at, mut protocol) = (40, bytes[6]);
    while [HOP_BY_HOP, ROUTE, FRAGMENT, DESTINATION].contains(&protocol) {
        let words = usize::from(*bytes.get(at + 1)?);
        let header = bytes.get(at..at + if protocol == FRAGMENT { 8 } else { words * 8 + 8 })?;
        let goes_on = match protocol {
            FRAGMENT => word(header, 2) & if is_received { 0xFFF9 } else { 0xFFF8 } == 0,
            _ if !is_received => true,
            ROUTE => header[3] == 0,
            HOP_BY_HOP if at > 40 => false,
            _ => skips_options(&header[2..]),
        };
        if !goes_on {
            return None;
        }
        (at, protocol) = (at + header.len(), header[0]);
    }
    Some((at, protocol))
}

fn skips_options(options: &[u8]) -> bool {
    let mut at = 0;
    while let Some(&kind) = options.get(at) {
        let length = if kind == 0 { 1 } else { 2 + usize::from(*options.get(at + 1).unwrap_or(&255)) };
        at += length;
        if kind >> 6 != 0 || at > options.len() {
            return false;
        }
    }
    true
}

/// RFC 9293 section 3.2: kind and length. An option of another length than its kind has is unknown.
fn options(mut bytes: &[u8]) -> (Options, SackBlocks) {
    let (mut options, mut sack) = (Options::NONE, Vec::new());
    while let Some(&kind @ 1..) = bytes.first() {
        if kind == 1 {
            bytes = &bytes[1..];
            continue;
        }
        let Some((option, rest)) = bytes.get(1).and_then(|&length| bytes.split_at_checked(length.into())) else {
            break;
        };
        if option.len() < 2 {
            break;
        }
        match (kind, option.len()) {
            (2, 4) => options = options.with_mss(word(option, 2)),
            (3, 3) => options = options.with_window_scale(option[2]),
            (4, 2) => options = options.with_sack_permitted(),
            (5, length) if length % 8 == 2 => sack.extend((2..length).step_by(8).map(|at| block(option, at))),
            (8, 10) => options = options.with_timestamps(double(option, 2), double(option, 6)),
            _ => {}
        }
        bytes = rest;
    }
    (options, sack.into_iter().collect())
}

fn block(option: &[u8], at: usize) -> SackBlock {
    SackBlock { left: SeqNumber(double(option, at)), right: SeqNumber(double(option, at + 4)) }
}

/// Source and destination of a packet, or of the beginning of one.
fn addresses(packet: &[u8]) -> [IpAddr; 2] {
    if packet[0] >> 4 == 4 {
        return [12, 16].map(|at| double(packet, at).to_be_bytes().into());
    }
    [8, 24].map(|at| <[u8; 16]>::try_from(&packet[at..at + 16]).expect("16 bytes").into())
}

pub(crate) fn is_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.to_bits() != 0 && address.octets()[0] >> 4 != 14 && address.to_bits() != u32::MAX
        }
        IpAddr::V6(address) => address.to_bits() != 0 && address.octets()[0] != 255,
    }
}

fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn double(bytes: &[u8], at: usize) -> u32 {
    u32::from(word(bytes, at)) << 16 | u32::from(word(bytes, at + 2))
}

/// Where the payload begins.
fn offset(tcp: &[u8]) -> usize {
    usize::from(tcp[12] >> 4) * 4
}

/// RFC 1071: over everything that a right checksum covers it is all ones.
pub(crate) fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let sum: u32 = words.sum();
    let folded = (sum & 0xFFFF) + (sum >> 16);
    ((folded & 0xFFFF) + (folded >> 16)) as u16
}

/// Whether the checksum of a segment or message is right.
fn is_right(packet: &[u8], protocol: u8, message: &[u8]) -> bool {
    sum(&covered(packet, protocol, message)) == u16::MAX
}

/// The bytes that the checksum covers: a pseudo header (not of ICMP over IPv4), and the message.
fn covered(packet: &[u8], protocol: u8, message: &[u8]) -> Vec<u8> {
    let mut covered = Vec::new();
    if protocol != ICMP {
        covered.extend(if packet[0] >> 4 == 4 { &packet[12..20] } else { &packet[8..40] });
        covered.extend([0, protocol]);
        covered.extend((message.len() as u32).to_be_bytes());
    }
    covered.extend(message);
    covered
}

/// Puts the checksums of a packet right, as far as it is one.
pub(crate) fn seal(packet: &mut [u8]) {
    let header = usize::from(packet[0] & 15) * 4;
    if packet[0] >> 4 == 4 && (20..=packet.len()).contains(&header) {
        put_checksum(packet, 10, |packet| packet[..header].to_vec());
    }
    let Some((place, protocol)) = behind_ip(packet) else { return };
    let field = match protocol {
        TCP => 16,
        ICMP | ICMPV6 => 2,
        _ => return,
    };
    if place.len() >= field + 2 {
        put_checksum(packet, place.start + field, |packet| covered(packet, protocol, &packet[place.clone()]));
    }
}

fn put_checksum(packet: &mut [u8], at: usize, covered: impl Fn(&[u8]) -> Vec<u8>) {
    packet[at..at + 2].fill(0);
    let checksum = !sum(&covered(packet));
    packet[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
}

/// A packet made of any bytes: the lengths of its IP header, its protocol and its checksums are right. Bit 5 of the
/// first byte is the version of IP. Extension headers of IPv6 that are impossible stay so.
pub(crate) fn repaired(bytes: &[u8], carries: u8) -> Vec<u8> {
    let mut packet = bytes[..bytes.len().min(65_535)].to_vec();
    packet.resize(packet.len().max(60), 0);
    if packet[0] & 0x20 == 0 {
        let words = usize::from(packet[0] & 15).clamp(5, (packet.len() - 20) / 4);
        packet[0] = 0x40 | words as u8;
        let total = (packet.len() as u16).to_be_bytes();
        packet[2..4].copy_from_slice(&total);
        packet[6] &= 0xC0;
        packet[7] = 0;
        packet[9] = if carries == ICMPV6 { ICMP } else { carries };
    } else {
        packet[0] = 0x60 | packet[0] & 15;
        let length = (packet.len() as u16 - 40).to_be_bytes();
        packet[4..6].copy_from_slice(&length);
        let (mut number, mut at) = (6, 40);
        while [HOP_BY_HOP, ROUTE, FRAGMENT, DESTINATION].contains(&packet[number]) && at + 8 <= packet.len() {
            let length = if packet[number] == FRAGMENT { 8 } else { usize::from(packet[at + 1]) * 8 + 8 };
            (number, at) = (at, at + length);
        }
        packet[number] = if carries == ICMP { ICMPV6 } else { carries };
    }
    seal(&mut packet);
    packet
}

//! A trace as a capture file.

use core::time::Duration;
use std::borrow::Cow;
use std::format;
use std::io::{self, Write};
use std::string::ToString;
use std::vec::Vec;

use etherparse::{IpEcn, IpNumber, Ipv4Header, TcpHeader, TcpOptionElement};
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption};
use pcap_file::pcapng::{PcapNgBlock, PcapNgWriter};
use pcap_file::{DataLink, Endianness, PcapError};

use super::Side;
use super::trace::{Event, Trace, What};
use crate::{Control, Options, Segment};

/// Timestamps count units of 10^-9 seconds.
const NANOSECONDS: u8 = 9;

impl Trace {
    /// Writes a pcapng file, such as a capture at one end would produce. It has the segments that this end sent and the
    /// segments that arrived, as complete IPv4 packets with checksums. A segment that arrived damaged has a bad
    /// checksum. A segment that arrived marked has Congestion Experienced in the IP header. A segment that was refused
    /// has the reason as a comment.
    ///
    /// A is port 40000 of 192.0.2.1, B is port 9293 of 192.0.2.2. Virtual time begins in 1970.
    ///
    /// ```
    /// use tcp_lifecycle::Config;
    /// use tcp_lifecycle::sim::{Network, Pair, Side};
    ///
    /// let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::faulty(7));
    /// pair.handshake()?;
    /// let mut capture = Vec::new(); // or a file
    /// pair.trace().write_pcapng(Side::A, &mut capture)?;
    /// assert!(capture.starts_with(b"\x0a\x0d\x0d\x0a"));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the writer; [`io::ErrorKind::InvalidInput`] for a segment too long for an IPv4 packet.
    pub fn write_pcapng(&self, at: Side, out: impl Write) -> io::Result<()> {
        let mut file = PcapNgWriter::with_endianness(out, Endianness::Little).map_err(io_error)?;
        let name = InterfaceDescriptionOption::IfName(Cow::Owned(at.to_string()));
        let options = Vec::from([name, InterfaceDescriptionOption::IfTsResol(NANOSECONDS)]);
        let interface = InterfaceDescriptionBlock { linktype: DataLink::IPV4, snaplen: 0, options };
        file.write_block(&interface.into_block()).map_err(io_error)?;
        let mut events = self.events().iter().filter(|event| event.side == at).peekable();
        while let Some(event) = events.next() {
            let (from, number, segment) = match &event.what {
                What::Sent(number, segment) => (at, *number, segment),
                What::Arrived(number, segment, _) | What::Corrupted(number, segment) => (at.other(), *number, segment),
                What::Start
                | What::Call(_)
                | What::Injected(..)
                | What::Lost(..)
                | What::Swallowed(..)
                | What::Duplicated(..)
                | What::HeldBack(..)
                | What::Marked(..)
                | What::Reassembled(..)
                | What::Timeout(_)
                | What::Transition(_)
                | What::Signal(_)
                | What::Crashed
                | What::Note(_) => continue,
            };
            let damage = u16::from(matches!(event.what, What::Corrupted(..)));
            let ecn = match events.peek() {
                Some(Event { what: What::Marked(..), .. }) => IpEcn::CongestionExperienced,
                Some(_) | None if self.ecn_capable.contains(&number) => IpEcn::Ect0,
                Some(_) | None => IpEcn::NotEct,
            };
            let packet = packet(from, number, segment, self.payload(number), damage, ecn)?;
            let block = EnhancedPacketBlock {
                interface_id: 0,
                timestamp: Duration::from_micros(event.at.as_micros()),
                original_len: packet.len() as u32,
                data: Cow::Owned(packet),
                options: comment(&event.what).into_iter().collect(),
            };
            file.write_block(&block.into_block()).map_err(io_error)?;
        }
        file.into_inner().flush()
    }
}

fn comment(what: &What) -> Option<EnhancedPacketOption<'static>> {
    let What::Arrived(_, _, Err(refusal)) = what else { return None };
    let why = format!("refused: {refusal} ({})", refusal.citation());
    Some(EnhancedPacketOption::Comment(Cow::Owned(why)))
}

/// Returns the segment in an IPv4 packet. The checksum is wrong in the bits of `damage`.
fn packet(from: Side, number: u64, segment: &Segment, payload: &[u8], damage: u16, ecn: IpEcn) -> io::Result<Vec<u8>> {
    let mut tcp = header(from, segment);
    tcp.set_options(&elements(segment.options())).map_err(invalid)?;
    let len = tcp.header_len().saturating_add(payload.len());
    let len = u16::try_from(len).map_err(invalid)?;
    let (source, destination) = (address(from), address(from.other()));
    let mut ip = Ipv4Header::new(len, 64, IpNumber::TCP, source, destination).map_err(invalid)?;
    // Copies of a segment are copies of its packet.
    ip.identification = number as u16;
    ip.ecn = ecn;
    tcp.checksum = tcp.calc_checksum_ipv4(&ip, payload).map_err(invalid)? ^ damage;
    let mut packet = Vec::new();
    ip.write(&mut packet)?;
    tcp.write(&mut packet)?;
    packet.extend_from_slice(payload);
    Ok(packet)
}

fn header(from: Side, segment: &Segment) -> TcpHeader {
    let control = segment.control();
    let mut tcp = TcpHeader::new(port(from), port(from.other()), segment.seq().0, segment.window());
    tcp.acknowledgment_number = segment.ack().unwrap_or_default().0;
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
    tcp
}

fn elements(options: Options) -> Vec<TcpOptionElement> {
    let mut elements = Vec::new();
    elements.extend(options.mss().map(TcpOptionElement::MaximumSegmentSize));
    elements.extend(options.window_scale().map(TcpOptionElement::WindowScale));
    elements.extend(options.sack_permitted().then_some(TcpOptionElement::SelectiveAcknowledgementPermitted));
    elements.extend(options.timestamps().map(|(value, echo)| TcpOptionElement::Timestamp(value, echo)));
    elements
}

/// Returns an address of those that RFC 5737 reserves for documentation.
const fn address(side: Side) -> [u8; 4] {
    match side {
        Side::A => [192, 0, 2, 1],
        Side::B => [192, 0, 2, 2],
    }
}

const fn port(side: Side) -> u16 {
    match side {
        Side::A => 40_000,
        Side::B => 9_293,
    }
}

fn io_error(error: PcapError) -> io::Error {
    if let PcapError::IoError(error) = error { error } else { io::Error::other(error) }
}

fn invalid(error: impl core::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

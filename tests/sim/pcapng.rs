//! Traces as capture files, read back by the crates that wrote them, and by tshark where it is installed.

use core::time::Duration;
use std::io::{Error, ErrorKind, Write};
use std::process::Command;

use etherparse::{IpEcn, IpNumber, Ipv4Slice, TcpOptionElement, TcpSlice};
use pcap_file::DataLink;
use pcap_file::pcapng::PcapNgReader;
use pcap_file::pcapng::blocks::Block;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionOption;
use tcp_lifecycle::sim::{Event, Network, Pair, Side, What};
use tcp_lifecycle::{Config, Control, Open, Options, Segment, SeqNumber};

use super::marks::new_payload;
use super::{PATIENT, conversation_over};

/// One packet of a file.
struct Packet {
    at: Duration,
    bytes: Vec<u8>,
    comment: Option<String>,
}

fn capture(pair: &Pair, at: Side) -> Vec<u8> {
    let mut file = Vec::new();
    pair.trace().write_pcapng(at, &mut file).unwrap();
    file
}

/// The packets of a file with one interface, of this name.
fn packets(file: &[u8], name: &str) -> Vec<Packet> {
    let mut reader = PcapNgReader::new(file).unwrap();
    let mut packets = Vec::new();
    let mut interfaces = 0;
    while let Some(block) = reader.next_block() {
        match block.unwrap() {
            Block::InterfaceDescription(interface) => {
                interfaces += 1;
                assert_eq!(interface.linktype, DataLink::IPV4);
                let name = InterfaceDescriptionOption::IfName(name.into());
                assert_eq!(interface.options, [name, InterfaceDescriptionOption::IfTsResol(9)]);
            }
            Block::EnhancedPacket(packet) => {
                assert_eq!((packet.interface_id, packet.original_len as usize), (0, packet.data.len()));
                let mut comment = packet.options.into_iter().map(|option| {
                    let EnhancedPacketOption::Comment(comment) = option else { panic!("{option:?}") };
                    comment.into_owned()
                });
                packets.push(Packet { at: packet.timestamp, bytes: packet.data.to_vec(), comment: comment.next() });
            }
            block @ (Block::SectionHeader(_)
            | Block::Packet(_)
            | Block::SimplePacket(_)
            | Block::NameResolution(_)
            | Block::InterfaceStatistics(_)
            | Block::SystemdJournalExport(_)
            | Block::Unknown(_)) => panic!("{block:?}"),
        }
    }
    assert_eq!(interfaces, 1);
    packets
}

/// The packets of a capture at this end, by the events of the trace: the sender, the event, and the segment.
fn expected(pair: &Pair, at: Side) -> Vec<(Side, &Event, u64, Segment)> {
    let of_this_end = pair.trace().events().iter().filter(|event| event.side == at);
    let seen = of_this_end.filter_map(|event| {
        let (number, segment) = event.what.segment()?;
        let from = if matches!(event.what, What::Sent(..)) { at } else { at.other() };
        let is_seen = matches!(event.what, What::Sent(..) | What::Arrived(..) | What::Corrupted(..));
        is_seen.then_some((from, event, number, segment))
    });
    seen.collect()
}

/// Parses a packet into a segment and its payload. Everything but the TCP checksum must be right; returns whether that
/// is.
fn read(packet: &[u8], from: Side) -> (Segment, Vec<u8>, bool) {
    let ip = Ipv4Slice::from_slice(packet).unwrap();
    let header = ip.header();
    assert_eq!(header.to_header().calc_header_checksum(), header.header_checksum());
    assert_eq!(usize::from(header.total_len()), packet.len());
    assert_eq!((header.protocol(), header.is_fragmenting_payload()), (IpNumber::TCP, false));
    let ends = [(header.source(), 40_000_u16), (header.destination(), 9_293)];
    let addresses = [[192, 0, 2, 1], [192, 0, 2, 2]];
    let [ours, peers] = if from == Side::A { [0, 1] } else { [1, 0] };
    assert_eq!([ends[0].0, ends[1].0], [addresses[ours], addresses[peers]]);

    let tcp = TcpSlice::from_slice(ip.payload().payload).unwrap();
    let ports = [40_000, 9_293];
    assert_eq!([tcp.source_port(), tcp.destination_port()], [ports[ours], ports[peers]]);
    let right = tcp.calc_checksum_ipv4(header.source(), header.destination()) == Ok(tcp.checksum());
    let flags = u16::from_be_bytes([tcp.header_slice()[12] & 1, tcp.header_slice()[13]]);
    let mut options = Options::default();
    for element in tcp.options_iterator() {
        options = match element.unwrap() {
            TcpOptionElement::MaximumSegmentSize(mss) => options.with_mss(mss),
            TcpOptionElement::WindowScale(shift) => options.with_window_scale(shift),
            TcpOptionElement::SelectiveAcknowledgementPermitted => options.with_sack_permitted(),
            TcpOptionElement::Timestamp(value, echo) => options.with_timestamps(value, echo),
            TcpOptionElement::Noop => options,
            TcpOptionElement::SelectiveAcknowledgement(..) => panic!("SACK blocks"),
        };
    }
    let (seq, ack) = (SeqNumber(tcp.sequence_number()), SeqNumber(tcp.acknowledgment_number()));
    let segment = Segment::new(seq, ack, Control::from_bits(flags).unwrap())
        .with_window(tcp.window_size())
        .with_urgent(tcp.urgent_pointer())
        .with_options(options)
        .with_payload(u16::try_from(tcp.payload().len()).unwrap());
    (segment, tcp.payload().to_vec(), right)
}

/// The ECN field of the IP header: new payload is ECN-capable, and may have been marked.
fn codepoint(pair: &Pair, from: Side, event: &Event, number: u64) -> IpEcn {
    let events = pair.trace().events();
    let accepts = Control::SYN | Control::ACK | Control::ECE;
    let agreed = events.iter().any(|event| matches!(event.what, What::Sent(_, syn) if syn.control() == accepts));
    let is_mark = |pair: &[Event]| core::ptr::eq(&pair[0], event) && matches!(pair[1].what, What::Marked(..));
    let marked = events.windows(2).any(is_mark);
    match agreed && new_payload(pair.trace(), from).contains(&number) {
        true if marked => IpEcn::CongestionExperienced,
        true => IpEcn::Ect0,
        false => IpEcn::NotEct,
    }
}

/// Checks that a capture at this end equals the trace, packet by packet. Returns the number of packets, and of damaged
/// ones.
#[track_caller]
fn check(pair: &Pair, at: Side) -> (usize, usize) {
    let packets = packets(&capture(pair, at), &at.to_string());
    let expected = expected(pair, at);
    assert_eq!(packets.len(), expected.len());
    let mut damaged = 0;
    for (packet, (from, event, number, segment)) in packets.iter().zip(expected) {
        let (read, payload, right) = read(&packet.bytes, from);
        assert_eq!(read, segment);
        assert_eq!(payload, pair.trace().payload(number));
        let ip = Ipv4Slice::from_slice(&packet.bytes).unwrap().header().to_header();
        assert_eq!(ip.identification, number as u16, "copies of a segment are copies of its packet");
        assert_eq!(ip.ecn, codepoint(pair, from, event, number), "{segment}");
        assert_eq!(packet.at, Duration::from_micros(event.at.as_micros()));
        assert_eq!(right, !matches!(event.what, What::Corrupted(..)), "{segment}");
        damaged += usize::from(!right);
        let why = if let What::Arrived(_, _, Err(refusal)) = &event.what { Some(refusal) } else { None };
        let why = why.map(|refusal| format!("refused: {refusal} ({})", refusal.citation()));
        assert_eq!(packet.comment, why);
    }
    (packets.len(), damaged)
}

/// Both ends offer every option and ECN, over a network with every fault.
fn conversation(seed: u64) -> Pair {
    let all = Config { ecn: true, timestamps: true, sack_permitted: true, receive_buffer: 1 << 20, ..PATIENT };
    // A SYN that was lost is retransmitted without its offer of ECN.
    let mut pair = Pair::new(&all, &all, Network::PERFECT);
    pair.handshake().unwrap();
    pair.set_network(Network { corruption: 100, reordering: 100, marking: 300, ..Network::faulty(seed) });
    conversation_over(&mut pair);
    pair
}

#[test]
fn every_packet_of_a_capture_is_the_segment_of_the_trace() {
    let mut damaged = 0;
    for seed in 0..20 {
        let pair = conversation(seed);
        for side in [Side::A, Side::B] {
            let (packets, bad) = check(&pair, side);
            assert!(packets > 10);
            damaged += bad;
        }
    }
    assert!(damaged > 20, "{damaged}");
}

#[test]
fn what_was_sent_before_anything_was_recorded_has_its_payload_all_the_same() {
    let all = Config { ecn: true, ..PATIENT };
    let mut pair = Pair::new(&all, &all, Network::PERFECT);
    pair.handshake().unwrap();
    pair.settle().unwrap();
    pair.set_recording(false);
    pair.send(Side::A, b"hello").unwrap();
    pair.duplicate(0);
    pair.set_recording(true);
    pair.corrupt(0);
    pair.settle().unwrap();
    let packets = packets(&capture(&pair, Side::B), "B");
    let [.., damaged, arrived, _ack] = &packets[..] else { panic!("{}", packets.len()) };
    for packet in [damaged, arrived] {
        let (segment, payload, _) = read(&packet.bytes, Side::A);
        assert_eq!((segment.payload_len(), &payload[..]), (5, &b"hello"[..]));
        assert_eq!(Ipv4Slice::from_slice(&packet.bytes).unwrap().header().ecn(), IpEcn::Ect0);
    }
}

/// Segments of every shape, none of which an end has sent.
fn odd_segments() -> Pair {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    pair.open(Side::B, Open::Passive).unwrap();
    for segment in [
        "<SEQ=0><CTL=>",
        "<SEQ=1><ACK=4294967295><CTL=FIN,SYN,RST,PSH,ACK,URG,ECE,CWR,AE><URG=65535><WND=65535>",
        "<SEQ=4294967295><CTL=AE><MSS=65535><WS=255><SACK><TS=4294967295,1>",
        "<SEQ=2><CTL=RST><WS=0>",
        "<SEQ=3><CTL=RST><SACK>",
        "<SEQ=4><CTL=RST><TS=0,0>",
    ] {
        pair.inject(Side::A, segment.parse().unwrap(), b"");
    }
    let longest = Segment::new(SeqNumber(7), SeqNumber(0), Control::RST).with_payload(65_535 - 40);
    pair.inject(Side::A, longest, &[0xff; 65_535 - 40]);
    pair.inject(Side::A, longest.with_payload(3), &[1, 2, 3]);
    pair.settle().unwrap();
    pair
}

#[test]
fn segments_of_every_shape_become_packets() {
    let pair = odd_segments();
    assert_eq!(check(&pair, Side::A).0, 0, "A has sent none of them, and B answers none");
    assert_eq!(check(&pair, Side::B).0, 8);
}

#[test]
fn a_segment_too_long_for_a_packet_is_an_error() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    let segment = Segment::new(SeqNumber(7), SeqNumber(0), Control::RST);
    for bytes in [65_535_u16 - 39, 65_535] {
        pair.inject(Side::A, segment.with_payload(bytes), &vec![0; usize::from(bytes)]);
        pair.settle().unwrap();
        let error = pair.trace().write_pcapng(Side::B, Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert!(pair.trace().write_pcapng(Side::A, Vec::new()).is_ok(), "A has not seen it");
}

#[test]
fn the_errors_of_the_writer_are_those_of_the_capture() {
    /// A writer that takes this many bytes, and then fails.
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> Result<(), Error> {
            Err(ErrorKind::BrokenPipe.into())
        }
    }
    let pair = conversation(1);
    let error = |room| pair.trace().write_pcapng(Side::A, Full(room)).unwrap_err().kind();
    for room in [0, 40, 1_000] {
        assert_eq!(error(room), ErrorKind::StorageFull);
    }
    assert_eq!(error(usize::MAX), ErrorKind::BrokenPipe);
}

const FIELDS: [&str; 8] = [
    "frame.time_epoch",
    "ip.checksum.status",
    "tcp.checksum.status",
    "tcp.seq_raw",
    "tcp.len",
    "tcp.options.timestamp.tsval",
    "_ws.malformed",
    "frame.comment",
];

/// The fields of every packet as tshark prints them; `None` if it is not installed.
fn tshark(file: &[u8], name: &str) -> Option<Vec<Vec<String>>> {
    let path = std::env::temp_dir().join(format!("tcp-lifecycle-{}-{name}.pcapng", std::process::id()));
    std::fs::write(&path, file).unwrap();
    let checksums = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"];
    let mut command = Command::new("tshark");
    command.args(["-n", "-r"]).arg(&path).args(checksums).args(["-T", "fields"]);
    let output = command.args(FIELDS.into_iter().flat_map(|field| ["-e", field])).output();
    std::fs::remove_file(&path).unwrap();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

/// The values of Wireshark: 0 is bad, 1 is good.
const GOOD: &str = "1";

#[test]
fn tshark_finds_nothing_malformed_and_no_wrong_checksum_but_those_of_damaged_segments() {
    for (name, pair) in [("faulty", conversation(1)), ("odd", odd_segments())] {
        for side in [Side::A, Side::B] {
            let Some(lines) = tshark(&capture(&pair, side), &format!("{name}-{side}")) else { return };
            let expected = expected(&pair, side);
            assert_eq!(lines.len(), expected.len());
            for (line, (_, event, _, segment)) in lines.iter().zip(expected) {
                let [epoch, ip, tcp, seq, len, value, malformed, comment] = &line[..] else { panic!("{line:?}") };
                let micros = event.at.as_micros();
                assert_eq!(*epoch, format!("{}.{:06}000", micros / 1_000_000, micros % 1_000_000));
                let damaged = matches!(event.what, What::Corrupted(..));
                assert_eq!((ip.as_str(), tcp.as_str()), (GOOD, if damaged { "0" } else { GOOD }), "{segment}");
                assert_eq!((seq, len), (&segment.seq().0.to_string(), &segment.payload_len().to_string()));
                let timestamp = segment.options().timestamps().map(|(value, _)| value.to_string());
                assert_eq!(*value, timestamp.unwrap_or_default());
                assert_eq!(malformed, "", "{segment}");
                assert_eq!(!comment.is_empty(), matches!(event.what, What::Arrived(_, _, Err(_))));
            }
        }
    }
}

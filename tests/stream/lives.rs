//! Lives of streams that are out of the ordinary: their beginnings, their ends, and what the numbers allow.

use std::time::Duration;

use tcp_lifecycle::stream::{End, Event, Output, Stream, StreamConfig};
use tcp_lifecycle::{Config, Control, Ecn, Instant, Open, Options, SackBlock, Segment, SeqNumber, State};

use crate::fight::{Fight, IRS, MSS, config, len};
use crate::pair::Pair;
use crate::watched::{Watched, bytes};

#[test]
fn bytes_on_a_syn_are_the_first_of_the_stream() {
    for is_active in [true, false] {
        let mut watched = Watched::new(&config(), 100);
        watched.open(if is_active { Open::Active } else { Open::Passive });
        watched.drain();
        let bits = if is_active { Control::SYN | Control::ACK } else { Control::SYN };
        let syn = Segment::new(IRS, SeqNumber(101), bits).with_window(1_000);
        watched.honest_segment(&syn, &[], Ecn::NotEct, 10);
        watched.drain();
        let nxt = watched.stream.connection().status().rcv_nxt.unwrap();
        let ack = Segment::new(nxt, SeqNumber(101), Control::ACK).with_window(1_000);
        watched.honest_segment(&ack, &[], Ecn::NotEct, 20);
        watched.drain();
        assert_eq!(watched.read(100), Some((nxt - IRS) as usize - 1 + 20), "{is_active}");
    }
}

#[test]
fn the_first_event_is_connected() {
    let mut watched = Watched::new(&config(), 100);
    watched.open(Open::Passive);
    watched.drain();
    watched.honest_segment(&Segment::new(IRS, SeqNumber(0), Control::SYN).with_window(900), &[], Ecn::NotEct, 0);
    watched.drain();
    // The ACK of our SYN,ACK was lost: payload comes with the next, and the FIN.
    let bits = Control::ACK | Control::FIN;
    watched.honest_segment(&Segment::new(IRS + 1, SeqNumber(101), bits).with_window(900), &[], Ecn::NotEct, 10);
    watched.drain();
    assert_eq!(watched.events, [Event::Connected, Event::Readable, Event::EndOfStream]);
}

#[test]
fn what_is_written_before_the_connection_is_sent_in_the_peers_segments() {
    let mut watched = Watched::new(&config(), 100);
    watched.open(Open::Active);
    watched.drain();
    watched.write(30_000);
    let options = Options::NONE.with_mss(MSS).with_sack_permitted();
    let syn_ack = Segment::new(IRS, SeqNumber(101), Control::SYN | Control::ACK).with_window(u16::MAX);
    watched.honest_segment(&syn_ack.with_options(options), &[], Ecn::NotEct, 0);
    let sent = watched.drain();
    // RFC 6928: ten segments of the peer's size.
    assert_eq!(len(&sent), 10 * usize::from(MSS));
    // RFC 8985: SACK is in use, so a tail loss probe comes before a retransmission timeout.
    watched.pass(Duration::from_millis(10));
    let ack = Segment::new(IRS + 1, SeqNumber(101) + 9_000, Control::ACK).with_window(9_000);
    watched.honest_segment(&ack, &[], Ecn::NotEct, 0);
    watched.drain();
    let first = watched.stream.deadline().unwrap().saturating_duration_since(watched.now);
    assert!(first < Duration::from_millis(200), "{first:?}");
}

#[test]
fn both_open_at_once_and_send_at_once() {
    for bytes in [[0, 0], [5_000, 0], [3_000, 70_000]] {
        let mut pair = Pair::new(&[config(), config()], [100, 300]);
        pair.delay = Duration::from_millis(5);
        pair.open(true);
        pair.transfer(bytes);
        let [a, b] = &pair.ends;
        assert_eq!([b.read_total(), a.read_total()], bytes.map(|bytes| bytes as u32));
    }
}

#[test]
fn either_half_closes_first() {
    for bytes in [[0, 50_000], [50_000, 0]] {
        let mut pair = Pair::new(&[config(), config()], [100, 300]);
        pair.open(false);
        pair.transfer(bytes);
        let [a, b] = &pair.ends;
        assert_eq!([b.read_total(), a.read_total()], bytes.map(|bytes| bytes as u32));
        assert_eq!([a.stream.end(), b.stream.end()], [Some(End::Closed); 2]);
    }
}

#[test]
fn an_abort_with_full_queues_leaves_nothing_but_what_can_be_read() {
    let mut fight = Fight::begin(&config());
    fight.write(200_000);
    fight.payload(0, 100, Control::empty());
    fight.payload(500, 100, Control::empty());
    fight.watched.abort();
    let sent = fight.watched.drain();
    assert!(sent.len() == 1 && sent[0].segment.control().contains(Control::RST), "{sent:?}");
    assert_eq!(fight.end(), Some(End::Aborted));
    assert_eq!(fight.watched.stream.queued(), 0);
    assert_eq!(fight.watched.read(1_000), Some(100));
    fight.watched.drain();
    assert_eq!(fight.watched.stream.deadline(), None);
}

#[test]
fn a_stream_that_is_opened_again_knows_nothing_of_its_former_life() {
    let mut fight = Fight::begin(&config());
    fight.write(5_000);
    fight.payload(0, 100, Control::empty());
    fight.payload(200, 100, Control::FIN);
    fight.watched.shutdown();
    fight.watched.abort();
    // The end has not been told yet.
    assert!(!fight.watched.open(Open::Active));
    fight.watched.drain();
    fight.watched.events.clear();
    assert!(fight.watched.open(Open::Active));
    assert_eq!(fight.end(), None);
    assert_eq!(fight.watched.stream.counters().bytes_written, 0);
    fight.watched.drain();
    let syn_ack = Segment::new(IRS, SeqNumber(101), Control::SYN | Control::ACK).with_window(9_000);
    fight.watched.honest_segment(&syn_ack, &[], Ecn::NotEct, 0);
    fight.watched.drain();
    let sent = fight.write(300);
    assert_eq!(sent[0].payload, bytes(0, 300));
    fight.payload(0, 50, Control::empty());
    assert_eq!(fight.watched.read(1_000), Some(50));
    assert_eq!(fight.watched.read(1_000), Some(0));
    assert_eq!(fight.watched.events, [Event::Connected, Event::Readable]);
}

#[test]
fn a_stream_that_returns_to_listen_forgets_the_peer() {
    let mut watched = Watched::new(&config(), 100);
    watched.open(Open::Passive);
    watched.drain();
    let syn = |seq| Segment::new(seq, SeqNumber(0), Control::SYN).with_window(5_000);
    watched.honest_segment(&syn(IRS), &[], Ecn::NotEct, 0);
    watched.drain();
    watched.write(700);
    watched.drain();
    watched.segment(&Segment::new(IRS + 1, SeqNumber(0), Control::RST), &[], Ecn::NotEct, &[]);
    watched.drain();
    assert_eq!((watched.state(), watched.stream.queued()), (State::Listen, 0));
    let other = SeqNumber(77_000);
    watched.honest_segment(&syn(other), &[], Ecn::NotEct, 0);
    watched.drain();
    let ack = Segment::new(other + 1, SeqNumber(101), Control::ACK).with_window(5_000);
    watched.honest_segment(&ack, &[], Ecn::NotEct, 0);
    watched.drain();
    watched.write(300);
    assert_eq!(watched.drain()[0].payload, bytes(0, 300));
}

#[test]
fn a_user_that_goes_with_bytes_unread_has_aborted() {
    let mut fight = Fight::begin(&config());
    fight.payload(0, 100, Control::empty());
    fight.watched.detach();
    assert!(fight.watched.drain()[0].segment.control().contains(Control::RST));
    assert_eq!(fight.end(), Some(End::Aborted));
}

#[test]
fn time_that_stands_still_or_goes_back_stops_nothing() {
    let mut fight = Fight::begin(&config());
    fight.after(10_000);
    fight.write(150_000);
    for round in 0..600 {
        let nxt = fight.nxt();
        fight.watched.earlier(Duration::from_millis(round * 17), |watched| {
            let ack = Segment::new(IRS + 1, nxt, Control::ACK).with_window(9_000);
            watched.honest_segment(&ack, &[], Ecn::NotEct, 0);
            watched.timeout();
            watched.drain();
        });
    }
    assert_eq!(fight.watched.stream.queued(), 0);
}

#[test]
fn without_sack_repairs_leave_no_trace() {
    let mut fight = Fight::new(&config(), 100, Options::NONE.with_mss(MSS));
    for _ in 0..300 {
        fight.write(20_000);
        fight.after(10);
        // The first segment is lost; the others cause duplicates. Then all has arrived.
        let una = fight.una();
        for _ in 0..4 {
            fight.ack(una, &[]);
        }
        let nxt = fight.nxt();
        fight.ack(nxt, &[]);
    }
    let most = format!("{:?}", fight.watched.stream).matches("Instant(").count();
    assert!(fight.resent() >= 200, "{}", fight.resent());
    assert!(most < 200, "{most} moments are kept");
}

#[test]
fn a_duplicate_before_a_fin_is_reported_as_it_is() {
    let mut fight = Fight::begin(&config());
    fight.payload(0, 100, Control::empty());
    let sent = fight.payload(50, 100, Control::FIN);
    let block = SackBlock { left: IRS + 51, right: IRS + 101 };
    assert_eq!(sent.last().unwrap().sack[..], [block]);
    let sent = fight.payload(120, 30, Control::FIN);
    let block = SackBlock { left: IRS + 121, right: IRS + 151 };
    assert_eq!(sent.last().unwrap().sack[..], [block]);
}

#[test]
fn sequence_numbers_wrap_in_mid_transfer() {
    for isn in [u32::MAX, u32::MAX - 1, u32::MAX - 40_000] {
        let mut pair = Pair::new(&[config(), config()], [isn, isn.wrapping_sub(3)]);
        pair.delay = Duration::from_millis(2);
        pair.open(false);
        pair.transfer([150_000, 90_000]);
        let [a, b] = &pair.ends;
        assert_eq!([b.read_total(), a.read_total()], [150_000, 90_000]);
    }
}

/// SND.UNA comes by the ISS again after 2^32 bytes. The peer acknowledges in such steps that it stops there.
#[test]
fn four_gigabytes_pass() {
    let tcp = Config { mss: 65_000, ..config().tcp };
    let config = StreamConfig { tcp, send_buffer: 1 << 20, ..config() };
    let options = Options::NONE.with_mss(65_000).with_sack_permitted().with_window_scale(14);
    let mut fight = Fight::new(&config, 100, options);
    let stream = &mut fight.watched.stream;
    let chunk = vec![1; 1 << 20];
    let (mut now, mut total, mut ack) = (Instant::ZERO, 0_u64, SeqNumber(101));
    let most = (1 << 32) + (4 << 20);
    while total < most || stream.counters().bytes_received < most {
        total += stream.write(&chunk, now).unwrap() as u64;
        while !matches!(stream.poll(now), Output::Wait(_)) {}
        now = now + Duration::from_millis(10);
        let nxt = stream.connection().status().snd_nxt.unwrap();
        let iss = SeqNumber(100);
        ack = if ack != iss && ack.lt(iss) && iss.lt(nxt) { iss } else { nxt };
        let nxt_of_peer = stream.connection().status().rcv_nxt.unwrap();
        let segment = Segment::new(nxt_of_peer, ack, Control::ACK).with_window(1_000);
        stream.segment_arrives(&segment, &[], Ecn::NotEct, &[], now).unwrap();
        stream.segment_arrives(&segment, &[], Ecn::NotEct, &chunk[..60_000], now).unwrap();
        let (front, back) = stream.readable();
        let readable = front.len() + back.len();
        stream.consume(readable);
    }
    while !matches!(stream.poll(now), Output::Wait(_)) {}
    let una = total - stream.queued() as u64;
    assert_eq!(stream.counters().bytes_acknowledged, una);
    let told = format!("{stream:?}");
    assert!(told.contains(&format!("una: {una},")), "{una}");
    // The scoreboard counts like the connection.
    assert!(!told.contains(&format!("una: {},", una - 1)) && !told.contains(&format!("una: {},", una + 1)));
}

#[test]
fn a_payload_longer_than_a_packet_is_cut() {
    let now = Instant::ZERO;
    let mut stream = Stream::new(&StreamConfig::default(), 99);
    stream.open(Open::Active, now).unwrap();
    while !matches!(stream.poll(now), Output::Wait(_)) {}
    let mut arrives = |segment: &str, payload: &[u8]| {
        stream.segment_arrives(&segment.parse().unwrap(), &[], Ecn::NotEct, payload, now).unwrap();
        while !matches!(stream.poll(now), Output::Wait(_)) {}
        let (front, back) = stream.readable();
        front.len() + back.len()
    };
    arrives("<SEQ=300><ACK=100><CTL=SYN,ACK><WND=1000><MSS=1460><WS=7>", &[]);
    assert_eq!(arrives("<SEQ=1301><ACK=100><CTL=ACK><WND=1000>", &[7; 70_000]), 0, "ahead of a gap");
    assert_eq!(arrives("<SEQ=301><ACK=100><CTL=ACK><WND=1000>", &[7; 1_000]), 66_535);
}

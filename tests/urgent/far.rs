//! Gigabytes later: the sequence numbers have reached the other side of an old pointer.

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Control, Instant, Output, Segment, SeqNumber, Signal};

/// More than half of the sequence space.
const FAR: u32 = 5 << 29;
const NOW: Instant = Instant::ZERO;

#[track_caller]
fn established(config: &Config) -> Connection {
    let opened = "
        open active
        --> <SEQ=99><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><MSS=65535><WS=14><TS=1,0>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED";
    Script::parse(&format!("ISS=99\n{opened}")).unwrap().run(config).unwrap()
}

/// The segments that are due, and whether the user was told of urgent bytes.
fn drain(connection: &mut Connection) -> (Vec<Segment>, bool) {
    let (mut segments, mut urgent) = (Vec::new(), false);
    loop {
        match connection.poll(NOW) {
            Output::Transmit(transmit) => segments.push(transmit.segment),
            Output::Signal(signal) => urgent |= signal == Signal::Urgent,
            Output::Transition(_) => {}
            Output::Wait(_) => return (segments, urgent),
        }
    }
}

fn acknowledgment(connection: &Connection) -> Segment {
    let status = connection.status();
    let ack = Segment::new(status.rcv_nxt.unwrap(), status.snd_nxt.unwrap(), Control::ACK).with_window(u16::MAX);
    ack.with_options(tcp_lifecycle::Options::default().with_timestamps(1, 0))
}

#[test]
fn what_was_urgent_long_ago_is_pointed_at_no_more() {
    let config = Config { timestamps: true, receive_buffer: 1 << 30, nagle: false, ..Config::DEFAULT };
    let mut connection = established(&config);
    connection.send_urgent(1, NOW).unwrap();
    let (segments, _) = drain(&mut connection);
    assert_eq!((segments.len(), segments[0].urgent()), (1, 1));

    let mut sent = 0;
    while sent < FAR {
        connection.segment_arrives(&acknowledgment(&connection), NOW).unwrap();
        let bytes = 1 << 26;
        connection.send(bytes as usize, NOW).unwrap();
        let (segments, _) = drain(&mut connection);
        assert_eq!(segments.iter().map(|segment| u32::from(segment.payload_len())).sum::<u32>(), bytes);
        assert!(segments.iter().all(|segment| !segment.control().contains(Control::URG)), "after {sent} bytes");
        sent += bytes;
    }
    assert_eq!(connection.status().snd_up, None);
}

#[test]
fn what_the_peer_said_long_ago_is_forgotten() {
    let mut connection = established(&Config { receive_buffer: 1 << 30, window_scale: Some(14), ..Config::DEFAULT });
    let urgent = |connection: &Connection| {
        let nxt = connection.status().rcv_nxt.unwrap();
        Segment::new(nxt, SeqNumber(100), Control::ACK | Control::URG).with_window(9).with_urgent(1).with_payload(1)
    };
    connection.segment_arrives(&urgent(&connection), NOW).unwrap();
    assert!(drain(&mut connection).1);
    connection.receive(1).unwrap();

    let mut received = 0;
    while received < FAR {
        let nxt = connection.status().rcv_nxt.unwrap();
        let text = Segment::new(nxt, SeqNumber(100), Control::ACK).with_window(9).with_payload(u16::MAX);
        assert_eq!(connection.segment_arrives(&text, NOW), Ok(0..65_535));
        connection.receive(65_535).unwrap();
        assert!(!drain(&mut connection).1);
        received += 65_535;
        let status = connection.status();
        assert_eq!((status.urgent, status.rcv_up), (0, None), "after {received} bytes");
    }
    connection.segment_arrives(&urgent(&connection), NOW).unwrap();
    assert!(drain(&mut connection).1, "news after so long are news");
    assert_eq!(connection.status().urgent, 1);
}

//! A connection with the kernel over IPv6.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant as Clock};

use tcp_lifecycle::{Config, Connection, Instant, Open, Output, State};

use crate::device::Device;
use crate::harness::{ISN_OFFSET, WATCHDOG, with};
use crate::options::ALL;
use crate::packets::{emit, parse};

pub(crate) const OURS: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0xFD00, 0, 0, 0, 0, 0, 0, 2)), 2000);
pub(crate) const THEIRS: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0xFD00, 0, 0, 0, 0, 0, 0, 1)), 1000);

/// Our end: what it sends is one text, and what it receives is kept.
struct End {
    connection: Connection,
    text: &'static [u8],
    acknowledged: usize,
    received: Vec<u8>,
    start: Clock,
}

impl End {
    fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed()
    }

    fn drain(&mut self, device: &Device) {
        let now = self.now();
        loop {
            match self.connection.poll(now) {
                Output::Transmit(transmit) => {
                    let range = transmit.payload.start + self.acknowledged..transmit.payload.end + self.acknowledged;
                    device.send(&emit(OURS, THEIRS, &transmit.segment, &self.text[range]));
                }
                Output::Signal(tcp_lifecycle::Signal::Acknowledged(bytes)) => self.acknowledged += bytes,
                Output::Transition(_) | Output::Signal(_) => {}
                Output::Wait(_) => return,
            }
        }
    }

    fn receive(&mut self, device: &Device) {
        while let Some(bytes) = device.receive() {
            let Some(packet) = parse(&bytes) else { continue };
            assert_eq!((packet.header.source, packet.header.destination), (THEIRS, OURS));
            let new = self.connection.segment_arrives(&packet.header.segment, self.now()).unwrap_or_default();
            self.received.extend(&packet.payload[new.clone()]);
            let _ = self.connection.receive(new.len());
            self.drain(device);
        }
        self.connection.timeout(self.now());
        self.drain(device);
        device.wait(Duration::from_millis(1));
    }

    #[track_caller]
    fn until(&mut self, device: &Device, mut condition: impl FnMut(&End) -> bool) {
        while !condition(self) {
            assert!(self.start.elapsed() < WATCHDOG, "we are in {}", self.connection.state());
            self.receive(device);
        }
    }
}

#[test]
fn a_connection_lives_over_ipv6() {
    with(Device::with_ipv6, |device| {
        let config = Config { mss: 1440, max_segment: 1460, ..ALL };
        let listener = TcpListener::bind(THEIRS).expect("bind");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let text = b"over IPv6";
        let connection = Connection::new(&config, ISN_OFFSET);
        let mut end = End { connection, text, acknowledged: 0, received: Vec::new(), start: Clock::now() };
        end.connection.open(Open::Active, end.now()).expect("OPEN");
        end.connection.send(text.len(), end.now()).expect("SEND");
        end.drain(&device);

        let mut accepted: Option<TcpStream> = None;
        end.until(&device, |_| {
            accepted = listener.accept().ok().map(|(stream, _)| stream);
            accepted.is_some()
        });
        let mut stream = accepted.expect("it is accepted");
        stream.set_nonblocking(true).expect("a socket that does not block");
        let mut read = Vec::new();
        end.until(&device, |_| {
            match stream.read_to_end(&mut read) {
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                Ok(_) => panic!("the end of the stream"),
            }
            read == text
        });
        stream.write_all(b"and back").expect("write");
        end.until(&device, |end| end.received == b"and back");
        end.connection.close(end.now()).expect("CLOSE");
        drop(stream);
        end.until(&device, |end| end.connection.state() == State::TimeWait);
        assert_eq!(end.acknowledged, text.len());
    });
}

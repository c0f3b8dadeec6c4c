//! Two ends of a TCP connection on a Cortex-M, without an operating system, without a heap.
//!
//! `run` builds the program, runs it in QEMU, and compares what it prints with `expected.txt`. The two ends talk over a
//! link in memory that loses three segments. The client sends a question and closes its half of the connection; the
//! server answers and closes too. The time is simulated: it jumps to the next event.
//!
//! A device has one end instead of two, a clock instead of a variable, and a network interface instead of the link.
//! `end.rs` is the code that a device needs around a connection.

#![no_std]
#![no_main]

mod end;
mod key;
mod link;

use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use panic_semihosting as _;
use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::{Config, Connection, Instant, Open};

use crate::end::End;
use crate::key::SipKey;
use crate::link::{Link, Side};

/// The largest payload of a segment, in bytes. Small, so that the texts take several segments.
const MSS: usize = 48;

const QUESTION: &[u8] =
    b"Which states does a connection go through if its user opens actively, and closes first (RFC 9293)?";

const ANSWER: &[u8] = b"CLOSED, SYN-SENT, ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT, CLOSED. \
Its peer goes through LISTEN, SYN-RECEIVED, ESTABLISHED, CLOSE-WAIT, LAST-ACK. \
In FIN-WAIT-2 it still receives: this answer, for example.";

/// The policies of both ends.
pub(crate) const CONFIG: Config =
    Config { mss: MSS as u16, max_segment: MSS as u16 + 20, receive_buffer: 3 * MSS as u32, ..Config::DEFAULT };

#[entry]
fn main() -> ! {
    let client_socket = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 49_152));
    let server_socket = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(198, 51, 100, 7), 7));
    // Each host has its own key.
    let (client_isn, server_isn) = (IsnHash::new(SipKey::new(1)), IsnHash::new(SipKey::new(2)));

    let connection = Connection::new(&CONFIG, client_isn.offset(client_socket, server_socket));
    let mut client = End::new(Side::Client, connection, QUESTION);
    let connection = Connection::new(&CONFIG, server_isn.offset(server_socket, client_socket));
    let mut server = End::new(Side::Server, connection, ANSWER);

    let mut now = Instant::ZERO;
    let mut link = Link::new();
    server.open(Open::Passive, now);
    client.open(Open::Active, now);
    loop {
        client.act(now, &mut link);
        server.act(now, &mut link);
        // The next event: a segment arrives, or a timer expires.
        let events = [link.next_arrival(), client.deadline(), server.deadline()];
        let Some(next) = events.into_iter().flatten().min() else { break };
        now = next;
        while let Some((side, packet)) = link.arrived(now) {
            match side {
                Side::Client => client.segment_arrives(&packet, now),
                Side::Server => server.segment_arrives(&packet, now),
            }
        }
        client.timeout(now);
        server.timeout(now);
    }

    let received = [(&client, ANSWER), (&server, QUESTION)];
    for (end, _) in received {
        let text = core::str::from_utf8(end.received()).unwrap_or("no text");
        hprintln!("the {} received {} bytes: {}", end.side(), text.len(), text);
    }
    let is_complete = received.into_iter().all(|(end, expected)| end.received() == expected);
    debug::exit(if is_complete { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    panic!("the debugger has not ended the program");
}

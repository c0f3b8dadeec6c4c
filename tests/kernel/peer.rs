//! The kernel's end of the connection: a socket, and the user behind it.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::socket::{MsgFlags, recv};
use socket2::{Domain, Socket, TcpKeepalive, Type};
use tcp_lifecycle::State;

/// The end of the stream that the kernel's user reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A read of 0.
    OfStream,
    /// A read with an errno.
    Error(ErrorKind),
}

/// The kernel's end.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    listener: Option<Socket>,
    socket: Option<Socket>,
    outgoing: Vec<u8>,
    /// All bytes that its user has read.
    pub(crate) received: Vec<u8>,
    /// How its stream has ended, if it has.
    pub(crate) end: Option<End>,
    /// Its user reads nothing.
    pub(crate) stalled: bool,
}

impl Peer {
    /// An end without any connection between the kernel's socket and ours.
    pub(crate) fn new(local: SocketAddr, remote: SocketAddr) -> Peer {
        Peer {
            local,
            remote,
            listener: None,
            socket: None,
            outgoing: Vec::new(),
            received: Vec::new(),
            end: None,
            stalled: false,
        }
    }

    /// `bind` and `listen`.
    pub(crate) fn listen(&mut self) {
        self.listener = Some(bound(self.local));
        self.listener().listen(1).expect("listen");
    }

    /// `listen`, with a receive buffer of this size for the connection.
    pub(crate) fn listen_with_receive_buffer(&mut self, bytes: usize) {
        let socket = bound(self.local);
        socket.set_recv_buffer_size(bytes).expect("SO_RCVBUF");
        socket.listen(1).expect("listen");
        self.listener = Some(socket);
    }

    /// `accept`, if there is a connection.
    pub(crate) fn accept(&mut self) -> bool {
        match self.listener().accept() {
            Ok((socket, from)) => {
                assert_eq!(from.as_socket(), Some(self.remote));
                self.take(socket);
                true
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => panic!("accept: {error}"),
        }
    }

    /// Takes a stream, as `accept` has returned it.
    pub(crate) fn take(&mut self, socket: Socket) {
        socket.set_nonblocking(true).expect("O_NONBLOCK");
        self.socket = Some(socket);
        self.received.clear();
        self.end = None;
    }

    /// `connect`, which completes by itself.
    pub(crate) fn connect(&mut self) {
        self.connect_to(self.remote);
    }

    /// `connect` to another socket of ours than the connection's.
    pub(crate) fn connect_to(&mut self, address: SocketAddr) {
        self.connect_by(bound(self.local), address);
    }

    /// `connect`, with this maximum segment size on the SYN (TCP_MAXSEG).
    pub(crate) fn connect_with_mss(&mut self, mss: u32) {
        let socket = bound(self.local);
        socket.set_tcp_mss(mss).expect("TCP_MAXSEG");
        self.connect_by(socket, self.remote);
    }

    fn connect_by(&mut self, socket: Socket, address: SocketAddr) {
        let error = socket.connect(&address.into()).expect_err("nobody can have answered yet");
        assert_eq!(error.raw_os_error(), Some(nix::errno::Errno::EINPROGRESS as i32));
        self.socket = Some(socket);
    }

    /// `send`; bytes that the kernel does not take at once follow later.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.outgoing.extend_from_slice(bytes);
        self.step();
    }

    /// `send` of urgent bytes (MSG_OOB): the last of them is the urgent byte.
    #[track_caller]
    pub(crate) fn send_urgent(&mut self, bytes: &[u8]) {
        assert!(self.has_sent(), "it would come before what is still to be sent");
        assert_eq!(self.socket().send_out_of_band(bytes).expect("MSG_OOB"), bytes.len());
    }

    /// The urgent byte, if it has arrived.
    pub(crate) fn urgent(&self) -> Option<u8> {
        let mut byte = [0];
        let read = recv(self.socket().as_raw_fd(), &mut byte, MsgFlags::MSG_OOB);
        (read == Ok(1)).then_some(byte[0])
    }

    /// Probes after a second without a segment, a second apart, at most `probes` of them (SO_KEEPALIVE).
    pub(crate) fn probe_when_idle(&self, probes: u32) {
        let second = Duration::from_secs(1);
        let keep_alive = TcpKeepalive::new().with_time(second).with_interval(second).with_retries(probes);
        self.socket().set_tcp_keepalive(&keep_alive).expect("TCP_KEEPIDLE");
    }

    /// Whether the kernel has taken everything that was to be sent.
    pub(crate) fn has_sent(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// `shutdown(SHUT_WR)`: the half-close.
    #[track_caller]
    pub(crate) fn shutdown(&mut self) {
        assert!(self.has_sent(), "shutdown would come before what is still to be sent");
        self.socket().shutdown(Shutdown::Write).expect("shutdown");
    }

    /// `close`
    #[track_caller]
    pub(crate) fn close(&mut self) {
        assert!(self.has_sent(), "close would come before what is still to be sent");
        drop(self.socket.take().expect("an open socket"));
    }

    /// `close` after SO_LINGER with a time of zero: unsent bytes are discarded.
    pub(crate) fn close_without_lingering(&mut self) {
        self.socket().set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
        self.outgoing.clear();
        self.close();
    }

    /// The error after the end of the stream, which reads do not report (SO_ERROR).
    pub(crate) fn error(&self) -> Option<ErrorKind> {
        self.socket().take_error().expect("SO_ERROR").map(|error| error.kind())
    }

    /// The state of the connection in the kernel's own table; `None` if it is not there.
    pub(crate) fn state(&self) -> Option<State> {
        states().get(&(self.local, self.remote)).copied()
    }

    /// Whether the handshake has completed without an error.
    pub(crate) fn is_connected(&self) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.peer_addr().is_ok())
    }

    /// Reads and writes everything that is possible now; returns whether there was anything.
    pub(crate) fn step(&mut self) -> bool {
        self.write() | self.read()
    }

    fn write(&mut self) -> bool {
        let Some(socket) = self.socket.as_mut().filter(|_| !self.outgoing.is_empty()) else { return false };
        match socket.write(&self.outgoing) {
            Ok(written) => {
                self.outgoing.drain(..written);
                true
            }
            // Not connected yet, or the buffer is full.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => false,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                self.end = Some(End::Error(error.kind()));
                self.outgoing.clear();
                true
            }
            Err(error) => panic!("write: {error}"),
        }
    }

    fn read(&mut self) -> bool {
        let Some(socket) = self.socket.as_mut().filter(|_| !self.stalled && self.end.is_none()) else { return false };
        let mut buffer = [0; 16_384];
        match socket.read(&mut buffer) {
            Ok(0) => self.end = Some(End::OfStream),
            Ok(length) => self.received.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(error) => self.end = Some(End::Error(error.kind())),
        }
        true
    }

    #[track_caller]
    fn socket(&self) -> &Socket {
        self.socket.as_ref().expect("an open socket")
    }

    #[track_caller]
    fn listener(&self) -> &Socket {
        self.listener.as_ref().expect("a listening socket")
    }
}

/// A bound socket, even if an earlier one there is in TIME-WAIT.
pub(crate) fn bound(local: SocketAddr) -> Socket {
    let socket = || -> io::Result<Socket> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_reuse_address(true)?;
        socket.bind(&local.into())?;
        Ok(socket)
    };
    socket().expect("a bound socket")
}

/// The kernel's own table of connections: the state of each, by its own socket and the peer's.
pub(crate) fn states() -> HashMap<(SocketAddr, SocketAddr), State> {
    let table = fs::read_to_string("/proc/thread-self/net/tcp").expect("the kernel's table of sockets");
    let row = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, remote, state) = (fields.next()?, fields.next()?, fields.next()?);
        Some(((address_in_table(local)?, address_in_table(remote)?), state_in_table(state)))
    };
    table.lines().skip(1).filter_map(row).collect()
}

/// An address as `/proc/net/tcp` prints it: the bytes in the machine's order, then the port.
fn address_in_table(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let ip = u32::from_str_radix(ip, 16).ok()?.to_ne_bytes();
    Some((Ipv4Addr::from(ip), u16::from_str_radix(port, 16).ok()?).into())
}

/// The kernel's numbers for the states.
fn state_in_table(number: &str) -> State {
    match number {
        "01" => State::Established,
        "02" => State::SynSent,
        "03" | "0C" => State::SynReceived,
        "04" => State::FinWait1,
        "05" => State::FinWait2,
        "06" => State::TimeWait,
        "07" => State::Closed,
        "08" => State::CloseWait,
        "09" => State::LastAck,
        "0A" => State::Listen,
        "0B" => State::Closing,
        number => panic!("no state of the kernel has the number {number}"),
    }
}

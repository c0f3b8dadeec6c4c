//! The two ends: a socket of the kernel, and a `Connection` with a caller that keeps segments ahead of a gap.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use socket2::Socket;
use tcp_lifecycle::{
    CallError, Config, Connection, Control, Instant, Open, Output, Refusal, Segment, SeqNumber, Signal, State,
};

use super::life::Life;
use crate::peer::{bound, states};

/// `Config::linux()`, changed so that the two can be compared step by step. The kernel has the same policies.
pub(crate) fn twin_config(life: &Life) -> Config {
    Config {
        // SO_RCVBUF; with it the scale is zero.
        receive_buffer: u32::from(life.buffer),
        window_scale: life.window_scaling.then_some(0),
        timestamps: life.timestamps,
        sack_permitted: life.sack,
        // TCP_NODELAY
        nagle: false,
        // The route has quickack.
        delayed_ack: None,
        // tcp_ecn
        accept_ecn: false,
        // tcp_invalid_ratelimit
        challenge_limit: u8::MAX,
        challenge_period: Duration::from_millis(1),
        half_duplex_close: false,
        ..Config::linux()
    }
}

/// `close`: the user leaves.
fn gone(connection: &mut Connection, now: Instant) -> Result<(), CallError> {
    connection.detach(now)
}

/// The outcome of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// The number of bytes that were read.
    Bytes(usize),
    /// There is nothing to read yet.
    Nothing,
    /// The end of the stream.
    End,
    Failed,
}

/// The kernel's socket, and its listener.
#[derive(Debug)]
pub(crate) struct Kernel {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    listener: Option<Socket>,
    socket: Option<Socket>,
}

impl Kernel {
    pub(crate) fn new(life: &Life, local: SocketAddr, remote: SocketAddr) -> Kernel {
        let socket = bound(local);
        socket.set_recv_buffer_size(usize::from(life.buffer)).expect("SO_RCVBUF");
        socket.set_tcp_nodelay(true).expect("TCP_NODELAY");
        if life.active {
            return Kernel { local, remote, listener: None, socket: Some(socket) };
        }
        socket.listen(1).expect("listen");
        Kernel { local, remote, listener: Some(socket), socket: None }
    }

    /// Whether there is a socket that a user may call.
    pub(crate) fn has_user(&self) -> bool {
        self.socket.is_some() || self.listener.is_some()
    }

    pub(crate) fn has_socket(&self) -> bool {
        self.socket.is_some()
    }

    /// Accepts a connection that waits; then nothing listens any more.
    pub(crate) fn accept(&mut self) {
        if let Some(listener) = &self.listener
            && let Ok((socket, _)) = listener.accept()
        {
            socket.set_nonblocking(true).expect("O_NONBLOCK");
            self.socket = Some(socket);
            self.listener = None;
        }
    }

    /// The state of the connection. A listening socket may have connections in addition.
    pub(crate) fn state(&self) -> State {
        let none = if self.listener.is_some() { State::Listen } else { State::Closed };
        states().get(&(self.local, self.remote)).copied().unwrap_or(none)
    }

    pub(crate) fn connect(&mut self) -> Outcome {
        let socket = self.socket.as_ref().expect("a socket");
        match socket.connect(&self.remote.into()) {
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::EINPROGRESS as i32) => Outcome::Done,
            Ok(()) | Err(_) => Outcome::Failed,
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> Outcome {
        match self.socket.as_mut().expect("a socket").write(bytes) {
            Ok(written) if written == bytes.len() => Outcome::Done,
            Ok(written) => Outcome::Bytes(written),
            Err(_) => Outcome::Failed,
        }
    }

    pub(crate) fn receive(&mut self, at_most: usize) -> Outcome {
        let mut buffer = vec![0; at_most];
        match self.socket.as_mut().expect("a socket").read(&mut buffer) {
            Ok(0) => Outcome::End,
            Ok(read) => Outcome::Bytes(read),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Outcome::Nothing,
            Err(_) => Outcome::Failed,
        }
    }

    pub(crate) fn close(&mut self) -> Outcome {
        match self.socket.as_ref().expect("a socket").shutdown(Shutdown::Write) {
            Ok(()) => Outcome::Done,
            Err(_) => Outcome::Failed,
        }
    }

    pub(crate) fn gone(&mut self) -> Outcome {
        self.socket = None;
        self.listener = None;
        Outcome::Done
    }

    pub(crate) fn abort(&mut self) -> Outcome {
        if let Some(socket) = &self.socket {
            socket.set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
        }
        self.gone()
    }
}

/// A segment ahead of a gap.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    header: Segment,
    seq: SeqNumber,
    payload: u32,
    fin: bool,
}

/// A connection of this crate, and its caller.
#[derive(Debug)]
pub(crate) struct Twin {
    pub(crate) connection: Connection,
    ahead: Vec<Ahead>,
    unread: usize,
    closing: bool,
    reset: bool,
}

impl Twin {
    pub(crate) fn new(life: &Life, isn_offset: u32, now: Instant) -> Twin {
        let mut connection = Connection::new(&twin_config(life), isn_offset);
        if !life.active {
            connection.open(Open::Passive, now).expect("OPEN");
        }
        Twin { connection, ahead: Vec::new(), unread: 0, closing: false, reset: false }
    }

    pub(crate) fn state(&self) -> State {
        self.connection.state()
    }

    /// Hands in a segment, and then every kept segment that has become the next in order.
    pub(crate) fn arrives(&mut self, segment: &Segment, now: Instant) -> Option<Refusal> {
        match self.connection.segment_arrives(segment, now) {
            Ok(range) => {
                let carries = segment.payload_len() > 0 || segment.control().contains(Control::FIN);
                let status = self.connection.status();
                if let Some(nxt) = status.rcv_nxt
                    && carries
                    && range.is_empty()
                    && nxt.lt(segment.seq())
                {
                    self.keep(segment, nxt + status.rcv_wnd.unwrap_or(0));
                }
                self.unread += range.len();
                self.join(segment, now);
                None
            }
            Err(refusal) => Some(refusal),
        }
    }

    fn keep(&mut self, segment: &Segment, edge: SeqNumber) {
        if !segment.seq().lt(edge) {
            return;
        }
        let payload = u32::from(segment.payload_len()).min(edge - segment.seq());
        let whole = payload == u32::from(segment.payload_len());
        let fin = segment.control().contains(Control::FIN) && whole;
        self.ahead.push(Ahead { header: *segment, seq: segment.seq(), payload, fin });
    }

    fn join(&mut self, filler: &Segment, now: Instant) {
        while let Some(nxt) = self.connection.status().rcv_nxt {
            let is_next = |ahead: &Ahead| ahead.seq.le(nxt) && nxt.lt(ahead.seq + ahead.payload + u32::from(ahead.fin));
            let Some(place) = self.ahead.iter().position(is_next) else { return };
            let ahead = self.ahead.swap_remove(place);
            let fin = if ahead.fin { Control::FIN } else { Control::empty() };
            // Its own acknowledgment and window, which are newer; but the timestamps of the segment that filled the
            // gap.
            let header = ahead.header;
            let control = fin | (header.control() & Control::ACK);
            let again = Segment::new(ahead.seq, header.ack().unwrap_or(SeqNumber(0)), control)
                .with_payload(ahead.payload as u16)
                .with_window(header.window())
                .with_options(filler.options());
            match self.connection.segment_arrives(&again, now) {
                Ok(range) => self.unread += range.len(),
                Err(_) => return,
            }
        }
    }

    pub(crate) fn connect(&mut self, now: Instant) -> Outcome {
        done(self.connection.open(Open::Active, now))
    }

    pub(crate) fn send(&mut self, bytes: usize, now: Instant) -> Outcome {
        done(self.connection.send(bytes, now))
    }

    pub(crate) fn receive(&mut self, at_most: usize) -> Outcome {
        if self.unread > 0 {
            let bytes = self.unread.min(at_most);
            self.unread -= bytes;
            // In CLOSED the call is an error.
            let _ = self.connection.receive(bytes);
            return Outcome::Bytes(bytes);
        }
        if self.reset {
            self.reset = false;
            self.closing = true;
            return Outcome::Failed;
        }
        if self.closing { Outcome::End } else { Outcome::Nothing }
    }

    pub(crate) fn close(&mut self, now: Instant) -> Outcome {
        done(self.connection.close(now))
    }

    /// The user leaves; the result of the call does not matter.
    pub(crate) fn gone(&mut self, now: Instant) -> Outcome {
        let _ = gone(&mut self.connection, now);
        Outcome::Done
    }

    pub(crate) fn abort(&mut self) -> Outcome {
        let _ = self.connection.abort();
        Outcome::Done
    }

    /// Whether there is payload that the user has not read, ahead of a gap or not.
    pub(crate) fn has_unread(&self) -> bool {
        self.unread > 0 || !self.ahead.is_empty()
    }

    /// How many more bytes fit into the peer's window.
    pub(crate) fn room(&self) -> i64 {
        let numbers = (self.connection.snd_una(), self.connection.snd_wnd(), self.connection.snd_nxt());
        let (Some(una), Some(wnd), Some(nxt)) = numbers else { return 0 };
        i64::from(wnd) - i64::from(nxt - una)
    }

    /// All segments that are due.
    pub(crate) fn drain(&mut self, now: Instant) -> Vec<Segment> {
        let mut segments = Vec::new();
        loop {
            match self.connection.poll(now) {
                Output::Transition(transition) => {
                    if transition.to == State::Listen || transition.to == State::Closed {
                        self.ahead.clear();
                    }
                }
                Output::Signal(Signal::Closing) => self.closing = true,
                Output::Signal(Signal::Reset | Signal::Refused | Signal::TimedOut) => self.reset = true,
                Output::Signal(_) => {}
                Output::Transmit(transmit) => segments.push(transmit.segment),
                Output::Wait(_) => return segments,
            }
        }
    }
}

fn done(result: Result<(), CallError>) -> Outcome {
    if result.is_ok() { Outcome::Done } else { Outcome::Failed }
}

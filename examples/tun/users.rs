//! The users of the connections: a server and a client. Each has the same loop: transmit, wait, receive, then its own
//! work. So an answer leaves in the same round as the acknowledgment of its request.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::process::ExitCode;

use tcp_lifecycle::{CallError, Instant, State};

use crate::arguments::{Arguments, Command};
use crate::host::Host;
use crate::socket::Socket;

const PAGE: &str = "\
HTTP/1.0 200 OK\r
Content-Type: text/plain\r
\r
LISTEN, SYN-RECEIVED, ESTABLISHED, and after this FIN-WAIT-1.
";

/// The longest request that the server accepts, in bytes.
const LONGEST_REQUEST: usize = 8_192;
/// The most bytes that may wait for their acknowledgment before reading from stdin pauses.
const ENOUGH: usize = 65_536;

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let mut host = Host::new(&arguments.device, arguments.address, arguments.verbose)?;
    match arguments.command {
        Command::Serve => {
            host.listen(arguments.port);
            eprintln!("http://{}:{}/", arguments.address, arguments.port);
            serve(&mut host)
        }
        Command::Connect(remote) => connect(&mut host, remote),
    }
}

fn serve(host: &mut Host) -> Result<ExitCode, Box<dyn Error>> {
    loop {
        host.transmit()?;
        host.wait(None)?;
        host.receive()?;
        let now = host.now();
        for socket in host.sockets() {
            answer(socket, now)?;
        }
    }
}

/// Waits for a whole request, answers it, and closes. The server ignores anything after the request.
fn answer(socket: &mut Socket, now: Instant) -> Result<(), CallError> {
    if !socket.may_send() {
        return socket.receive(now).map(drop);
    }
    if socket.received().windows(4).any(|end| end == b"\r\n\r\n") {
        socket.receive(now)?;
        socket.send(PAGE.as_bytes(), now)?;
        socket.close(now)
    } else if socket.received().len() > LONGEST_REQUEST {
        socket.abort(now)
    } else if socket.peer_has_closed() {
        socket.close(now)
    } else {
        Ok(())
    }
}

fn connect(host: &mut Host, remote: SocketAddr) -> Result<ExitCode, Box<dyn Error>> {
    host.connect(remote)?;
    let mut stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut reads = false;
    loop {
        host.transmit()?;
        let readable = host.wait(reads.then(|| stdin.as_fd()))?;
        host.receive()?;
        let now = host.now();
        let Some(socket) = host.sockets().next() else { return Ok(ExitCode::SUCCESS) };
        let received = socket.receive(now)?;
        io::stdout().write_all(&received)?;
        if readable && socket.may_send() {
            let mut buffer = [0; 16_384];
            match stdin.read(&mut buffer)? {
                0 => socket.close(now)?,
                length => socket.send(&buffer[..length], now)?,
            }
        }
        reads = socket.may_send() && socket.unacknowledged() < ENOUGH;
        if let Some(code) = outcome(socket) {
            // Sends the last acknowledgment, or the reset.
            host.transmit()?;
            return Ok(code);
        }
    }
}

/// The outcome, once the connection has ended for the user. A host that keeps running waits out the 2 MSL of TIME-WAIT.
fn outcome(socket: &Socket) -> Option<ExitCode> {
    match socket.failure() {
        Some(failure) => {
            eprintln!("tun: {failure}");
            Some(ExitCode::FAILURE)
        }
        None if matches!(socket.state(), State::TimeWait | State::Closed) => Some(ExitCode::SUCCESS),
        None => None,
    }
}

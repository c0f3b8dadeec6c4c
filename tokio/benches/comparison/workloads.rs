//! What is asked of each stack.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::conversation::{Failure, download, echo, number, upload};
use super::path::Conditions;
use super::stacks::Server;
use super::trial::{CLIENT, SERVER, trial, use_cubic};

/// What became of a number of connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) completed: u32,
    pub(crate) failures: BTreeMap<Failure, u32>,
    /// Connections that there was no time for.
    pub(crate) not_tried: u32,
    /// Packets that a device did not take.
    pub(crate) overflows: u64,
    pub(crate) time: Duration,
}

impl Tally {
    pub(crate) fn count(&mut self, outcome: Result<(), Failure>) {
        match outcome {
            Ok(()) => self.completed += 1,
            Err(failure) => *self.failures.entry(failure).or_default() += 1,
        }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.failures.is_empty() && self.not_tried == 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The server receives.
    Upload,
    /// The server sends.
    Download,
}

/// One connection that moves `bytes`. Returns the megabytes (10^6 bytes) per second.
pub(crate) fn transfer(
    server: Server,
    direction: Direction,
    conditions: Conditions,
    bytes: u64,
    most: Duration,
) -> (Result<f64, Failure>, u64) {
    let (time, overflows) = trial(server, conditions, || {
        within(most, async move {
            let stream = connect().await?;
            match direction {
                Direction::Upload => upload(stream, bytes).await,
                Direction::Download => download(stream, bytes).await,
            }
        })
    });
    (time.map(|time| bytes as f64 / time.as_secs_f64() / 1e6), overflows)
}

/// As many clients at once. Each sends a megabyte, closes its side, and wants the megabyte back.
pub(crate) fn echoes(server: Server, conditions: Conditions, clients: u32, most: Duration) -> Tally {
    let (mut tally, overflows) = trial(server, conditions, || async move {
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for client in 0..clients {
            let echo = async move { echo(connect().await?, u64::from(client) * 7_919, 1_000_000).await };
            tasks.spawn(within(most, echo));
        }
        let mut tally = Tally::default();
        while let Some(outcome) = tasks.join_next().await {
            tally.count(outcome.expect("a conversation does not panic"));
        }
        tally.time = start.elapsed();
        tally
    });
    tally.overflows = overflows;
    tally
}

/// The client's ports for connections one after another.
const PORTS: u32 = 20;

/// As many connections one after another, from few ports. Of those of one port, every other is closed by the server
/// first.
pub(crate) fn one_after_another(server: Server, connections: u32, most: Duration) -> Tally {
    let (mut tally, overflows) = trial(server, Conditions::default(), || async move {
        let start = Instant::now();
        let mut tally = Tally::default();
        for connection in 0..connections {
            if start.elapsed() > most {
                tally.not_tried = connections - connection;
                break;
            }
            let (port, round) = (50_000 + (connection % PORTS) as u16, u64::from(connection / PORTS));
            let conversation = async { number(connect_from(port).await?, round, u64::from(connection)).await };
            tally.count(within(Duration::from_secs(2), conversation).await);
        }
        tally.time = start.elapsed();
        tally
    });
    tally.overflows = overflows;
    tally
}

async fn within<T>(most: Duration, conversation: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    timeout(most, conversation).await.unwrap_or(Err(Failure::TimeOut))
}

async fn connect() -> Result<TcpStream, Failure> {
    connect_from(0).await
}

async fn connect_from(port: u16) -> Result<TcpStream, Failure> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_nodelay(true)?;
    use_cubic(&socket)?;
    socket.bind(SocketAddr::from((CLIENT, port)))?;
    Ok(socket.connect(SERVER.into()).await?)
}

//! What client and server say to each other, and how it fails.
//!
//! The client begins with a byte for the kind of the conversation, and eight bytes for a number.

use std::io;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// As many bytes go to the server; one comes back when all have arrived.
const UPLOAD: u8 = 1;
/// As many bytes come from the server.
const DOWNLOAD: u8 = 2;
/// The client sends bytes and closes its side; then the server sends them back.
const ECHO: u8 = 3;
/// The number comes back, and the server closes first.
const SERVER_CLOSES: u8 = 4;
/// The number comes back, and the client closes first.
const CLIENT_CLOSES: u8 = 5;

const GOOD: u8 = 1;
const BAD: u8 = 0;

/// What went wrong, as the client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    Refused,
    Reset,
    /// It was stuck, or too slow, at the deadline.
    TimeOut,
    WrongBytes,
    /// The stream ended too early.
    Short,
    Other(io::ErrorKind),
}

impl Failure {
    pub(crate) fn name(self) -> String {
        match self {
            Failure::Refused => "refused".to_owned(),
            Failure::Reset => "reset".to_owned(),
            Failure::TimeOut => "not done in time".to_owned(),
            Failure::WrongBytes => "wrong bytes".to_owned(),
            Failure::Short => "end too early".to_owned(),
            Failure::Other(kind) => kind.to_string(),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Failure::Refused,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Failure::Reset,
            io::ErrorKind::TimedOut => Failure::TimeOut,
            io::ErrorKind::UnexpectedEof => Failure::Short,
            kind => Failure::Other(kind),
        }
    }
}

/// The server's side of any conversation.
pub(crate) async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let (kind, number) = (stream.read_u8().await?, stream.read_u64().await?);
    match kind {
        UPLOAD => {
            let outcome = receive(&mut stream, 0, number).await;
            stream.write_u8(if outcome.is_ok() { GOOD } else { BAD }).await?;
        }
        DOWNLOAD => send(&mut stream, 0, number).await?,
        ECHO => {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await?;
            stream.write_all(&bytes).await?;
            return stream.shutdown().await;
        }
        SERVER_CLOSES => {
            stream.write_u64(number).await?;
            stream.shutdown().await?;
            return end(&mut stream).await.map_err(|_| io::ErrorKind::InvalidData.into());
        }
        _ => stream.write_u64(number).await?,
    }
    // The client closes first.
    end(&mut stream).await.ok();
    stream.shutdown().await
}

async fn begin(stream: &mut (impl AsyncWrite + Unpin), kind: u8, number: u64) -> io::Result<()> {
    let mut request = [kind; 9];
    request[1..].copy_from_slice(&number.to_be_bytes());
    stream.write_all(&request).await
}

/// Sends `bytes`, and returns how long it took until the server had them.
pub(crate) async fn upload(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: u64) -> Result<Duration, Failure> {
    let start = Instant::now();
    begin(&mut stream, UPLOAD, bytes).await?;
    send(&mut stream, 0, bytes).await?;
    if stream.read_u8().await? == GOOD { Ok(start.elapsed()) } else { Err(Failure::WrongBytes) }
}

/// Asks for `bytes`, and returns how long it took to get them.
pub(crate) async fn download(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: u64) -> Result<Duration, Failure> {
    let start = Instant::now();
    begin(&mut stream, DOWNLOAD, bytes).await?;
    receive(&mut stream, 0, bytes).await?;
    Ok(start.elapsed())
}

/// Sends `bytes`, closes its side, and wants the same bytes back. Those of two clients differ by their `seed`.
pub(crate) async fn echo(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seed: u64,
    bytes: u64,
) -> Result<(), Failure> {
    begin(&mut stream, ECHO, bytes).await?;
    send(&mut stream, seed, bytes).await?;
    stream.shutdown().await?;
    receive(&mut stream, seed, bytes).await?;
    end(&mut stream).await
}

/// Wants a number back. The server closes first if the number of the round is even.
pub(crate) async fn number(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    round: u64,
    number: u64,
) -> Result<(), Failure> {
    let client_closes = round % 2 == 1;
    begin(&mut stream, if client_closes { CLIENT_CLOSES } else { SERVER_CLOSES }, number).await?;
    if stream.read_u64().await? != number {
        return Err(Failure::WrongBytes);
    }
    if client_closes {
        stream.shutdown().await?;
    }
    end(&mut stream).await
}

/// The bytes repeat after as many.
const PERIOD: usize = 65_521;

/// Twice the period, so that from each place in the first a whole period follows.
static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let byte = |place: usize| ((place as u64 * 2_654_435_761) >> 24) as u8;
    (0..PERIOD).cycle().take(2 * PERIOD).map(byte).collect()
});

/// The bytes from `position` on: a period, or as many as are left.
fn pattern(position: u64, left: u64) -> &'static [u8] {
    let start = (position % PERIOD as u64) as usize;
    &PATTERN[start..][..left.min(PERIOD as u64) as usize]
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), from: u64, bytes: u64) -> io::Result<()> {
    let mut sent = 0;
    while sent < bytes {
        sent += stream.write(pattern(from + sent, bytes - sent)).await? as u64;
    }
    Ok(())
}

async fn receive(stream: &mut (impl AsyncRead + Unpin), from: u64, bytes: u64) -> Result<(), Failure> {
    let mut buffer = vec![0; PERIOD];
    let mut received = 0;
    while received < bytes {
        let wanted = pattern(from + received, bytes - received);
        let length = stream.read(&mut buffer[..wanted.len()]).await?;
        if length == 0 {
            return Err(Failure::Short);
        }
        if buffer[..length] != wanted[..length] {
            return Err(Failure::WrongBytes);
        }
        received += length as u64;
    }
    Ok(())
}

/// Waits for the end of the stream.
async fn end(stream: &mut (impl AsyncRead + Unpin)) -> Result<(), Failure> {
    match stream.read(&mut [0]).await? {
        0 => Ok(()),
        _ => Err(Failure::WrongBytes),
    }
}

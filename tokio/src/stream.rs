//! Streams.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tcp_lifecycle::endpoint::{ConnectError, Handle};
use tcp_lifecycle::stream::{End, ReadError, Stream, WriteError};
use tcp_lifecycle::{Config, State};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::Stack;
use crate::stack::Wakers;

/// A connection.
///
/// [`poll_shutdown`](AsyncWrite::poll_shutdown) is a half-close: what is written goes out, then a FIN, and the peer's
/// bytes can still be read. To drop a stream is `close(2)`.
#[derive(Debug)]
pub struct TcpStream {
    stack: Stack,
    handle: Handle,
    linger: Option<Duration>,
}

impl TcpStream {
    pub(crate) fn new(stack: Stack, handle: Handle) -> TcpStream {
        TcpStream { stack, handle, linger: None }
    }

    /// Connects to `remote` from an address of the stack. To cancel it ends the connection.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::ConnectionRefused`], [`TimedOut`](io::ErrorKind::TimedOut) and the others of `connect(2)`.
    pub async fn connect(stack: &Stack, remote: SocketAddr) -> io::Result<TcpStream> {
        let local = SocketAddr::new(stack.address_for(remote)?, 0);
        let config = stack.shared.config.stream_to(remote.is_ipv4());
        let stream = {
            let mut state = stack.shared.lock();
            let handle = state.endpoint.connect(local, remote, &config, stack.shared.now()).map_err(connect_error)?;
            state.streams.insert(handle, Wakers::default());
            state.wake_driver();
            TcpStream::new(stack.clone(), handle)
        };
        std::future::poll_fn(|context| stream.poll_connected(context)).await?;
        Ok(stream)
    }

    fn poll_connected(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.stack.shared.lock();
        if let Some(kind) = state.failed {
            return Poll::Ready(Err(kind.into()));
        }
        let Some(stream) = state.endpoint.stream(self.handle) else { return Poll::Ready(Err(not_connected())) };
        match (stream.state(), stream.end()) {
            (_, Some(end)) => Poll::Ready(Err(end_error(end))),
            (State::SynSent | State::SynReceived, None) => {
                state.streams.entry(self.handle).or_default().writer = Some(context.waker().clone());
                Poll::Pending
            }
            (_, None) => Poll::Ready(Ok(())),
        }
    }

    /// Returns our socket.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotConnected`] if the stack has dropped the connection.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let state = self.stack.shared.lock();
        state.endpoint.sockets(self.handle).map(|(local, _)| local).ok_or_else(not_connected)
    }

    /// Returns the peer's socket.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotConnected`] if the stack has dropped the connection.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        let state = self.stack.shared.lock();
        state.endpoint.sockets(self.handle).map(|(_, remote)| remote).ok_or_else(not_connected)
    }

    /// Sets what becomes of the connection when the stream is dropped, as `SO_LINGER` does. With `None`, the default,
    /// it goes on until all bytes have arrived and both ends have closed. With a time, it is reset if it has not ended
    /// by then; with zero, at once. To drop the stream never blocks.
    pub fn set_linger(&mut self, linger: Option<Duration>) {
        self.linger = linger;
    }

    /// Resets the connection.
    pub fn abort(&self) {
        self.with(|stream, _| stream.abort());
    }

    /// Changes the policies: Nagle's algorithm, keep-alive, the user timeout and others. `change` must not call the
    /// stack.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        self.with(|stream, _| stream.configure(change));
    }

    /// Keeps a log of the last `most` events from now on; with zero, none. [`inspect`](Self::inspect) shows it.
    pub fn keep_log(&self, most: usize) {
        self.with(|stream, _| stream.keep_log(most));
    }

    /// Looks at the stream: its state, counters, log. `look` must not call the stack. Returns `None` if the stack has
    /// dropped the connection.
    pub fn inspect<T>(&self, look: impl FnOnce(&Stream) -> T) -> Option<T> {
        self.stack.shared.lock().endpoint.stream(self.handle).map(look)
    }

    /// Calls the stream, and lets the driver send what comes of it.
    fn with<T>(&self, call: impl FnOnce(&mut Stream, tcp_lifecycle::Instant) -> T) -> Option<T> {
        let now = self.stack.shared.now();
        let mut state = self.stack.shared.lock();
        let result = call(state.endpoint.stream_mut(self.handle)?, now);
        state.wake_driver();
        Some(result)
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.stack.shared.lock();
        let failed = state.failed;
        let Some(stream) = state.endpoint.stream_mut(self.handle) else { return Poll::Ready(Ok(())) };
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        match stream.read(buffer.initialize_unfilled()) {
            Ok(bytes) => {
                buffer.advance(bytes);
                state.wake_driver();
                Poll::Ready(Ok(()))
            }
            Err(ReadError::Ended(end)) => Poll::Ready(Err(end_error(end))),
            Err(_) => match failed {
                Some(kind) => Poll::Ready(Err(kind.into())),
                None => {
                    state.streams.entry(self.handle).or_default().reader = Some(context.waker().clone());
                    Poll::Pending
                }
            },
        }
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let now = self.stack.shared.now();
        let mut state = self.stack.shared.lock();
        if let Some(kind) = state.failed {
            return Poll::Ready(Err(kind.into()));
        }
        let Some(stream) = state.endpoint.stream_mut(self.handle) else { return Poll::Ready(Err(not_connected())) };
        match stream.write(bytes, now) {
            Ok(0) if !bytes.is_empty() => {
                state.streams.entry(self.handle).or_default().writer = Some(context.waker().clone());
                Poll::Pending
            }
            Ok(taken) => {
                state.wake_driver();
                Poll::Ready(Ok(taken))
            }
            Err(WriteError::Ended(end)) => Poll::Ready(Err(end_error(end))),
            Err(error) => Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, error))),
        }
    }

    /// There is nothing to flush: what is written goes out as soon as the windows let it.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream, now| stream.shutdown(now));
        Poll::Ready(Ok(()))
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        let now = self.stack.shared.now();
        let mut state = self.stack.shared.lock();
        state.streams.remove(&self.handle);
        match self.linger {
            None => state.endpoint.release(self.handle, now),
            Some(linger) => state.endpoint.release_within(self.handle, linger, now),
        }
        state.wake_driver();
    }
}

fn not_connected() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

/// The end of a connection as the system calls tell it.
fn end_error(end: End) -> io::Error {
    match end {
        End::Refused => io::ErrorKind::ConnectionRefused,
        End::Reset => io::ErrorKind::ConnectionReset,
        End::TimedOut => io::ErrorKind::TimedOut,
        End::Unreachable(_) => io::ErrorKind::HostUnreachable,
        End::Aborted => io::ErrorKind::ConnectionAborted,
        _ => io::ErrorKind::NotConnected,
    }
    .into()
}

fn connect_error(error: ConnectError) -> io::Error {
    let kind = match error {
        ConnectError::AddressInUse => io::ErrorKind::AddrInUse,
        ConnectError::NoPort => io::ErrorKind::AddrNotAvailable,
        ConnectError::TooManyStreams => io::ErrorKind::OutOfMemory,
        _ => io::ErrorKind::InvalidInput,
    };
    io::Error::new(kind, error)
}

//! Listeners.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use tcp_lifecycle::endpoint::{Accept, ListenAddr, ListenError, ListenerId};

use crate::stack::Shared;
use crate::{Stack, TcpStream};

/// A socket that accepts connections.
#[derive(Debug)]
pub struct TcpListener {
    stack: Stack,
    id: ListenerId,
    address: ListenAddr,
}

/// As many connections wait to be accepted.
const BACKLOG: usize = 1_024;

impl TcpListener {
    /// Listens at an address and a port of the stack.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AddrInUse`] if somebody listens there, [`io::ErrorKind::InvalidInput`] for port 0.
    pub fn bind(stack: &Stack, address: SocketAddr) -> io::Result<TcpListener> {
        let any = address.ip().is_unspecified();
        let address = if any { ListenAddr::Port(address.port()) } else { ListenAddr::Socket(address) };
        TcpListener::bind_to(stack, address, BACKLOG)
    }

    /// Listens at any place, with a backlog of this many connections.
    ///
    /// # Errors
    ///
    /// Those of [`bind`](Self::bind).
    pub fn bind_to(stack: &Stack, address: ListenAddr, backlog: usize) -> io::Result<TcpListener> {
        let is_ipv4 = !matches!(address, ListenAddr::Socket(socket) if socket.is_ipv6());
        let config = stack.shared.config.stream_to(is_ipv4);
        let mut state = stack.shared.lock();
        let id = state.endpoint.listen(address, &config, Accept::Established, backlog).map_err(|error| {
            let kind = match error {
                ListenError::AddressInUse => io::ErrorKind::AddrInUse,
                _ => io::ErrorKind::InvalidInput,
            };
            io::Error::new(kind, error)
        })?;
        state.listeners.insert(id, None);
        Ok(TcpListener { stack: stack.clone(), id, address })
    }

    /// Returns where it listens.
    #[must_use]
    pub const fn address(&self) -> ListenAddr {
        self.address
    }

    /// Accepts a connection. To cancel it loses none.
    ///
    /// # Errors
    ///
    /// That of the device, once it has failed.
    pub async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        std::future::poll_fn(|context| self.poll_accept(context)).await
    }

    /// Accepts a connection; see [`accept`](Self::accept).
    ///
    /// # Errors
    ///
    /// Those of [`accept`](Self::accept).
    pub fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let shared: &Arc<Shared> = &self.stack.shared;
        let mut state = shared.lock();
        while let Some(incoming) = state.endpoint.accept(self.id) {
            let remote = incoming.remote();
            // A connection that has ended in the meantime is passed over.
            if let Some(handle) = state.endpoint.admit(incoming, shared.now()) {
                state.streams.entry(handle).or_default();
                state.wake_driver();
                return Poll::Ready(Ok((TcpStream::new(self.stack.clone(), handle), remote)));
            }
        }
        if let Some(kind) = state.failed {
            return Poll::Ready(Err(kind.into()));
        }
        state.listeners.insert(self.id, Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for TcpListener {
    /// Connections that nobody has accepted are reset.
    fn drop(&mut self) {
        let mut state = self.stack.shared.lock();
        state.listeners.remove(&self.id);
        state.endpoint.unlisten(self.id);
        state.wake_driver();
    }
}

//! Where connections come from.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use crate::peer::Peer;

/// Where connections come from: a [`TcpListener`], a `UnixListener`, or your
/// own.
///
/// ```
/// use std::io;
/// use tokio::io::{DuplexStream, duplex};
/// use tokio::sync::mpsc;
///
/// /// Connections that never leave the process, for tests.
/// struct InMemory(mpsc::Receiver<DuplexStream>);
///
/// impl oneport::Listener for InMemory {
///     type Io = DuplexStream;
///     type Addr = oneport::Peer;
///
///     async fn accept(&mut self) -> io::Result<(DuplexStream, oneport::Peer)> {
///         match self.0.recv().await {
///             Some(io) => Ok((io, oneport::Peer::Unix)),
///             // Fatal: the server ends.
///             None => Err(io::ErrorKind::BrokenPipe.into()),
///         }
///     }
/// }
/// ```
pub trait Listener: Send + 'static {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// Whose connection it is; what a make-service is called with.
    type Addr: Clone + Into<Peer> + Send + 'static;

    /// The next connection.
    ///
    /// # Errors
    ///
    /// The server retries at once on errors of a single connection (such as
    /// `ECONNABORTED`), pauses and retries where the system is out of
    /// descriptors or buffers, and ends with any other error.
    ///
    /// # Cancel safety
    ///
    /// Must be cancel safe: the server drops the future on shutdown and calls
    /// it again after an error.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, Self::Addr)>> + Send;

    /// The listener's own address, for [`ConnInfo::local`](crate::ConnInfo::local).
    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }

    /// Whether accepted connections have TCP_NODELAY; none where it does not
    /// apply. The server warns once where it is off.
    fn nodelay(&self) -> Option<bool> {
        None
    }
}

/// Its options are left alone. On Linux accepted sockets inherit the
/// listener's TCP_NODELAY: set it there, once.
impl Listener for TcpListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        Self::accept(self).await
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        Self::local_addr(self).ok()
    }

    fn nodelay(&self) -> Option<bool> {
        socket2::SockRef::from(self).tcp_nodelay().ok()
    }
}

#[cfg(unix)]
impl Listener for tokio::net::UnixListener {
    type Io = tokio::net::UnixStream;
    type Addr = Peer;

    async fn accept(&mut self) -> io::Result<(Self::Io, Peer)> {
        // A client's own address is unnamed almost always.
        let (io, _) = Self::accept(self).await?;
        Ok((io, Peer::Unix))
    }
}

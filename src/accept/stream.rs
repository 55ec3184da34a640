//! The one stream type of both modes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use crate::conn_info::ConnInfo;
use crate::io::{Corked, MaybeTls, Rewind};

/// An accepted connection's stream, plaintext or decrypted.
///
/// Reads begin with the first byte that the client sent (inside TLS: the first
/// decrypted one); nothing is lost to the sniffing. Vectored writes reach the
/// socket. `shutdown` sends close_notify where there is TLS, then FIN.
#[derive(Debug)]
pub struct Stream<I> {
    io: Transports<I>,
    info: ConnInfo,
}

// The TLS side is boxed: rustls' state is 1.2 KiB, and a plaintext connection
// would pay for it too.
type Transports<I> = MaybeTls<Rewind<I>, Box<Rewind<TlsStream<Corked<I>>>>>;

impl<I> Stream<I> {
    pub(super) fn plaintext(prefix: Vec<u8>, io: I, info: ConnInfo) -> Self {
        let io = MaybeTls::Plaintext(Rewind::new(prefix, io));
        Self { io, info }
    }

    pub(super) fn tls(prefix: Vec<u8>, io: TlsStream<Corked<I>>, info: ConnInfo) -> Self {
        let io = MaybeTls::Tls(Box::new(Rewind::new(prefix, io)));
        Self { io, info }
    }

    /// What is known of the connection.
    #[must_use]
    pub fn info(&self) -> &ConnInfo {
        &self.info
    }

    /// The stream that was given to the acceptor, for its options.
    ///
    /// Reading from it or writing to it would break the connection.
    #[must_use]
    pub fn get_ref(&self) -> &I {
        match &self.io {
            MaybeTls::Plaintext(io) => io.get_ref(),
            MaybeTls::Tls(io) => io.get_ref().get_ref().0.get_ref(),
        }
    }
}

#[cfg(feature = "serve")]
impl<I> Stream<I> {
    /// Puts back what was read from it: the next reads begin there.
    pub(crate) fn unread(&mut self, bytes: Vec<u8>) {
        match &mut self.io {
            MaybeTls::Plaintext(io) => io.unread(bytes),
            MaybeTls::Tls(io) => io.unread(bytes),
        }
    }
}

#[cfg(feature = "serve")]
impl<I: AsyncRead + AsyncWrite + Unpin> Stream<I> {
    /// `poll_shutdown` for a stream that is dropped right after it: the close
    /// itself sends FIN, which saves a system call per connection. Inside TLS
    /// close_notify is sent (RFC 8446 6.1): the client may wait for it.
    pub(crate) fn poll_last_words(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            MaybeTls::Plaintext(_) => Poll::Ready(Ok(())),
            MaybeTls::Tls(io) => {
                io.get_mut().get_mut().0.leave_fin_to_close();
                Pin::new(io).poll_shutdown(cx)
            }
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

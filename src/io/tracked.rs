//! A stream that carries a guard.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream and a guard that is dropped right after it, wherever that is: in
/// the server's task, or inside an upgraded WebSocket much later.
///
/// This is how upgraded connections count for limits and for shutdown; a guard
/// in the server's task would be gone when hyper hands the stream over.
#[derive(Debug)]
pub(crate) struct Tracked<I, G> {
    // The order matters: the socket closes first.
    inner: I,
    guard: G,
    written: u32,
}

impl<I, G> Tracked<I, G> {
    pub(crate) fn new(inner: I, guard: G) -> Self {
        Self {
            inner,
            guard,
            written: 0,
        }
    }

    pub(crate) fn get_ref(&self) -> &I {
        &self.inner
    }

    pub(crate) fn guard_mut(&mut self) -> &mut G {
        &mut self.guard
    }

    /// Changes with every write of which the other end's kernel took a byte;
    /// below TLS, where there is more to a write than its caller sees.
    pub(crate) fn written(&self) -> u32 {
        self.written
    }

    fn note<T>(&mut self, wrote: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(wrote, Poll::Ready(Ok(_))) {
            self.written = self.written.wrapping_add(1);
        }
        wrote
    }
}

impl<I: AsyncRead + Unpin, G: Unpin> AsyncRead for Tracked<I, G> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<I: AsyncWrite + Unpin, G: Unpin> AsyncWrite for Tracked<I, G> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.note(wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.note(wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

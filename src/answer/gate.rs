//! Holds back what hyper says by itself.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream to which nothing is written until a request was understood.
///
/// hyper answers a head that it cannot parse with a 400 or a 431 of its own. To
/// a client that is refused anyway, what is wrong with its head is the lesser
/// half of the truth.
pub(super) struct Gate<'a, I> {
    io: &'a mut I,
    open: &'a AtomicBool,
}

impl<'a, I> Gate<'a, I> {
    /// Opened by whoever sets `open`.
    pub(super) fn new(io: &'a mut I, open: &'a AtomicBool) -> Self {
        Self { io, open }
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Gate<'_, I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_read(cx, buf)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Gate<'_, I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.is_open() {
            true => Pin::new(&mut *self.io).poll_write(cx, buf),
            false => Poll::Ready(Ok(buf.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.is_open() {
            true => Pin::new(&mut *self.io).poll_shutdown(cx),
            false => Poll::Ready(Ok(())),
        }
    }
}

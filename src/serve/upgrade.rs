//! The stream that hyper drives, and that an upgrade takes over.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::accept::Stream;
use crate::lifecycle::{Observer, Phase};

/// A [`Stream`] that fails once the drain time is over, should it have been
/// upgraded: it then belongs to a task of the application's, which the server
/// cannot end.
///
/// Until an upgrade the server's own task ends with the drain time, and this
/// costs a branch per pending read.
pub(super) struct Upgradable<I> {
    io: Stream<I>,
    observer: Observer,
    aborted: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    ended: bool,
}

impl<I> Upgradable<I> {
    pub(super) fn new(io: Stream<I>, observer: Observer) -> Self {
        Self {
            io,
            observer,
            aborted: None,
            ended: false,
        }
    }

    /// Registers for the end of the drain time.
    fn poll_aborted(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let aborted = self.aborted.get_or_insert_with(|| {
            let mut observer = self.observer.clone();
            Box::pin(async move { observer.reached(Phase::Aborted).await })
        });
        aborted.as_mut().poll(cx).map(|()| drained())
    }

    fn check(&self) -> io::Result<()> {
        if self.io.info().is_upgraded() && self.observer.is_aborted() {
            return Err(drained());
        }
        Ok(())
    }
}

fn drained() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "the server shut down and its drain time is over",
    )
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Upgradable<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.io).poll_read(cx, buf) {
            Poll::Ready(read) => {
                // An error is an end too: FIN without close_notify is one.
                self.ended = read.is_err() || (buf.filled().len() == before && buf.remaining() > 0);
                Poll::Ready(read)
            }
            Poll::Pending if self.io.info().is_upgraded() => self.poll_aborted(cx).map(Err),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Upgradable<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended && !self.io.info().is_upgraded() {
            // hyper drops the stream right after this, the client has sent its
            // end, and nothing is unread.
            return self.io.poll_last_words(cx);
        }
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

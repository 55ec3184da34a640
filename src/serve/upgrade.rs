//! The stream that hyper drives, and that an upgrade takes over.

use std::any::TypeId;
use std::future::Future;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::accept_loop::Slotted;
use crate::accept::Stream;
use crate::lifecycle::{Observer, Phase};

/// A [`Stream`] that fails once the drain time is over, should it have been
/// upgraded: it then belongs to a task of the application's, which the server
/// cannot end.
///
/// Until an upgrade the server's own task ends with the drain time, and this
/// costs a branch per call.
pub(super) struct Upgradable<I> {
    io: Stream<I>,
    observer: Observer,
    // One each: the halves of a split stream are two tasks with two wakers.
    reading: Aborted,
    writing: Aborted,
    ended: bool,
    close: Close,
}

/// What `shutdown` does besides FIN.
pub(super) enum Close {
    /// Nothing.
    AtOnce,
    /// Drains what the client still sends, for so long and so much.
    ///
    /// HTTP/2 clients send window updates and acknowledgements for what they are
    /// still reading. A close with one of them unread makes the kernel send RST and
    /// throw away the end of the last response: one in fifty shutdowns under load
    /// lost a response of 300 KB.
    Linger { time: Duration, bytes: u64 },
    /// FIN is sent; until then.
    Lingering { until: Pin<Box<Sleep>>, bytes: u64 },
}

/// Waits for the end of the drain time, once something has been pending.
type Aborted = Option<Pin<Box<dyn Future<Output = ()> + Send>>>;

impl<I> Upgradable<I> {
    pub(super) fn new(io: Stream<I>, observer: Observer, close: Close) -> Self {
        Self {
            io,
            observer,
            reading: None,
            writing: None,
            ended: false,
            close,
        }
    }

    /// For what never has to wait.
    fn check(&self) -> io::Result<()> {
        if self.io.info().is_upgraded() && self.observer.is_aborted() {
            return Err(drained());
        }
        Ok(())
    }

    /// A writer waits for a client that does not read, perhaps for ever.
    fn or_aborted<T>(
        &mut self,
        wrote: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if wrote.is_pending() && self.io.info().is_upgraded() {
            return poll_aborted(&mut self.writing, &self.observer, cx);
        }
        wrote
    }
}

/// For what has to wait: registers for the end of the drain time.
fn poll_aborted<T>(
    aborted: &mut Aborted,
    observer: &Observer,
    cx: &mut Context<'_>,
) -> Poll<io::Result<T>> {
    let aborted = aborted.get_or_insert_with(|| {
        let mut observer = observer.clone();
        Box::pin(async move { observer.reached(Phase::Aborted).await })
    });
    aborted.as_mut().poll(cx).map(|()| Err(drained()))
}

/// Whether its drop tells the other end what `shutdown` would: a socket's does.
/// A [`Listener`](super::Listener)'s own stream may be a tunnel's (yamux, QUIC),
/// whose drop is a reset.
fn closes_with_fin<I: 'static>() -> bool {
    let this = TypeId::of::<I>();
    #[cfg(unix)]
    if this == TypeId::of::<Slotted<tokio::net::UnixStream>>() {
        return true;
    }
    this == TypeId::of::<Slotted<TcpStream>>()
}

fn drained() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "the server shut down and its drain time is over",
    )
}

impl<I: AsyncRead + AsyncWrite + Unpin> Upgradable<I> {
    /// Reads to the client's end, or until its time is over.
    fn poll_lingered(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Close::Linger { time, bytes } = self.close {
            let until = Box::pin(sleep(time));
            self.close = Close::Lingering { until, bytes };
        }
        let Close::Lingering { until, bytes } = &mut self.close else {
            return Poll::Ready(());
        };
        let mut space = [MaybeUninit::uninit(); 1024];
        while !self.ended && *bytes > 0 && until.as_mut().poll(cx).is_pending() {
            let mut buf = ReadBuf::uninit(&mut space);
            let read = ready!(Pin::new(&mut self.io).poll_read(cx, &mut buf));
            self.ended = read.is_err() || buf.filled().is_empty();
            *bytes = bytes.saturating_sub(buf.filled().len() as u64);
        }
        Poll::Ready(())
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Upgradable<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        let before = buf.filled().len();
        match Pin::new(&mut self.io).poll_read(cx, buf) {
            Poll::Ready(read) => {
                // An error is an end too: FIN without close_notify is one.
                self.ended = read.is_err() || (buf.filled().len() == before && buf.remaining() > 0);
                Poll::Ready(read)
            }
            Poll::Pending if self.io.info().is_upgraded() => {
                let this = &mut *self;
                poll_aborted(&mut this.reading, &this.observer, cx)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin + 'static> AsyncWrite for Upgradable<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let wrote = Pin::new(&mut self.io).poll_write(cx, buf);
        self.or_aborted(wrote, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let wrote = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.or_aborted(wrote, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.or_aborted(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended && closes_with_fin::<I>() && !self.io.info().is_upgraded() {
            // hyper drops the stream right after this, the client has sent its
            // end, and nothing is unread.
            return self.io.poll_last_words(cx);
        }
        if !matches!(self.close, Close::Lingering { .. }) {
            let shut = Pin::new(&mut self.io).poll_shutdown(cx);
            ready!(self.or_aborted(shut, cx))?;
        }
        self.poll_lingered(cx).map(Ok)
    }
}

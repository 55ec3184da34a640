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
use super::gone::has_left;
use super::keep_alive::keep_alive;
use crate::accept::Stream;
use crate::lifecycle::{Observer, Phase};

/// A [`Stream`] that fails once the drain time is over, should it have been
/// upgraded: it then belongs to a task of the application's, which the server
/// cannot end.
///
/// Until an upgrade the server's own task ends with the drain time, and this
/// costs a branch per call; and it notes the connection's
/// [`Pace`](crate::pace::Pace) until then.
pub(super) struct Upgradable<I> {
    io: Stream<Slotted<I>>,
    // Boxed, both: idle HTTP/1 connections have neither.
    upgraded: Option<Box<Upgraded>>,
    linger: Option<Box<Linger>>,
    /// As of the last write that had to wait.
    written: u32,
    ended: bool,
    /// Read before hyper wanted it, to see whether the client is still there.
    ahead: Option<u8>,
}

/// What `shutdown` does besides FIN: drains what the client still sends.
///
/// HTTP/2 clients send window updates and acknowledgements for what they are
/// still reading. A close with one of them unread makes the kernel send RST and
/// throw away the end of the last response: one in fifty shutdowns under load
/// lost a response of 300 KB.
pub(super) struct Linger {
    time: Duration,
    bytes: u64,
    /// FIN is sent.
    until: Option<Pin<Box<Sleep>>>,
}

impl Linger {
    /// For so long and so much.
    pub(super) fn new(time: Duration, bytes: u64) -> Self {
        let until = None;
        Self { time, bytes, until }
    }
}

/// An upgraded connection's view of the server.
struct Upgraded {
    observer: Option<Observer>,
    // One each: the halves of a split stream are two tasks with two wakers.
    reading: Aborted,
    writing: Aborted,
}

/// Waits for the end of the drain time, once something has been pending.
type Aborted = Option<Pin<Box<dyn Future<Output = ()> + Send>>>;

impl<I: 'static> Upgradable<I> {
    pub(super) fn new(io: Stream<Slotted<I>>, linger: Option<Linger>) -> Self {
        Self {
            io,
            upgraded: None,
            linger: linger.map(Box::new),
            written: 0,
            ended: false,
            ahead: None,
        }
    }

    /// Puts back what was read from it: the next reads begin there.
    pub(super) fn unread(&mut self, mut bytes: Vec<u8>) {
        bytes.extend(self.ahead.take());
        self.io.unread(bytes);
    }

    /// For what never has to wait.
    fn check(&mut self) -> io::Result<()> {
        if !self.io.info().is_upgraded() {
            return Ok(());
        }
        match &self.upgraded().observer {
            Some(observer) if observer.has_reached(Phase::Aborted) => Err(drained()),
            _ => Ok(()),
        }
    }

    fn upgraded(&mut self) -> &mut Upgraded {
        let io = &self.io;
        self.upgraded.get_or_insert_with(|| {
            keep_alive(io.get_ref().get_ref());
            Box::new(Upgraded {
                observer: io.info().observer().cloned(),
                reading: None,
                writing: None,
            })
        })
    }

    /// A writer waits for a client that does not read, perhaps for ever.
    fn or_aborted<T>(
        &mut self,
        wrote: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if wrote.is_pending() {
            if self.io.info().is_upgraded() {
                let Upgraded {
                    observer, writing, ..
                } = self.upgraded();
                return poll_aborted(writing, observer.as_ref(), cx);
            }
            let written = self.io.get_ref().written();
            self.io.info().pace().is_writing(written != self.written);
            self.written = written;
        }
        wrote
    }

    fn wrote<T>(
        &mut self,
        wrote: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.io.info().pace().has_written();
        }
        self.or_aborted(wrote, cx)
    }
}

/// For what has to wait: registers for the end of the drain time.
fn poll_aborted<T>(
    aborted: &mut Aborted,
    observer: Option<&Observer>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<T>> {
    let aborted = aborted.get_or_insert_with(|| {
        let observer = observer.cloned();
        Box::pin(async move {
            match observer {
                Some(observer) => observer.reached(Phase::Aborted).await,
                None => std::future::pending().await,
            }
        })
    });
    aborted.as_mut().poll(cx).map(|()| Err(drained()))
}

/// Whether its drop tells the other end what `shutdown` would: a socket's does.
/// A [`Listener`](super::Listener)'s own stream may be a tunnel's (yamux, QUIC),
/// whose drop is a reset.
fn closes_with_fin<I: 'static>() -> bool {
    let this = TypeId::of::<I>();
    #[cfg(unix)]
    if this == TypeId::of::<tokio::net::UnixStream>() {
        return true;
    }
    this == TypeId::of::<TcpStream>()
}

fn drained() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "the server shut down and its drain time is over",
    )
}

impl<I: AsyncRead + AsyncWrite + Unpin + 'static> Upgradable<I> {
    /// With half-close hyper does not read while the application is at it, and
    /// so does not see that a client has left. A byte is read for it, and kept.
    fn look_ahead(&mut self, cx: &mut Context<'_>) {
        if self.ahead.is_none() {
            let mut byte = [0];
            let mut buf = ReadBuf::new(&mut byte);
            let Poll::Ready(read) = Pin::new(&mut self.io).poll_read(cx, &mut buf) else {
                return;
            };
            match (read, buf.filled()) {
                (Ok(()), [byte]) => self.ahead = Some(*byte),
                _ => self.ended = true,
            }
        }
        // The end may lie behind more than this byte.
        if self.ended || has_left(self.io.get_ref().get_ref(), cx) {
            self.io.info().pace().end();
        }
    }

    /// Reads to the client's end, or until its time is over.
    fn poll_lingered(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(Linger { time, bytes, until }) = self.linger.as_deref_mut() else {
            return Poll::Ready(());
        };
        let until = until.get_or_insert_with(|| Box::pin(sleep(*time)));
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

impl<I: AsyncRead + AsyncWrite + Unpin + 'static> AsyncRead for Upgradable<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        if let Some(byte) = self.ahead
            && buf.remaining() > 0
        {
            self.ahead = None;
            buf.put_slice(&[byte]);
            // And what follows it: a byte at a time would be a read each.
            let before = buf.filled().len();
            if let Poll::Ready(read) = Pin::new(&mut self.io).poll_read(cx, buf) {
                self.ended = read.is_err() || (buf.filled().len() == before && buf.remaining() > 0);
            }
            self.io.info().pace().has_read();
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        match Pin::new(&mut self.io).poll_read(cx, buf) {
            Poll::Ready(read) => {
                // An error is an end too: FIN without close_notify is one.
                self.ended = read.is_err() || (buf.filled().len() == before && buf.remaining() > 0);
                self.io.info().pace().has_read();
                Poll::Ready(read)
            }
            Poll::Pending if self.io.info().is_upgraded() => {
                let Upgraded {
                    observer, reading, ..
                } = self.upgraded();
                poll_aborted(reading, observer.as_ref(), cx)
            }
            Poll::Pending => {
                self.io.info().pace().is_reading();
                Poll::Pending
            }
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
        self.wrote(wrote, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let wrote = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.wrote(wrote, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        if flushed.is_ready() {
            let pace = self.io.info().pace();
            pace.has_flushed();
            // hyper flushes whenever it is polled.
            if pace.is_asked() {
                self.look_ahead(cx);
            }
        }
        self.or_aborted(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended && closes_with_fin::<I>() && !self.io.info().is_upgraded() {
            // hyper drops the stream right after this, the client has sent its
            // end, and nothing is unread.
            return self.io.poll_last_words(cx);
        }
        let lingers = |linger: &Linger| linger.until.is_some();
        if !self.linger.as_deref().is_some_and(lingers) {
            let shut = Pin::new(&mut self.io).poll_shutdown(cx);
            ready!(self.or_aborted(shut, cx))?;
        }
        self.poll_lingered(cx).map(Ok)
    }
}

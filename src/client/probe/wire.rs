//! A connection that remembers what it heard.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use crate::diagnose::End;

/// How much of an answer is kept to be looked at, in bytes: as much as
/// [`diagnose_first_bytes`](crate::diagnose::diagnose_first_bytes) looks at.
const KEPT: usize = 16 * 1024;

/// How much of an answer is read, in bytes. A port that sends without end is
/// not listened to without end.
const MOST: usize = 256 * 1024;

/// The host has no address, or nobody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreachable {
    Late,
    NoName,
    NoRoute,
    Refused,
}

/// The first of the host's addresses that takes the connection.
pub(super) async fn reach(
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<(TcpStream, SocketAddr), Unreachable> {
    let deadline = Instant::now() + limit;
    let found = timeout_at(deadline, lookup_host((host, port)));
    let found = match found.await {
        Ok(found) => found.map_err(|_| Unreachable::NoName)?,
        Err(_) => return Err(Unreachable::Late),
    };
    let addresses: Vec<_> = found.collect();
    let mut failed = Unreachable::NoName;
    for (tried, address) in addresses.iter().enumerate() {
        // One that swallows everything must not take the others' time.
        let left = deadline.saturating_duration_since(Instant::now());
        let others = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let until = Instant::now() + left / others;
        match timeout_at(until, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok((tcp, *address)),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                failed = Unreachable::Refused;
            }
            Ok(Err(_)) if failed != Unreachable::Refused => failed = Unreachable::NoRoute,
            Err(_) if failed != Unreachable::Refused => failed = Unreachable::Late,
            _ => {}
        }
    }
    Err(failed)
}

/// What came over a connection so far.
#[derive(Clone, Debug)]
pub(super) struct Heard(Arc<Mutex<(Vec<u8>, usize, End)>>);

impl Default for Heard {
    fn default() -> Self {
        Self(Arc::new(Mutex::new((Vec::new(), 0, End::Open))))
    }
}

impl Heard {
    /// The beginning of it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .clone()
    }

    /// How it came to an end.
    pub(super) fn end(&self) -> End {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).2
    }

    /// An error once too much came.
    fn note(&self, read: &io::Result<()>, new: &[u8]) -> io::Result<()> {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(()) if new.is_empty() => heard.2 = End::Eof,
            Ok(()) => {
                let room = KEPT.saturating_sub(heard.0.len());
                heard.0.extend_from_slice(&new[..new.len().min(room)]);
                heard.1 += new.len();
            }
            Err(_) => heard.2 = End::Reset,
        }
        match heard.1 > MOST {
            true => Err(io::Error::other("more came than any answer has")),
            false => Ok(()),
        }
    }
}

/// Writes down what is read from a stream.
#[derive(Debug)]
pub(super) struct Recorder<I> {
    inner: I,
    heard: Heard,
    /// What a write has failed with, until the writer is told.
    broken: Option<io::Error>,
    /// What was heard then, for the reader.
    unread: Vec<u8>,
}

impl<I> Recorder<I> {
    pub(super) fn new(inner: I, heard: &Heard) -> Self {
        Self {
            inner,
            heard: heard.clone(),
            broken: None,
            unread: Vec::new(),
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> Recorder<I> {
    /// What `write` says, but no error before all has been heard that came until
    /// then: whoever writes gives up, and the server may have said why it has
    /// hung up.
    fn write<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut I>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.broken.is_none() {
            match write(Pin::new(&mut self.inner), cx) {
                Poll::Ready(Err(error)) => self.broken = Some(error),
                other => return other,
            }
        }
        ready!(self.hear_the_rest(cx));
        let error = self.broken.take();
        Poll::Ready(Err(
            error.unwrap_or_else(|| io::ErrorKind::BrokenPipe.into())
        ))
    }

    fn hear_the_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 1024];
        loop {
            let mut buf = ReadBuf::new(&mut space);
            let read = ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buf));
            let noted = self.heard.note(&read, buf.filled());
            if read.is_err() || noted.is_err() || buf.filled().is_empty() {
                return Poll::Ready(());
            }
            self.unread.extend_from_slice(buf.filled());
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Recorder<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if !self.unread.is_empty() {
            let some = self.unread.len().min(buf.remaining());
            buf.put_slice(&self.unread[..some]);
            self.unread.drain(..some);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        self.heard.note(&read, &buf.filled()[before..])?;
        Poll::Ready(read)
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Recorder<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, |inner, cx| inner.poll_write(cx, buf))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(cx, |inner, cx| inner.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, |inner, cx| inner.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Says what it has to say, and takes nothing.
    struct HungUp(&'static [u8]);

    impl AsyncRead for HungUp {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for HungUp {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// sshd sends its banner and hangs up on the first line of HTTP/2; every
    /// other time the client's second write failed before it had read, and the
    /// port was said to close without a word.
    #[tokio::test]
    async fn what_came_before_a_write_failed_is_heard() {
        let heard = Heard::default();
        let mut io = Recorder::new(HungUp(b"SSH-2.0-x\r\n"), &heard);
        let error = io.write_all(b"PRI").await.expect_err("hung up");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(heard.bytes(), b"SSH-2.0-x\r\n");
        assert_eq!(heard.end(), End::Eof);
        // Whoever reads on is not deprived of it, and it is not heard twice.
        let mut read = Vec::new();
        io.read_to_end(&mut read).await.expect("all of it");
        assert_eq!(read, b"SSH-2.0-x\r\n");
        assert_eq!(heard.bytes(), read);
    }
}

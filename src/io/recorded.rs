//! The socket below a client's TLS: what came first, until the handshake is over.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Keeps a copy of the first bytes that arrive, for a diagnosis, and what arrived
/// before a write failed, for TLS: a server that refuses a client sends its alert
/// and closes, and the client that reports its failed write says "broken pipe".
///
/// After [`stop`](Self::stop) it does neither, and costs a branch.
#[derive(Debug)]
pub(crate) struct Recorded<I> {
    inner: I,
    record: Option<Record>,
    /// To be reported when nothing is left to read.
    failed: Option<io::Error>,
}

/// The first bytes that arrived; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Arc<Mutex<Vec<u8>>>);

impl Record {
    /// Enough for the head of an HTTP response, in most cases.
    pub(crate) const MOST: usize = 1024;

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.clone()
    }

    fn add(&self, arrived: &[u8]) {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = Self::MOST.saturating_sub(bytes.len());
        bytes.extend_from_slice(&arrived[..arrived.len().min(room)]);
    }
}

impl<I> Recorded<I> {
    pub(crate) fn new(inner: I, record: Record) -> Self {
        Self {
            inner,
            record: Some(record),
            failed: None,
        }
    }

    /// The handshake is over. A write that failed meanwhile is its outcome.
    pub(crate) fn stop(&mut self) -> io::Result<()> {
        self.record = None;
        self.failed.take().map_or(Ok(()), Err)
    }

    pub(crate) fn get_ref(&self) -> &I {
        &self.inner
    }

    pub(crate) fn into_inner(self) -> I {
        self.inner
    }

    /// Takes a write for done that has failed, where the next read reports it.
    fn postpone(&mut self, written: io::Result<usize>, len: usize) -> io::Result<usize> {
        match written {
            Err(error) if self.record.is_some() => {
                self.failed.get_or_insert(error);
                Ok(len)
            }
            written => written,
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Recorded<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self {
            inner,
            record: Some(record),
            failed,
        } = &mut *self
        else {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        };
        let before = buf.filled().len();
        let read = Pin::new(inner).poll_read(cx, buf);
        let arrived = &buf.filled()[before..];
        record.add(arrived);
        match read {
            // Pending stays so: what the reset leaves behind wakes us.
            Poll::Ready(_) if arrived.is_empty() => match failed.take() {
                Some(error) => Poll::Ready(Err(error)),
                None => read,
            },
            _ => read,
        }
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Recorded<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, buf);
        written.map(|written| self.postpone(written, buf.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        let len = bufs.iter().map(|buf| buf.len()).sum();
        written.map(|written| self.postpone(written, len))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        flushed.map(|flushed| self.postpone(flushed.map(|()| 0), 0).map(drop))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    /// A socket that the other end has reset: writes fail, and what arrived
    /// before is still there.
    struct Reset(&'static [u8]);

    impl AsyncRead for Reset {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let Some((first, rest)) = self.0.split_first() else {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            };
            buf.put_slice(&[*first]);
            self.0 = rest;
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Reset {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_arrived_is_read_before_a_failed_write_is_reported() {
        let record = Record::default();
        let mut io = Recorded::new(Reset(b"alert"), record.clone());
        io.write_all(b"hello").await.unwrap();
        io.flush().await.unwrap();
        let mut arrived = Vec::new();
        let error = io.read_to_end(&mut arrived).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "the write's");
        assert_eq!(arrived, b"alert");
        assert_eq!(record.bytes(), b"alert");
    }

    #[tokio::test]
    async fn a_write_that_failed_last_is_the_outcome() {
        let mut io = Recorded::new(Reset(b"alert"), Record::default());
        io.write_all(b"finished").await.unwrap();
        assert_eq!(io.stop().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        // And from now on each is its own.
        let error = io.write_all(b"request").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[tokio::test]
    async fn the_record_is_bounded_and_ends() {
        let (mut peer, io) = duplex(4 * Record::MOST);
        let record = Record::default();
        let mut io = Recorded::new(io, record.clone());
        let mut bytes = vec![7; 2 * Record::MOST];
        peer.write_all(&bytes).await.unwrap();
        io.read_exact(&mut bytes).await.unwrap();
        assert_eq!(record.bytes(), vec![7; Record::MOST]);

        let second = Record::default();
        io.record = Some(second.clone());
        io.stop().unwrap();
        peer.write_all(b"more").await.unwrap();
        io.read_exact(&mut bytes[..4]).await.unwrap();
        assert_eq!(second.bytes(), b"");
    }
}

//! A stream that first replays what was already read from it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Replays `prefix`, then reads from the stream. Writes go straight through.
#[derive(Debug)]
pub(crate) struct Rewind<I> {
    prefix: Box<[u8]>,
    /// So much of it was replayed.
    replayed: usize,
    inner: I,
}

impl<I> Rewind<I> {
    pub(crate) fn new(prefix: Vec<u8>, inner: I) -> Self {
        Self {
            prefix: prefix.into(),
            replayed: 0,
            inner,
        }
    }

    /// Puts back what was read: the next reads begin there.
    #[cfg(feature = "serve")]
    pub(crate) fn unread(&mut self, mut bytes: Vec<u8>) {
        bytes.extend_from_slice(&self.prefix[self.replayed..]);
        self.prefix = bytes.into();
        self.replayed = 0;
    }

    pub(crate) fn get_ref(&self) -> &I {
        &self.inner
    }

    #[cfg(feature = "serve")]
    pub(crate) fn get_mut(&mut self) -> &mut I {
        &mut self.inner
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Rewind<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.prefix.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let rest = &self.prefix[self.replayed..];
        let n = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..n]);
        self.replayed += n;
        if self.replayed == self.prefix.len() {
            self.prefix = Box::default();
            self.replayed = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Rewind<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn replays_in_any_cut_then_reads_on() {
        for cut in 1..=12 {
            let mut stream = Rewind::new(b"already ".to_vec(), &b"read"[..]);
            let mut all = Vec::new();
            let mut chunk = vec![0; cut];
            loop {
                match stream.read(&mut chunk).await.expect("in memory") {
                    0 => break,
                    n => all.extend_from_slice(&chunk[..n]),
                }
            }
            assert_eq!(all, b"already read", "in reads of {cut}");
        }
    }

    #[cfg(feature = "serve")]
    #[tokio::test]
    async fn what_is_put_back_comes_before_the_rest() {
        let mut stream = Rewind::new(b"already ".to_vec(), &b"read"[..]);
        let mut begin = [0; 4];
        stream.read_exact(&mut begin).await.expect("in memory");
        stream.unread(begin.to_vec());
        stream.unread(b"has ".to_vec());
        let mut all = String::new();
        stream.read_to_string(&mut all).await.expect("in memory");
        assert_eq!(all, "has already read");
    }

    #[tokio::test]
    async fn an_empty_read_buffer_takes_nothing() {
        let mut stream = Rewind::new(b"x".to_vec(), &b""[..]);
        assert_eq!(stream.read(&mut []).await.expect("in memory"), 0);
        assert_eq!(stream.read_u8().await.expect("in memory"), b'x');
    }
}

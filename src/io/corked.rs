//! The socket below TLS: small messages leave together, before anything waits.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Holds back what TLS writes during the handshake until a read has to wait.
///
/// rustls makes session tickets as soon as the client has finished, and
/// tokio-rustls writes and flushes them at once: a system call and a segment of
/// their own, although the first request is mostly there already and its
/// response leaves a moment later. Here they leave with the response, or with
/// the first flush after the handshake: whoever then waits for a request
/// flushes first. No flight of the handshake is held while anybody waits for it.
///
/// After the handshake nothing more is held, and `flush` means what it says.
#[derive(Debug)]
pub(crate) struct Corked<I> {
    inner: I,
    held: Vec<u8>,
    phase: Phase,
    fin: Fin,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    /// Writes are held; a read that has to wait sends them.
    Handshake,
    /// Writes go through, what is held in front of the first.
    Serving,
}

/// Who sends FIN.
#[derive(Debug, PartialEq, Eq)]
enum Fin {
    /// The drop that follows the shutdown.
    #[cfg_attr(
        not(feature = "serve"),
        expect(dead_code, reason = "a bare acceptor does not drop its streams")
    )]
    Close,
    Shutdown,
}

impl<I> Corked<I> {
    pub(crate) fn new(inner: I) -> Self {
        Self {
            inner,
            held: Vec::new(),
            phase: Phase::Handshake,
            fin: Fin::Shutdown,
        }
    }

    pub(crate) fn get_ref(&self) -> &I {
        &self.inner
    }

    pub(crate) fn into_inner(self) -> I {
        self.inner
    }

    /// The handshake is over, for better or worse.
    pub(crate) fn uncork(&mut self) {
        self.phase = Phase::Serving;
    }

    /// `shutdown` sends what there is to send, but no FIN: the stream is
    /// dropped right after it, and that sends one too.
    #[cfg(feature = "serve")]
    pub(crate) fn leave_fin_to_close(&mut self) {
        self.fin = Fin::Close;
    }
}

impl<I: AsyncWrite + Unpin> Corked<I> {
    /// Writes `bufs` with what is held in front, and says how much of `bufs`
    /// went. Nothing of `bufs` goes before all that is held has gone.
    fn poll_send(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        /// As many as rustls writes at once.
        const MOST: usize = 64;
        let Self { inner, held, .. } = self;
        while !held.is_empty() {
            let mut all = [IoSlice::new(&[]); MOST];
            let count = bufs.len().min(MOST - 1);
            all[0] = IoSlice::new(held);
            all[1..=count].copy_from_slice(&bufs[..count]);
            let sent = ready!(Pin::new(&mut *inner).poll_write_vectored(cx, &all[..=count]))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_held = sent.min(held.len());
            held.drain(..of_held);
            if held.is_empty() {
                // Not to be kept for the life of the connection.
                *held = Vec::new();
            }
            if sent > of_held {
                return Poll::Ready(Ok(sent - of_held));
            }
        }
        match bufs {
            [] => Poll::Ready(Ok(0)),
            [buf] => Pin::new(inner).poll_write(cx, buf),
            _ => Pin::new(inner).poll_write_vectored(cx, bufs),
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Corked<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        if read.is_pending() && self.phase == Phase::Handshake {
            // Where this is pending too, its waker is registered beside the
            // read's, and whoever reads comes here again.
            if let Poll::Ready(Err(error)) = self.poll_send(cx, &[]) {
                return Poll::Ready(Err(error));
            }
        }
        read
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Corked<I> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.phase == Phase::Serving {
            return self.poll_send(cx, bufs);
        }
        let before = self.held.len();
        for buf in bufs {
            self.held.extend_from_slice(buf);
        }
        Poll::Ready(Ok(self.held.len() - before))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.phase == Phase::Handshake {
            // tokio-rustls flushes each of its writes.
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_send(cx, &[]))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx, &[]))?;
        match self.fin {
            Fin::Close => Pin::new(&mut self.inner).poll_flush(cx),
            Fin::Shutdown => Pin::new(&mut self.inner).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::timeout;

    /// What has arrived by now.
    async fn arrived(peer: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        let read = timeout(Duration::from_millis(1), peer.read(&mut bytes)).await;
        bytes.truncate(read.map_or(0, |n| n.expect("in memory")));
        bytes
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_that_waits_sends_what_is_held() {
        let (io, mut peer) = duplex(64);
        let mut io = Corked::new(io);
        io.write_all(b"flight").await.expect("held");
        io.flush().await.expect("ignored");
        assert_eq!(arrived(&mut peer).await, b"");
        peer.write_all(b"x").await.expect("in memory");
        assert_eq!(io.read_u8().await.expect("in memory"), b'x');
        assert_eq!(arrived(&mut peer).await, b"", "nobody had to wait");
        let waited = timeout(Duration::from_millis(1), io.read_u8()).await;
        assert!(waited.is_err());
        assert_eq!(arrived(&mut peer).await, b"flight");
    }

    #[tokio::test(start_paused = true)]
    async fn tickets_leave_in_front_of_the_response() {
        let (io, mut peer) = duplex(64);
        let mut io = Corked::new(io);
        io.write_all(b"tickets, ").await.expect("held");
        io.uncork();
        let probe = timeout(Duration::from_millis(1), io.read_u8()).await;
        assert!(probe.is_err());
        assert_eq!(
            arrived(&mut peer).await,
            b"",
            "a probe for EOF sends nothing"
        );
        io.write_all(b"response").await.expect("in memory");
        assert_eq!(arrived(&mut peer).await, b"tickets, response");
        io.write_all(b"next").await.expect("in memory");
        assert_eq!(arrived(&mut peer).await, b"next");
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_handshake_flush_flushes() {
        let (io, mut peer) = duplex(64);
        let mut io = Corked::new(io);
        io.write_all(b"alert").await.expect("held");
        io.uncork();
        io.flush().await.expect("in memory");
        assert_eq!(arrived(&mut peer).await, b"alert");
    }

    #[tokio::test]
    async fn shutdown_sends_what_is_held_in_either_phase() {
        for uncorked in [false, true] {
            let (io, mut peer) = duplex(64);
            let mut io = Corked::new(io);
            io.write_all(b"alert").await.expect("held");
            if uncorked {
                io.uncork();
            }
            io.shutdown().await.expect("in memory");
            let mut all = Vec::new();
            peer.read_to_end(&mut all).await.expect("in memory");
            assert_eq!(all, b"alert");
        }
    }

    #[cfg(feature = "serve")]
    #[tokio::test(start_paused = true)]
    async fn the_drop_can_send_fin() {
        let (io, mut peer) = duplex(64);
        let mut io = Corked::new(io);
        io.write_all(b"goodbye").await.expect("held");
        io.leave_fin_to_close();
        io.shutdown().await.expect("in memory");
        let mut all = vec![0; 7];
        peer.read_exact(&mut all).await.expect("in memory");
        assert_eq!(all, b"goodbye");
        let end = timeout(Duration::from_millis(1), peer.read(&mut all)).await;
        assert!(end.is_err(), "no end before the drop");
        drop(io);
        assert_eq!(peer.read(&mut all).await.expect("in memory"), 0);
    }

    #[tokio::test]
    async fn order_survives_a_narrow_stream() {
        // Two bytes at a time, so that every write is cut.
        let (io, mut peer) = duplex(2);
        let mut io = Corked::new(io);
        let write = async move {
            io.write_all(b"tickets, ").await.expect("held");
            io.uncork();
            io.write_all(b"response").await.expect("in memory");
            io.shutdown().await.expect("in memory");
        };
        let mut all = Vec::new();
        let (read, ()) = tokio::join!(peer.read_to_end(&mut all), write);
        read.expect("in memory");
        assert_eq!(all, b"tickets, response");
    }
}

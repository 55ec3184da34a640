//! Streams in memory: one that plays a script, one that cuts another to pieces.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// What comes after the last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Eof,
    Reset,
    Silence,
}

pub const ENDS: [End; 3] = [End::Eof, End::Silence, End::Reset];

/// What was written, for the one who looks afterwards.
#[derive(Debug, Default)]
pub struct Log {
    pub written: Vec<u8>,
    pub shut_down: bool,
}

/// Reads give what it was made of, writes are logged.
#[derive(Debug)]
pub struct Script {
    bytes: Vec<u8>,
    at: usize,
    end: End,
    log: Arc<Mutex<Log>>,
}

impl Script {
    pub fn new(bytes: &[u8], end: End) -> (Self, Arc<Mutex<Log>>) {
        let log = Arc::<Mutex<Log>>::default();
        let script = Self {
            bytes: bytes.to_vec(),
            at: 0,
            end,
            log: log.clone(),
        };
        (script, log)
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = &self.bytes[self.at..];
        if left.is_empty() {
            return match self.end {
                End::Eof => Poll::Ready(Ok(())),
                End::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                End::Silence => Poll::Pending, // nobody will wake it
            };
        }
        let n = left.len().min(buf.remaining());
        buf.put_slice(&left[..n]);
        self.at += n;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut log = self.log.lock().unwrap();
        assert!(!log.shut_down, "a write after FIN");
        log.written.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.log.lock().unwrap().shut_down = true;
        Poll::Ready(Ok(()))
    }
}

/// How a stream is cut: each byte stands for one read or write, over and over.
///
/// Its low five bits are the most that it takes (0: no bound), its high three
/// what happens before.
#[derive(Clone, Debug, Default)]
pub struct Cuts(Vec<u8>);

impl Cuts {
    pub fn new(pattern: &[u8]) -> Self {
        Self(pattern.to_vec())
    }

    /// Whether time passes.
    pub fn are_slow(&self) -> bool {
        self.0
            .iter()
            .any(|cut| matches!(before(*cut), Before::Time(_)))
    }

    /// At most so many bytes in the step with this number.
    pub fn size(&self, step: usize) -> usize {
        match self.cut(step) & 0x1f {
            0 => usize::MAX,
            few @ 1..=24 => usize::from(few),
            more => 64 << (more - 25),
        }
    }

    fn cut(&self, step: usize) -> u8 {
        match self.0.len() {
            0 => 0,
            len => self.0[step % len],
        }
    }
}

enum Before {
    Nothing,
    Pending,
    Time(Duration),
}

fn before(cut: u8) -> Before {
    match cut >> 5 {
        0..=3 => Before::Nothing,
        4 | 5 => Before::Pending,
        6 => Before::Time(Duration::from_millis(100)),
        // Longer than it takes to hibernate.
        _ => Before::Time(Duration::from_secs(3)),
    }
}

/// Another stream in pieces, with pauses; gathered writes are gathered.
#[derive(Debug)]
pub struct Cut<I> {
    inner: I,
    reads: Steps,
    writes: Steps,
    /// What is left of a bound far above what anything needs.
    polls: usize,
}

impl<I> Cut<I> {
    pub fn new(inner: I, reads: Cuts, writes: Cuts) -> Self {
        Self {
            inner,
            reads: Steps::new(reads),
            writes: Steps::new(writes),
            polls: 2_000_000,
        }
    }

    fn count(&mut self) {
        self.polls = self.polls.checked_sub(1).expect("it is polled for ever");
    }
}

#[derive(Debug)]
struct Steps {
    cuts: Cuts,
    step: usize,
    waiting: Waiting,
}

#[derive(Debug)]
enum Waiting {
    Not,
    Over,
    For(Pin<Box<Sleep>>),
}

impl Steps {
    fn new(cuts: Cuts) -> Self {
        Self {
            cuts,
            step: 0,
            waiting: Waiting::Not,
        }
    }

    /// How much this step may take, when what is before it is over.
    fn poll_size(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        if let Waiting::Not = self.waiting {
            self.waiting = match before(self.cuts.cut(self.step)) {
                Before::Nothing => Waiting::Over,
                Before::Pending => {
                    self.waiting = Waiting::Over;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Before::Time(time) => Waiting::For(Box::pin(sleep(time))),
            };
        }
        if let Waiting::For(sleep) = &mut self.waiting {
            std::task::ready!(sleep.as_mut().poll(cx));
            self.waiting = Waiting::Over;
        }
        Poll::Ready(self.cuts.size(self.step))
    }

    fn done(&mut self) {
        self.step += 1;
        self.waiting = Waiting::Not;
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Cut<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.count();
        if buf.remaining() == 0 {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let most = std::task::ready!(self.reads.poll_size(cx)).min(buf.remaining());
        let mut piece = vec![0; most.min(64 * 1024)];
        let mut piece = ReadBuf::new(&mut piece);
        std::task::ready!(Pin::new(&mut self.inner).poll_read(cx, &mut piece))?;
        buf.put_slice(piece.filled());
        self.reads.done();
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Cut<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.count();
        let most = std::task::ready!(self.writes.poll_size(cx)).min(bytes.len());
        let n = std::task::ready!(Pin::new(&mut self.inner).poll_write(cx, &bytes[..most]))?;
        self.writes.done();
        Poll::Ready(Ok(n))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let gathered: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        self.as_mut().poll_write(cx, &gathered)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.count();
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.count();
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

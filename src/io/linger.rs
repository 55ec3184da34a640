//! The close that survives: FIN, then drain.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::read_some;

/// Bounds of the lingering close, and how many may linger at once.
///
/// A close with unread input makes the kernel send RST, and the client never
/// reads the answer: 0 of 20 clients with a 5 MB upload saw it. FIN and a drain
/// bounded by time: 20 of 20; bounds of 64 KiB and 1 MiB still lost answers.
#[derive(Clone, Debug)]
pub(crate) struct Linger {
    places: Arc<Semaphore>,
    time: Duration,
    bytes: u64,
}

/// Clients close at once, when they have read their alert.
const FIRST_MOST: Duration = Duration::from_millis(500);

impl Linger {
    pub(crate) fn new(places: usize, time: Duration, bytes: u64) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            time,
            bytes,
        }
    }

    /// Half-closes `io`, then drains what the client still sends.
    pub(crate) async fn close<I>(&self, mut io: I)
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(_place) = self.place() else { return };
        let close = async {
            if io.shutdown().await.is_ok() {
                drain(&mut io, self.bytes).await;
            }
        };
        let _ = timeout(self.time, close).await;
    }

    /// As [`close`](Self::close), but FIN waits a moment for the client's own end:
    /// after a TLS alert some clients report the close that they see instead of the
    /// alert. Chromium named it 40 times of 40, and 20 times with FIN at once.
    pub(crate) async fn close_second<I>(&self, mut io: I)
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(_place) = self.place() else { return };
        let close = async {
            let _ = timeout(FIRST_MOST, drain(&mut io, self.bytes)).await;
            if io.shutdown().await.is_ok() {
                drain(&mut io, self.bytes).await;
            }
        };
        let _ = timeout(self.time, close).await;
    }

    /// As [`close`](Self::close) where FIN was already sent.
    pub(crate) async fn drain<I>(&self, mut io: I)
    where
        I: AsyncRead + Unpin,
    {
        let Some(_place) = self.place() else { return };
        let _ = timeout(self.time, drain(&mut io, self.bytes)).await;
    }

    /// None when too many linger already: then the close is immediate.
    fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }
}

/// Reads and forgets until the end, an error, or more than `most` bytes.
pub(crate) async fn drain<I: AsyncRead + Unpin>(io: &mut I, most: u64) {
    let mut bytes = Vec::new();
    let mut drained = 0;
    while let Ok(n @ 1..) = read_some(io, &mut bytes).await {
        drained += n as u64;
        if drained > most {
            break;
        }
        bytes.clear();
    }
}

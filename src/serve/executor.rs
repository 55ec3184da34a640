//! Where hyper spawns the streams of an HTTP/2 connection.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::select;
use tokio::time::{Instant, Sleep, sleep_until};

use super::in_flight::Owed;
use crate::lifecycle::{Observer, Phase};

/// hyper's executor for HTTP/2 streams: a tokio task each, ended when the
/// drain time is over. A bare `TokioExecutor`'s tasks would go on serving after
/// the server has reported that it is done.
///
/// A stream whose client does not take its response for
/// [`Limits::write_stall`](crate::Limits::write_stall) is ended as well
/// (RST_STREAM).
#[derive(Clone, Debug)]
pub struct Executor {
    observer: Observer,
    // In milliseconds. Shared: hyper's builder has it before the limits are set.
    write_stall: Arc<AtomicU64>,
}

impl Executor {
    pub(super) fn new(observer: Observer) -> Self {
        let write_stall = Arc::default();
        Self {
            observer,
            write_stall,
        }
    }

    pub(super) fn set_write_stall(&self, most: Duration) {
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        self.write_stall.store(most, Ordering::Relaxed);
    }
}

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let observer = self.observer.clone();
        let most = Duration::from_millis(self.write_stall.load(Ordering::Relaxed));
        tokio::spawn(Owed::within(async move {
            select! {
                biased;
                () = stream => {}
                () = observer.reached(Phase::Aborted) => {}
                () = stalled(most) => {
                    if let Some(info) = Owed::info() {
                        info.note_limit("write_stall", most, "the client opened no window for a response");
                    }
                }
            }
        }));
    }
}

/// Completes when it is the client's turn for too long; looks whenever the
/// stream, which comes before it, has been polled.
async fn stalled(most: Duration) {
    let mut timer = None;
    poll_fn(|cx| poll_stalled(&mut timer, most, cx)).await;
}

fn poll_stalled(
    timer: &mut Option<Pin<Box<Sleep>>>,
    most: Duration,
    cx: &mut Context<'_>,
) -> Poll<()> {
    loop {
        let Some(due) = Owed::due(most) else {
            return Poll::Pending;
        };
        let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        if Instant::now() >= due {
            return Poll::Ready(());
        }
        timer.as_mut().reset(due);
    }
}

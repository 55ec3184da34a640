//! Where hyper spawns the streams of an HTTP/2 connection.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::caught::Noted;
use super::in_flight::InFlight;
use super::turn::Turn;
use crate::lifecycle::{Observer, Phase, Reached};

/// hyper's executor for HTTP/2 streams, and the tunnels they become: a tokio task
/// each, ended when the drain time is over. A bare `TokioExecutor`'s tasks would go on
/// serving after the server has reported that it is done.
///
/// A stream whose client does not take its response for
/// [`Limits::write_stall`](crate::Limits::write_stall) is ended as well
/// (RST_STREAM).
#[derive(Clone, Debug)]
pub struct Executor(Arc<Settings>);

#[derive(Debug)]
struct Settings {
    observer: Observer,
    // In milliseconds. hyper's builder has the executor before the limits are set.
    write_stall: AtomicU64,
}

impl Executor {
    pub(super) fn new(observer: Observer) -> Self {
        let write_stall = AtomicU64::new(0);
        Self(Arc::new(Settings {
            observer,
            write_stall,
        }))
    }

    pub(super) fn set_write_stall(&self, most: Duration) {
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        self.0.write_stall.store(most, Ordering::Relaxed);
    }
}

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        tokio::spawn(Stream {
            stream: Some(stream),
            settings: self.0.clone(),
            aborted: Reached::default(),
            turn: Turn::Ours,
            tunnel: InFlight::of_tunnel(),
            due: None,
            timer: None,
        });
    }
}

pin_project! {
    /// By hand: an async block would be larger, and be copied more often.
    struct Stream<F> {
        // None when it was ended.
        #[pin]
        stream: Option<F>,
        settings: Arc<Settings>,
        #[pin]
        aborted: Reached,
        turn: Turn,
        // That it is one, until it ends.
        tunnel: Option<InFlight>,
        // The end of the client's turn.
        due: Option<Instant>,
        // Set anew when it fires.
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<F: Future<Output = ()>> Future for Stream<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(stream) = this.stream.as_mut().as_pin_mut() else {
            return Poll::Ready(());
        };
        let _noted = Noted;
        if this.turn.during(|| stream.poll(cx)).is_ready() {
            if *this.turn == Turn::Opening {
                InFlight::forget_tunnel();
            }
            return Poll::Ready(());
        }
        let settings = &**this.settings;
        let aborted = this.aborted.poll(&settings.observer, Phase::Aborted, cx);
        if aborted.is_ready() {
            return Poll::Ready(());
        }
        let most = Duration::from_millis(settings.write_stall.load(Ordering::Relaxed));
        if *this.turn == Turn::TheirsAnew {
            *this.turn = Turn::Theirs;
            *this.due = Some(Instant::now() + most);
        }
        let (Turn::Theirs, Some(due)) = (*this.turn, *this.due) else {
            return Poll::Pending;
        };
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= due {
                // Its request says so in the log.
                *this.turn = Turn::Over(most);
                this.turn.during(|| this.stream.set(None));
                return Poll::Ready(());
            }
            timer.as_mut().reset(due);
        }
        Poll::Pending
    }
}

//! The phases of a server's life, and how its connections hear of them.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Where a server is in its life. Only ever moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    not(feature = "serve"),
    expect(dead_code, reason = "a bare acceptor never drains")
)]
#[repr(u8)]
pub(crate) enum Phase {
    /// New connections are accepted.
    Serving,
    /// What is in flight is finished, the rest is let go.
    Draining,
    /// The drain time is over, or the server was dropped.
    Aborted,
}

/// The server's end: says which phase it is. Dropping it aborts.
#[cfg(feature = "serve")]
#[derive(Debug)]
pub(crate) struct Lifecycle(Arc<Shared>);

#[cfg(feature = "serve")]
impl Lifecycle {
    pub(crate) fn new() -> (Self, Observer) {
        let shared = Arc::new(Shared {
            phase: AtomicU8::new(Phase::Serving as u8),
            changed: Default::default(),
            waited: AtomicUsize::new(0),
        });
        (Self(shared.clone()), Observer(shared))
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.0.phase.fetch_max(phase as u8, Ordering::SeqCst);
        self.0.changed.iter().for_each(|it| it.notify_waiters());
    }
}

#[cfg(feature = "serve")]
impl Drop for Lifecycle {
    fn drop(&mut self) {
        self.enter(Phase::Aborted);
    }
}

/// Not a `watch` channel: its future is larger, and each of its polls takes a
/// lock. Every poll of a connection is a poll of this.
#[derive(Debug)]
struct Shared {
    phase: AtomicU8,
    /// Several, for each has a lock, which connections take when they begin and
    /// end to wait.
    changed: [Arc<Notify>; 8],
    /// Which of them is the next's, by and large.
    waited: AtomicUsize,
}

/// A connection's end.
#[derive(Clone, Debug)]
pub(crate) struct Observer(Arc<Shared>);

impl Observer {
    /// Whether it is this phase or a later one, or the server is gone.
    #[cfg(feature = "serve")]
    pub(crate) fn has_reached(&self, phase: Phase) -> bool {
        self.0.phase.load(Ordering::SeqCst) >= phase as u8
    }

    /// Completes in this phase or a later one, and when the server is gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub(crate) async fn reached(&self, phase: Phase) {
        let mut reached = pin!(Reached::default());
        poll_fn(|cx| reached.as_mut().poll(self, phase, cx)).await;
    }
}

pin_project! {
    /// [`Observer::reached`] as a field.
    #[derive(Default)]
    pub(crate) struct Reached {
        #[pin]
        changed: Option<OwnedNotified>,
        // Who will be woken.
        waker: Option<Waker>,
    }
}

impl Reached {
    /// Always of the same observer.
    pub(crate) fn poll(
        self: Pin<&mut Self>,
        observer: &Observer,
        phase: Phase,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        // The phase is set before the news of it are sent. So either the phase that
        // is read here is new already, or the news reach what was made before it was
        // read (`notify_waiters` reaches each `Notified` there is, polled or not).
        // loom could not look into tokio's `Notify`; a test goes through the orders.
        let mut this = self.project();
        let Observer(shared) = observer;
        loop {
            let now = shared.phase.load(Ordering::SeqCst);
            if now >= phase as u8 {
                return Poll::Ready(());
            }
            let Some(waiting) = this.changed.as_mut().as_pin_mut() else {
                // It hears of every change from here on.
                let shard = shared.waited.fetch_add(1, Ordering::Relaxed) % shared.changed.len();
                let from_here = shared.changed[shard].clone().notified_owned();
                this.changed.set(Some(from_here));
                *this.waker = None;
                continue;
            };
            // It is polled for whatever else wakes the connection: asking again
            // would take the lock each time. Only while serving: the news of a phase
            // may still be on their way to one who knows it already, and whoever
            // takes no notice of them hears of nothing more.
            let is_known = |waker: &Waker| waker.will_wake(cx.waker());
            if now == Phase::Serving as u8 && this.waker.as_ref().is_some_and(is_known) {
                return Poll::Pending;
            }
            *this.waker = Some(cx.waker().clone());
            if waiting.poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.changed.set(None);
        }
    }
}

#[cfg(all(test, feature = "serve"))]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::task::Wake;

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[test]
    fn whoever_polled_last_is_woken() {
        let (lifecycle, observer) = Lifecycle::new();
        let mut reached = pin!(observer.reached(Phase::Aborted));
        let wakers: [Arc<Woken>; 2] = Default::default();
        for waker in &wakers {
            for _ in 0..2 {
                let polled = reached
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker.clone().into()));
                assert!(polled.is_pending());
            }
        }
        lifecycle.enter(Phase::Draining);
        assert!(!wakers[0].0.load(Ordering::SeqCst));
        assert!(wakers[1].0.swap(false, Ordering::SeqCst));
        let waker = wakers[1].clone().into();
        let mut context = Context::from_waker(&waker);
        assert!(reached.as_mut().poll(&mut context).is_pending());
        assert!(reached.as_mut().poll(&mut context).is_pending());
        // The server's future is dropped.
        drop(lifecycle);
        assert!(wakers[1].0.load(Ordering::SeqCst));
        assert!(reached.as_mut().poll(&mut context).is_ready());
    }

    /// Each of `enter`'s steps, with and without polls between them. A connection that
    /// was polled between a new phase and the news of it once took these for the next
    /// phase's, and slept through the abort.
    #[test]
    fn in_every_order_of_phases_news_and_polls_the_abort_is_heard() {
        for polls in 0_u32..3_u32.pow(5) {
            let (lifecycle, observer) = Lifecycle::new();
            let shared = lifecycle.0.clone();
            let mut reached = pin!(observer.reached(Phase::Aborted));
            let woken = Arc::<Woken>::default();
            let waker = woken.clone().into();
            let mut context = Context::from_waker(&waker);
            let mut is_over = false;
            let mut poll = |step: u32| {
                for _ in 0..polls / 3_u32.pow(step) % 3 {
                    woken.0.store(false, Ordering::SeqCst);
                    is_over = is_over || reached.as_mut().poll(&mut context).is_ready();
                }
            };
            // It waits, or the next poll is its first.
            poll(0);
            for (step, phase) in [(1, Phase::Draining), (3, Phase::Aborted)] {
                shared.phase.fetch_max(phase as u8, Ordering::SeqCst);
                poll(step);
                shared.changed.iter().for_each(|it| it.notify_waiters());
                poll(step + 1);
            }
            let was_polled = polls > 0;
            let heard = is_over || woken.0.load(Ordering::SeqCst);
            assert!(heard || !was_polled, "{polls}");
        }
    }
}

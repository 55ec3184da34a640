//! Where hyper's own futures run inside the one that waits for them: nothing is
//! spawned, and nothing outlives it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

type Child = Pin<Box<dyn Future<Output = ()> + Send>>;
type Children = Mutex<Vec<Child>>;

/// Its children are polled by it, and dropped with it.
#[derive(Default)]
pub(crate) struct Nursery(Arc<Children>);

/// hyper's executor.
///
/// hyper's futures keep a clone of theirs: if one of these kept the children
/// alive, those that were there at the end would keep each other, for ever.
#[derive(Clone)]
pub(crate) struct Spawner(Weak<Children>);

impl Nursery {
    pub(crate) fn spawner(&self) -> Spawner {
        Spawner(Arc::downgrade(&self.0))
    }

    /// Polls all children. Whether one of them ended, so that there may be news
    /// for who waits.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> bool {
        let mut all = Vec::new();
        let mut ended = false;
        loop {
            // A child may bear another one while it is polled.
            let new = std::mem::take(&mut *lock(&self.0));
            if new.is_empty() {
                break;
            }
            for mut child in new {
                match child.as_mut().poll(cx) {
                    Poll::Pending => all.push(child),
                    Poll::Ready(()) => ended = true,
                }
            }
        }
        *lock(&self.0) = all;
        ended
    }

    /// Waits for `awaited`; the children are polled meanwhile.
    #[cfg(all(feature = "probe", any(feature = "aws-lc-rs", feature = "ring")))]
    pub(crate) async fn beside<F: Future>(&self, awaited: F) -> F::Output {
        let mut awaited = std::pin::pin!(awaited);
        std::future::poll_fn(|cx| {
            loop {
                if let Poll::Ready(output) = awaited.as_mut().poll(cx) {
                    return Poll::Ready(output);
                }
                if !self.poll(cx) {
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}

impl<F> hyper::rt::Executor<F> for Spawner
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, child: F) {
        // Nobody waits any more.
        if let Some(children) = self.0.upgrade() {
            lock(&children).push(Box::pin(child));
        }
    }
}

fn lock(children: &Children) -> MutexGuard<'_, Vec<Child>> {
    children.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::task::Waker;

    use hyper::rt::Executor as _;

    use super::*;

    fn poll(nursery: &Nursery) -> bool {
        nursery.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn children_of_children_are_polled_at_once() {
        let nursery = Nursery::default();
        let spawner = nursery.spawner();
        assert!(!poll(&nursery));
        nursery.spawner().execute(async move {
            spawner.execute(ready(()));
            pending::<()>().await;
        });
        assert!(poll(&nursery), "the inner one");
        assert!(!poll(&nursery));
        assert_eq!(lock(&nursery.0).len(), 1);
    }

    /// hyper's HTTP/2 streams began to keep their executor, which kept them: what
    /// a refused client left behind that went before its answer was never freed.
    #[test]
    fn children_go_with_the_nursery() {
        let nursery = Nursery::default();
        let (kept, token) = (nursery.spawner(), Arc::new(()));
        let child = (nursery.spawner(), token.clone());
        nursery.spawner().execute(async move {
            let _child = child;
            pending::<()>().await;
        });
        assert!(!poll(&nursery));
        assert_eq!(Arc::strong_count(&token), 2);
        drop(nursery);
        assert_eq!(Arc::strong_count(&token), 1);
        let late = token.clone();
        kept.execute(async move { drop(late) });
        assert_eq!(Arc::strong_count(&token), 1, "there is nobody to poll it");
    }
}

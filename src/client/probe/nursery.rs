//! Where hyper's HTTP/2 client puts its own futures: nothing is spawned, they
//! are polled beside the one that waits for the answer.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

type Child = Pin<Box<dyn Future<Output = ()> + Send>>;

/// hyper's executor.
#[derive(Clone, Default)]
pub(super) struct Nursery(Arc<Mutex<Vec<Child>>>);

impl Nursery {
    /// Waits for `awaited`; the children are polled meanwhile, and dropped with
    /// the last clone of the nursery.
    pub(super) async fn beside<F: Future>(&self, awaited: F) -> F::Output {
        let mut awaited = pin!(awaited);
        poll_fn(|cx| {
            if let Poll::Ready(output) = awaited.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            self.poll(cx);
            // They may have what it waits for, and wake it if they have.
            awaited.as_mut().poll(cx)
        })
        .await
    }

    fn poll(&self, cx: &mut Context<'_>) {
        let mut all = Vec::new();
        loop {
            // A child may bear another one while it is polled.
            let new = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
            if new.is_empty() {
                break;
            }
            for mut child in new {
                if child.as_mut().poll(cx).is_pending() {
                    all.push(child);
                }
            }
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = all;
    }
}

impl<F> hyper::rt::Executor<F> for Nursery
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, child: F) {
        let mut children = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        children.push(Box::pin(child));
    }
}

//! Where hyper spawns the streams of an HTTP/2 connection.

use std::future::Future;

use tokio::select;

use crate::lifecycle::{Observer, Phase};

/// hyper's executor for HTTP/2 streams: a tokio task each, ended when the
/// drain time is over. A bare `TokioExecutor`'s tasks would go on serving after
/// the server has reported that it is done.
#[derive(Clone, Debug)]
pub struct Executor {
    observer: Observer,
}

impl Executor {
    pub(super) fn new(observer: Observer) -> Self {
        Self { observer }
    }
}

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let mut observer = self.observer.clone();
        tokio::spawn(async move {
            select! {
                biased;
                () = stream => {}
                () = observer.reached(Phase::Aborted) => {}
            }
        });
    }
}

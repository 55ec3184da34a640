//! A runtime on whose clock no time is lost: it stands still while anything can
//! be done, and jumps to the next deadline when nothing can.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

thread_local! {
    static SHARED: Runtime = paused();
}

/// A fresh one, for what spawns.
pub fn paused() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

/// Runs it to its end, which has to come within this time of the paused clock.
pub fn within<F: Future>(limit: Duration, future: F) -> F::Output {
    SHARED.with(|runtime| on(runtime, limit, future))
}

/// As [`within`], on this runtime.
pub fn on<F: Future>(runtime: &Runtime, limit: Duration, future: F) -> F::Output {
    let bounded = async { timeout(limit, future).await };
    let ended = runtime.block_on(bounded);
    ended.unwrap_or_else(|_| panic!("nothing happened any more: not over after {limit:?}"))
}

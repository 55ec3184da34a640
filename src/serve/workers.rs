//! Further accept loops of a server, each on a runtime of its own.

use std::future::pending;
use std::io;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

use super::accept_loop::accept_until;
use super::app::App;
use super::connection::Shared;
use super::listener::Listener;
use crate::lifecycle::Phase;

/// The loops that run. They end when the server drains, and when this is dropped.
pub(super) struct Workers(JoinSet<io::Result<()>>);

impl Workers {
    pub(super) fn spawn<L, A, K>(
        listeners: Vec<(Handle, L)>,
        app: &A,
        shared: &Arc<Shared>,
        slots: &Arc<Semaphore>,
    ) -> Self
    where
        L: Listener,
        A: App<L::Addr, K>,
        K: 'static,
    {
        let mut loops = JoinSet::new();
        for (runtime, mut listener) in listeners {
            let (app, shared, slots) = (app.clone(), shared.clone(), slots.clone());
            let accepting = async move {
                let observer = shared.observer.clone();
                let signal = pin!(observer.reached(Phase::Draining));
                accept_until(&mut listener, app, &shared, &slots, signal).await
            };
            loops.spawn_on(accepting, &runtime);
        }
        Self(loops)
    }

    /// Completes when one of them cannot go on; the server is serving.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub(super) async fn failed(&mut self) -> io::Error {
        while let Some(ended) = self.0.join_next().await {
            if let Err(error) = result(ended) {
                return error;
            }
        }
        pending().await
    }

    /// Completes when all of them have let go of their listeners; the server
    /// drains.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub(super) async fn ended(&mut self) {
        // What breaks while it ends needs no mention.
        while self.0.join_next().await.is_some() {}
    }
}

fn result(ended: Result<io::Result<()>, JoinError>) -> io::Result<()> {
    match ended {
        Ok(result) => result,
        // As if it were the server's own loop.
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        Err(_) => Err(io::Error::other(
            "the runtime of a worker has ended before the server: keep it running until then",
        )),
    }
}

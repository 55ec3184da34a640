//! One connection's task: stages that return the next stage.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::select;

use super::accept_loop::Slotted;
use super::app::App;
use super::http::Http;
use crate::accept::{AcceptError, Accepted, Acceptor, FirstFlight, Handshaken, Refused, Sniffed};
use crate::conn_info::Origin;
use crate::lifecycle::{Observer, Phase};
use crate::mismatch::Mismatch;
use crate::policy::Route;
use crate::refusal_log::RefusalLog;

/// What all connections of a server share.
pub(super) struct Shared {
    pub(super) acceptor: Acceptor,
    pub(super) http: Http,
    pub(super) observer: Observer,
}

/// A stage of a connection's life. A task keeps the size of its largest state
/// for life; so each stage is a future of its own, on the heap, and goes when
/// the next one begins: a silent connection is not as large as a handshake.
pub(super) struct Stage {
    future: Pin<Box<dyn Future<Output = Option<Stage>> + Send>>,
    /// The phase that ends it: `Draining` for connections from which no request
    /// came yet (browsers open such in advance, and they would hold up every
    /// shutdown), `Aborted` for all others.
    ends_at: Phase,
}

/// Runs a connection to its end.
pub(super) async fn run(mut stage: Stage, mut observer: Observer) {
    loop {
        select! {
            biased;
            next = stage.future.as_mut() => match next {
                Some(next) => stage = next,
                None => return,
            },
            () = observer.reached(stage.ends_at) => return,
        }
    }
}

/// The first stage: what does the client speak?
pub(super) fn sniffing<I, A, Addr, K>(
    shared: Arc<Shared>,
    connection: Connection<I, A, Addr>,
    mut origin: Origin,
) -> Stage
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: App<Addr, K>,
    Addr: Send + 'static,
    K: 'static,
{
    let Connection { mut io, app, addr } = connection;
    let future = Box::pin(async move {
        let first = match FirstFlight::read(&shared.acceptor, &mut io, &mut origin).await {
            Ok(first) => first,
            Err(error) => {
                log(shared.acceptor.refusal_log(), origin.peer, &error);
                return None;
            }
        };
        let sniffed = Sniffed::new(io, first, origin);
        Some(match sniffed.route(&shared.acceptor) {
            Route::Plaintext => {
                let accepted = shared.acceptor.plaintext(sniffed);
                serving(shared, accepted, app, addr)
            }
            Route::Refuse(mismatch) => refusing(shared, sniffed, mismatch),
            Route::Tls => handshaking(shared, sniffed, app, addr),
        })
    });
    Stage {
        future,
        ends_at: Phase::Draining,
    }
}

/// A connection and what serves it.
pub(super) struct Connection<I, A, Addr> {
    pub(super) io: Slotted<I>,
    pub(super) app: A,
    pub(super) addr: Addr,
}

fn handshaking<I, A, Addr, K>(
    shared: Arc<Shared>,
    sniffed: Sniffed<Slotted<I>>,
    app: A,
    addr: Addr,
) -> Stage
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: App<Addr, K>,
    Addr: Send + 'static,
    K: 'static,
{
    let future = Box::pin(async move {
        let peer = sniffed.peer();
        match shared.acceptor.handshake(sniffed).await {
            Ok(Handshaken::Accepted(accepted)) => Some(serving(shared, accepted, app, addr)),
            Ok(Handshaken::Refused(refused)) => Some(refusing_in_tls(shared, refused)),
            Err(error) => {
                log(shared.acceptor.refusal_log(), peer, &error);
                None
            }
        }
    });
    Stage {
        future,
        ends_at: Phase::Draining,
    }
}

fn serving<I, A, Addr, K>(
    shared: Arc<Shared>,
    accepted: Accepted<Slotted<I>>,
    app: A,
    addr: Addr,
) -> Stage
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: App<Addr, K>,
    Addr: Send + 'static,
    K: 'static,
{
    let future = Box::pin(async move {
        let observer = shared.observer.clone();
        let serving = shared
            .http
            .serve(accepted, app, addr, &shared.acceptor, observer);
        serving.await;
        None
    });
    Stage {
        future,
        ends_at: Phase::Aborted,
    }
}

fn refusing<I>(shared: Arc<Shared>, sniffed: Sniffed<Slotted<I>>, mismatch: Mismatch) -> Stage
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let future = Box::pin(async move {
        let peer = sniffed.peer();
        match shared.acceptor.refuse(sniffed, mismatch).await {
            // It has logged itself.
            AcceptError::Refused(_) => {}
            error => log(shared.acceptor.refusal_log(), peer, &error),
        }
        None
    });
    Stage {
        future,
        ends_at: Phase::Aborted,
    }
}

fn refusing_in_tls<I>(shared: Arc<Shared>, refused: Refused<I>) -> Stage
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let future = Box::pin(async move {
        refused.answer(&shared.acceptor).await;
        None
    });
    Stage {
        future,
        ends_at: Phase::Aborted,
    }
}

/// One line for a connection that ended before it was served.
fn log(log: &RefusalLog, peer: crate::Peer, error: &AcceptError) {
    use std::error::Error;
    let cause = error.source().map(tracing::field::display);
    match error {
        // CAs, health checks, scanners, browsers that connect in advance.
        AcceptError::AcmeChallenge | AcceptError::Closed { .. } | AcceptError::Io(_) => {
            tracing::debug!(%peer, cause, "{error}");
        }
        _ => {
            let what = match error.source() {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            };
            log.note_failure(peer, what, error.remedy());
        }
    }
}

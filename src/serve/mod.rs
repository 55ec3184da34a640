//! A server: an accept loop, one task per connection, a graceful end.

use std::fmt;
use std::future::{Future, IntoFuture, Pending, pending};
use std::io;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::select;
use tokio::sync::Semaphore;
use tokio::time::{interval, timeout};

mod accept_loop;
mod app;
mod builder;
mod caught;
mod connection;
mod ended;
mod executor;
mod gone;
mod hibernating;
mod host_check;
mod http;
mod http1;
mod http2;
mod in_flight;
mod keep_alive;
mod listener;
mod per_address;
mod requests;
mod response_body;
mod serving;
mod sniffing;
mod stages;
mod turn;
mod undecided;
mod upgrade;
mod watch;
mod workers;

pub use app::{App, PerConnection, PerRequest};
pub use executor::Executor;
pub use listener::Listener;

use accept_loop::accept_until;
use per_address::PerAddress;
use undecided::Undecided;
use workers::Workers;

use crate::accept::Acceptor;
use crate::conn_info::Home;
use crate::lifecycle::{Lifecycle, Observer, Phase};
use crate::limits::Limits;
use crate::tls::TlsConfig;

/// Serves `app` over TLS and plaintext on one port: the drop-in for
/// `axum::serve(listener, app)`.
///
/// * `listener`: an already bound, already tuned `tokio::net::TcpListener`
///   (its options are left alone), a `UnixListener`, or any [`Listener`]. Turn
///   TCP_NODELAY on for it: without, each fresh TLS connection stalls for
///   about 44 ms (Nagle's algorithm against delayed acknowledgements).
/// * `tls`: an `Arc<rustls::ServerConfig>`, a [`TlsConfig`] handle, or what
///   `tls::load` returns. One of your own that requires client certificates
///   has to say so ([`TlsConfig::requiring_client_auth`]), or plaintext clients
///   are served without any.
/// * `app`: any tower Service over `http::Request<hyper::body::Incoming>`, or a
///   make-service; see [`App`].
///
/// ```no_run
/// # async fn run(tls: oneport::tls::TlsConfig) -> std::io::Result<()> {
/// let app = axum::Router::new().route("/", axum::routing::get(|| async { "hello\n" }));
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
///
/// oneport::serve_dual(listener, tls, app)
///     .with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap() })
///     .await?;
/// # Ok(())
/// # }
/// ```
pub fn serve_dual<L, A, K>(listener: L, tls: impl Into<TlsConfig>, app: A) -> Serve<L, A, K>
where
    L: Listener,
    A: App<L::Addr, K>,
{
    Serve::new(listener, Acceptor::new(tls), app)
}

/// Serves `app` over plaintext only, without a certificate; a TLS client is
/// told so. Otherwise as [`serve_dual`].
pub fn serve_plaintext<L, A, K>(listener: L, app: A) -> Serve<L, A, K>
where
    L: Listener,
    A: App<L::Addr, K>,
{
    Serve::new(listener, Acceptor::plaintext_only(), app)
}

/// A server to be awaited, from [`serve_dual`] or [`serve_plaintext`].
///
/// It implements [`IntoFuture`]: `.await` it, or put it into `tokio::select!`.
///
/// # Cancel safety
///
/// Dropping the future is an abort: no more connections are accepted, and open
/// ones end at once, upgraded ones included.
#[must_use = "a server does nothing until it is awaited"]
pub struct Serve<L, A, K, F = Pending<()>> {
    listener: L,
    workers: Vec<(Handle, L)>,
    app: A,
    kind: PhantomData<fn() -> K>,
    acceptor: Acceptor,
    limits: Limits,
    http: http::Http,
    lifecycle: Lifecycle,
    observer: Observer,
    signal: F,
}

/// How a server's shutdown went. Not `must_use`: `serve_dual(..).await?` is
/// what replaces `axum::serve(..).await?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Drained {
    /// So many connections, upgraded ones included, were still open when the
    /// drain time was over, and were cut off.
    Aborted(usize),
    /// Every connection came to its own end.
    Clean,
}

impl<L, A, K> Serve<L, A, K> {
    fn new(listener: L, acceptor: Acceptor, app: A) -> Self {
        let (lifecycle, observer) = Lifecycle::new();
        let limits = Limits::default();
        let mut http = http::Http::new(observer.clone());
        http.limit(&limits);
        Self {
            listener,
            workers: Vec::new(),
            app,
            kind: PhantomData,
            acceptor,
            limits,
            http,
            lifecycle,
            observer,
            signal: pending(),
        }
    }
}

impl<L, A, K, F> Serve<L, A, K, F>
where
    L: Listener,
    A: App<L::Addr, K>,
    K: 'static,
    F: Future<Output = ()>,
{
    async fn run(self) -> io::Result<Drained> {
        let Self {
            mut listener,
            workers,
            app,
            acceptor,
            mut limits,
            mut http,
            lifecycle,
            observer,
            signal,
            ..
        } = self;
        if listener.nodelay() == Some(false) {
            tracing::warn!(
                "the listener does not have TCP_NODELAY: every fresh TLS connection may stall for about 44 ms; set it on the listener (socket2::SockRef::from(&listener).set_tcp_nodelay(true))"
            );
        }
        let total = limits.connections.clamp(1, Semaphore::MAX_PERMITS);
        let total = u32::try_from(total).unwrap_or(u32::MAX);
        let slots = Arc::new(Semaphore::new(total as usize));
        let drain = limits.drain;
        http.complete(&mut limits);
        let undecided = Undecided::new(&limits);
        let per_address = PerAddress::new(&limits);
        let acceptor = acceptor.limits(limits);
        let home = Arc::new(Home {
            local: listener.local_addr(),
            observer: Some(observer.clone()),
            log: acceptor.refusal_log().clone(),
        });
        let folding = tokio::spawn(write_folded(acceptor.clone(), observer.clone()));
        let shared = Arc::new(connection::Shared {
            acceptor,
            home,
            http,
            observer,
            undecided,
            per_address,
        });
        tokio::spawn(undecided::keep_time(shared.clone()));
        let signal = pin!(signal);
        let mut workers = Workers::spawn(workers, &app, &shared, &slots);
        let accepted = select! {
            accepted = accept_until(&mut listener, app, &shared, &slots, signal) => accepted,
            error = workers.failed() => Err(error),
        };
        drop(listener);
        lifecycle.enter(Phase::Draining);
        let draining = async {
            // The port is free from here on.
            workers.ended().await;
            slots.acquire_many(total).await
        };
        let drained = match timeout(drain, draining).await {
            Ok(_) => Drained::Clean,
            Err(_) => Drained::Aborted(total as usize - slots.available_permits()),
        };
        lifecycle.enter(Phase::Aborted);
        // Its last lines are written.
        let _ = folding.await;
        accepted.map(|()| drained)
    }
}

/// Keeps the promise of the refusals' log: a line that repeats itself is
/// counted, and its number written within two minutes, or at the end.
async fn write_folded(acceptor: Acceptor, observer: Observer) {
    let mut now_and_then = interval(Duration::from_secs(60));
    loop {
        select! {
            biased;
            () = observer.reached(Phase::Aborted) => break,
            _ = now_and_then.tick() => acceptor.refusal_log().write_due(),
        }
    }
    acceptor.refusal_log().write_all();
}

impl<L, A, K, F> IntoFuture for Serve<L, A, K, F>
where
    L: Listener,
    A: App<L::Addr, K>,
    K: 'static,
    F: Future<Output = ()> + Send + 'static,
{
    type Output = io::Result<Drained>;
    type IntoFuture = Pin<Box<dyn Future<Output = io::Result<Drained>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<L: fmt::Debug, A, K, F> fmt::Debug for Serve<L, A, K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("listener", &self.listener)
            .field("acceptor", &self.acceptor)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

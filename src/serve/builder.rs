//! How a server is set up.

use std::future::Future;

use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use tokio::runtime::Handle;
use tower_service::Service;

use super::{Executor, Serve};
use crate::answer::BoxError;
#[cfg(feature = "acme")]
use crate::challenge::Challenges;
use crate::limits::Limits;
use crate::policy::{Mode, Policy};
use crate::proxy::ProxyProtocol;

impl<L, A, K, F> Serve<L, A, K, F> {
    /// Serve this mode to everybody. Default: [`Mode::Dual`].
    pub fn mode(self, mode: Mode) -> Self {
        self.policy(mode)
    }

    /// Choose the route of each connection, instead of a [`Mode`] for all.
    pub fn policy(mut self, policy: impl Policy) -> Self {
        self.acceptor = self.acceptor.policy(policy);
        self
    }

    /// Deadlines and bounds. Those that hyper keeps are set over what
    /// [`http1`](Self::http1) and [`http2`](Self::http2) have set before.
    pub fn limits(mut self, limits: Limits) -> Self {
        let limits = limits.on_a_clock();
        self.http.limit(&limits);
        self.limits = limits;
        self
    }

    /// Answer refused HTTP requests with this service, in place of
    /// [`Explain`](crate::Explain); see [`Acceptor::explain`](crate::Acceptor::explain).
    pub fn explain<S, B>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Incoming>, Response = http::Response<B>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        self.acceptor = self.acceptor.explain(service);
        self
    }

    /// Answer these ACME challenges before anything else, whoever is served and
    /// refused: see [`Challenges`].
    #[cfg(feature = "acme")]
    pub fn acme(mut self, challenges: &Challenges) -> Self {
        self.acceptor = self.acceptor.acme(challenges);
        self
    }

    /// Expect the PROXY protocol from these peers. Default: from nobody. The
    /// listener's address type, as in axum's `ConnectInfo`, stays the proxy's;
    /// [`ConnInfo::peer`](crate::ConnInfo::peer) is the client's.
    pub fn proxy_protocol(mut self, proxies: ProxyProtocol) -> Self {
        self.acceptor = self.acceptor.proxy_protocol(proxies);
        self
    }

    /// Serve plaintext although TLS clients need a certificate; see
    /// [`Acceptor::plaintext_beside_client_auth`](crate::Acceptor::plaintext_beside_client_auth).
    pub fn plaintext_beside_client_auth(mut self) -> Self {
        self.acceptor = self.acceptor.plaintext_beside_client_auth();
        self
    }

    /// Where TLS is refused although a certificate is configured, answer in
    /// HTTP after a handshake; see [`Acceptor::answer_tls_with_http`](crate::Acceptor::answer_tls_with_http).
    pub fn answer_tls_with_http(mut self) -> Self {
        self.acceptor = self.acceptor.answer_tls_with_http();
        self
    }

    /// hyper's HTTP/1 settings, applied over what is set so far: half-close and a timer are
    /// on. ([`limits`](Self::limits) sets some of them; the later call decides.) hyper's own
    /// header deadline is off, as
    /// [`Limits::request_head`] and [`Limits::keep_alive_idle`] are kept by the server.
    ///
    /// Half-close means that a client may end its side and still get its
    /// answer; whether it has left instead nobody can tell. So a handler is
    /// cancelled when the client has sent its end and nothing was written to it
    /// for [`Limits::keep_alive_idle`]. With `half_close(false)` it is
    /// cancelled at once, as `axum::serve` does; and [`Limits::body_idle`] is
    /// not kept then.
    pub fn http1(
        mut self,
        configure: impl FnOnce(&mut http1::Builder) -> &mut http1::Builder,
    ) -> Self {
        configure(&mut self.http.http1);
        self
    }

    /// hyper's HTTP/2 settings, applied over what is set so far: extended CONNECT (RFC 8441)
    /// and a timer are on. ([`limits`](Self::limits) sets some of them; the later call
    /// decides.)
    pub fn http2(
        mut self,
        configure: impl FnOnce(&mut http2::Builder<Executor>) -> &mut http2::Builder<Executor>,
    ) -> Self {
        configure(&mut self.http.http2);
        self
    }

    /// Accept from one more listener too, on another runtime, which serves the
    /// connections that it brings. All else is shared: the application, the
    /// [`Limits`] (those on numbers are for all together), the log, the end.
    ///
    /// For many cores: one current-thread runtime for each, with a listener of its
    /// own at the same port (SO_REUSEPORT, over which Linux spreads
    /// connections). Make the listener inside that runtime
    /// ([`Handle::enter`]), and keep the runtime running until the server has
    /// ended: when it goes before, the server ends with an error.
    ///
    /// ```no_run
    /// # async fn run(tls: oneport::tls::TlsConfig) -> std::io::Result<()> {
    /// use std::{future, thread};
    /// use tokio::net::TcpSocket;
    ///
    /// let listen = |at| {
    ///     let socket = TcpSocket::new_v4()?;
    ///     socket.set_reuseport(true)?;
    ///     socket.set_nodelay(true)?;
    ///     socket.bind(at)?;
    ///     socket.listen(4096)
    /// };
    /// let worker = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    /// let handle = worker.handle().clone();
    /// thread::spawn(move || worker.block_on(future::pending::<()>()));
    ///
    /// let here = listen("127.0.0.1:3000".parse().unwrap())?;
    /// let there = {
    ///     let _guard = handle.enter();
    ///     listen(here.local_addr()?)?
    /// };
    /// let app = axum::Router::new();
    /// oneport::serve_dual(here, tls, app).worker(handle, there).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn worker(mut self, runtime: Handle, listener: L) -> Self {
        self.workers.push((runtime, listener));
        self
    }

    /// When `signal` completes, stop accepting and drain: undecided and idle
    /// connections end at once, HTTP/2 clients get GOAWAY, what is in flight
    /// (upgraded connections included) has [`Limits::drain`] to finish.
    pub fn with_graceful_shutdown<G>(self, signal: G) -> Serve<L, A, K, G>
    where
        G: Future<Output = ()> + Send + 'static,
    {
        Serve {
            listener: self.listener,
            workers: self.workers,
            app: self.app,
            kind: self.kind,
            acceptor: self.acceptor,
            limits: self.limits,
            http: self.http,
            lifecycle: self.lifecycle,
            observer: self.observer,
            signal,
        }
    }
}

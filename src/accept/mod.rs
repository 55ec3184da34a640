//! Any stream in, an HTTP stream of either mode out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::Body;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tower_service::Service;

mod error;
mod handshake;
mod log;
mod refuse;
mod sniffed;
mod stream;

pub use error::{AcceptError, Stage};
pub(crate) use handshake::Handshaken;
#[cfg(feature = "serve")]
pub(crate) use handshake::Refused;
pub(crate) use log::RefusalLog;
pub(crate) use sniffed::{FirstFlight, Sniffed};
pub use stream::Stream;

use crate::answer::{self, BoxError, Explainer};
use crate::conn_info::{ConnInfo, Origin};
use crate::io::Linger;
use crate::limits::Limits;
use crate::mismatch::Mismatch;
use crate::peer::Peer;
use crate::policy::{Mode, Policy, Route};
use crate::tls::TlsConfig;

/// Makes an HTTP stream of a TCP (or any other) one: reads its first bytes,
/// then shakes hands, passes plaintext through, or tells the wrong client what
/// to do instead.
///
/// This is the core, usable without a server: for tungstenite, actix, or
/// anything else that wants a stream. Cloning is cheap; clones share limits.
///
/// ```no_run
/// # async fn run(tls: oneport::tls::TlsConfig) -> std::io::Result<()> {
/// let acceptor = oneport::Acceptor::new(tls);
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
/// loop {
///     let (tcp, peer) = listener.accept().await?;
///     let acceptor = acceptor.clone();
///     // In a task of its own: one slow client must not make others wait.
///     tokio::spawn(async move {
///         match acceptor.accept(tcp, peer).await {
///             Ok(accepted) => println!("{:?}", accepted.info),
///             Err(error) => println!("{peer}: {error}"),
///         }
///     });
/// }
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Acceptor(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    tls: Option<TlsConfig>,
    policy: Arc<dyn Policy>,
    limits: Limits,
    linger: Linger,
    explainer: Explainer,
    tls_to_plaintext: TlsToPlaintext,
    log: Arc<RefusalLog>,
}

/// How a TLS client of a plaintext-only port is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TlsToPlaintext {
    /// In plaintext, in place of a handshake.
    Bare,
    /// In HTTP, after a handshake.
    InTls,
}

/// An accepted connection.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepted<I> {
    /// Reads and writes HTTP (or what it was upgraded to).
    pub stream: Stream<I>,
    /// What is known of the connection; [`Stream::info`] says the same.
    pub info: ConnInfo,
}

impl Acceptor {
    /// Both modes on one port: TLS with this configuration, and plaintext.
    pub fn new(tls: impl Into<TlsConfig>) -> Self {
        Self::with(Some(tls.into()))
    }

    /// No certificate, plaintext only: a TLS client is told so.
    pub fn plaintext_only() -> Self {
        Self::with(None)
    }

    pub(crate) fn with(tls: Option<TlsConfig>) -> Self {
        let limits = Limits::default();
        Self(Arc::new(Inner {
            tls,
            policy: Arc::new(Mode::default()),
            linger: linger_of(&limits),
            limits,
            explainer: Explainer::default(),
            tls_to_plaintext: TlsToPlaintext::Bare,
            log: Arc::default(),
        }))
    }

    /// Serve this mode to everybody. Default: [`Mode::Dual`].
    pub fn mode(self, mode: Mode) -> Self {
        self.policy(mode)
    }

    /// Choose the route of each connection; see [`Policy`].
    pub fn policy(mut self, policy: impl Policy) -> Self {
        Arc::make_mut(&mut self.0).policy = Arc::new(policy);
        self
    }

    /// Deadlines and bounds.
    pub fn limits(mut self, limits: Limits) -> Self {
        let limits = limits.on_a_clock();
        let inner = Arc::make_mut(&mut self.0);
        inner.linger = linger_of(&limits);
        inner.limits = limits;
        self
    }

    /// Answer refused HTTP requests with this service, in place of [`Explain`].
    ///
    /// It gets the refused request; in its extensions are the
    /// [`Mismatch`](crate::Mismatch) and the [`ConnInfo`] of the connection,
    /// which ends with the response. Whatever it answers, there is no
    /// `Set-Cookie` on a refusal, no `Strict-Transport-Security` in the clear,
    /// and always an `Oneport-Mismatch` header. If it fails, or takes half of
    /// [`Limits::refusal`], the default explanation is sent.
    ///
    /// [`Explain`]: crate::Explain
    pub fn explain<S, B>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Incoming>, Response = http::Response<B>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Arc::make_mut(&mut self.0).explainer = Explainer::new(service);
        self
    }

    /// Where TLS is refused ([`Mode::PlaintextOnly`], or by a [`Policy`]) and a
    /// certificate is configured all the same: shake hands with it and answer
    /// in HTTP, 421 with the sentence, in place of a plaintext 400 that few TLS
    /// clients show to their user. The application is never reached over TLS.
    ///
    /// Off by default: it needs a certificate that clients trust. With one
    /// that they do not, browsers show a warning page, and people learn to
    /// click it away.
    pub fn answer_tls_with_http(mut self) -> Self {
        Arc::make_mut(&mut self.0).tls_to_plaintext = TlsToPlaintext::InTls;
        self
    }

    /// Waits for the client's first bytes and makes a stream of the
    /// connection. Takes at most `sniff + handshake + first_request` of the
    /// [`Limits`], or `sniff + refusal + linger` for a refused client.
    ///
    /// Run it in the connection's own task, never on the accept path.
    ///
    /// # Errors
    ///
    /// When there is nothing to serve. The client has its answer, where there
    /// is one, and the connection is closed.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: dropping the future closes the connection.
    pub async fn accept<I>(
        &self,
        mut io: I,
        peer: impl Into<Peer>,
    ) -> Result<Accepted<I>, AcceptError>
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let origin = Origin {
            peer: peer.into(),
            local: None,
            observer: None,
        };
        let first = FirstFlight::read(self, &mut io).await?;
        let sniffed = Sniffed::new(io, first, origin);
        match sniffed.route(self) {
            Route::Plaintext => Ok(self.plaintext(sniffed)),
            // Boxed: a silent connection should not be as large as a handshake.
            Route::Refuse(mismatch) => Err(Box::pin(self.refuse(sniffed, mismatch)).await),
            Route::Tls => match Box::pin(self.handshake(sniffed)).await? {
                Handshaken::Accepted(accepted) => Ok(accepted),
                Handshaken::Refused(refused) => Err(Box::pin(refused.answer(self)).await),
            },
        }
    }

    /// The last step for a plaintext client.
    pub(crate) fn plaintext<I>(&self, sniffed: Sniffed<I>) -> Accepted<I> {
        let info = sniffed.info();
        let stream = Stream::plaintext(sniffed.prefix, sniffed.io, info.clone());
        Accepted { stream, info }
    }

    /// The last step for a TLS client.
    pub(crate) async fn handshake<I>(
        &self,
        sniffed: Sniffed<I>,
    ) -> Result<Handshaken<I>, AcceptError>
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(config) = &self.0.tls else {
            // `policy::route` refuses TLS without a configuration.
            return Err(AcceptError::Refused(Mismatch::TlsToPlaintext));
        };
        handshake::handshake(self, config, sniffed, None).await
    }

    /// The last step for everybody else.
    pub(crate) async fn refuse<I>(&self, sniffed: Sniffed<I>, mismatch: Mismatch) -> AcceptError
    where
        I: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let inner = &self.0;
        let in_tls = inner.tls_to_plaintext == TlsToPlaintext::InTls;
        match &inner.tls {
            Some(config) if in_tls && mismatch == Mismatch::TlsToPlaintext => {
                match handshake::handshake(self, config, sniffed, Some(mismatch)).await {
                    Ok(Handshaken::Refused(refused)) => refused.answer(self).await,
                    // With a mismatch given, nothing is accepted.
                    Ok(Handshaken::Accepted(_)) => AcceptError::Refused(mismatch),
                    Err(error) => error,
                }
            }
            _ => refuse::refuse(self, sniffed, mismatch).await,
        }
    }

    /// Where repeated refusals are only counted.
    #[cfg(feature = "serve")]
    pub(crate) fn refusal_log(&self) -> &RefusalLog {
        &self.0.log
    }

    /// Tells a client that its request head did not come in time, and closes.
    pub(crate) async fn say_late<I>(&self, mut io: I, after: Duration)
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let answer = timeout(self.0.limits.refusal, answer::late(&mut io, after, None));
        if let Ok(Ok(_)) = answer.await {
            self.0.linger.close(io).await;
        }
    }

    /// For the stages of a connection.
    fn settings(&self) -> &Inner {
        &self.0
    }
}

fn linger_of(limits: &Limits) -> Linger {
    Linger::new(limits.lingering, limits.linger, limits.linger_bytes)
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor")
            .field("tls", &self.0.tls)
            .field("limits", &self.0.limits)
            .finish_non_exhaustive()
    }
}

/// The tower shape of [`Acceptor::accept`].
impl<I, P> Service<(I, P)> for Acceptor
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    P: Into<Peer> + Send + 'static,
{
    type Response = Accepted<I>;
    type Error = AcceptError;
    type Future = Pin<Box<dyn Future<Output = Result<Accepted<I>, AcceptError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AcceptError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (io, peer): (I, P)) -> Self::Future {
        let acceptor = self.clone();
        Box::pin(async move { acceptor.accept(io, peer).await })
    }
}

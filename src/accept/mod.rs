//! Any stream in, an HTTP stream of either mode out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};

mod error;
mod handshake;
mod info;
mod refuse;
mod sniffed;
mod stream;

pub use error::{AcceptError, Stage};
pub(crate) use info::Origin;
pub use info::{ConnInfo, TlsInfo, Transport};
pub(crate) use sniffed::{FirstFlight, Sniffed};
pub use stream::Stream;

use crate::io::Linger;
use crate::limits::Limits;
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
            Route::Tls => Box::pin(self.handshake(sniffed)).await,
        }
    }

    /// The last step for a plaintext client.
    pub(crate) fn plaintext<I>(&self, sniffed: Sniffed<I>) -> Accepted<I> {
        let http_version = match sniffed.protocol {
            crate::Protocol::Http2 => http::Version::HTTP_2,
            _ => http::Version::HTTP_11,
        };
        let info = ConnInfo::new(sniffed.origin, Transport::Plaintext, http_version);
        let stream = Stream::plaintext(sniffed.prefix, sniffed.io, info.clone());
        Accepted { stream, info }
    }

    /// The last step for a TLS client.
    pub(crate) async fn handshake<I>(&self, sniffed: Sniffed<I>) -> Result<Accepted<I>, AcceptError>
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(config) = &self.0.tls else {
            // `policy::route` refuses TLS without a configuration.
            return Err(AcceptError::Refused(crate::Mismatch::TlsToPlaintext));
        };
        let stream = handshake::handshake(self, config, sniffed).await?;
        let info = stream.info().clone();
        Ok(Accepted { stream, info })
    }

    /// The last step for everybody else.
    pub(crate) async fn refuse<I>(
        &self,
        sniffed: Sniffed<I>,
        mismatch: crate::Mismatch,
    ) -> AcceptError
    where
        I: AsyncRead + AsyncWrite + Unpin + Send,
    {
        refuse::refuse(self, sniffed, mismatch).await
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
impl<I, P> tower_service::Service<(I, P)> for Acceptor
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

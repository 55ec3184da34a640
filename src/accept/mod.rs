//! Any stream in, an HTTP stream of either mode out.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tower_service::Service;

mod agree;
mod error;
mod handshake;
#[cfg(feature = "serve")]
mod kind;
mod refuse;
mod remedy;
mod settings;
mod sniffed;
mod stream;

pub use error::{AcceptError, Stage};
pub(crate) use handshake::Handshaken;
#[cfg(feature = "serve")]
pub(crate) use handshake::Refused;
pub(crate) use sniffed::{FirstFlight, Sniffed};
pub use stream::Stream;

use settings::{Settings, TlsToPlaintext};

use crate::answer::{self, Late};
use crate::conn_info::ConnInfo;
#[cfg(feature = "serve")]
use crate::limits::Limits;
use crate::mismatch::Mismatch;
use crate::peer::Peer;
use crate::policy::Route;
#[cfg(feature = "serve")]
use crate::refusal_log::RefusalLog;
use crate::sniff::Protocol;

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
pub struct Acceptor(Arc<Settings>);

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
    /// Waits for the client's first bytes and makes a stream of the
    /// connection. Takes at most `sniff + handshake + first_request` of the
    /// [`Limits`](crate::Limits), and `refusal + linger` more for a client that is
    /// told why it is not served.
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
        let peer = peer.into();
        let mut first = FirstFlight::new(self, peer);
        // The stream is borrowed: a future that owned it would hold it twice.
        let reading = poll_fn(|cx| first.poll(&mut io, cx));
        let Ok(protocol) = timeout(self.0.limits.sniff, reading).await else {
            return Err(Box::pin(first.late(self, io)).await);
        };
        let sniffed = Sniffed::new(io, first, protocol?, peer, self.0.home.clone());
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
            Some(config)
                if in_tls
                    && mismatch == Mismatch::TlsToPlaintext
                    && sniffed.protocol == Protocol::Tls =>
            {
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
    pub(crate) fn refusal_log(&self) -> &Arc<RefusalLog> {
        &self.0.home.log
    }

    #[cfg(feature = "serve")]
    pub(crate) fn limits_kept(&self) -> &Limits {
        &self.0.limits
    }

    /// Whose answers come before the application.
    #[cfg(feature = "acme")]
    pub(crate) fn challenges(&self) -> Option<crate::challenge::Challenges> {
        self.0.challenges.clone()
    }

    /// Drains what the client of an explanation still sends, after FIN.
    #[cfg(feature = "serve")]
    pub(crate) async fn linger<I: AsyncRead + Unpin>(&self, io: I) {
        self.0.linger.drain(io).await;
    }

    /// Ends an idle connection: inside TLS with close_notify (RFC 8446 6.1), or
    /// its client takes the end for a truncation.
    pub(crate) async fn say_goodbye<I: AsyncWrite + Unpin>(&self, mut io: I) {
        let _ = timeout(self.0.limits.refusal, io.shutdown()).await;
    }

    /// Tells a client that its request did not come in time, and closes.
    pub(crate) async fn say_late<I>(&self, mut io: I, late: Late)
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let answer = timeout(self.0.limits.refusal, answer::late(&mut io, late, None));
        if let Ok(Ok(_)) = answer.await {
            self.0.linger.close(io).await;
        }
    }

    /// Tells a client that its address has too many connections, and closes.
    #[cfg(feature = "serve")]
    pub(crate) async fn say_full<I>(&self, mut io: I)
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let most = self.0.limits.per_address.unwrap_or_default().max(1);
        let answer = timeout(self.0.limits.refusal, answer::full(&mut io, most));
        if let Ok(Ok(_)) = answer.await {
            self.0.linger.close(io).await;
        }
    }

    /// Whether a connection from there begins with a PROXY protocol header.
    #[cfg(feature = "serve")]
    pub(crate) fn expects_proxy(&self, peer: Peer) -> bool {
        let proxies = self.0.proxies.as_ref();
        proxies.is_some_and(|it| it.expected_from(peer))
    }

    /// For the stages of a connection.
    fn settings(&self) -> &Settings {
        &self.0
    }
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

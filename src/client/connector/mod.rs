//! Connections that say what is wrong.

mod asked;
mod builder;
mod builder_error;
mod config;
mod error;
mod handshake;
mod hint;
mod info;
mod pending;
mod roots;
mod service;
mod stream;
mod target;
mod tcp;
mod verdict;

use std::fmt;
use std::sync::Arc;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;

pub use self::builder::ConnectorBuilder;
pub use self::builder_error::ConnectorError;
use self::config::Configs;
pub use self::error::{ConnectError, ConnectErrorKind, ConnectStage};
pub use self::info::{ClientCertificate, ConnectionInfo, ConnectionTls};
pub use self::roots::Roots;
pub use self::service::Connecting;
pub use self::stream::ClientStream;
use self::target::Target;

/// Makes connections to `http`, `https`, `ws` and `wss` URLs, and says in one
/// sentence what is wrong with those that fail.
///
/// For hyper-util's client and for tonic it is a tower Service of URIs; for
/// tokio-tungstenite, hyper's own `conn` modules and everything else that takes a
/// stream there is [`connect`](Self::connect).
///
/// What it does beyond TCP and TLS:
///
/// * A handshake that fails is judged by what the server sent: an HTTP response, an
///   SSH banner, an alert, nothing. The [`ConnectError`] says what to change.
/// * A TLS 1.3 server judges the client's certificate, or that there is none, when
///   the client's part of the handshake is over, and its alert races with the
///   first request. Where a server has asked for a certificate, the connector
///   waits for its first word: a session ticket or the alert. That is one round
///   trip; where a server sends neither, at most 250 ms without a certificate,
///   and with one twice as long as a round trip took, 20 ms to 1 s.
/// * Later, a failed write does not hide an alert that has arrived before it.
///
/// ALPN: `h2` and `http/1.1` are offered for `https`, and `http/1.1` alone for
/// `wss`, unless [`alpn`](ConnectorBuilder::alpn) says otherwise. Who calls
/// [`connect`](Self::connect) for `https` looks at [`ConnectionInfo::alpn`], or
/// offers only what it speaks.
///
/// A clone costs one reference count, and shares TLS sessions.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use http_body_util::Empty;
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
/// use oneport::client::{ConnectError, Connector};
///
/// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let port = listener.local_addr()?.port();
/// # tokio::spawn(async move {
/// #     use tokio::io::AsyncWriteExt;
/// #     let (mut tcp, _) = listener.accept().await?;
/// #     tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await
/// # });
/// let client: Client<_, Empty<bytes::Bytes>> =
///     Client::builder(TokioExecutor::new()).build(Connector::new());
/// // The server speaks plaintext.
/// let url = format!("https://localhost:{port}/").parse()?;
/// let error = client.get(url).await.unwrap_err();
/// let why = ConnectError::find_in(&error).unwrap();
/// assert!(why.to_string().contains("This port speaks plaintext only: use http://"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Connector(Arc<Inner>);

struct Inner {
    tcp: HttpConnector,
    /// Or why there is none.
    tls: Result<Configs, Arc<ConnectorError>>,
    settings: ConnectorBuilder,
}

impl Connector {
    /// Trusts the CAs of the system, and has no certificate of its own.
    ///
    /// Reads the system's CAs and so blocks for some milliseconds. Where there are
    /// none, a warning is logged, and it connects to `http` and `ws` URLs only;
    /// [`builder`](Self::builder) makes that an error.
    #[must_use]
    pub fn new() -> Self {
        let settings = Self::builder();
        let tls = settings.configs();
        if let Err(error) = &tls {
            tracing::warn!(%error, "this client cannot speak TLS");
        }
        Self::assemble(settings, tls.map_err(Arc::new))
    }

    /// Whom to trust, who the client is, and all else that can be said.
    pub fn builder() -> ConnectorBuilder {
        ConnectorBuilder::default()
    }

    fn assemble(settings: ConnectorBuilder, tls: Result<Configs, Arc<ConnectorError>>) -> Self {
        let tcp = tcp::connector(settings.connect_timeout);
        Self(Arc::new(Inner { tcp, tls, settings }))
    }

    /// Connects to the host and port of a URL, over TLS for `https` and `wss`.
    /// Nothing is sent behind the handshake: path and query are not looked at.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use oneport::client::Connector;
    ///
    /// let connector = Connector::builder().ca("ca.crt").build()?;
    /// let url = "wss://localhost:3000/subscribe";
    /// let stream = connector.connect(url).await?;
    /// let (websocket, _) = tokio_tungstenite::client_async(url, stream).await?;
    /// # let _ = websocket;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Whatever keeps the connection from being made; the error says what to do.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn connect<U>(&self, url: U) -> Result<ClientStream, ConnectError>
    where
        U: TryInto<Uri>,
        U::Error: Into<http::Error>,
    {
        let target = Target::read(url)?;
        self.connect_to(target).await
    }

    async fn connect_to(&self, target: Target) -> Result<ClientStream, ConnectError> {
        let Inner { tcp, tls, settings } = &*self.0;
        if !target.is_tls() {
            let (io, _) = tcp::connect(tcp.clone(), &target, settings.connect_timeout).await?;
            return ClientStream::plaintext(target, io);
        }
        // Before there is a connection, which would be for nothing.
        let configs = tls.as_ref();
        let configs =
            configs.map_err(|error| ConnectError::config(&target, error.clone().into()))?;
        let name = target.server_name()?;
        let (io, took) = tcp::connect(tcp.clone(), &target, settings.connect_timeout).await?;
        let config = match target.is_websocket() {
            true => &configs.http1,
            false => &configs.http,
        };
        let handshake = handshake::Handshake {
            target: &target,
            name,
            config: config.clone(),
            limit: settings.handshake_timeout,
            took,
        };
        let shaken = handshake.shake(io).await?;
        ClientStream::tls(target, shaken)
    }
}

impl Default for Connector {
    fn default() -> Self {
        Self::new()
    }
}

/// What it was built from; no keys.
impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Connector");
        debug.field("settings", &self.0.settings);
        if let Err(error) = &self.0.tls {
            debug.field("no_tls", &format_args!("{error}"));
        }
        debug.finish()
    }
}

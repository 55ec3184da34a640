//! What is known of an accepted connection.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
#[cfg(feature = "serve")]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "serve")]
use std::time::Duration;

use rustls::{CipherSuite, HandshakeKind, ProtocolVersion, ServerConnection};

#[cfg(feature = "serve")]
use crate::count;
use crate::credentials::Credentials;
use crate::lifecycle::{Observer, Phase};
use crate::mismatch::Mismatch;
#[cfg(feature = "serve")]
use crate::pace::Pace;
use crate::peer::Peer;
use crate::refusal_log::{RefusalLog, Spoke};
use crate::sniff::Protocol;
use crate::tls::ClientIdentity;

/// What is known of a connection: who, over which transport, which HTTP.
///
/// The server puts it into the extensions of every request; a clone costs one
/// reference count.
///
/// ```
/// use oneport::ConnInfo;
///
/// /// Works with every `http::Request`, axum's included.
/// fn scheme<B>(request: &http::Request<B>) -> &'static str {
///     match request.extensions().get::<ConnInfo>() {
///         Some(info) if info.is_tls() => "https",
///         _ => "http",
///     }
/// }
/// # let _ = scheme::<()>;
/// ```
#[derive(Clone, Debug)]
pub struct ConnInfo(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: u64,
    origin: Origin,
    transport: Transport,
    http_version: http::Version,
    #[cfg(feature = "serve")]
    upgraded: AtomicBool,
    #[cfg(feature = "serve")]
    explained: AtomicBool,
    #[cfg(feature = "serve")]
    pace: Pace,
}

/// Where a connection comes from and which server it belongs to. Small: silent
/// connections hold it too.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) peer: Peer,
    /// The socket's peer, if it is a proxy that spoke for another.
    pub(crate) proxy: Option<Box<Peer>>,
    pub(crate) home: Arc<Home>,
}

/// The server that a connection belongs to.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) local: Option<SocketAddr>,
    pub(crate) observer: Option<Observer>,
    pub(crate) log: Arc<RefusalLog>,
}

/// How a connection's bytes travel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// In the clear.
    Plaintext,
    /// Over TLS. Boxed: connections without it do not keep room for it.
    Tls(Box<TlsInfo>),
}

/// What a TLS handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsInfo {
    /// `TLSv1_2` or `TLSv1_3`.
    pub version: ProtocolVersion,
    /// The cipher suite.
    pub cipher: CipherSuite,
    /// The ALPN protocol (RFC 7301), such as `h2`; none if the client offered
    /// none.
    pub alpn: Option<Vec<u8>>,
    /// The server name that the client asked for (SNI, RFC 6066 3).
    pub server_name: Option<String>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// Who the client is, if it has shown a certificate (mutual TLS). None for
    /// one that is refused for its certificate.
    pub client_identity: Option<ClientIdentity>,
}

impl ConnInfo {
    pub(crate) fn new(origin: Origin, transport: Transport, http_version: http::Version) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(Arc::new(Inner {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            origin,
            transport,
            http_version,
            #[cfg(feature = "serve")]
            upgraded: AtomicBool::new(false),
            #[cfg(feature = "serve")]
            explained: AtomicBool::new(false),
            #[cfg(feature = "serve")]
            pace: Pace::new(),
        }))
    }

    /// The connection's number: unique in this process, from 1, in the order
    /// in which connections became ready to be served.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// Who is at the other end: behind a proxy, its client
    /// ([`ProxyProtocol`](crate::ProxyProtocol)).
    #[must_use]
    pub fn peer(&self) -> Peer {
        self.0.origin.peer
    }

    /// The proxy through which the peer came, if it said so by the PROXY
    /// protocol.
    #[must_use]
    pub fn proxy(&self) -> Option<Peer> {
        self.0.origin.proxy.as_deref().copied()
    }

    /// The listener's own address, where it has one. For a listener on
    /// `0.0.0.0` or `[::]` it is that wildcard, not the address that the client
    /// connected to: asking for it would cost each connection a system call.
    #[must_use]
    pub fn local(&self) -> Option<SocketAddr> {
        self.0.origin.home.local
    }

    /// How the bytes travel.
    #[must_use]
    pub fn transport(&self) -> &Transport {
        &self.0.transport
    }

    /// Whether they travel over TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls().is_some()
    }

    /// What the TLS handshake agreed on, if there was one.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsInfo> {
        match &self.0.transport {
            Transport::Plaintext => None,
            Transport::Tls(tls) => Some(tls),
        }
    }

    /// `HTTP_2`, or `HTTP_11` for every HTTP/1.x connection, by the bytes that
    /// arrived (not by ALPN).
    #[must_use]
    pub fn http_version(&self) -> http::Version {
        self.0.http_version
    }

    /// Completes when the server begins to drain, or is gone: a WebSocket
    /// handler then says goodbye (close code 1001) before it is cut off.
    /// Never completes for a connection of a bare `Acceptor`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub fn draining(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let observer = self.0.origin.home.observer.clone();
        async move {
            match observer {
                Some(observer) => observer.reached(Phase::Draining).await,
                None => std::future::pending().await,
            }
        }
    }

    /// One line for a request that a layer refuses, and its credentials.
    pub(crate) fn note_refusal(&self, mismatch: Mismatch, credentials: Credentials) {
        let spoke = Spoke {
            protocol: match self.http_version() {
                http::Version::HTTP_2 => Protocol::Http2,
                _ => Protocol::Http1,
            },
            in_tls: self.is_tls(),
        };
        let log = &self.0.origin.home.log;
        log.note(self.peer(), spoke, mismatch);
        if !credentials.is_empty() {
            log.note_credentials(self.peer(), credentials);
        }
    }

    /// One line for a client that ran into a limit, which is counted by its name.
    #[cfg(feature = "serve")]
    pub(crate) fn note_limit(&self, limit: &'static str, after: Duration, what: &str) {
        self.note_excess(
            limit,
            format_args!("{what} for {after:?} (Limits::{limit})"),
        );
    }

    /// The same, of a limit on sizes or numbers.
    #[cfg(feature = "serve")]
    pub(crate) fn note_excess(&self, limit: &'static str, what: impl std::fmt::Display) {
        count::limit(limit);
        let log = &self.0.origin.home.log;
        log.note_limit(self.peer(), what);
    }

    /// How its server is, if it has one.
    #[cfg(feature = "serve")]
    pub(crate) fn observer(&self) -> Option<&Observer> {
        self.0.origin.home.observer.as_ref()
    }

    /// What it waits for.
    #[cfg(feature = "serve")]
    pub(crate) fn pace(&self) -> &Pace {
        &self.0.pace
    }

    /// From here on the connection is the application's own, no more HTTP. Never over
    /// HTTP/2: a tunnel there is one stream of many.
    #[cfg(feature = "serve")]
    pub(crate) fn mark_upgraded(&self) {
        self.0.upgraded.store(true, Ordering::Relaxed);
    }

    /// The last response was an explanation: a layer refused the request.
    #[cfg(feature = "serve")]
    pub(crate) fn mark_explained(&self) {
        self.0.explained.store(true, Ordering::Relaxed);
    }

    #[cfg(feature = "serve")]
    pub(crate) fn is_explained(&self) -> bool {
        self.0.explained.load(Ordering::Relaxed)
    }

    #[cfg(feature = "serve")]
    pub(crate) fn is_upgraded(&self) -> bool {
        self.0.upgraded.load(Ordering::Relaxed)
    }
}

impl TlsInfo {
    /// None before the handshake is done.
    pub(crate) fn of(connection: &ServerConnection) -> Option<Self> {
        Some(Self {
            version: connection.protocol_version()?,
            cipher: connection.negotiated_cipher_suite()?.suite(),
            alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
            server_name: connection.server_name().map(str::to_owned),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            client_identity: ClientIdentity::of(connection),
        })
    }
}

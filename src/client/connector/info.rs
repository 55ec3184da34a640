//! What is known of a connection that was made.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{CipherSuite, ClientConnection, HandshakeKind, ProtocolVersion};

/// What is known of a client's connection: to whom, over TLS or not.
///
/// A stream has it ([`ClientStream::info`](super::ClientStream::info)), and each
/// response of hyper-util's client in its extensions. A clone costs one reference
/// count.
///
/// ```
/// use oneport::client::ConnectionInfo;
///
/// /// Works with every `http::Response` of hyper-util's client.
/// fn is_http2<B>(response: &http::Response<B>) -> bool {
///     let info = response.extensions().get::<ConnectionInfo>();
///     info.and_then(|info| info.alpn()) == Some(b"h2")
/// }
/// # let _ = is_http2::<()>;
/// ```
#[derive(Clone, Debug)]
pub struct ConnectionInfo(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    peer: SocketAddr,
    local: SocketAddr,
    tls: Option<ConnectionTls>,
}

/// What a client's TLS handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionTls {
    /// `TLSv1_2` or `TLSv1_3`.
    pub version: ProtocolVersion,
    /// The cipher suite.
    pub cipher: CipherSuite,
    /// The ALPN protocol (RFC 7301) that the server chose, such as `h2`.
    pub alpn: Option<Vec<u8>>,
    /// The server's certificate, and those of CAs that it sent with it. Of a
    /// resumed session they are those of its beginning.
    pub server_chain: Vec<CertificateDer<'static>>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// Whether the server asked for a client certificate.
    pub client_certificate: ClientCertificate,
}

/// Whether a server asked for a client certificate, and got one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientCertificate {
    /// It did not ask. Servers do not ask again when a session is resumed.
    #[default]
    NotRequested,
    /// It asked, and there is none that fits what it asked for.
    NotSent,
    /// It asked, and got one.
    Sent,
}

impl ConnectionInfo {
    pub(super) fn new(peer: SocketAddr, local: SocketAddr, tls: Option<ConnectionTls>) -> Self {
        Self(Arc::new(Inner { peer, local, tls }))
    }

    /// The server's address.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// The client's own address.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.0.local
    }

    /// What the TLS handshake agreed on. None: plaintext.
    #[must_use]
    pub fn tls(&self) -> Option<&ConnectionTls> {
        self.0.tls.as_ref()
    }

    /// The ALPN protocol that the server chose: `h2` is HTTP/2, all else HTTP/1.
    #[must_use]
    pub fn alpn(&self) -> Option<&[u8]> {
        self.tls()?.alpn.as_deref()
    }
}

impl ConnectionTls {
    /// None before the handshake is done.
    pub(super) fn of(connection: &ClientConnection, client: ClientCertificate) -> Option<Self> {
        let chain = connection.peer_certificates().unwrap_or_default();
        Some(Self {
            version: connection.protocol_version()?,
            cipher: connection.negotiated_cipher_suite()?.suite(),
            alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
            server_chain: chain.iter().map(|it| it.clone().into_owned()).collect(),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            client_certificate: client,
        })
    }
}

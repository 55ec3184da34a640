//! One configuration in its forms: what it says, what a handshake uses.

use std::sync::Arc;

use rustls::server::danger::ClientCertVerifier;
use rustls::{ServerConfig, ServerConnection};

use super::client_auth;
use crate::mismatch::CertificateFault;

/// Filled in where a configuration has no ALPN, in order of preference: HTTP/2
/// (RFC 9113 3.2), then HTTP/1.1 (RFC 7301 6). `http/1.0` is there for clients
/// that offer nothing else (`curl --http1.0` does): rustls would refuse their
/// handshake with alert 120, although hyper serves them.
pub(super) const HTTP_ALPN: [&[u8]; 3] = [b"h2", b"http/1.1", b"http/1.0"];

/// One configuration, as it is used for a handshake.
#[derive(Clone)]
pub(crate) struct Loaded {
    /// What it says: whom it refuses, it refuses in the handshake.
    pub(super) strict: Arc<ServerConfig>,
    pub(super) explained: Option<Explained>,
    /// Whether the ALPN list is of this crate's making.
    pub(super) filled: bool,
    pub(super) client_auth: ClientAuth,
}

/// Whether clients need a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientAuth {
    Required,
    /// A `ServerConfig` does not tell.
    Unknown,
}

/// The same configuration, but client certificates are judged after the
/// handshake. It never leaves this crate: alone, it lets everybody in.
#[derive(Clone)]
pub(super) struct Explained {
    pub(super) server: Arc<ServerConfig>,
    pub(super) verifier: Arc<dyn ClientCertVerifier>,
}

impl Loaded {
    /// What to shake hands with; then ask [`fault_of`](Self::fault_of).
    pub(crate) fn server(&self) -> &Arc<ServerConfig> {
        match &self.explained {
            Some(explained) => &explained.server,
            None => &self.strict,
        }
    }

    /// Why the client of a finished handshake must not be served.
    pub(crate) fn fault_of(&self, connection: &ServerConnection) -> Option<CertificateFault> {
        let explained = self.explained.as_ref()?;
        client_auth::fault_of(&*explained.verifier, connection)
    }
}

/// What happens to a configuration that has no ALPN.
#[derive(Clone, Copy)]
pub(super) enum Alpn {
    Fill,
    Keep,
}

impl Alpn {
    /// The copy, where one must be made, shares session storage, ticketer and
    /// certificate resolver with the original: they are `Arc`s.
    pub(super) fn apply(self, mut loaded: Loaded) -> Loaded {
        let list = match self {
            Self::Fill if loaded.strict.alpn_protocols.is_empty() => HTTP_ALPN.as_slice(),
            // It was empty where it came from.
            Self::Keep if loaded.filled => &[],
            Self::Fill | Self::Keep => return loaded,
        };
        loaded.filled = !list.is_empty();
        let explained = loaded.explained.as_mut().map(|it| &mut it.server);
        for config in [Some(&mut loaded.strict), explained].into_iter().flatten() {
            Arc::make_mut(config).alpn_protocols = list.iter().map(|name| name.to_vec()).collect();
        }
        loaded
    }
}

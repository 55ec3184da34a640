//! One configuration in its forms: what it says, what a handshake uses.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;
use rustls::{HandshakeKind, ServerConfig, ServerConnection};

use super::client_auth::{self, Postponed};
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
    /// The same configuration, but client certificates are judged after the
    /// handshake. It never leaves this crate: alone, it lets everybody in.
    pub(super) explaining: Option<Arc<ServerConfig>>,
    /// What judges client certificates, where that is known.
    pub(super) verifier: Option<Arc<dyn ClientCertVerifier>>,
    /// Whether the ALPN list is of this crate's making.
    pub(super) filled: bool,
    pub(super) certificates: ClientCertificates,
    pub(super) sessions: Sessions,
    /// What it serves with, where that is known.
    pub(super) chains: Arc<[Vec<CertificateDer<'static>>]>,
    /// A digest of the files it was made from, where that is known.
    #[cfg(all(feature = "watch", any(feature = "aws-lc-rs", feature = "ring")))]
    pub(super) content: Option<[u8; 32]>,
    /// Whether a server name (SNI) is refused; none of them where it is missing.
    pub(super) refused_name: Option<Arc<RefusesName>>,
}

/// Whether clients need a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientCertificates {
    Required,
    /// A `ServerConfig` does not tell.
    Unknown,
}

/// With which other configuration of the same server sessions may be shared.
#[derive(Clone, Copy, Default)]
pub(super) struct Sessions {
    /// With those that judge clients alike: a digest of what they are judged by,
    /// where that is known.
    pub(super) judged_by: Option<[u8; 32]>,
    /// The ticketer's keys are other servers' too: it is not to be replaced.
    pub(super) shared_tickets: bool,
}

/// Whether a server name is refused.
type RefusesName = dyn Fn(&str) -> bool + Send + Sync;

impl Loaded {
    pub(super) fn new(strict: Arc<ServerConfig>, certificates: ClientCertificates) -> Self {
        Self {
            strict,
            explaining: None,
            verifier: None,
            filled: false,
            certificates,
            sessions: Sessions::default(),
            chains: Arc::new([]),
            #[cfg(all(feature = "watch", any(feature = "aws-lc-rs", feature = "ring")))]
            content: None,
            refused_name: None,
        }
    }

    /// Clients are judged by `verifier`, and by nothing else.
    pub(super) fn judging<E>(
        verifier: Arc<dyn ClientCertVerifier>,
        build: impl Fn(Arc<dyn ClientCertVerifier>) -> Result<ServerConfig, E>,
    ) -> Result<Self, E> {
        let certificates = match verifier.client_auth_mandatory() {
            true => ClientCertificates::Required,
            false => ClientCertificates::Unknown,
        };
        let mut loaded = Self::new(Arc::new(build(verifier.clone())?), certificates);
        loaded.verifier = Some(verifier);
        Ok(loaded)
    }

    /// The same, but after the handshake.
    pub(super) fn explaining<E>(
        verifier: Arc<dyn ClientCertVerifier>,
        build: impl Fn(Arc<dyn ClientCertVerifier>) -> Result<ServerConfig, E>,
    ) -> Result<Self, E> {
        let mut explaining = build(Arc::new(Postponed(verifier.clone())))?;
        client_auth::keep_sessions_apart(&mut explaining);
        let mut loaded = Self::judging(verifier, build)?;
        loaded.explaining = Some(Arc::new(explaining));
        Ok(loaded)
    }

    /// What to shake hands with; then ask [`fault_of`](Self::fault_of).
    pub(crate) fn server(&self) -> &Arc<ServerConfig> {
        self.explaining.as_ref().unwrap_or(&self.strict)
    }

    /// Whether a client that asks for this server name gets no certificate.
    pub(crate) fn refuses(&self, server_name: Option<&str>) -> bool {
        let refused = self.refused_name.as_ref();
        refused.is_some_and(|refused| server_name.is_some_and(|name| refused(name)))
    }

    /// Why the client of a finished handshake must not be served.
    ///
    /// rustls does not look at a client's certificate again when a session is
    /// resumed, and sessions live for hours: meanwhile it may have expired or
    /// been revoked.
    pub(crate) fn fault_of(&self, connection: &ServerConnection) -> Option<CertificateFault> {
        let verifier = self.verifier.as_ref()?;
        let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        if self.explaining.is_some() || resumed {
            return client_auth::fault_of(&**verifier, connection);
        }
        None
    }

    /// Lets clients resume the sessions that they have from `old`, if both judge
    /// clients alike. Otherwise a session that began under the old rules would
    /// resume into the new ones.
    pub(super) fn take_sessions_of(&mut self, old: &Self) {
        let (ours, theirs) = (self.sessions, old.sessions);
        if ours.judged_by.is_none() || ours.judged_by != theirs.judged_by {
            return;
        }
        let explaining = self.explaining.as_mut().zip(old.explaining.as_ref());
        let strict = (&mut self.strict, &old.strict);
        for (new, old) in [Some(strict), explaining].into_iter().flatten() {
            let new = Arc::make_mut(new);
            new.session_storage = old.session_storage.clone();
            if !ours.shared_tickets && !theirs.shared_tickets {
                new.ticketer = old.ticketer.clone();
            }
        }
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
        let explaining = loaded.explaining.as_mut();
        for config in [Some(&mut loaded.strict), explaining].into_iter().flatten() {
            Arc::make_mut(config).alpn_protocols = list.iter().map(|name| name.to_vec()).collect();
        }
        loaded
    }
}

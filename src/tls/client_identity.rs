//! Who a client is, by its certificate.

use std::fmt;
use std::sync::Arc;
#[cfg(feature = "tls-files")]
use std::sync::OnceLock;

use rustls::ServerConnection;
use rustls::pki_types::CertificateDer;

#[cfg(feature = "tls-files")]
use super::alt_name::{AltName, alt_names};
#[cfg(feature = "tls-files")]
use super::describe::{CertificateSummary, sha256};

/// The certificate that a client has shown in the handshake (mutual TLS), which
/// the server's verifier has accepted and whose key the client has proved to
/// hold.
///
/// The server puts it into [`TlsInfo::client_identity`](crate::TlsInfo::client_identity).
/// A clone costs one reference count. The certificate is read when it is asked
/// about, not for each connection.
///
#[cfg_attr(feature = "tls-files", doc = "```")]
#[cfg_attr(not(feature = "tls-files"), doc = "```ignore")]
/// use oneport::ConnInfo;
///
/// /// Who sent this request, for an access list.
/// fn who<B>(request: &http::Request<B>) -> Option<String> {
///     let tls = request.extensions().get::<ConnInfo>()?.tls()?;
///     Some(tls.client_identity.as_ref()?.sha256())
/// }
/// # let _ = who::<()>;
/// ```
#[derive(Clone)]
pub struct ClientIdentity(Arc<Inner>);

struct Inner {
    /// At least one.
    chain: Box<[CertificateDer<'static>]>,
    #[cfg(feature = "tls-files")]
    read: OnceLock<Option<Read>>,
}

#[cfg(feature = "tls-files")]
struct Read {
    summary: CertificateSummary,
    alt_names: Vec<AltName>,
}

impl ClientIdentity {
    /// None where the client has shown none.
    pub(crate) fn of(connection: &ServerConnection) -> Option<Self> {
        let chain = connection.peer_certificates().filter(|it| !it.is_empty())?;
        let chain = chain.iter().map(|it| it.clone().into_owned()).collect();
        Some(Self(Arc::new(Inner {
            chain,
            #[cfg(feature = "tls-files")]
            read: OnceLock::new(),
        })))
    }

    /// The client's own certificate.
    #[must_use]
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.0.chain[0]
    }

    /// Every certificate that the client has sent, its own first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.0.chain
    }
}

/// Feature `tls-files`.
#[cfg(feature = "tls-files")]
impl ClientIdentity {
    /// What the client's own certificate says: issuer, expiry and more. None if
    /// it is so strange that only the TLS stack could read it.
    #[must_use]
    pub fn summary(&self) -> Option<&CertificateSummary> {
        self.read().map(|read| &read.summary)
    }

    /// The name of the holder, such as `CN=client1`; empty if there is none. Signs
    /// that stand for something else in a name are escaped (RFC 4514 2.4), so that
    /// equal texts are equal names.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.summary().map_or("", |summary| &summary.subject)
    }

    /// The subject alternative names (RFC 5280 4.2.1.6), in the order of the
    /// certificate: SPIFFE ids are URIs, people often have an email address.
    #[must_use]
    pub fn alt_names(&self) -> &[AltName] {
        self.read().map_or(&[], |read| &read.alt_names)
    }

    /// The serial number, unique among the certificates of one CA; upper-case
    /// hexadecimal as `openssl x509 -serial`.
    #[must_use]
    pub fn serial(&self) -> &str {
        self.summary().map_or("", |summary| &summary.serial)
    }

    /// SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256`: 32
    /// upper-case bytes with colons between.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256(self.leaf())
    }

    fn read(&self) -> Option<&Read> {
        let read = self.0.read.get_or_init(|| {
            let summary = CertificateSummary::from_der(self.leaf()).ok()?;
            let alt_names = alt_names(self.leaf()).ok()?;
            Some(Read { summary, alt_names })
        });
        read.as_ref()
    }
}

/// The same certificates.
impl PartialEq for ClientIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.0.chain == other.0.chain
    }
}

impl Eq for ClientIdentity {}

/// The subject and the fingerprint, where they can be read.
impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ClientIdentity");
        #[cfg(feature = "tls-files")]
        debug
            .field("subject", &self.subject())
            .field("sha256", &self.sha256());
        debug.finish_non_exhaustive()
    }
}

//! What a connector is made from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use super::builder_error::ConnectorError;
use super::roots::Roots;
use super::{ClientStream, Connector};
use crate::tls::MinimumVersion;

/// Builds a [`Connector`].
///
/// ```
/// use std::time::Duration;
///
/// use oneport::client::Connector;
/// # let files = tempfile::tempdir()?;
/// # std::env::set_current_dir(files.path())?;
/// # let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
/// # for name in ["ca.crt", "client.crt"] { std::fs::write(name, own.cert.pem())?; }
/// # std::fs::write("client.key", own.signing_key.serialize_pem())?;
///
/// let connector = Connector::builder()
///     .ca("ca.crt") // besides those of the system
///     .identity("client.crt", "client.key")
///     .connect_timeout(Duration::from_secs(3))
///     .build()?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct ConnectorBuilder {
    pub(super) cas: Vec<PathBuf>,
    pub(super) roots: Option<Roots>,
    pub(super) identity: Option<(PathBuf, PathBuf)>,
    pub(super) certificates: Certificates,
    pub(super) minimum_version: Option<MinimumVersion>,
    pub(super) alpn: Option<Vec<Vec<u8>>>,
    pub(super) tls_config: Option<Arc<ClientConfig>>,
    pub(super) connect_timeout: Duration,
    pub(super) handshake_timeout: Duration,
}

/// Which server certificates are taken, the most careful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Certificates {
    Valid,
    ForAnyName,
    Any,
}

impl Default for ConnectorBuilder {
    fn default() -> Self {
        Self {
            cas: Vec::new(),
            roots: None,
            identity: None,
            certificates: Certificates::Valid,
            minimum_version: None,
            alpn: None,
            tls_config: None,
            connect_timeout: CONNECT,
            handshake_timeout: HANDSHAKE,
        }
    }
}

/// A lost SYN is sent again after 1, 3 and 7 seconds (RFC 6298).
const CONNECT: Duration = Duration::from_secs(10);

/// As long as our servers give theirs.
const HANDSHAKE: Duration = Duration::from_secs(10);

impl ConnectorBuilder {
    /// Trust the certificates in this file: one or several in PEM, or one in DER.
    /// May be called several times.
    ///
    /// A CA's certificate is trusted for whatever it signs. A server's own
    /// certificate (a leaf, self-signed or not) is trusted as exactly that
    /// certificate, for the names and days that it says, and for nothing that it
    /// signs; so is a CA's that a server uses for itself, as `openssl req -x509`
    /// makes them, and one of version 1 that is self-signed, since that version does
    /// not tell the two apart. Whether a CA's own days are over is not looked at.
    pub fn ca(mut self, path: impl AsRef<Path>) -> Self {
        self.cas.push(path.as_ref().into());
        self
    }

    /// Which CAs are trusted besides: the system's, unless told otherwise.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = Some(roots);
        self
    }

    /// Show this certificate to servers that ask for one (mutual TLS), with its
    /// key: PKCS#8, SEC1 or PKCS#1, without a passphrase. The CAs between it and
    /// the root stand behind it. A file that holds both is named twice.
    pub fn identity(mut self, cert: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.identity = Some((cert.as_ref().into(), key.as_ref().into()));
        self
    }

    /// Take every certificate, from anybody, for any name. **Whoever sits on the
    /// way can read and change everything**; what is left is protection from those
    /// who only listen. [`ca`](Self::ca) with the server's own certificate is as
    /// easy, and safe. A warning is logged when the connector is built.
    pub fn danger_accept_invalid_certs(mut self) -> Self {
        self.certificates = Certificates::Any;
        self
    }

    /// Take a trusted certificate also where it is for other names than the URL's.
    /// **Whoever has a certificate from any of the trusted CAs can be every
    /// server**: with the system's CAs, anybody. A warning is logged when the
    /// connector is built.
    pub fn danger_accept_invalid_hostnames(mut self) -> Self {
        self.certificates = self.certificates.max(Certificates::ForAnyName);
        self
    }

    /// The oldest version of TLS that is spoken: 1.2, unless told otherwise.
    pub fn minimum_version(mut self, version: MinimumVersion) -> Self {
        self.minimum_version = Some(version);
        self
    }

    /// Which application protocols to offer for `https`, in order of preference:
    /// `h2` and `http/1.1`, unless told otherwise. `wss` gets the same without
    /// `h2`. With none, no ALPN is offered.
    pub fn alpn<P>(mut self, protocols: impl IntoIterator<Item = P>) -> Self
    where
        P: AsRef<[u8]>,
    {
        let protocols = protocols.into_iter();
        self.alpn = Some(protocols.map(|it| it.as_ref().to_vec()).collect());
        self
    }

    /// How long finding the address and connecting to it may take together: 10 s,
    /// unless told otherwise. Of a host with several addresses each gets its part
    /// of it; IPv4 is tried beside IPv6 after 300 ms (RFC 8305).
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long the TLS handshake may take after that: 10 s, unless told otherwise.
    ///
    /// It may be exceeded by the wait for a server's verdict on the client's
    /// certificate (250 ms, or up to 1 s), and by 250 ms for the rest of an HTTP
    /// response that came in its place.
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.handshake_timeout = limit;
        self
    }

    /// Speak TLS by a configuration of your own, with any provider. Whom to trust,
    /// which identity to show and which versions to speak is said there, and an
    /// error here. Its ALPN list is offered as it is, for `wss` without `h2`, unless
    /// [`alpn`](Self::alpn) says otherwise.
    pub fn tls_config(mut self, config: Arc<ClientConfig>) -> Self {
        self.tls_config = Some(config);
        self
    }

    /// Reads the files, each of them once, and the system's CAs.
    ///
    /// That blocks: call it before the program's work begins, or in
    /// `spawn_blocking`.
    ///
    /// # Errors
    ///
    /// Whatever makes a file unusable; which file, what is wrong and what to do.
    /// That no certificate would be trusted. Settings that contradict each other.
    pub fn build(self) -> Result<Connector, ConnectorError> {
        let configs = self.configs()?;
        let danger = match self.certificates {
            Certificates::Valid => None,
            Certificates::ForAnyName => Some(
                "this client accepts certificates for any name (danger_accept_invalid_hostnames): \
                 whoever has one from a trusted CA can be every server",
            ),
            Certificates::Any => Some(
                "this client accepts every certificate (danger_accept_invalid_certs): whoever is \
                 on the way can read and change everything",
            ),
        };
        if let Some(danger) = danger {
            tracing::warn!("{danger}");
        }
        Ok(Connector::assemble(self, Ok(configs)))
    }
}

/// Paths and numbers; nothing of a key.
impl fmt::Debug for ConnectorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alpn = self.alpn.as_ref().map(|alpn| {
            let names = alpn.iter().map(|it| String::from_utf8_lossy(it));
            names.collect::<Vec<_>>()
        });
        let mut debug = f.debug_struct("ConnectorBuilder");
        debug
            .field("cas", &self.cas)
            .field("roots", &self.roots)
            .field("identity", &self.identity.as_ref().map(|(cert, _)| cert))
            .field("minimum_version", &self.minimum_version)
            .field("alpn", &alpn)
            .field("tls_config", &self.tls_config.is_some())
            .field("connect_timeout", &self.connect_timeout)
            .field("handshake_timeout", &self.handshake_timeout);
        match self.certificates {
            Certificates::Valid => {}
            Certificates::ForAnyName => {
                debug.field("danger_accept_invalid_hostnames", &true);
            }
            Certificates::Any => {
                debug.field("danger_accept_invalid_certs", &true);
            }
        }
        debug.finish()
    }
}

// A stream is handed between threads, and so is what makes it.
const _: fn() = || {
    fn assert<T: Send + Sync + 'static>() {}
    assert::<Connector>();
    assert::<ConnectorBuilder>();
    assert::<ClientStream>();
};

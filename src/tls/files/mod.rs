//! From files to a configuration.

mod certified;
mod client_trust;
#[cfg(feature = "watch")]
mod directories;
mod named;
mod parts;
mod pins;
mod read;
mod resolved;
#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod resumption;
#[cfg(feature = "watch")]
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::server::ResolvesServerCert;

#[cfg(feature = "generate")]
pub(super) use self::certified::belong_together;
#[cfg(any(feature = "client", feature = "generate"))]
pub(super) use self::certified::certify;
pub use self::client_trust::ClientAuth;
pub use self::named::UnknownNames;
use self::parts::ClientFaults;
pub use self::parts::MinimumVersion;
pub(super) use self::parts::Parts;
#[cfg(feature = "watch")]
pub use self::watch::Watch;
use crate::tls::file::Kinds;
use crate::tls::inspect::{self, Expiry};
use crate::tls::{TlsConfig, TlsConfigError};

/// Makes a configuration from a certificate file and a key file.
///
/// `cert` holds the chain, the server's own certificate first; `key` holds one
/// private key (PKCS#8, SEC1 or PKCS#1) without a passphrase. A file that holds
/// both is named twice. See the [module documentation](crate::tls) for what is
/// read.
///
/// The configuration: TLS 1.3 and 1.2, the certificate for every server name,
/// no client certificates, ALPN `h2`, `http/1.1` and `http/1.0`, stateless session tickets
/// under random keys that live 12 hours, no early data.
///
/// Reads files and so blocks: call it before the server starts, or in
/// `spawn_blocking`. Exists only with a provider feature (`aws-lc-rs`, `ring`).
///
/// ```no_run
/// let tls = oneport::tls::load("fullchain.pem", "privkey.pem")?;
/// # Ok::<(), oneport::tls::TlsConfigError>(())
/// ```
///
/// # Errors
///
/// Whatever makes the pair of files unusable; the error says which file, what
/// is wrong and what to do.
pub fn load(cert: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<TlsConfig, TlsConfigError> {
    Files::new(cert, key).load()
}

/// Certificate files, key files, and what else there is to say of a
/// configuration that is made from files.
///
/// ```no_run
/// use oneport::tls::{Files, MinimumVersion};
///
/// // Mutual TLS: only clients with a certificate from this CA are served.
/// let tls = Files::new("fullchain.pem", "privkey.pem")
///     .client_ca("ca4clients.crt")
///     .minimum_version(MinimumVersion::Tls13)
///     .load()?;
/// # Ok::<(), oneport::tls::TlsConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Files {
    /// Certificate and key; the first pair is for unknown names.
    pairs: Vec<(PathBuf, PathBuf)>,
    unknown_names: UnknownNames,
    minimum_version: MinimumVersion,
    client_auth: Option<ClientAuth>,
    client_cas: Vec<PathBuf>,
    client_crls: Vec<PathBuf>,
    system_roots: SystemRoots,
    faults: ClientFaults,
    expiry: Expiry,
    kinds: Kinds,
    ticket_secrets: Option<PathBuf>,
    /// In place of the pairs.
    resolver: Option<Arc<dyn ResolvesServerCert>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SystemRoots {
    Ignore,
    #[cfg(feature = "native-roots")]
    Trust,
}

impl Files {
    /// As [`load`]: the certificate chain and its key.
    pub fn new(cert: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        Self {
            pairs: Vec::new(),
            unknown_names: UnknownNames::default(),
            minimum_version: MinimumVersion::default(),
            client_auth: None,
            client_cas: Vec::new(),
            client_crls: Vec::new(),
            system_roots: SystemRoots::Ignore,
            faults: ClientFaults::Alert,
            expiry: Expiry::Refuse,
            kinds: Kinds::Regular,
            ticket_secrets: None,
            resolver: None,
        }
        .and(cert, key)
    }

    /// One more certificate chain with its key, for the names that it says
    /// (subject alternative names). A client gets the certificate for the server
    /// name that it asks for (SNI, RFC 6066 3), or else the one for
    /// [unknown names](Self::unknown_names).
    pub fn and(mut self, cert: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.pairs.push((cert.as_ref().into(), key.as_ref().into()));
        self
    }

    /// What a client gets that asks for a name of none of the certificates:
    /// the first certificate, unless told otherwise.
    pub fn unknown_names(mut self, policy: UnknownNames) -> Self {
        self.unknown_names = policy;
        self
    }

    /// The oldest version of TLS that is spoken: 1.2, unless told otherwise.
    pub fn minimum_version(mut self, version: MinimumVersion) -> Self {
        self.minimum_version = version;
        self
    }

    /// Ask clients for a certificate (mutual TLS) that one of the CAs in this
    /// file has signed. May be called several times, for several files; each
    /// may hold several certificates. A client's own certificate, if it is
    /// self-signed and no CA's, lets in that one client; what it has signed does
    /// not count.
    pub fn client_ca(mut self, path: impl AsRef<Path>) -> Self {
        self.client_cas.push(path.as_ref().into());
        self
    }

    /// Ask clients for a certificate that a CA in the system's store has signed:
    /// on Linux what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, or else what the
    /// distribution installed. Everybody can get a certificate from those CAs:
    /// the application has to look at
    /// [who it is for](crate::TlsInfo::client_identity). A store without any CA
    /// is an error.
    #[cfg(feature = "native-roots")]
    pub fn client_system_roots(mut self) -> Self {
        self.system_roots = SystemRoots::Trust;
        self
    }

    /// Whether clients need a certificate where they are asked for one:
    /// required, unless told otherwise. Without a
    /// [`client_ca`](Self::client_ca) (or the system's) it is an error.
    pub fn client_auth(mut self, auth: ClientAuth) -> Self {
        self.client_auth = Some(auth);
        self
    }

    /// Refuse the client certificates that this file says are revoked: one or
    /// several certificate revocation lists (RFC 5280 5; PEM or DER) of CAs that
    /// sign client certificates. May be called several times. Of several lists
    /// of one CA the newest counts. Without a [`client_ca`](Self::client_ca) (or
    /// the system's) it is an error.
    ///
    /// With one such file, every CA on the way from a client's certificate to a
    /// trusted one has to have a list, or the client is refused; except with
    /// [the system's CAs](Self::client_system_roots), whose lists nobody has. A
    /// list is used after the day of its next update too; whoever revokes has to
    /// send it.
    pub fn client_crl(mut self, path: impl AsRef<Path>) -> Self {
        self.client_crls.push(path.as_ref().into());
        self
    }

    /// Tell a client in HTTP what is wrong with its certificate; see
    /// [`TlsConfig::explaining_client_auth`]. Without a
    /// [`client_ca`](Self::client_ca) it changes nothing.
    pub fn explain_client_auth(mut self) -> Self {
        self.faults = ClientFaults::Explain;
        self
    }

    /// Make session tickets under the secrets in this file, which a fleet of
    /// servers shares: a session that began at one is resumed at any of them.
    ///
    /// A line of the file is one secret, as `openssl rand -hex 32` prints it (or
    /// 32 bytes and more in base64); `#` begins a comment. The first one makes
    /// tickets, all of them open tickets, eight at most. To rotate, write the
    /// new secret on a line of its own behind the first, on every machine; when
    /// all have read it, put it first; drop the old one 12 hours later, which is
    /// how long a ticket lives.
    ///
    /// Whoever has a secret can take over sessions and decrypt recorded TLS 1.2
    /// that was resumed under it: let nobody else read the file, and rotate it
    /// often, daily if you can. Servers whose settings for client certificates
    /// differ do not resume each other's sessions. Their clocks may differ by
    /// five minutes.
    pub fn ticket_secrets(mut self, path: impl AsRef<Path>) -> Self {
        self.ticket_secrets = Some(path.as_ref().into());
        self
    }

    /// Take certificates that have expired, or are not valid yet, as well. Clients
    /// go by their own clocks; it is for machines whose own is wrong, and for a
    /// server that has something to serve besides. Unless this is called, they
    /// are an error.
    pub fn accept_expired(mut self) -> Self {
        self.expiry = Expiry::Accept;
        self
    }

    /// Read pipes and devices as well, such as those of a shell's `<(..)`, up to
    /// the same size. Such a file can be read once only: a reload fails, or waits
    /// for somebody to write. Unless this is called, they are an error.
    pub fn allow_special_files(mut self) -> Self {
        self.kinds = Kinds::Any;
        self
    }

    /// All files that are read.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let pairs = self.pairs.iter().flat_map(|(cert, key)| [cert, key]);
        let files = pairs.chain(&self.client_cas).chain(&self.client_crls);
        let files = files.chain(&self.ticket_secrets);
        files.map(PathBuf::as_path)
    }

    /// Reads the files and makes the configuration; otherwise as [`load`].
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn load(&self) -> Result<TlsConfig, TlsConfigError> {
        // First: what changes while it is read is seen by a watch.
        #[cfg(feature = "watch")]
        let content = watch::digest(self);
        let parts = self.read()?;
        inspect::parts(&parts, &self.pairs, self.expiry)?;
        // With a resolver there may be no file at all.
        let config = parts.assemble(&self.first())?;
        #[cfg(feature = "watch")]
        let config = config.made_from(content);
        Ok(config)
    }

    /// For errors that are about no file in particular.
    fn first(&self) -> PathBuf {
        self.paths().next().unwrap_or(Path::new("-")).into()
    }

    /// Reads the files again, and puts what they make in the place of what
    /// `config` is; see [`TlsConfig::reload`] for what that means for clients.
    ///
    /// # Errors
    ///
    /// As [`load`]; `config` is then as it was.
    pub fn reload(&self, config: &TlsConfig) -> Result<(), TlsConfigError> {
        config.reload_from(|| self.load())
    }
}

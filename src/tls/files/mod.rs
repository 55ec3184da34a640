//! From files to a configuration.

mod certified;
mod client_trust;
mod named;
mod parts;
#[cfg(feature = "watch")]
mod watch;

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

#[cfg(feature = "generate")]
pub(super) use self::certified::belong_together;
pub(super) use self::certified::certify;
pub use self::client_trust::ClientAuth;
use self::client_trust::ClientTrust;
pub use self::named::UnknownNames;
use self::parts::ClientFaults;
pub use self::parts::MinimumVersion;
pub(super) use self::parts::Parts;
#[cfg(feature = "watch")]
pub use self::watch::Watch;
use crate::tls::file::Role;
use crate::tls::pem::{self, Contents};
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
    client_auth: ClientAuth,
    client_cas: Vec<PathBuf>,
    client_crls: Vec<PathBuf>,
    system_roots: SystemRoots,
    faults: ClientFaults,
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
            client_auth: ClientAuth::default(),
            client_cas: Vec::new(),
            client_crls: Vec::new(),
            system_roots: SystemRoots::Ignore,
            faults: ClientFaults::Alert,
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
    /// self-signed, is as good as a CA's: then that one client is trusted.
    pub fn client_ca(mut self, path: impl AsRef<Path>) -> Self {
        self.client_cas.push(path.as_ref().into());
        self
    }

    /// Ask clients for a certificate that a CA in the system's store has signed:
    /// on Linux what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, or else what the
    /// distribution installed. Everybody can get a certificate from those CAs:
    /// the application has to look at
    /// [who it is for](crate::TlsInfo::client_identity).
    #[cfg(feature = "native-roots")]
    pub fn client_system_roots(mut self) -> Self {
        self.system_roots = SystemRoots::Trust;
        self
    }

    /// Whether clients need a certificate where they are asked for one:
    /// required, unless told otherwise. Without a
    /// [`client_ca`](Self::client_ca) (or the system's) it changes nothing.
    pub fn client_auth(mut self, auth: ClientAuth) -> Self {
        self.client_auth = auth;
        self
    }

    /// Refuse the client certificates that this file says are revoked: one or
    /// several certificate revocation lists (RFC 5280 5; PEM or DER) of CAs that
    /// sign client certificates. May be called several times.
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

    /// All files that are read, in the order of the calls.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let pairs = self.pairs.iter().flat_map(|(cert, key)| [cert, key]);
        let files = pairs.chain(&self.client_cas).chain(&self.client_crls);
        files.map(PathBuf::as_path)
    }

    /// Reads the files and makes the configuration; otherwise as [`load`].
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn load(&self) -> Result<TlsConfig, TlsConfigError> {
        let pairs = self.pairs.iter().map(|(cert, key)| self.pair(cert, key));
        let parts = Parts {
            certificates: pairs.collect::<Result<_, _>>()?,
            unknown_names: self.unknown_names,
            minimum_version: self.minimum_version,
            client_trust: self.client_trust()?,
            faults: self.faults,
        };
        super::inspect::parts(&parts, &self.pairs, super::inspect::Expiry::Refuse)?;
        parts.assemble(&self.pairs[0].0)
    }

    /// Reads the files again, and puts what they make in the place of what
    /// `config` is; see [`TlsConfig::reload`] for what that means for clients.
    ///
    /// # Errors
    ///
    /// As [`load`]; `config` is then as it was.
    pub fn reload(&self, config: &TlsConfig) -> Result<(), TlsConfigError> {
        config.reload(self.load()?);
        Ok(())
    }

    fn pair(&self, cert: &Path, key: &Path) -> Result<CertifiedKey, TlsConfigError> {
        let contents = Contents::read(cert, Role::Certificate)?;
        let chain = contents.chain()?;
        let private_key = if cert == key {
            contents.key()?
        } else {
            Contents::read(key, Role::Key)?.key()?
        };
        certify(chain, private_key, cert, key)
    }

    /// What client certificates are judged by, if they are asked for.
    fn client_trust(&self) -> Result<Option<ClientTrust>, TlsConfigError> {
        if self.client_cas.is_empty() && self.system_roots == SystemRoots::Ignore {
            return Ok(None);
        }
        let mut trust = ClientTrust {
            auth: self.client_auth,
            cas: Vec::new(),
            system: self.system_roots.read(),
            crls: Vec::new(),
        };
        for path in &self.client_cas {
            let contents = Contents::read(path, Role::ClientCa)?;
            let cas = contents.certificates()?.iter().cloned();
            trust.cas.extend(cas.map(|ca| (path.clone(), ca)));
        }
        for path in &self.client_crls {
            let crls = pem::crls(path)?.into_iter();
            trust.crls.extend(crls.map(|crl| (path.clone(), crl)));
        }
        Ok(Some(trust))
    }
}

impl SystemRoots {
    fn read(self) -> Vec<CertificateDer<'static>> {
        match self {
            Self::Ignore => Vec::new(),
            #[cfg(feature = "native-roots")]
            Self::Trust => {
                let found = rustls_native_certs::load_native_certs();
                for error in &found.errors {
                    tracing::warn!(%error, "some of the system's CAs cannot be read");
                }
                found.certs
            }
        }
    }
}

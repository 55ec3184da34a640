//! From files to a configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error, InconsistentKeys, RootCertStore, ServerConfig};

use super::file::Role;
use super::pem::Contents;
use super::provider::{provider, ticketer};
use super::{TlsConfig, TlsConfigError};

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

/// A certificate file, a key file, and what else there is to say of a
/// configuration that is made from files.
///
/// ```no_run
/// // Mutual TLS: only clients with a certificate from this CA are served.
/// let tls = oneport::tls::Files::new("fullchain.pem", "privkey.pem")
///     .client_ca("ca4clients.crt")
///     .load()?;
/// # Ok::<(), oneport::tls::TlsConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Files {
    cert: PathBuf,
    key: PathBuf,
    client_cas: Vec<PathBuf>,
    faults: ClientFaults,
}

/// How a client hears what is wrong with its certificate.
#[derive(Clone, Copy, Debug)]
enum ClientFaults {
    Alert,
    Explain,
}

impl Files {
    /// As [`load`]: the certificate chain and its key.
    pub fn new(cert: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        Self {
            cert: cert.as_ref().into(),
            key: key.as_ref().into(),
            client_cas: Vec::new(),
            faults: ClientFaults::Alert,
        }
    }

    /// Require a client certificate (mutual TLS) that one of the CAs in this
    /// file has signed. May be called several times, for several files; each
    /// may hold several certificates.
    pub fn client_ca(mut self, path: impl AsRef<Path>) -> Self {
        self.client_cas.push(path.as_ref().into());
        self
    }

    /// Tell a client in HTTP what is wrong with its certificate; see
    /// [`TlsConfig::explaining_client_auth`]. Without a
    /// [`client_ca`](Self::client_ca) it changes nothing.
    pub fn explain_client_auth(mut self) -> Self {
        self.faults = ClientFaults::Explain;
        self
    }

    /// Reads the files and makes the configuration; otherwise as [`load`].
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn load(&self) -> Result<TlsConfig, TlsConfigError> {
        let contents = Contents::read(&self.cert, Role::Certificate)?;
        let chain = contents.chain()?;
        let key = if self.cert == self.key {
            contents.key()?
        } else {
            Contents::read(&self.key, Role::Key)?.key()?
        };
        if self.client_cas.is_empty() {
            return build(chain, key, &self.cert, &self.key);
        }
        let certified = certify(chain, key, &self.cert, &self.key)?;
        let refused = |source| TlsConfigError::Refused {
            path: self.cert.clone(),
            source,
        };
        let certified = Arc::new(SingleCertAndKey::from(certified));
        let serve = |verifier| config(verifier, certified.clone());
        let verifier = self.client_auth()?;
        match self.faults {
            ClientFaults::Alert => serve(verifier).map(TlsConfig::requiring_client_auth),
            ClientFaults::Explain => TlsConfig::explaining_client_auth(verifier, serve),
        }
        .map_err(refused)
    }

    /// What judges client certificates.
    fn client_auth(&self) -> Result<Arc<dyn ClientCertVerifier>, TlsConfigError> {
        let mut roots = RootCertStore::empty();
        for path in &self.client_cas {
            for ca in Contents::read(path, Role::ClientCa)?.certificates()? {
                let refused = |source| TlsConfigError::Refused {
                    path: path.clone(),
                    source,
                };
                roots.add(ca.clone()).map_err(refused)?;
            }
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let verifier = verifier.build().map_err(|error| TlsConfigError::Refused {
            path: self.client_cas[0].clone(),
            source: rustls::Error::General(error.to_string()),
        })?;
        Ok(verifier)
    }
}

/// Makes a configuration for everybody from what was read; the paths are for the
/// errors.
pub(super) fn build(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    cert_path: &Path,
    key_path: &Path,
) -> Result<TlsConfig, TlsConfigError> {
    let certified = certify(chain, key, cert_path, key_path)?;
    let certified = Arc::new(SingleCertAndKey::from(certified));
    let made = config(WebPkiClientVerifier::no_client_auth(), certified);
    let refused = |source| TlsConfigError::Refused {
        path: cert_path.into(),
        source,
    };
    Ok(made.map_err(refused)?.into())
}

fn config(
    client_auth: Arc<dyn ClientCertVerifier>,
    certified: Arc<SingleCertAndKey>,
) -> Result<ServerConfig, Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(client_auth)
        .with_cert_resolver(certified);
    config.ticketer = ticketer()?;
    Ok(config)
}

/// Whether the key is the certificate's.
#[cfg(feature = "generate")]
pub(super) fn belong_together(
    certificate: &CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> bool {
    CertifiedKey::from_der(vec![certificate.clone()], key, &provider()).is_ok()
}

/// Chain and key, once it is known that they belong together.
fn certify(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    cert_path: &Path,
    key_path: &Path,
) -> Result<CertifiedKey, TlsConfigError> {
    let signing_key = provider()
        .key_provider
        .load_private_key(key)
        .map_err(|source| TlsConfigError::UnsupportedKey {
            path: key_path.into(),
            source,
        })?;
    let certified = CertifiedKey::new(chain, signing_key);
    match certified.keys_match() {
        // Unknown: a provider that cannot tell. Its handshakes will.
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
            super::inspect::server_chain(
                cert_path,
                &certified.cert,
                std::time::SystemTime::now(),
                super::inspect::Expiry::Refuse,
            )
            .map(|()| certified)
        }
        Err(Error::InconsistentKeys(_)) => Err(match owner(&certified) {
            Some(position) => TlsConfigError::WrongOrder {
                path: cert_path.into(),
                position,
            },
            None => TlsConfigError::KeyMismatch {
                certificate: cert_path.into(),
                key: key_path.into(),
            },
        }),
        Err(source) => Err(TlsConfigError::Refused {
            path: cert_path.into(),
            source,
        }),
    }
}

/// Which certificate of the chain the key belongs to, from 1.
fn owner(certified: &CertifiedKey) -> Option<usize> {
    let belongs = |certificate: &CertificateDer<'static>| {
        CertifiedKey::new(vec![certificate.clone()], certified.key.clone())
            .keys_match()
            .is_ok()
    };
    certified
        .cert
        .iter()
        .position(belongs)
        .map(|index| index + 1)
}

//! From files to a configuration.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error, InconsistentKeys, ServerConfig};

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
    let (cert, key) = (cert.as_ref(), key.as_ref());
    let contents = Contents::read(cert, Role::Certificate)?;
    let chain = contents.chain()?;
    let private_key = if cert == key {
        contents.key()?
    } else {
        Contents::read(key, Role::Key)?.key()?
    };
    build(chain, private_key, cert, key)
}

/// Makes a configuration from what was read; the paths are for the errors.
pub(super) fn build(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    cert_path: &Path,
    key_path: &Path,
) -> Result<TlsConfig, TlsConfigError> {
    let refused = |source| TlsConfigError::Refused {
        path: cert_path.into(),
        source,
    };
    let certified = certify(chain, key, cert_path, key_path)?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.ticketer = ticketer().map_err(refused)?;
    Ok(config.into())
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
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
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

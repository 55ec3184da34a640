//! A certificate chain with its key.

use std::path::Path;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use crate::tls::TlsConfigError;
use crate::tls::provider::provider;

/// Chain and key, once it is known that they belong together; the paths are for
/// the errors.
pub(in crate::tls) fn certify(
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

/// Whether the key is the certificate's.
#[cfg(feature = "generate")]
pub(in crate::tls) fn belong_together(
    certificate: &CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> bool {
    CertifiedKey::from_der(vec![certificate.clone()], key, &provider()).is_ok()
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

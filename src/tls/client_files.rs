//! What a client reads from files: CAs that it trusts, its own certificate.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use super::TlsConfigError;
use super::file::Role;
use super::files::certify;
use super::pem::Contents;

/// The certificates in a file, of which there is at least one.
pub(crate) fn trusted(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
    let contents = Contents::read(path, Role::Certificate)?;
    Ok(contents.certificates()?.to_vec())
}

/// A client's certificate, and its key, in one file or in two.
pub(crate) fn identity(cert: &Path, key: &Path) -> Result<CertifiedKey, TlsConfigError> {
    let contents = Contents::read(cert, Role::Certificate)?;
    let chain = contents.chain()?;
    let private_key = match cert == key {
        true => contents.key()?,
        false => Contents::read(key, Role::Key)?.key()?,
    };
    certify(chain, private_key, cert, key)
}

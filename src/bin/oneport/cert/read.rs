//! Certificates of files, as bytes. What is wrong with a file is said by the
//! library, in the words that the server uses.

use std::fs;
use std::path::Path;

use oneport::tls::TlsConfigError;
use oneport::tls::describe;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::error::CertError;

/// The first certificate of a file, which is the holder's own. It is one:
/// [`parse`] does not fail with it.
pub(super) fn certificate(path: &Path) -> Result<CertificateDer<'static>, CertError> {
    // Its size and kind are looked at in there as well.
    match describe::chain(path) {
        // Nothing that is made here, and can be revoked all the same.
        Ok(_) | Err(TlsConfigError::ObsoleteVersion { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let content = fs::read(path).map_err(|source| CertError::Read {
        path: path.into(),
        source,
    })?;
    let certificate = CertificateDer::from_pem_slice(&content);
    Ok(certificate.unwrap_or_else(|_| content.into()))
}

pub(super) fn parse(certificate: &[u8]) -> Result<X509Certificate<'_>, CertError> {
    match X509Certificate::from_der(certificate) {
        Ok((_, parsed)) => Ok(parsed),
        Err(_) => Err(CertError::Issue(rcgen::Error::CouldNotParseCertificate)),
    }
}

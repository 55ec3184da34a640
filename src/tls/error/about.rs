//! Which file an error is about, and what caused it.

use std::error::Error;
use std::path::Path;

use super::TlsConfigError;

impl TlsConfigError {
    /// The file that the error is about; the certificate file where it is about
    /// both.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::CaAsLeaf { path, .. }
            | Self::CertificateInsteadOfKey { path, .. }
            | Self::ChainOrder { path, .. }
            | Self::Empty { path, .. }
            | Self::EncryptedKey { path, .. }
            | Self::Expired { path, .. }
            | Self::KeyInsteadOfCertificate { path, .. }
            | Self::KeyMismatch {
                certificate: path, ..
            }
            | Self::LeafAsClientCa { path, .. }
            | Self::MalformedCertificate { path, .. }
            | Self::MalformedCrl { path, .. }
            | Self::MalformedPem { path, .. }
            | Self::MissingNames { path, .. }
            | Self::NoCertificate { path, .. }
            | Self::NoClientCa { path, .. }
            | Self::NoCrl { path, .. }
            | Self::NoKey { path, .. }
            | Self::NoSystemCas { path, .. }
            | Self::NotFound { path, .. }
            | Self::NotRegular { path, .. }
            | Self::NotYetValid { path, .. }
            | Self::ObsoleteVersion { path, .. }
            | Self::Refused { path, .. }
            | Self::SeveralKeys { path, .. }
            | Self::Stranger { path, .. }
            | Self::TicketSecrets { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Unreadable { path, .. }
            | Self::UnsupportedCrl { path, .. }
            | Self::UnsupportedKey { path, .. }
            | Self::UnsupportedKeyKind { path, .. }
            | Self::UnsupportedPublicKey { path, .. }
            | Self::WeakSignature { path, .. }
            | Self::WrongOrder { path, .. }
            | Self::WrongPurpose { path, .. } => path,
        }
    }
}

impl Error for TlsConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused { source, .. } | Self::UnsupportedKey { source, .. } => Some(source),
            Self::MalformedCertificate { source, .. } => Some(source),
            Self::MalformedCrl { source, .. } => Some(source),
            Self::Unreadable { source, .. } => Some(source),
            _ => None,
        }
    }
}

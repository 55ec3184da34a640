//! The words for every error: what is wrong, where, and what to do.

use std::fmt;
use std::path::Path;

use super::{TlsConfigError, certificate, file, key};

impl fmt::Display for TlsConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { .. }
            | Self::MalformedPem { .. }
            | Self::NoCertificate { .. }
            | Self::NoClientCa { .. }
            | Self::NoCrl { .. }
            | Self::NoKey { .. }
            | Self::NoSystemCas { .. }
            | Self::NotFound { .. }
            | Self::NotRegular { .. }
            | Self::TicketSecrets { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. } => file::fmt(self, f),
            Self::CertificateInsteadOfKey { .. }
            | Self::EncryptedKey { .. }
            | Self::KeyInsteadOfCertificate { .. }
            | Self::KeyMismatch { .. }
            | Self::SeveralKeys { .. }
            | Self::UnsupportedKey { .. }
            | Self::UnsupportedKeyKind { .. }
            | Self::WrongOrder { .. } => key::fmt(self, f),
            Self::CaAsLeaf { .. }
            | Self::ChainOrder { .. }
            | Self::Expired { .. }
            | Self::LeafAsClientCa { .. }
            | Self::MalformedCertificate { .. }
            | Self::MalformedCrl { .. }
            | Self::MissingNames { .. }
            | Self::NotYetValid { .. }
            | Self::ObsoleteVersion { .. }
            | Self::Refused { .. }
            | Self::Stranger { .. }
            | Self::UnsupportedCrl { .. }
            | Self::UnsupportedPublicKey { .. }
            | Self::WeakSignature { .. }
            | Self::WrongPurpose { .. } => certificate::fmt(self, f),
        }
    }
}

/// A path as one word of a shell command that can be pasted.
pub(in crate::tls) struct Shell<'a>(pub(in crate::tls) &'a Path);

impl fmt::Display for Shell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.0.to_string_lossy();
        let plain = |c: char| c.is_ascii_alphanumeric() || "/\\:._-+".contains(c);
        if path.chars().all(plain) && !path.starts_with('-') {
            f.write_str(&path)
        } else {
            write!(f, "'{}'", path.replace('\'', r"'\''"))
        }
    }
}

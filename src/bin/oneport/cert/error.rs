//! Why a certificate could not be made or shown.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use oneport::tls::TlsConfigError;

#[derive(Debug)]
pub(super) enum CertError {
    /// The CA's certificate cannot sign what is asked for.
    Ca {
        path: PathBuf,
        what: String,
    },
    /// The CA's key cannot be used.
    CaKey {
        path: PathBuf,
        what: String,
    },
    /// The CA's key is another one's.
    CaMismatch {
        certificate: PathBuf,
        key: PathBuf,
    },
    /// The list that is there cannot be carried on.
    Crl {
        path: PathBuf,
        what: String,
    },
    /// A file is in the way.
    Exists {
        path: PathBuf,
        /// What to do instead.
        remedy: String,
    },
    /// One of the CA's two files is there.
    HalfCa {
        present: PathBuf,
        missing: PathBuf,
    },
    Issue(rcgen::Error),
    Load(TlsConfigError),
    /// A server did not show a certificate: the whole sentence.
    Port(String),
    Read {
        path: PathBuf,
        source: io::Error,
    },
    /// What is to be revoked is not this CA's.
    Revoke {
        given: String,
        what: String,
    },
    /// Neither certificate, key nor list.
    Unknown {
        name: String,
        what: String,
    },
    Usage(String),
    Write {
        path: PathBuf,
        source: io::Error,
    },
}

impl CertError {
    pub(super) fn code(&self) -> i32 {
        match self {
            Self::Exists { .. }
            | Self::Issue(_)
            | Self::Port(_)
            | Self::Read { .. }
            | Self::Write { .. } => 1,
            Self::Usage(_) => 2,
            Self::Ca { .. }
            | Self::CaKey { .. }
            | Self::CaMismatch { .. }
            | Self::Crl { .. }
            | Self::HalfCa { .. }
            | Self::Load(_)
            | Self::Revoke { .. }
            | Self::Unknown { .. } => 4,
        }
    }
}

impl fmt::Display for CertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ca { path, what } => {
                write!(f, "{} cannot sign this: {what}", path.display())
            }
            Self::CaKey { path, what } => {
                write!(
                    f,
                    "the CA's key in {} cannot be used: {what}",
                    path.display()
                )
            }
            Self::CaMismatch { certificate, key } => write!(
                f,
                "the private key in {} does not belong to the CA in {}; name the two files that \
                 were made together by --ca and --ca-key",
                key.display(),
                certificate.display()
            ),
            Self::Crl { path, what } => write!(
                f,
                "{} is there and cannot be carried on: {what}; nothing was written",
                path.display()
            ),
            Self::Exists { path, remedy } => write!(
                f,
                "{} is there already, and nothing was written; {remedy}",
                path.display()
            ),
            Self::HalfCa { present, missing } => write!(
                f,
                "{} is there, and {} is not: a CA needs both. Bring the missing file, name \
                 another CA by --ca and --ca-key, or remove the one that is left to have a new CA \
                 made",
                present.display(),
                missing.display()
            ),
            Self::Issue(_) => f.write_str("the certificate could not be made"),
            Self::Load(error) => error.fmt(f),
            Self::Port(sentence) | Self::Usage(sentence) => f.write_str(sentence),
            Self::Read { path, .. } => write!(f, "{} cannot be read", path.display()),
            Self::Revoke { given, what } => write!(f, "{given} cannot be revoked here: {what}"),
            Self::Unknown { name, what } => write!(
                f,
                "{name} holds {what}; expected certificates, a private key or a list of revoked \
                 certificates (CRL), as PEM or DER"
            ),
            Self::Write { path, .. } => write!(
                f,
                "{} cannot be written; no file was made or changed",
                path.display()
            ),
        }
    }
}

impl Error for CertError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Issue(error) => Some(error),
            Self::Load(error) => error.source(),
            Self::Read { source, .. } | Self::Write { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<rcgen::Error> for CertError {
    fn from(error: rcgen::Error) -> Self {
        Self::Issue(error)
    }
}

impl From<TlsConfigError> for CertError {
    fn from(error: TlsConfigError) -> Self {
        Self::Load(error)
    }
}

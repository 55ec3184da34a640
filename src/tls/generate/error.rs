//! Why there is no development certificate.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::tls::TlsConfigError;

/// The development certificate could not be read or made.
///
/// The text says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum GenerateError {
    /// A name for the certificate is neither a host name nor an IP address.
    InvalidName {
        /// The name as given.
        name: String,
    },
    /// The certificate could not be made or signed.
    Issue(Box<dyn Error + Send + Sync>),
    /// Another process has kept the directory to itself.
    Locked {
        /// The file that it has locked.
        path: PathBuf,
    },
    /// There is no data directory, because there is no home directory.
    NoDataDirectory,
    /// A file that is kept cannot be opened.
    Unreadable(TlsConfigError),
    /// The operating system refused to write.
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName { name } => write!(
                f,
                "{name:?} is not a name that a certificate can have; expected a host name or an \
                 IP address without scheme, port and path, with letters outside ASCII in their \
                 `xn--` form"
            ),
            Self::Issue(_) => f.write_str(
                "the development certificate could not be made; bring a certificate and key of \
                 your own instead",
            ),
            Self::Locked { path } => write!(
                f,
                "another process has held {} for ten seconds; end it, or use another directory",
                path.display()
            ),
            Self::NoDataDirectory => f.write_str(
                "there is no home directory to keep the development certificate in; set HOME or \
                 XDG_DATA_HOME, or name a directory",
            ),
            Self::Unreadable(_) => f.write_str(
                "a file of the development certificate is there and cannot be used; make it \
                 readable, remove it, or use another directory",
            ),
            Self::Unwritable { path, .. } => write!(
                f,
                "{} cannot be written, and the development certificate is kept there; make the \
                 directory writable for this user, or use another one (`--data-dir`)",
                path.display()
            ),
        }
    }
}

impl Error for GenerateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Issue(source) => Some(&**source),
            Self::Unreadable(source) => Some(source),
            Self::Unwritable { source, .. } => Some(source),
            Self::InvalidName { .. } | Self::Locked { .. } | Self::NoDataDirectory => None,
        }
    }
}

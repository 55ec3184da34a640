//! Why there is no connector.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use crate::tls::TlsConfigError;

/// Why a [`Connector`](super::Connector) could not be built.
///
/// ```
/// use oneport::client::Connector;
///
/// let error = Connector::builder().ca("no-such-file.crt").build().unwrap_err();
/// assert!(error.to_string().starts_with("CA file no-such-file.crt does not exist"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectorError {
    /// Two settings exclude each other.
    Conflict {
        /// One of them, as its method is named.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A file cannot be used.
    File(TlsConfigError),
    /// No certificate of any server would be accepted.
    NothingTrusted {
        /// What `SSL_CERT_FILE` or `SSL_CERT_DIR` says in place of the system's
        /// store, if they do; empty where the system's CAs were not asked for.
        path: Option<PathBuf>,
    },
    /// The name of an ALPN protocol cannot be sent (RFC 7301 3.1).
    Protocol {
        /// How many bytes it has.
        length: usize,
    },
    /// rustls, or the operating system behind it, refused the configuration.
    Tls(rustls::Error),
}

impl From<TlsConfigError> for ConnectorError {
    fn from(error: TlsConfigError) -> Self {
        Self::File(error)
    }
}

impl From<rustls::Error> for ConnectorError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { one, other } => write!(
                f,
                "{one} and {other} exclude each other: leave one of them out"
            ),
            Self::File(error) => error.fmt(f),
            Self::NothingTrusted { path: None } => f.write_str(
                "no certificate of any server would be trusted: name a CA's by \
                 Connector::builder().ca(path), or install the system's (Debian's package is \
                 ca-certificates)",
            ),
            Self::NothingTrusted { path: Some(path) } => write!(
                f,
                "no CA certificate can be read from {}, where SSL_CERT_FILE and SSL_CERT_DIR lead \
                 instead of to the system's store: let them name PEM certificates, or unset them",
                path.display()
            ),
            Self::Protocol { length } => write!(
                f,
                "the name of an ALPN protocol has {length} bytes: expected 1 to 255, as h2 or \
                 http/1.1"
            ),
            Self::Tls(_) => f.write_str(
                "the TLS library refused this client's configuration, and its own words say why",
            ),
        }
    }
}

impl Error for ConnectorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // Its words are ours.
            Self::File(error) => error.source(),
            Self::Tls(error) => Some(error),
            Self::Conflict { .. } | Self::NothingTrusted { .. } | Self::Protocol { .. } => None,
        }
    }
}

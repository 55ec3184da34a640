//! What is wrong with what was asked for.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::tls::TlsConfigError;

/// Certificates cannot be obtained as asked for. Nothing was sent to a CA yet:
/// what a CA or the network has against it is logged by the
/// [`Driver`](super::Driver), which goes on.
///
/// The text says what to do.
///
/// ```
/// let error = oneport::acme::Acme::new(["*.example.org"]).start().unwrap_err();
/// assert!(error.to_string().contains("dns-01"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum AcmeError {
    /// The address of the CA's directory is no HTTPS URL.
    InvalidDirectory {
        /// As given.
        url: String,
    },
    /// A domain that no certificate can be had for here.
    InvalidDomain {
        /// As given.
        domain: String,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// An e-mail address that is none.
    InvalidEmail {
        /// As given.
        email: String,
    },
    /// There is no data directory, because there is no home directory.
    NoCache,
    /// No domain was given.
    NoDomain,
    /// No root certificates to know the CA's HTTPS server by.
    NoRoots {
        /// The file that was named, if one was.
        path: Option<PathBuf>,
        /// Why, where it is known.
        source: Option<io::Error>,
    },
    /// The crypto provider speaks no version of TLS.
    NoTls,
    /// The CA's terms of service were not agreed to.
    TermsNotAccepted,
    /// The server's configuration could not be made.
    Tls(TlsConfigError),
    /// The operating system refused to read or write.
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for AcmeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidDirectory { url } => write!(
                f,
                "{url:?} is not the URL of an ACME directory; expected https:// and all of the \
                 URL, such as https://acme-v02.api.letsencrypt.org/directory"
            ),
            Self::InvalidDomain { domain, why } => {
                write!(f, "no certificate can be obtained for {domain:?}: {why}")
            }
            Self::InvalidEmail { email } => write!(
                f,
                "{email:?} is not an e-mail address; expected one, such as admin@example.org"
            ),
            Self::NoCache => f.write_str(
                "there is no home directory to keep certificates in; set HOME or XDG_DATA_HOME, or \
                 name a directory",
            ),
            Self::NoDomain => f.write_str("no domain was given that a certificate is wanted for"),
            Self::NoRoots {
                path: Some(path), ..
            } => write!(
                f,
                "{} holds no usable root certificate; expected PEM (`BEGIN CERTIFICATE`) with what \
                 the HTTPS server of the CA is to be trusted by",
                path.display()
            ),
            Self::NoRoots { path: None, .. } => f.write_str(
                "this machine has no root certificates to know the CA's HTTPS server by; install \
                 them (on Debian: ca-certificates), or name a file",
            ),
            Self::NoTls => f.write_str("the crypto provider speaks no version of TLS"),
            Self::TermsNotAccepted => f.write_str(
                "a CA gives certificates only to who agrees to its terms of service; read them, \
                 and call accept_terms()",
            ),
            Self::Tls(_) => f.write_str("the TLS configuration could not be made"),
            Self::Unwritable { path, .. } => write!(
                f,
                "{} cannot be read or written, and certificates are kept there; make the directory \
                 writable for this user, or name another one",
                path.display()
            ),
        }
    }
}

impl Error for AcmeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoRoots { source, .. } => source.as_ref().map(|source| source as _),
            Self::Tls(source) => Some(source),
            Self::Unwritable { source, .. } => Some(source),
            _ => None,
        }
    }
}

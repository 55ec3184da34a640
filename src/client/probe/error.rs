//! Why a port was not asked at all.

use std::error::Error;
use std::fmt;

use crate::tls::TlsConfigError;

/// Why a port was not asked at all: what was given to the
/// [`Probe`](super::Probe) cannot be used. What is wrong with the port is in the
/// [`Report`](super::Report).
///
/// ```
/// use oneport::client::Probe;
///
/// let error = Probe::new("ftp://localhost/").unwrap_err();
/// assert!(error.to_string().contains("http, https, ws and wss"));
/// ```
#[derive(Debug)]
pub struct ProbeError(Kind);

#[derive(Debug)]
enum Kind {
    File(TlsConfigError),
    ServerName(String),
    Target { given: String, what: String },
    Tls(rustls::Error),
}

impl ProbeError {
    pub(super) fn target(given: &str, what: &str) -> Self {
        // What stands before the @ may be a password.
        let given = match given.rsplit_once('@') {
            Some((_, rest)) => format!("..@{rest}"),
            None => given.to_owned(),
        };
        let what = what.to_owned();
        Self(Kind::Target { given, what })
    }

    pub(super) fn server_name(name: &str) -> Self {
        Self(Kind::ServerName(name.to_owned()))
    }
}

impl From<TlsConfigError> for ProbeError {
    fn from(error: TlsConfigError) -> Self {
        Self(Kind::File(error))
    }
}

impl From<rustls::Error> for ProbeError {
    fn from(error: rustls::Error) -> Self {
        Self(Kind::Tls(error))
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::File(error) => error.fmt(f),
            Kind::ServerName(name) => write!(
                f,
                "{} is neither a host name nor an IP address",
                name.escape_debug()
            ),
            Kind::Target { given, what } => {
                write!(f, "{} cannot be checked: {what}", given.escape_debug())
            }
            Kind::Tls(_) => f.write_str("there is no TLS to ask with"),
        }
    }
}

impl Error for ProbeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::File(error) => error.source(),
            Kind::Tls(error) => Some(error),
            Kind::ServerName(_) | Kind::Target { .. } => None,
        }
    }
}

//! Why a connection did not come about, for whoever waits for it.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use super::hint::hint;
use super::target::Target;
use crate::diagnose::{Diagnosis, chain};
use crate::mismatch::Mismatch;

/// Why a [`Connector`](super::Connector) made no connection, or why the one that
/// it made broke, where the server said why.
///
/// Its `Display` is one sentence with cause and remedy, its `source` what the TLS
/// stack or the operating system says. Neither names the URL's path or query.
///
/// hyper, hyper-util, tungstenite and tonic hand it on inside their own errors,
/// where [`find_in`](Self::find_in) finds it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use oneport::client::{ConnectErrorKind, Connector};
///
/// let error = Connector::new().connect("ftp://localhost/").await.unwrap_err();
/// assert_eq!(error.kind(), ConnectErrorKind::Uri);
/// assert!(error.to_string().ends_with("expected http, https, ws or wss"));
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct ConnectError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    /// None: the URL itself is wrong.
    target: Option<Target>,
    what: What,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug)]
enum What {
    Config,
    Connect,
    Resolve,
    Timeout(ConnectStage, Duration),
    Tls(Option<Diagnosis>),
    Uri(UriFault),
}

/// How far a connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// The connector cannot speak TLS: what was wrong when it was made is the
    /// error's source.
    Config,
    /// There was no TCP connection.
    Connect,
    /// The host's name has no address.
    Resolve,
    /// It took too long.
    Timeout(ConnectStage),
    /// The TLS handshake failed, or the server broke the connection by an alert
    /// afterwards, or answered plaintext with something that is not HTTP.
    Tls,
    /// The URL cannot be connected to.
    Uri,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectStage {
    /// Finding the host's address, and the TCP connection to it
    /// ([`connect_timeout`](super::ConnectorBuilder::connect_timeout)).
    Connect,
    /// The TLS handshake
    /// ([`handshake_timeout`](super::ConnectorBuilder::handshake_timeout)).
    Handshake,
}

/// What is wrong with a URL.
#[derive(Debug)]
pub(super) enum UriFault {
    Invalid(http::Error),
    MissingHost,
    /// With the host and port that there are.
    MissingScheme(String),
    /// Or whatever stands in its place.
    Port(String),
    Scheme(String),
    ServerName(String),
}

impl ConnectError {
    pub(super) fn uri(fault: UriFault) -> Self {
        let what = What::Uri(fault);
        let (target, source) = (None, None);
        Self(Box::new(Inner {
            target,
            what,
            source,
        }))
    }

    fn at(
        target: &Target,
        what: What,
        source: impl Into<Option<Box<dyn Error + Send + Sync>>>,
    ) -> Self {
        Self(Box::new(Inner {
            target: Some(target.clone()),
            what,
            source: source.into(),
        }))
    }

    pub(super) fn config(target: &Target, source: Box<dyn Error + Send + Sync>) -> Self {
        Self::at(target, What::Config, source)
    }

    pub(super) fn connect(target: &Target, source: Box<dyn Error + Send + Sync>) -> Self {
        Self::at(target, What::Connect, source)
    }

    pub(super) fn resolve(target: &Target, source: Box<dyn Error + Send + Sync>) -> Self {
        Self::at(target, What::Resolve, source)
    }

    pub(super) fn timeout(target: &Target, stage: ConnectStage, after: Duration) -> Self {
        Self::at(target, What::Timeout(stage, after), None)
    }

    pub(super) fn tls(target: &Target, diagnosis: Option<Diagnosis>, source: io::Error) -> Self {
        let source: Box<dyn Error + Send + Sync> = match source.downcast::<rustls::Error>() {
            Ok(rustls) => rustls.into(),
            Err(io) => io.into(),
        };
        Self::at(target, What::Tls(diagnosis), source)
    }

    /// How far it came.
    #[must_use]
    pub fn kind(&self) -> ConnectErrorKind {
        match self.0.what {
            What::Config => ConnectErrorKind::Config,
            What::Connect => ConnectErrorKind::Connect,
            What::Resolve => ConnectErrorKind::Resolve,
            What::Timeout(stage, _) => ConnectErrorKind::Timeout(stage),
            What::Tls(_) => ConnectErrorKind::Tls,
            What::Uri(_) => ConnectErrorKind::Uri,
        }
    }

    /// What is wrong, and how certain that is, where the server's bytes, its
    /// alert or its certificate say so.
    #[must_use]
    pub fn diagnosis(&self) -> Option<&Diagnosis> {
        match &self.0.what {
            What::Tls(diagnosis) => diagnosis.as_ref(),
            _ => None,
        }
    }

    /// What client and server disagree about, where that is what a oneport
    /// server would name too.
    #[must_use]
    pub fn mismatch(&self) -> Option<Mismatch> {
        self.diagnosis()?.mismatch()
    }

    /// The error inside another one, such as a `hyper_util::client::legacy::Error`:
    /// looks at the error itself, at its sources, and into `io::Error`s.
    #[must_use]
    pub fn find_in<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        chain(error).find_map(|error| error.downcast_ref())
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(target) = &self.0.target {
            write!(f, "{target}: ")?;
        }
        match &self.0.what {
            What::Config => f.write_str(
                "this client cannot speak TLS: make it by Connector::builder(), whose error says \
                 what to change",
            ),
            What::Connect => f.write_str(
                "there is no connection to this port: check that the server runs, and the port",
            ),
            What::Resolve => f.write_str(
                "this host name has no address: check its spelling, and this machine's network",
            ),
            What::Timeout(ConnectStage::Connect, after) => write!(
                f,
                "no connection within {after:?}: check host and port; a firewall may drop what \
                 is sent there"
            ),
            What::Timeout(ConnectStage::Handshake, after) => write!(
                f,
                "no TLS handshake within {after:?}: check the port; it possibly speaks \
                 plaintext, or a server of another kind waits there"
            ),
            What::Tls(Some(diagnosis)) => {
                write!(f, "{diagnosis}")?;
                match hint(diagnosis.cause()) {
                    Some(hint) => write!(f, " ({hint})"),
                    None => Ok(()),
                }
            }
            What::Tls(None) => {
                f.write_str("the TLS handshake failed, and the TLS library's own words say why")
            }
            What::Uri(fault) => write!(f, "{fault}"),
        }
    }
}

impl fmt::Display for UriFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(_) => {
                f.write_str("this is not a URL: write it as https://HOST:PORT/PATH")
            }
            Self::MissingHost => {
                f.write_str("the URL names no host: write it as https://HOST:PORT/PATH")
            }
            Self::MissingScheme(host) => write!(
                f,
                "the URL has no scheme: write https://{host} or wss://{host} for TLS, http://{host} \
                 or ws://{host} for plaintext"
            ),
            Self::Port(port) => {
                let port: String = port.chars().take(20).collect();
                write!(f, "the URL's port is {port}: expected a number up to 65535")
            }
            Self::Scheme(scheme) => {
                let scheme: String = scheme.chars().take(20).collect();
                write!(
                    f,
                    "the URL's scheme is {scheme}: expected http, https, ws or wss"
                )
            }
            Self::ServerName(host) => write!(
                f,
                "no certificate can be for the host {host:?}: write its DNS name or IP address"
            ),
        }
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if let What::Uri(UriFault::Invalid(error)) = &self.0.what {
            return Some(error);
        }
        let source = self.0.source.as_deref();
        source.map(|source| source as &(dyn Error + 'static))
    }
}

/// For those who speak of streams: the error stays in it as
/// [`get_ref`](io::Error::get_ref).
impl From<ConnectError> for io::Error {
    fn from(error: ConnectError) -> Self {
        let mut next = error.source();
        let mut os = None;
        while let Some(source) = next {
            os = os.or(source.downcast_ref::<io::Error>().map(io::Error::kind));
            next = source.source();
        }
        let kind = match error.kind() {
            ConnectErrorKind::Timeout(_) => io::ErrorKind::TimedOut,
            ConnectErrorKind::Tls => os.unwrap_or(io::ErrorKind::InvalidData),
            ConnectErrorKind::Uri => io::ErrorKind::InvalidInput,
            _ => os.unwrap_or(io::ErrorKind::Other),
        };
        Self::new(kind, error)
    }
}

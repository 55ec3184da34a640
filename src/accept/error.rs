//! Why a connection was not accepted.

use std::fmt;
use std::io;
use std::time::Duration;

#[cfg(feature = "serve")]
use super::kind::Kind;
use super::remedy::remedy;
use crate::mismatch::Mismatch;

/// Why a connection was not accepted. It is over: answered, where the client
/// could read an answer, and closed.
#[derive(Debug)]
#[non_exhaustive]
pub enum AcceptError {
    /// A CA's tls-alpn-01 validation was answered (RFC 8737), which is all that
    /// such a connection is for.
    AcmeChallenge,
    /// ALPN chose `h2`, but the client sent HTTP/1: a connection error by RFC
    /// 9113 3.4.
    AlpnMismatch,
    /// The client closed before it was clear what it speaks. With no byte
    /// received this is what port scanners and TCP health checks do.
    Closed {
        /// So many bytes had arrived.
        received: usize,
    },
    /// A deadline passed.
    Deadline {
        /// What was being waited for.
        stage: Stage,
        /// The limit.
        after: Duration,
    },
    /// The TLS handshake failed.
    Handshake {
        /// The TLS stack's words.
        source: io::Error,
        /// The server name that the client asked for, if it got so far.
        server_name: Option<String>,
    },
    /// The connection broke.
    Io(io::Error),
    /// The client was refused, and told why.
    Refused(Mismatch),
}

/// What a connection was doing when its deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Waiting for the first decrypted bytes
    /// ([`Limits::first_request`](crate::Limits::first_request)).
    FirstRequest,
    /// Shaking hands ([`Limits::handshake`](crate::Limits::handshake)).
    Handshake,
    /// Waiting for enough bytes to know what the client speaks
    /// ([`Limits::sniff`](crate::Limits::sniff)).
    Sniff,
}

impl Stage {
    /// The field of [`Limits`](crate::Limits).
    pub(super) fn limit(self) -> &'static str {
        match self {
            Self::FirstRequest => "first_request",
            Self::Handshake => "handshake",
            Self::Sniff => "sniff",
        }
    }
}

impl AcceptError {
    /// What to change so that such a client is served, where that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Handshake { source, .. } => remedy(source),
            Self::Refused(mismatch) => Some(mismatch.remedy()),
            _ => None,
        }
    }

    /// What it has in common with others, in words that no client chooses.
    #[cfg(feature = "serve")]
    pub(crate) fn kind(&self) -> Kind<'_> {
        Kind(self)
    }
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AcmeChallenge => f.write_str("a tls-alpn-01 challenge was answered"),
            Self::AlpnMismatch => f.write_str("ALPN chose h2, but the client sent HTTP/1"),
            Self::Closed { received: 0 } => f.write_str("the client closed without a word"),
            Self::Closed { received } => write!(
                f,
                "the client closed after {received} bytes, before it was clear what it speaks"
            ),
            Self::Deadline { stage, after } => write!(f, "{stage} within {after:?}"),
            Self::Handshake {
                server_name: Some(name),
                ..
            } => write!(f, "the TLS handshake for {name:?} failed"),
            Self::Handshake { .. } => f.write_str("the TLS handshake failed"),
            Self::Io(_) => f.write_str("the connection broke"),
            Self::Refused(mismatch) => write!(f, "refused: {mismatch}"),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstRequest => "no request arrived inside TLS",
            Self::Handshake => "the TLS handshake was not done",
            Self::Sniff => "not enough bytes arrived to know what the client speaks",
        })
    }
}

impl std::error::Error for AcceptError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Handshake { source, .. } | Self::Io(source) => Some(source),
            _ => None,
        }
    }
}

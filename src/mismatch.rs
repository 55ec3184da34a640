//! What disagrees between a client and a port, and what to do about it.

use std::fmt;

use crate::foreign::Foreign;

/// A disagreement between what a client speaks and what a port serves.
///
/// This is the project's noun: the server refuses with it, logs it and answers
/// with its [`sentence`](Self::sentence). The sentence is constant per variant:
/// it never reflects request data, so it can go into headers, bodies, reason
/// phrases and logs unescaped.
///
/// ```
/// use oneport::Mismatch;
///
/// let mismatch = Mismatch::PlaintextToTls;
/// assert_eq!(
///     mismatch.to_string(),
///     "This port requires TLS: use https:// (or wss://) instead of http:// (or ws://)."
/// );
/// assert_eq!(mismatch.slug(), "plaintext-to-tls");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mismatch {
    /// Neither TLS nor HTTP arrived.
    Foreign(Foreign),
    /// Plaintext HTTP arrived where this peer has to use TLS.
    PlaintextToTls,
    /// A TLS ClientHello arrived at a port that speaks plaintext only.
    TlsToPlaintext,
}

impl Mismatch {
    /// What is wrong and what to change, in one sentence for the client's user.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::Foreign(foreign) => foreign.sentence(),
            Self::PlaintextToTls => {
                "This port requires TLS: use https:// (or wss://) instead of http:// (or ws://)."
            }
            Self::TlsToPlaintext => {
                "This port speaks plaintext only: use http:// (or ws://) instead of https:// (or wss://)."
            }
        }
    }

    /// The name of the mismatch for machines: the value of the
    /// `Oneport-Mismatch` response header.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Foreign(foreign) => foreign.slug(),
            Self::PlaintextToTls => "plaintext-to-tls",
            Self::TlsToPlaintext => "tls-to-plaintext",
        }
    }

    /// What the operator can change on the server, for log lines.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Foreign(foreign) => foreign.remedy(),
            Self::PlaintextToTls => {
                "let the client use https:// or wss://, or allow plaintext here (--allow-plaintext)"
            }
            Self::TlsToPlaintext => {
                "let the client use http:// or ws://, or configure a certificate here (--cert, --key)"
            }
        }
    }
}

/// The [`sentence`](Mismatch::sentence).
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

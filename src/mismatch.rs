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
    /// The client did not prove who it is, where it has to: mutual TLS.
    ClientCertificate(CertificateFault),
    /// Neither TLS nor HTTP arrived.
    Foreign(Foreign),
    /// Plaintext HTTP arrived where this peer has to use TLS.
    PlaintextToTls,
    /// A connection from a proxy did not begin with a PROXY protocol header.
    ProxyHeaderMissing,
    /// A TLS ClientHello arrived at a port that speaks plaintext only.
    TlsToPlaintext,
}

/// What is wrong with the client's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateFault {
    /// Its time is over.
    Expired,
    /// There is none.
    Missing,
    /// Its time has not come.
    NotYetValid,
    /// The TLS stack refuses it for another reason, which is in the log.
    Refused,
    /// It is on a certificate revocation list.
    Revoked,
    /// No trusted CA issued it.
    UnknownIssuer,
}

impl Mismatch {
    /// What is wrong and what to change, in one sentence for the client's user.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::ClientCertificate(fault) => fault.sentence(),
            Self::Foreign(foreign) => foreign.sentence(),
            Self::PlaintextToTls => {
                "This port requires TLS: use https:// (or wss://) instead of http:// (or ws://)."
            }
            Self::ProxyHeaderMissing => {
                "This port expects a PROXY protocol header from this address: switch it on at the proxy that connects here."
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
            Self::ClientCertificate(fault) => fault.slug(),
            Self::Foreign(foreign) => foreign.slug(),
            Self::PlaintextToTls => "plaintext-to-tls",
            Self::ProxyHeaderMissing => "proxy-header-missing",
            Self::TlsToPlaintext => "tls-to-plaintext",
        }
    }

    /// The mismatch with this [`slug`](Self::slug).
    ///
    /// All the protocols of [`Foreign`] have one slug, so that theirs gives
    /// [`Foreign::Unknown`].
    ///
    /// ```
    /// use oneport::Mismatch;
    ///
    /// let header = "tls-to-plaintext";
    /// assert_eq!(Mismatch::from_slug(header), Some(Mismatch::TlsToPlaintext));
    /// ```
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Self> {
        TOLD_APART.into_iter().find(|one| one.slug() == slug)
    }

    /// The mismatch whose [`sentence`](Self::sentence) is the first in a text.
    pub(crate) fn in_text(text: &str) -> Option<Self> {
        let at = |one: Self| Some((text.find(one.sentence())?, one));
        let found = TOLD_APART.into_iter().filter_map(at);
        found.min_by_key(|(at, _)| *at).map(|(_, one)| one)
    }

    /// What the operator can change on the server, for log lines.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::ClientCertificate(_) => {
                "give the client a certificate from a CA that --client-ca names"
            }
            Self::Foreign(foreign) => foreign.remedy(),
            Self::PlaintextToTls => {
                "let the client use https:// or wss://, or allow plaintext here (--allow-plaintext)"
            }
            Self::ProxyHeaderMissing => {
                "switch the PROXY protocol on at the proxy, or take its address out of --proxy-protocol"
            }
            Self::TlsToPlaintext => {
                "let the client use http:// or ws://, or serve TLS here (with a certificate, without --plaintext-only)"
            }
        }
    }
}

/// One for each slug.
const TOLD_APART: [Mismatch; 11] = [
    Mismatch::ClientCertificate(CertificateFault::Expired),
    Mismatch::ClientCertificate(CertificateFault::Missing),
    Mismatch::ClientCertificate(CertificateFault::NotYetValid),
    Mismatch::ClientCertificate(CertificateFault::Refused),
    Mismatch::ClientCertificate(CertificateFault::Revoked),
    Mismatch::ClientCertificate(CertificateFault::UnknownIssuer),
    Mismatch::Foreign(Foreign::ProxyV1),
    Mismatch::Foreign(Foreign::Unknown),
    Mismatch::PlaintextToTls,
    Mismatch::ProxyHeaderMissing,
    Mismatch::TlsToPlaintext,
];

impl CertificateFault {
    fn sentence(self) -> &'static str {
        match self {
            Self::Expired => {
                "This port requires a client certificate, and the one that was sent has expired: renew it."
            }
            Self::Missing => {
                "This port requires a client certificate from a CA that it trusts: configure the client with a certificate and its key."
            }
            Self::NotYetValid => {
                "This port requires a client certificate, and the one that was sent is not valid yet: check the clocks."
            }
            Self::Refused => {
                "This port requires a client certificate, and the one that was sent was refused: use another one."
            }
            Self::Revoked => {
                "This port requires a client certificate, and the one that was sent has been revoked: use another one."
            }
            Self::UnknownIssuer => {
                "This port requires a client certificate from a CA that it trusts, and the one that was sent is from another CA."
            }
        }
    }

    fn slug(self) -> &'static str {
        match self {
            Self::Expired => "client-certificate-expired",
            Self::Missing => "client-certificate-missing",
            Self::NotYetValid => "client-certificate-not-yet-valid",
            Self::Refused => "client-certificate-refused",
            Self::Revoked => "client-certificate-revoked",
            Self::UnknownIssuer => "client-certificate-unknown-issuer",
        }
    }
}

/// The [`sentence`](Mismatch::sentence).
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_and_a_sentence_lead_back() {
        for mismatch in TOLD_APART {
            assert_eq!(Mismatch::from_slug(mismatch.slug()), Some(mismatch));
            let log = format!("error: {}, it says", mismatch.sentence());
            assert_eq!(Mismatch::in_text(&log), Some(mismatch));
        }
        assert_eq!(Mismatch::from_slug("Plaintext-To-TLS"), None);
        assert_eq!(Mismatch::in_text("This port requires TLS"), None);
    }
}

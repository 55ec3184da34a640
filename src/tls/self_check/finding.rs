//! What is wrong, in a sentence and a remedy.

use std::fmt;

use rustls::pki_types::ServerName;

use super::{Handshake, Outcome};
use crate::tls::describe::CertificateSummary;

/// Something that clients, or some of them, will trip over.
///
/// Displays as the sentence, a semicolon and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Which kind it is, for machines.
    pub problem: Problem,
    /// What is wrong, and for whom.
    pub sentence: String,
    /// What to do.
    pub remedy: String,
}

/// How bad a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Severity {
    /// Clients are not served.
    Failure,
    /// Right in some settings; only who runs the server knows.
    Note,
    /// Some clients are not served, or soon none.
    Warning,
}

/// The kinds of [`Finding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The ALPN list lacks a protocol of HTTP.
    Alpn,
    /// The server's certificate is one that signs others.
    CaAsLeaf,
    /// The chain does not hold together.
    Chain,
    /// A certificate is over.
    Expired,
    /// A certificate is soon over.
    ExpiresSoon,
    /// A handshake broke off.
    Handshake,
    /// A target is neither a DNS name nor an IP address.
    InvalidName,
    /// The chain may lack certificates between the server's own and the root.
    MissingIntermediates,
    /// The certificate is for other names.
    NameNotCovered,
    /// There is no certificate for clients that ask for the target.
    NameRefused,
    /// A certificate is not valid yet.
    NotYetValid,
    /// The certificate is not for servers.
    Purpose,
}

impl Severity {
    /// `failure`, `note` or `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

impl Problem {
    /// A word for machines that does not change, such as `name_not_covered`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alpn => "alpn",
            Self::CaAsLeaf => "ca_as_leaf",
            Self::Chain => "chain",
            Self::Expired => "expired",
            Self::ExpiresSoon => "expires_soon",
            Self::Handshake => "handshake",
            Self::InvalidName => "invalid_name",
            Self::MissingIntermediates => "missing_intermediates",
            Self::NameNotCovered => "name_not_covered",
            Self::NameRefused => "name_refused",
            Self::NotYetValid => "not_yet_valid",
            Self::Purpose => "purpose",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.sentence, self.remedy)
    }
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        problem: Problem,
        sentence: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            problem,
            sentence: sentence.into(),
            remedy: remedy.into(),
        }
    }

    pub(super) fn invalid_name(target: &str) -> Self {
        Self::new(
            Severity::Warning,
            Problem::InvalidName,
            format!(
                "{target:?} is neither a DNS name nor an IP address, so no client can ask for it"
            ),
            "give the name alone, without scheme, port or brackets",
        )
    }

    /// Most certificates from public CAs are for no address, and their clients
    /// use the name: for an address that is not the server's fault.
    pub(super) fn not_covered(
        target: &str,
        name: &ServerName<'_>,
        leaf: &CertificateSummary,
    ) -> Self {
        let subject = &leaf.subject;
        if leaf.names.is_empty() {
            return Self::new(
                Severity::Warning,
                Problem::NameNotCovered,
                format!(
                    "the certificate {subject} has no subject alternative names, and clients look \
                     at nothing else: they refuse it"
                ),
                format!("have it issued with them: `oneport cert server {target}`"),
            );
        }
        let named = |name: &String| {
            name != "localhost"
                && ServerName::try_from(&name[..])
                    .is_ok_and(|name| matches!(name, ServerName::DnsName(_)))
        };
        let severity = match name {
            ServerName::IpAddress(_) if leaf.names.iter().any(named) => Severity::Note,
            _ => Severity::Warning,
        };
        Self::new(
            severity,
            Problem::NameNotCovered,
            format!(
                "the certificate {subject} is for {}, and not for {target}: clients that connect \
                 to {target} refuse it",
                leaf.names.join(", ")
            ),
            format!(
                "use one of its names in the URL, or have it issued for {target} too: \
                 `oneport cert server {target}`, or `oneport serve --name {target}` where that \
                 makes the certificate"
            ),
        )
    }
}

/// What the handshakes for one target say.
pub(super) fn of_handshakes(
    target: &str,
    name: &ServerName<'_>,
    handshakes: &[Handshake],
) -> Vec<Finding> {
    if handshakes.is_empty() {
        return vec![Finding::new(
            Severity::Failure,
            Problem::Handshake,
            format!(
                "no handshake for {target} is possible: the configuration has neither TLS 1.3 nor 1.2"
            ),
            "enable one of them, with cipher suites of it",
        )];
    }
    if handshakes
        .iter()
        .any(|handshake| handshake.outcome == Outcome::NameRefused)
    {
        return vec![name_refused(target, name)];
    }
    let fails = |it: &Handshake| matches!(it.outcome, Outcome::Failed(_));
    let severity = match handshakes.iter().all(fails) {
        true => Severity::Failure,
        // Most clients can do with the other version.
        false => Severity::Warning,
    };
    let failed = handshakes.iter().filter_map(|handshake| {
        let Outcome::Failed(why) = &handshake.outcome else {
            return None;
        };
        Some(Finding::new(
            severity,
            Problem::Handshake,
            format!(
                "the handshake of {} for {target} fails: {why}",
                handshake.version_name()
            ),
            "compare certificate, key and cipher suites of the configuration with that; a chain of more \
             than 64 KiB is too long for any client",
        ))
    });
    failed.collect()
}

fn name_refused(target: &str, name: &ServerName<'_>) -> Finding {
    match name {
        // They send no name, and a configuration may want one.
        ServerName::IpAddress(_) => Finding::new(
            Severity::Note,
            Problem::NameRefused,
            format!("clients that connect to {target} by address send no name and are refused"),
            "use a name in the URL, or set a certificate for clients without a name",
        ),
        _ => Finding::new(
            Severity::Warning,
            Problem::NameRefused,
            format!("there is no certificate for {target}: clients that ask for it are refused"),
            "add one, or set a certificate for unknown names",
        ),
    }
}

/// HTTP needs `h2` in the list to be HTTP/2 over TLS (RFC 9113 3.2), and what
/// offers only `http/1.1`, such as WebSocket clients, is refused when the list
/// has others (RFC 7301 3.2).
pub(super) fn of_alpn(list: &[Vec<u8>]) -> Option<Finding> {
    let has = |name: &[u8]| list.iter().any(|known| known == name);
    let (h2, http1) = (has(b"h2"), has(b"http/1.1"));
    let known: Vec<_> = list
        .iter()
        .map(|name| String::from_utf8_lossy(name))
        .collect();
    let known = known.join(", ");
    let (severity, sentence) = match (h2, http1) {
        (true, true) => return None,
        _ if list.is_empty() => (
            Severity::Note,
            "there is no ALPN list: browsers and most other clients speak HTTP/1.1 only".to_owned(),
        ),
        (false, true) => (
            Severity::Note,
            format!("the ALPN list ({known}) lacks h2: no client speaks HTTP/2 over TLS"),
        ),
        (true, false) => (
            Severity::Warning,
            format!(
                "the ALPN list ({known}) lacks http/1.1: clients that offer nothing else, as \
                 WebSocket clients do, are refused with alert 120"
            ),
        ),
        (false, false) => (
            Severity::Warning,
            format!("the ALPN list ({known}) has no HTTP: HTTP clients are refused with alert 120"),
        ),
    };
    let remedy = "leave the list of the rustls configuration empty, and `TlsConfig::from` fills it";
    Some(Finding::new(severity, Problem::Alpn, sentence, remedy))
}

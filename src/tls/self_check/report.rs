//! What the check found, for people and for programs.

use std::fmt;
use std::time::SystemTime;

use super::{Alpn, Finding, Handshake, Outcome, Severity};
use crate::tls::describe::CertificateSummary;

/// What the check found.
///
/// Displays as one line for each name, then one for each finding, each with a
/// line break at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    names: Vec<NameReport>,
    findings: Vec<Finding>,
    at: SystemTime,
}

/// What clients that ask for one name get.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameReport {
    /// The name or address, as it was given.
    pub target: String,
    /// A handshake for each TLS version of the configuration, TLS 1.3 first.
    pub handshakes: Vec<Handshake>,
    /// For clients that offer `h2` and `http/1.1`.
    pub alpn: Alpn,
    /// For clients that offer `http/1.1` alone.
    pub alpn_http1: Alpn,
    /// The server's certificate, if the handshake came so far.
    pub leaf: Option<CertificateSummary>,
    /// Whether the certificate is for this name.
    pub covered: bool,
}

impl Report {
    /// Failures first, then warnings, then notes.
    pub(super) fn new(names: Vec<NameReport>, mut findings: Vec<Finding>, at: SystemTime) -> Self {
        findings.sort_by_key(|finding| match finding.severity {
            Severity::Failure => 0,
            Severity::Warning => 1,
            Severity::Note => 2,
        });
        Self {
            names,
            findings,
            at,
        }
    }

    /// What clients get for each target, in the order of the targets.
    #[must_use]
    pub fn names(&self) -> &[NameReport] {
        &self.names
    }

    /// What is wrong: failures first, then warnings, then notes.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl NameReport {
    pub(super) fn new(target: &str) -> Self {
        Self {
            target: target.to_owned(),
            handshakes: Vec::new(),
            alpn: Alpn::Ignored,
            alpn_http1: Alpn::Ignored,
            leaf: None,
            covered: false,
        }
    }

    /// `TLS 1.3, TLS 1.2`: those of one outcome.
    fn versions(&self, is: impl Fn(&Outcome) -> bool) -> Option<String> {
        let these = self.handshakes.iter().filter(|it| is(&it.outcome));
        let these: Vec<_> = these.map(|it| it.version_name()).collect();
        (!these.is_empty()).then(|| these.join(", "))
    }

    fn line(&self, at: SystemTime) -> String {
        let mut parts = Vec::new();
        parts.extend(self.versions(|outcome| *outcome == Outcome::Completed));
        if let Some(versions) = self.versions(|outcome| *outcome == Outcome::ClientCertificate) {
            parts.push(format!("{versions} with a client certificate"));
        }
        if let Some(versions) = self.versions(|outcome| matches!(outcome, Outcome::Failed(_))) {
            parts.push(format!("{versions} fails"));
        }
        let refused = self.versions(|outcome| *outcome == Outcome::NameRefused);
        parts.extend(refused.map(|_| "refused".to_owned()));
        if parts.is_empty() {
            parts.push("no handshake".into());
        }
        for (alpn, offer) in [(&self.alpn, "h2"), (&self.alpn_http1, "http/1.1")] {
            match alpn {
                Alpn::Chosen(name) => parts.push(name.clone()),
                Alpn::Ignored => {}
                Alpn::Refused => parts.push(format!("{offer} is refused")),
            }
        }
        if let Some(leaf) = &self.leaf {
            let not = if self.covered {
                ""
            } else {
                ", not for this name"
            };
            parts.push(match leaf.days_left(at) {
                days @ ..0 => format!("{} (over for {} days{not})", leaf.subject, -days),
                days => format!("{} ({days} days left{not})", leaf.subject),
            });
        }
        parts.join("; ")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.names.iter().map(|name| name.target.chars().count());
        let width = widths.max().unwrap_or_default();
        for name in &self.names {
            writeln!(f, "{:width$}  {}", name.target, name.line(self.at))?;
        }
        for finding in &self.findings {
            writeln!(f, "{}: {finding}", finding.severity)?;
        }
        Ok(())
    }
}

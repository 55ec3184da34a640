//! Tries a configuration before the port opens: would clients be served?
//!
//! [`run`] shakes hands with the configuration in memory, as a client would for
//! each name, and looks at what it is given: which TLS versions and ALPN
//! protocols work, whether the certificate is for that name, whether its chain
//! is whole, and how long it lasts. What is wrong is a [`Finding`]: a sentence
//! and a remedy. There is no I/O and no waiting; a name costs about three
//! handshakes of computing time.
//!
#![cfg_attr(any(feature = "aws-lc-rs", feature = "ring"), doc = "```no_run")]
#![cfg_attr(not(any(feature = "aws-lc-rs", feature = "ring")), doc = "```ignore")]
//! use oneport::tls::{self, self_check};
//!
//! let tls = tls::load("fullchain.pem", "privkey.pem")?;
//! let report = self_check::run(&tls, &["example.com", "192.0.2.1"]);
//! print!("{report}");
//! # Ok::<(), tls::TlsConfigError>(())
//! ```
//!
//! # What does it not see?
//!
//! Whether clients trust the CA, and whether DNS and the network lead them
//! here: both are theirs. The chain is verified up to its own last certificate.

mod chain;
mod finding;
mod handshake;
mod report;
mod witness;

use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, ServerName};

#[cfg(all(feature = "probe", any(feature = "aws-lc-rs", feature = "ring")))]
pub(crate) use self::{chain::covers, chain::judge, witness::Witness};
pub use finding::{Finding, Problem, Severity};
pub use handshake::{Alpn, Handshake, Outcome};
pub use report::{NameReport, Report};

use super::TlsConfig;
use super::describe::CertificateSummary;

/// Tries the configuration for each of the `targets`: DNS names, which clients
/// send as SNI, and IP addresses, with which they send none (RFC 6066 3). A
/// wildcard (`*.example.com`, as in a certificate) is tried as
/// `www.example.com`.
///
/// With a configuration that requires client certificates the check ends where
/// the server asks for one. Nothing is left behind: no session is stored, no
/// ticket made, no key logged.
///
#[cfg_attr(any(feature = "aws-lc-rs", feature = "ring"), doc = "```")]
#[cfg_attr(not(any(feature = "aws-lc-rs", feature = "ring")), doc = "```ignore")]
/// use oneport::tls::self_check::{self, Problem};
/// # use std::sync::Arc;
/// # use rustls::server::ResolvesServerCertUsingSni;
///
/// // A configuration that has no certificate for anybody.
/// let config = rustls::ServerConfig::builder_with_provider(oneport::tls::provider())
///     .with_safe_default_protocol_versions()?
///     .with_no_client_auth()
///     .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
/// let report = self_check::run(&config.into(), &["example.com"]);
/// assert_eq!(report.findings()[0].problem, Problem::NameRefused);
/// # Ok::<(), rustls::Error>(())
/// ```
#[must_use]
pub fn run<T: AsRef<str>>(config: &TlsConfig, targets: &[T]) -> Report {
    run_at(config, targets, SystemTime::now())
}

fn run_at<T: AsRef<str>>(config: &TlsConfig, targets: &[T], now: SystemTime) -> Report {
    let config = handshake::without_traces(&config.current());
    let mut findings = Vec::from_iter(finding::of_alpn(&config.alpn_protocols));
    // Certificates are judged once, not for each of their names.
    let mut judged = Vec::new();
    let mut names = Vec::new();
    for target in targets {
        let target = target.as_ref();
        let (name, chain) = check(&config, target, &mut findings);
        if !chain.is_empty() && !judged.contains(&chain) {
            let provider = config.crypto_provider();
            findings.extend(chain::judge(&chain, provider, now));
            judged.push(chain);
        }
        names.push(name);
    }
    Report::new(names, findings, now)
}

/// One target, and the chain that its clients get.
fn check(
    config: &Arc<ServerConfig>,
    target: &str,
    findings: &mut Vec<Finding>,
) -> (NameReport, Vec<CertificateDer<'static>>) {
    let mut report = NameReport::new(target);
    let tried = match target.strip_prefix("*.") {
        Some(domain) => format!("www.{domain}"),
        None => target.to_owned(),
    };
    let Ok(name) = ServerName::try_from(tried) else {
        findings.push(Finding::invalid_name(target));
        return (report, Vec::new());
    };
    let tries = handshake::all(config, &name);
    findings.extend(finding::of_handshakes(target, &name, &tries.handshakes));
    report.handshakes = tries.handshakes;
    report.alpn = tries.alpn;
    report.alpn_http1 = tries.alpn_http1;
    if let Some(leaf) = tries.chain.first() {
        report.leaf = CertificateSummary::from_der(leaf).ok();
        report.covered = chain::covers(leaf, &name);
        if let (Some(leaf), false) = (&report.leaf, report.covered) {
            findings.push(Finding::not_covered(target, &name, leaf));
        }
    }
    (report, tries.chain)
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;

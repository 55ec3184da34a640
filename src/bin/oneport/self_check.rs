//! The self-check of the certificates, before anybody is served.

use std::net::SocketAddr;

use oneport::tls::TlsConfig;
use oneport::tls::self_check::{self, Finding, Problem, Report, Severity};
use serde_json::{Value, json};

use crate::listen_addr::ListenAddr;

/// A certificate may have a hundred names, and each costs three handshakes.
const MOST_NAMES: usize = 32;

/// Shakes hands for what clients may call this listener, and for the names of
/// the certificates; logs what is wrong.
///
/// # Errors
///
/// When no handshake is possible for one of them.
pub(crate) fn run(
    config: &TlsConfig,
    names: Vec<String>,
    called: &[String],
) -> Result<Report, Finding> {
    let mut targets = called.to_vec();
    for name in names {
        if !targets.contains(&name) {
            targets.push(name);
        }
    }
    if targets.len() > MOST_NAMES {
        let others = targets.len() - MOST_NAMES;
        tracing::info!("self-check: {others} more names of the certificates are not tried");
        targets.truncate(MOST_NAMES);
    }
    let report = self_check::run(config, &targets);
    for finding in report.findings() {
        match finding.severity {
            Severity::Note => tracing::debug!("self-check: {finding}"),
            _ => tracing::warn!("self-check: {finding}"),
        }
    }
    let fatal = |finding: &&Finding| {
        finding.severity == Severity::Failure && finding.problem == Problem::Handshake
    };
    match report.findings().iter().find(fatal) {
        Some(finding) => Err(finding.clone()),
        None => Ok(report),
    }
}

/// What clients may call this listener.
///
/// What nobody else can connect to is not looked at: an own certificate need
/// not be for 127.0.0.1 because its server listens there behind a tunnel.
pub(crate) fn called(listen: &ListenAddr, bound: SocketAddr) -> Vec<String> {
    let name = listen.name().map(str::to_owned);
    let ip = bound.ip().to_canonical();
    let ip = (!ip.is_unspecified() && !ip.is_loopback()).then(|| ip.to_string());
    name.into_iter().chain(ip).collect()
}

/// For the start-up report: one line, and one for each finding that is not a
/// note.
pub(crate) fn lines(report: &Report) -> String {
    let findings = report.findings().iter();
    let serious = findings.filter(|finding| finding.severity != Severity::Note);
    let serious: Vec<_> = serious
        .map(|finding| format!("\n    {}: {finding}", finding.severity))
        .collect();
    let colon = if serious.is_empty() { "" } else { ":" };
    format!("{}{colon}{}", verdict(report), serious.concat())
}

/// The first of these lines.
pub(crate) fn verdict(report: &Report) -> String {
    let findings = report.findings().iter();
    let serious = findings.filter(|finding| finding.severity != Severity::Note);
    let found = match serious.count() {
        0 => "no fault found".to_owned(),
        count => format!("{count} fault(s) found"),
    };
    format!("{} name(s) tried, {found}", report.names().len())
}

pub(crate) fn json(report: &Report) -> Value {
    let names = report.names().iter().map(|name| {
        let handshakes = name.handshakes.iter().map(|handshake| {
            json!({
                "version": handshake.version_name(),
                "outcome": handshake.outcome.as_str(),
            })
        });
        json!({
            "name": name.target,
            "handshakes": handshakes.collect::<Vec<_>>(),
            "alpn": name.alpn.chosen(),
            "alpn_http1": name.alpn_http1.chosen(),
            "covered": name.covered,
            "sha256": name.leaf.as_ref().map(|leaf| &leaf.sha256),
        })
    });
    let findings = report.findings().iter().map(|finding| {
        json!({
            "severity": finding.severity.as_str(),
            "problem": finding.problem.as_str(),
            "sentence": finding.sentence,
            "remedy": finding.remedy,
        })
    });
    json!({
        "names": names.collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
    })
}

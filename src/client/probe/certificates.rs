//! What is wrong with the certificates that a server shows.

use std::time::SystemTime;

use rustls::pki_types::CertificateDer;

use super::finding::{Finding, Severity};
use super::report::Report;
use super::setting::Setting;
use crate::diagnose::ServerCertificateFault as Fault;
use crate::tls::describe::CertificateSummary;
use crate::tls::provider;
use crate::tls::self_check::{Problem, judge};

/// Adds them to the report, and what clients will make of them.
pub(super) fn look(setting: &Setting, chain: &[CertificateDer<'static>], report: &mut Report) {
    if chain.is_empty() || !report.tls.certificates.is_empty() {
        return;
    }
    let now = SystemTime::now();
    let summaries = chain.iter().map(CertificateSummary::from_der);
    report.tls.certificates = summaries.map_while(Result::ok).collect();
    report.tls.certificate_faults = setting.trust.faults(chain, &setting.server_name, now);
    let severity =
        match report.answered_over_tls || setting.target.scheme.is_some_and(|it| it.is_tls()) {
            true => Severity::Failure,
            false => Severity::Warning,
        };
    let faults = &report.tls.certificate_faults;
    let mut findings = Vec::new();
    for found in judge(chain, &provider(), now) {
        let severity = match found.problem {
            // A fault, of the server's own certificate at least.
            Problem::Expired | Problem::NotYetValid if found.severity == Severity::Failure => {
                continue;
            }
            // Whoever has the CA has it; whoever has not is told more below.
            Problem::MissingIntermediates => continue,
            Problem::CaAsLeaf | Problem::Chain | Problem::Purpose
                if faults.contains(&Fault::Refused) =>
            {
                severity
            }
            _ => found.severity,
        };
        let sentence = capital(&found.sentence);
        findings.push(Finding::new(severity, slug(found.problem), sentence).server(found.remedy));
    }
    let is_explained = findings.iter().any(|found| found.severity == severity);
    for fault in faults {
        if *fault != Fault::Refused || !is_explained {
            findings.push(finding(*fault, severity, setting, &report.tls.certificates));
        }
    }
    report.findings.extend(findings);
}

/// For a certificate that clients do not accept.
fn finding(
    fault: Fault,
    severity: Severity,
    setting: &Setting,
    chain: &[CertificateSummary],
) -> Finding {
    let name = &setting.name;
    let Some(leaf) = chain.first() else {
        let sentence = "The server's certificate cannot be read.";
        return Finding::new(severity, "server-certificate-refused", sentence)
            .server("have another one issued");
    };
    let (subject, issuer) = (&leaf.subject, &leaf.issuer);
    match fault {
        Fault::Expired => {
            let day = leaf.expires_on();
            let sentence = format!("The server's certificate {subject} has expired on {day}.");
            Finding::new(severity, "server-certificate-expired", sentence)
                .client("if it has not expired by other clocks, set the one of this machine")
                .server("renew it, and let the server load it (oneport does by itself)")
        }
        Fault::NotYetValid => {
            let sentence = format!("The server's certificate {subject} is not valid yet.");
            Finding::new(severity, "server-certificate-not-yet-valid", sentence)
                .client("check the clock of this machine")
                .server("check the clock of the machine that has made it, or wait")
        }
        Fault::WrongName => {
            let names = match leaf.names.is_empty() {
                true => "for no host at all (it has no subjectAltName)".to_owned(),
                false => format!("only for {}", leaf.names.join(", ")),
            };
            let sentence = format!("The server's certificate is not valid for {name}, {names}.");
            let found = Finding::new(severity, "server-certificate-wrong-name", sentence).server(
                format!("have one issued for {name} too: `oneport cert server {name}`"),
            );
            match leaf.names.iter().find(|name| !name.starts_with('*')) {
                Some(other) => found.client(format!("use {other} in the URL")),
                None => found,
            }
        }
        Fault::UnknownIssuer => unknown_issuer(severity, setting, chain),
        _ => {
            let sentence = format!(
                "The server's certificate {subject}, issued by {issuer}, is not one that TLS \
                 libraries accept from a server."
            );
            Finding::new(severity, "server-certificate-refused", sentence)
                .server("have another one issued: `oneport cert server` makes one")
        }
    }
}

fn unknown_issuer(severity: Severity, setting: &Setting, chain: &[CertificateSummary]) -> Finding {
    let slug = "server-certificate-unknown-issuer";
    let whom = match setting.trust.has_system() {
        true => "this machine does not trust",
        false => "is not among the CAs that are given",
    };
    let (Some(leaf), Some(last)) = (chain.first(), chain.last()) else {
        return Finding::new(severity, slug, "The server shows no certificate.");
    };
    let add = "give clients that CA's certificate: `curl --cacert ca.crt`, here `--ca ca.crt`";
    if leaf.subject == leaf.issuer {
        let sentence = format!(
            "The server's certificate {} is self-signed, and not among those that are trusted.",
            leaf.subject
        );
        return Finding::new(severity, slug, sentence)
            .client("give clients this very certificate: `curl --cacert server.crt`, here `--ca server.crt`")
            .server("use one that a CA has signed: `oneport cert server`, or --acme-domain for a public one");
    }
    if last.subject == last.issuer {
        let sentence = format!(
            "The server's certificate is from the CA {}, which {whom}.",
            last.subject
        );
        return Finding::new(severity, slug, sentence)
            .client(add)
            .server("use a certificate of a public CA, if everybody is to come here");
    }
    let sentence = format!(
        "The server's certificates lead to {}, which {whom}; if that is no root, the server leaves \
         out an intermediate certificate.",
        last.issuer
    );
    Finding::new(severity, slug, sentence)
        .client(add)
        .server("send the whole chain: the file that certbot calls fullchain.pem, not cert.pem")
}

/// As the faults are written.
fn slug(problem: Problem) -> &'static str {
    match problem {
        Problem::CaAsLeaf => "server-certificate-is-ca",
        Problem::Chain => "server-certificate-chain",
        Problem::Expired => "server-certificate-chain-expired",
        Problem::ExpiresSoon => "server-certificate-expires-soon",
        Problem::MissingIntermediates => "server-certificate-intermediate-missing",
        Problem::NotYetValid => "server-certificate-chain-not-yet-valid",
        Problem::Purpose => "server-certificate-purpose",
        _ => "server-certificate",
    }
}

fn capital(sentence: &str) -> String {
    let mut rest = sentence.chars();
    match rest.next() {
        Some(first) => format!("{}{}.", first.to_ascii_uppercase(), rest.as_str()),
        None => String::new(),
    }
}

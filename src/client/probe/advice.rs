//! What people should know of a report, and what to change.

use super::answer::{Answer, ClientCertificate, Next, Spoken};
use super::fault::Fault;
use super::finding::{Finding, Severity};
use super::report::Report;
use super::target::{Scheme, Target};
use crate::diagnose::Cause;
use crate::mismatch::{CertificateFault, Mismatch};

/// Adds the findings that are not about certificates, which are there already,
/// and the URLs to use.
pub(super) fn add(target: &Target, report: &mut Report) {
    report.urls = urls(target, report);
    if let Some(fault) = &report.fault {
        let said = report
            .findings
            .iter()
            .any(|one| one.severity == Severity::Failure);
        let is_certificate = fault.slug().starts_with("server-certificate");
        // Of a target that is redirected to TLS, it was but a warning.
        let mut findings = report.findings.iter_mut();
        match findings.find(|one| is_certificate && one.slug == fault.slug()) {
            Some(finding) => finding.severity = Severity::Failure,
            None if said && is_certificate => {}
            None => {
                let finding = of_fault(fault, target, report);
                report.findings.push(finding);
            }
        }
    }
    report.findings.extend(of_http2_only(target, report));
    report.findings.extend(of_tls(report));
    report.findings.extend(of_hsts(report));
    report.findings.extend(of_redirects(report));
    report
        .findings
        .sort_by_key(|finding| match finding.severity {
            Severity::Failure => 0,
            Severity::Warning => 1,
            Severity::Note => 2,
        });
}

/// In the order in which they are to be preferred.
fn urls(target: &Target, report: &Report) -> Vec<String> {
    let (plaintext, tls) = (&report.plaintext, &report.tls);
    let all = [
        (Scheme::Https, tls.http.http().is_some()),
        (
            Scheme::Http,
            plaintext.http1.http().or(plaintext.h2c.http()).is_some(),
        ),
        (Scheme::Wss, tls.websocket.opened_websocket()),
        (Scheme::Ws, plaintext.websocket.opened_websocket()),
    ];
    let works = all.into_iter().filter(|(_, works)| *works);
    works.map(|(scheme, _)| target.url(scheme)).collect()
}

const BEGIN: &str = "begin with HTTP/2: `curl --http2-prior-knowledge`";

fn of_fault(fault: &Fault, target: &Target, report: &Report) -> Finding {
    let finding = Finding::new(Severity::Failure, fault.slug(), fault.to_string());
    let diagnosis = match fault {
        Fault::Diagnosed(diagnosis) => diagnosis,
        Fault::Http2Only => {
            return finding.client(BEGIN);
        }
        Fault::RedirectLoop => {
            return finding.server("see where the redirects come from: a proxy in front and the application may each undo what the other does");
        }
        Fault::Status(_) if opens_websocket(target, report) => {
            let scheme = match target.scheme {
                Some(Scheme::Https) => Scheme::Wss,
                _ => Scheme::Ws,
            };
            let url = target.url(scheme);
            return finding.client(format!("use {url}: a WebSocket is opened here"));
        }
        Fault::Status(status) if status.as_u16() == 404 => {
            return finding.client("check the path");
        }
        Fault::Status(status) if status.is_server_error() => {
            return finding.server("see its log");
        }
        Fault::WebSocketRefused(_) => return finding.client("check the path"),
        _ => return finding,
    };
    let instead = |scheme: Scheme| format!("use {}", target.url(scheme));
    match diagnosis.cause() {
        Cause::Mismatch(Mismatch::PlaintextToTls) => finding
            .client(instead(other(target, true)))
            .server("serve plaintext too, if that is wanted (oneport: --allow-plaintext)"),
        Cause::Mismatch(Mismatch::TlsToPlaintext) => finding
            .client(match is_http2_only(report) {
                true => format!("{}, and {BEGIN}", instead(other(target, false))),
                false => instead(other(target, false)),
            })
            .server("serve TLS (oneport: --cert and --key, without --plaintext-only)"),
        Cause::ClosedAtOnce | Cause::ClosedInHandshake if report.plaintext.http1.http().is_some() => {
            finding.client(instead(other(target, false)))
        }
        Cause::Mismatch(Mismatch::ClientCertificate(fault)) => of_client_certificate(finding, fault),
        Cause::Mismatch(Mismatch::ProxyHeaderMissing) => finding
            .client("ask the proxy in front of this port, not the port itself")
            .server("expect the header from the proxy's address only (oneport: --proxy-protocol), or not at all (nginx: `listen` without `proxy_protocol`)"),
        Cause::NoCommonProtocol => finding
            .server("add http/1.1 to the ALPN protocols"),
        Cause::NoCommonParameters => {
            finding.server("speak TLS 1.2 or 1.3: TLS 1.0 and 1.1 are refused by clients of today")
        }
        Cause::UnknownServerName => finding
            .client("use a name that the server knows; where the URL has to have an address, say the name beside it (here: --server-name)")
            .server("add a certificate for this name"),
        _ => finding,
    }
}

fn is_http2_only(report: &Report) -> bool {
    let plaintext = &report.plaintext;
    let fails = matches!(plaintext.http1, Answer::Closed | Answer::Other(_));
    fails && plaintext.h2c.http().is_some() && !report.tls.is_spoken()
}

fn opens_websocket(target: &Target, report: &Report) -> bool {
    match target.scheme {
        Some(Scheme::Http) => report.plaintext.websocket.opened_websocket(),
        Some(Scheme::Https) => report.tls.websocket.opened_websocket(),
        _ => false,
    }
}

/// Of a port that works as it was given, for it speaks something.
fn of_http2_only(target: &Target, report: &Report) -> Option<Finding> {
    let concerns = target.scheme.is_none() && is_http2_only(report);
    let fault = concerns.then_some(Fault::Http2Only)?;
    let finding = Finding::new(Severity::Note, fault.slug(), fault.to_string());
    Some(finding.client(BEGIN))
}

/// The same thing in the other mode.
fn other(target: &Target, tls: bool) -> Scheme {
    match (target.scheme.is_some_and(Scheme::is_websocket), tls) {
        (false, false) => Scheme::Http,
        (false, true) => Scheme::Https,
        (true, false) => Scheme::Ws,
        (true, true) => Scheme::Wss,
    }
}

fn of_client_certificate(finding: Finding, fault: CertificateFault) -> Finding {
    let finding = match fault {
        CertificateFault::Missing => finding.client(
            "show a certificate: `curl --cert client1.crt --key client1.key`, here `--cert` and \
             `--key`; `oneport cert client` makes one",
        ),
        _ => finding.client("show another certificate: `oneport cert client` makes one"),
    };
    finding.server(
        "add the CA of this client (oneport: --client-ca), or serve clients without a certificate \
         too (--client-auth optional)",
    )
}

fn of_tls(report: &Report) -> Vec<Finding> {
    let mut found = Vec::new();
    let tls = &report.tls;
    if tls.tls13 == Spoken::No && tls.tls12 == Spoken::Yes {
        let sentence = "This port speaks TLS 1.2 and not TLS 1.3, which is faster and safer.";
        let finding = Finding::new(Severity::Warning, "tls12-only", sentence);
        found.push(finding.server("switch TLS 1.3 on, or update the TLS library"));
    }
    let is_said = report
        .fault
        .as_ref()
        .is_some_and(|fault| fault.slug().starts_with("client-"));
    if let (ClientCertificate::Required(diagnosis), false) = (&tls.client_certificate, is_said) {
        let sentence = format!("Over TLS: {diagnosis}");
        found.push(Finding::new(
            Severity::Warning,
            "client-certificate-required",
            sentence,
        ));
    }
    let fails = !matches!(tls.http, Answer::Http(_) | Answer::NotAsked);
    if tls.alpn_h2 == Spoken::Yes && fails && tls.http1.http().is_some() {
        let sentence = "This port agrees on HTTP/2 (ALPN h2) and then does not speak it: browsers \
                        and curl fail, clients of HTTP/1.1 are served.";
        let finding = Finding::new(Severity::Warning, "alpn-without-http2", sentence);
        found.push(
            finding.server(
                "serve HTTP/2 (axum: feature `http2`), or take h2 out of the ALPN protocols",
            ),
        );
    }
    found
}

/// RFC 6797 7.2: not over plaintext, where anybody could have written it.
fn of_hsts(report: &Report) -> Option<Finding> {
    let plaintext = report.plaintext.http1.http()?;
    plaintext.hsts.as_ref()?;
    let sentence = "The plaintext answer has a Strict-Transport-Security header, which browsers \
                    ignore there and RFC 6797 7.2 forbids.";
    let finding = Finding::new(Severity::Warning, "hsts-on-plaintext", sentence);
    Some(finding.server("send it over TLS only"))
}

fn of_redirects(report: &Report) -> Vec<Finding> {
    let mut found = Vec::new();
    for hop in &report.redirects {
        let (url, location) = (&hop.url, hop.location.escape_debug());
        if url.starts_with("https:") && hop.location.starts_with("http:") {
            let sentence = format!("{url} is redirected from TLS to plaintext: {location}");
            let finding = Finding::new(Severity::Warning, "redirect-to-plaintext", sentence);
            found.push(finding.server("redirect to https://"));
        }
        match hop.next {
            Next::Elsewhere => {
                let sentence = format!("{url} is redirected to {location}, which was not asked.");
                found.push(Finding::new(Severity::Note, "redirect-elsewhere", sentence));
            }
            Next::TooMany => {
                let sentence = format!(
                    "{url} is redirected once more, to {location}: that is one redirect after the other."
                );
                found.push(Finding::new(
                    Severity::Warning,
                    "too-many-redirects",
                    sentence,
                ));
            }
            Next::Here | Next::Loop => {}
        }
    }
    found
}

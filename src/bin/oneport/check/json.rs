//! The report for machines. The names of the fields do not change.

use std::time::SystemTime;

use oneport::client::Diagnosis;
use oneport::client::probe::{
    Answer, ClientCertificate, Finding, Hop, Next, ProxyHeader, Report, Spoken,
};
use oneport::tls::describe::CertificateSummary;
use serde_json::{Value, json};

pub(super) fn of(report: &Report) -> Value {
    let (plaintext, tls) = (&report.plaintext, &report.tls);
    json!({
        "target": report.target,
        "works": report.works(),
        "fault": report.fault.as_ref().map(|fault| json!({
            "slug": fault.slug(),
            "sentence": fault.to_string(),
        })),
        "host": report.host,
        "port": report.port,
        "address": report.address.map(|address| address.to_string()),
        "server_name": report.server_name,
        "urls": report.urls,
        "plaintext": {
            "http1": answer(&plaintext.http1),
            "h2c": answer(&plaintext.h2c),
            "websocket": answer(&plaintext.websocket),
        },
        "tls": {
            "tls12": spoken(tls.tls12),
            "tls13": spoken(tls.tls13),
            "alpn": {
                "h2": spoken(tls.alpn_h2),
                "http/1.1": spoken(tls.alpn_http1),
            },
            "http": answer(&tls.http),
            "http1": answer(&tls.http1),
            "websocket": answer(&tls.websocket),
            "client_certificate": client_certificate(&tls.client_certificate),
            "certificates": tls.certificates.iter().map(certificate).collect::<Vec<_>>(),
            "certificate_faults": tls.certificate_faults.iter().map(|fault| {
                oneport::client::Cause::ServerCertificate(*fault).slug()
            }).collect::<Vec<_>>(),
        },
        "answer": answer(&report.answer),
        "redirects": report.redirects.iter().map(hop).collect::<Vec<_>>(),
        "proxy_protocol": match report.proxy_protocol {
            ProxyHeader::Required => "required",
            ProxyHeader::NoDifference => "no_difference",
            _ => "not_asked",
        },
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "took_ms": u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX),
    })
}

fn answer(answer: &Answer) -> Value {
    match answer {
        Answer::Closed => json!({ "kind": "closed" }),
        Answer::Http(http) => json!({
            "kind": "http",
            "status": http.status.as_u16(),
            "version": format!("{:?}", http.version),
            "location": http.location,
            "hsts": http.hsts,
            "server": http.server,
            "websocket": http.websocket,
        }),
        Answer::Other(line) => json!({ "kind": "other", "line": line }),
        Answer::Refused(diagnosis) => refused("refused", diagnosis),
        Answer::Silent => json!({ "kind": "silent" }),
        _ => json!({ "kind": "not_asked" }),
    }
}

fn refused(kind: &str, diagnosis: &Diagnosis) -> Value {
    json!({
        "kind": kind,
        "slug": diagnosis.cause().slug(),
        "certainty": match diagnosis.certainty() {
            oneport::client::Certainty::Certain => "certain",
            oneport::client::Certainty::MostLikely => "most_likely",
            _ => "possible",
        },
        "sentence": diagnosis.to_string(),
        "quote": diagnosis.quote(),
    })
}

/// Null for what is not known.
fn spoken(spoken: Spoken) -> Option<bool> {
    match spoken {
        Spoken::Yes => Some(true),
        Spoken::No => Some(false),
        _ => None,
    }
}

fn client_certificate(asked: &ClientCertificate) -> Option<&'static str> {
    match asked {
        ClientCertificate::Accepted => Some("accepted"),
        ClientCertificate::NotRequested => Some("not_requested"),
        ClientCertificate::Requested => Some("requested"),
        ClientCertificate::Required(_) => Some("required"),
        _ => None,
    }
}

fn certificate(summary: &CertificateSummary) -> Value {
    json!({
        "subject": summary.subject,
        "issuer": summary.issuer,
        "names": summary.names,
        "ca": summary.is_ca,
        "expires_on": summary.expires_on(),
        "days_left": summary.days_left(SystemTime::now()),
        "sha256": summary.sha256,
    })
}

fn hop(hop: &Hop) -> Value {
    json!({
        "url": hop.url,
        "status": hop.status.as_u16(),
        "location": hop.location,
        "next": match hop.next {
            Next::Elsewhere => "elsewhere",
            Next::Here => "followed",
            Next::Loop => "loop",
            _ => "too_many",
        },
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "severity": finding.severity.as_str(),
        "slug": finding.slug,
        "sentence": finding.sentence,
        "client": finding.client,
        "server": finding.server,
    })
}

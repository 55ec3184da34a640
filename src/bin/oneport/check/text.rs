//! The report for people.

use std::time::SystemTime;

use axum::http::Version;
use oneport::client::probe::{
    Answer, ClientCertificate, Hop, HttpAnswer, Next, ProxyHeader, Report, Severity, Spoken,
    TlsReport,
};

use super::style::Style;

/// The width of the first two columns.
const PART: usize = 11;
const WHAT: usize = 13;

pub(super) fn of(report: &Report, style: Style) -> String {
    let mut out = head(report, style);
    if report.address.is_some() {
        out.push('\n');
        let plaintext = &report.plaintext;
        let lines = [
            answer("HTTP/1.1", &plaintext.http1, style),
            answer("HTTP/2 (h2c)", &plaintext.h2c, style),
            websocket(&plaintext.websocket, style),
        ];
        part(
            &mut out,
            "plaintext",
            lines.into_iter().flatten().collect(),
            style,
        );
        part(&mut out, "TLS", tls(&report.tls, style), style);
        part(
            &mut out,
            "redirects",
            report.redirects.iter().map(hop).collect(),
            style,
        );
        let proxied = match report.proxy_protocol {
            ProxyHeader::Required => vec!["is needed: answers come with a header only".to_owned()],
            ProxyHeader::NoDifference => vec!["makes no difference".to_owned()],
            _ => Vec::new(),
        };
        part(&mut out, "PROXY", proxied, style);
    }
    out.push('\n');
    findings(&mut out, report, style);
    out
}

fn head(report: &Report, style: Style) -> String {
    let verdict = match report.works() {
        true => style.good("works"),
        false => style.bad("does not work"),
    };
    let target = style.strong(&report.target);
    match report.address {
        Some(address) if !report.target.contains(&address.to_string()) => {
            format!("{target} ({address}) {verdict}\n")
        }
        _ => format!("{target} {verdict}\n"),
    }
}

fn part(out: &mut String, name: &str, lines: Vec<String>, style: Style) {
    for (at, line) in lines.iter().enumerate() {
        let name = format!("{:PART$}", if at == 0 { name } else { "" });
        out.push_str(&format!("  {}{line}\n", style.faint(&name)));
    }
}

fn row(what: &str, text: &str) -> String {
    format!("{what:WHAT$} {text}")
}

/// Nothing for what was not asked.
fn answer(what: &str, answer: &Answer, style: Style) -> Option<String> {
    let said = match answer {
        Answer::Closed => style.doubtful("closed without a word"),
        Answer::Http(http) => status(http, style),
        Answer::Other(line) => style.doubtful(&format!("something else: \"{line}\"")),
        Answer::Refused(diagnosis) => style.doubtful(&diagnosis.to_string()),
        Answer::Silent => style.doubtful("no answer in time"),
        _ => return None,
    };
    Some(row(what, &said))
}

fn websocket(said: &Answer, style: Style) -> Option<String> {
    match said {
        Answer::Http(http) if !http.websocket => {
            let said = format!("not opened: {}", http.status);
            Some(row("WebSocket", &style.faint(&said)))
        }
        other => answer("WebSocket", other, style),
    }
}

fn status(http: &HttpAnswer, style: Style) -> String {
    let mut said = http.status.to_string();
    if http.version < Version::HTTP_11 {
        said.push_str(&format!(" in {:?}", http.version));
    }
    if let Some(location) = &http.location {
        said.push_str(&format!(", to {}", location.escape_debug()));
    }
    if let Some(server) = &http.server {
        said.push_str(&format!(" ({})", server.escape_debug()));
    }
    match http.status.as_u16() {
        ..400 => style.good(&said),
        _ => style.doubtful(&said),
    }
}

fn tls(tls: &TlsReport, style: Style) -> Vec<String> {
    let names = |all: &[(&str, Spoken)], are: Spoken| {
        let these = all.iter().filter(|(_, spoken)| *spoken == are);
        these.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    let versions = [("1.3", tls.tls13), ("1.2", tls.tls12)];
    let alpn = [("h2", tls.alpn_h2), ("http/1.1", tls.alpn_http1)];
    if !tls.is_spoken() && tls.certificates.is_empty() {
        return Vec::from_iter(
            answer("", &tls.http, style).map(|line| line.trim_start().to_owned()),
        );
    }
    let mut lines = Vec::new();
    let list = |spoken: String, not: String| match (spoken.as_str(), not.as_str()) {
        ("", "") => "not known".to_owned(),
        ("", _) => "none".to_owned(),
        (_, "") => style.good(&spoken),
        _ => format!("{}, not {not}", style.good(&spoken)),
    };
    lines.push(row(
        "versions",
        &list(names(&versions, Spoken::Yes), names(&versions, Spoken::No)),
    ));
    lines.push(row(
        "ALPN",
        &list(names(&alpn, Spoken::Yes), names(&alpn, Spoken::No)),
    ));
    let http = match tls.alpn_h2 {
        Spoken::Yes => "HTTP/2",
        _ => "HTTP",
    };
    lines.extend(answer(http, &tls.http, style));
    lines.extend(answer("HTTP/1.1", &tls.http1, style));
    lines.extend(websocket(&tls.websocket, style));
    lines.extend(clients(&tls.client_certificate).map(|said| row("clients", said)));
    if let Some(leaf) = tls.certificates.first() {
        lines.push(row("certificate", &leaf.subject));
        if !leaf.names.is_empty() {
            lines.push(row("  for", &leaf.names.join(", ")));
        }
        lines.push(row("  issued by", &leaf.issuer));
        let left = match leaf.days_left(SystemTime::now()) {
            days @ 0.. => format!("{days} days left"),
            days => format!("over for {} days", -days),
        };
        lines.push(row("  until", &format!("{}, {left}", leaf.expires_on())));
        let accepted = match tls.certificate_faults.is_empty() {
            true => style.good("it is trusted"),
            false => style.bad("it is not accepted, see below"),
        };
        lines.push(row("", &accepted));
    }
    let hsts = tls.http.http().or(tls.http1.http());
    let hsts = hsts.and_then(|http| http.hsts.as_ref());
    lines.extend(hsts.map(|hsts| row("HSTS", &hsts.escape_debug().to_string())));
    lines
}

fn clients(asked: &ClientCertificate) -> Option<&'static str> {
    match asked {
        ClientCertificate::Accepted => Some("are asked for a certificate, this one is accepted"),
        ClientCertificate::Requested => Some("are asked for a certificate, and need none"),
        ClientCertificate::Required(_) => Some("have to show a certificate"),
        _ => None,
    }
}

fn hop(hop: &Hop) -> String {
    let next = match hop.next {
        Next::Elsewhere => " (not asked)",
        Next::Loop => " (a loop)",
        Next::TooMany => " (not followed any more)",
        _ => "",
    };
    let (url, status, location) = (&hop.url, hop.status.as_u16(), hop.location.escape_debug());
    format!("{url} -> {status} {location}{next}")
}

fn findings(out: &mut String, report: &Report, style: Style) {
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Failure => style.bad("failure"),
            Severity::Warning => style.doubtful("warning"),
            _ => style.faint("note"),
        };
        out.push_str(&format!("{severity}: {}\n", finding.sentence));
        let remedies = [("client", &finding.client), ("server", &finding.server)];
        for (whose, remedy) in remedies {
            if let Some(remedy) = remedy {
                out.push_str(&format!("  {}: {remedy}\n", style.faint(whose)));
            }
        }
    }
    if !report.urls.is_empty() {
        out.push_str(&format!(
            "Spoken here: {}\n",
            style.strong(&report.urls.join(" "))
        ));
    } else if report.findings.is_empty() {
        out.push_str("No problem found.\n");
    }
}

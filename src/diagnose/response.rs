//! What a response says is wrong.

use http::header::UPGRADE;
use http::{HeaderMap, HeaderName, Response, StatusCode};

use super::diagnosis::{Certainty, Diagnosis};
use crate::mismatch::{CertificateFault, Mismatch};

/// What is wrong, from the head of any response.
///
/// Known are oneport's own refusals (`Oneport-Mismatch`, `X-Error`), 426 with
/// `Upgrade: TLS/1.x` (RFC 2817 4.2) and nginx' status 497. None: an ordinary
/// response, or one whose body says more: [`diagnose_body`].
///
/// It is what the server that wrote the response says of its own client. A
/// gateway that passes it on is that client: where the URL is `https` already, and
/// the response says that TLS is required, it is the gateway that has to use it.
///
/// ```
/// use oneport::Mismatch;
/// use oneport::client::diagnose_response;
///
/// let response = http::Response::builder()
///     .status(426)
///     .header("Oneport-Mismatch", "plaintext-to-tls")
///     .body(())?;
/// let diagnosis = diagnose_response(&response).unwrap();
/// assert_eq!(diagnosis.mismatch(), Some(Mismatch::PlaintextToTls));
/// # Ok::<_, http::Error>(())
/// ```
#[must_use]
pub fn diagnose_response<B>(response: &Response<B>) -> Option<Diagnosis> {
    if let Some(named) = named(response) {
        return Some(named);
    }
    let certainty = match response.status().as_u16() {
        426 if offers_tls(response.headers()) => Certainty::Certain,
        // Not in any standard, so it may be something else.
        497 => Certainty::MostLikely,
        _ => return None,
    };
    Some(Diagnosis::new(Mismatch::PlaintextToTls, certainty))
}

/// What is wrong, from the body of an error response: the words of servers that
/// say so. The first kilobytes of it are enough.
///
/// In JSON they are most likely quoted: by a gateway that tells what a server
/// behind it has said, for instance.
///
/// None: it is nothing of the kind, as every body of a success is.
///
/// ```
/// use http::StatusCode;
/// use oneport::client::diagnose_body;
///
/// let body = b"Client sent an HTTP request to an HTTPS server.\n";
/// let diagnosis = diagnose_body(StatusCode::BAD_REQUEST, body).unwrap();
/// assert!(diagnosis.to_string().contains("use https://"));
/// assert_eq!(diagnose_body(StatusCode::OK, body), None);
/// ```
#[must_use]
pub fn diagnose_body(status: StatusCode, body: &[u8]) -> Option<Diagnosis> {
    if !status.is_client_error() {
        return None;
    }
    let text = String::from_utf8_lossy(&body[..body.len().min(BODY)]);
    let found = said_in(&text)?;
    Some(match text.trim_start().starts_with(['{', '[', '"']) {
        true => found.at_most(Certainty::MostLikely),
        false => found,
    })
}

/// What the first of the servers' own words in a text say.
pub(super) fn said_in(text: &str) -> Option<Diagnosis> {
    let found = PHRASES.iter().filter_map(|(phrase, mismatch)| {
        let at = text.find(phrase)?;
        let words = phrase.split(['<', '>']).max_by_key(|words| words.len())?;
        Some((
            at,
            Diagnosis::new(*mismatch, Certainty::Certain).quoting(words),
        ))
    });
    let others = found.min_by_key(|(at, _)| *at);
    let until = others.as_ref().map_or(text.len(), |(at, _)| *at);
    match Mismatch::in_text(&text[..until]) {
        Some(own) => Some(Diagnosis::new(own, Certainty::Certain)),
        None => others.map(|(_, diagnosis)| diagnosis),
    }
}

/// What oneport's own headers say.
pub(super) fn named<B>(response: &Response<B>) -> Option<Diagnosis> {
    let said = text(response.headers(), &X_ERROR);
    let mismatch = text(response.headers(), &ONEPORT_MISMATCH)
        .and_then(Mismatch::from_slug)
        .or_else(|| Mismatch::in_text(said?))?;
    let diagnosis = Diagnosis::new(mismatch, Certainty::Certain);
    Some(match said {
        Some(said) if said != mismatch.sentence() => diagnosis.quoting(said),
        _ => diagnosis,
    })
}

const ONEPORT_MISMATCH: HeaderName = HeaderName::from_static("oneport-mismatch");
const X_ERROR: HeaderName = HeaderName::from_static("x-error");

/// Bytes of a body that are looked at.
const BODY: usize = 16 * 1024;

/// What servers that are no oneport say, and what is meant; with its tags where
/// others could say it too.
const PHRASES: &[(&str, Mismatch)] = &[
    // nginx, OpenResty, Tengine; 496 and 495 are sent as 400 too
    (
        "The plain HTTP request was sent to HTTPS port",
        Mismatch::PlaintextToTls,
    ),
    (
        "No required SSL certificate was sent",
        Mismatch::ClientCertificate(CertificateFault::Missing),
    ),
    (
        "<center>The SSL certificate error</center>",
        Mismatch::ClientCertificate(CertificateFault::Refused),
    ),
    // Go's net/http: Caddy, Traefik, Kubernetes
    (
        "Client sent an HTTP request to an HTTPS server.",
        Mismatch::PlaintextToTls,
    ),
    // Apache httpd, behind "Reason: You're", whose apostrophe may be escaped
    (
        "speaking plain HTTP to an SSL-enabled server port",
        Mismatch::PlaintextToTls,
    ),
    // Tomcat: Spring Boot
    (
        "This combination of host and port requires TLS",
        Mismatch::PlaintextToTls,
    ),
    // Jetty's OptionalSslConnectionFactory
    (
        "<p>HTTP request to HTTPS port</p>",
        Mismatch::PlaintextToTls,
    ),
    // Cheroot: CherryPy
    (
        "The client sent a plain HTTP request, but this server only speaks HTTPS on this port",
        Mismatch::PlaintextToTls,
    ),
];

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn offers_tls(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(UPGRADE).into_iter();
    let mut offers = offers.flat_map(|value| value.as_bytes().split(|&b| b == b','));
    offers.any(|offer| {
        let name = offer.trim_ascii().get(..4);
        name.is_some_and(|name| name.eq_ignore_ascii_case(b"TLS/"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;

    fn by_head(status: u16, fields: &[(&str, &str)]) -> Option<(&'static str, Certainty)> {
        let mut response = Response::builder().status(status);
        for (name, value) in fields {
            response = response.header(*name, *value);
        }
        let response = response.body(()).expect("a response");
        let found = diagnose_response(&response)?;
        Some((found.cause().slug(), found.certainty()))
    }

    #[test]
    fn heads_that_say_what_is_wrong() {
        let (tls, certain) = ("plaintext-to-tls", Certainty::Certain);
        let sentence = Mismatch::PlaintextToTls.sentence();
        for (status, fields, expected) in [
            (
                426,
                vec![("Upgrade", "TLS/1.2, HTTP/1.1")],
                Some((tls, certain)),
            ),
            (
                426,
                vec![("Upgrade", "h2c"), ("Upgrade", "tls/1.0")],
                Some((tls, certain)),
            ),
            (426, vec![("Upgrade", "websocket")], None),
            (426, vec![], None),
            (497, vec![], Some((tls, Certainty::MostLikely))),
            (400, vec![("X-Error", sentence)], Some((tls, certain))),
            (400, vec![("X-Error", "out of paper")], None),
            (
                403,
                vec![("Oneport-Mismatch", "client-certificate-missing")],
                Some(("client-certificate-missing", certain)),
            ),
            (400, vec![("Oneport-Mismatch", "of a later version")], None),
            (200, vec![("Upgrade", "TLS/1.2")], None),
        ] {
            assert_eq!(by_head(status, &fields), expected, "{status} {fields:?}");
        }
    }

    #[test]
    fn bodies_that_say_what_is_wrong() {
        for (body, slug) in [
            (
                "<center>The plain HTTP request was sent to HTTPS port</center>",
                "plaintext-to-tls",
            ),
            (
                "Client sent an HTTP request to an HTTPS server.\n",
                "plaintext-to-tls",
            ),
            (
                "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
                "plaintext-to-tls",
            ),
            (
                "Bad Request\r\nThis combination of host and port requires TLS.\r\n",
                "plaintext-to-tls",
            ),
            ("<p>HTTP request to HTTPS port</p>", "plaintext-to-tls"),
            (
                "The client sent a plain HTTP request, but this server only speaks HTTPS on this port.",
                "plaintext-to-tls",
            ),
            (
                "<center>No required SSL certificate was sent</center>",
                "client-certificate-missing",
            ),
            (
                "<center>The SSL certificate error</center>",
                "client-certificate-refused",
            ),
            (
                Mismatch::ProxyHeaderMissing.sentence(),
                "proxy-header-missing",
            ),
        ] {
            let found = diagnose_body(BAD_REQUEST, body.as_bytes()).expect(body);
            assert_eq!(found.cause().slug(), slug, "{body}");
            let quote = found.quote().unwrap_or_default();
            assert!(body.contains(quote) && !quote.contains('<'), "{quote}");
            // A page about it is no case of it.
            for page in [StatusCode::OK, StatusCode::BAD_GATEWAY] {
                assert_eq!(diagnose_body(page, body.as_bytes()), None, "{body}");
            }
        }
        // None of these servers says it in JSON. Whoever does repeats it.
        let gateway =
            br#" {"error": "upstream: 400 Client sent an HTTP request to an HTTPS server.\n"}"#;
        let found = diagnose_body(BAD_REQUEST, gateway).expect("a diagnosis");
        assert_eq!(found.certainty(), Certainty::MostLikely);
        for none in [b"".as_slice(), b"\xff\xfe", b"Bad Request", b"HTTPS port"] {
            assert_eq!(diagnose_body(BAD_REQUEST, none), None);
        }
    }
}

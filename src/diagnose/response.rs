//! What a response says is wrong.

use http::header::UPGRADE;
use http::{HeaderMap, HeaderName, Response, StatusCode};

use super::diagnosis::{Certainty, Diagnosis};
use crate::mismatch::Mismatch;

/// What is wrong, from the head of any response.
///
/// Known are oneport's own refusals (`Oneport-Mismatch`, `X-Error`), 426 with
/// `Upgrade: TLS/1.x` (RFC 2817 4.2) and nginx' status 497. None: an ordinary
/// response, or one whose body says more: [`diagnose_body`].
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
    if let Some(mismatch) = Mismatch::in_text(&text) {
        return Some(Diagnosis::new(mismatch, Certainty::Certain));
    }
    let mut phrases = PHRASES.iter();
    let (phrase, mismatch) = phrases.find(|(phrase, _)| text.contains(phrase))?;
    Some(Diagnosis::new(*mismatch, Certainty::Certain).quoting(phrase))
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

/// Whose words they are, and what they mean.
const PHRASES: &[(&str, Mismatch)] = &[
    // nginx
    (
        "The plain HTTP request was sent to HTTPS port",
        Mismatch::PlaintextToTls,
    ),
    // Go's net/http, so Caddy, Traefik and Kubernetes; in oneport's answer too
    (
        "Client sent an HTTP request to an HTTPS server.",
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

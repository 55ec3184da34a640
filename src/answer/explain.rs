//! The explanation as an HTTP response.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Response, StatusCode, Version};
use http_body_util::Full;
use hyper::ext::ReasonPhrase;

use super::page;
use crate::mismatch::Mismatch;

/// For people: the sentence. tungstenite's Display shows only the canonical
/// reason, its Debug shows headers as text: this is what its users read.
const X_ERROR: HeaderName = HeaderName::from_static("x-error");
/// For machines: [`Mismatch::slug`].
const ONEPORT_MISMATCH: HeaderName = HeaderName::from_static("oneport-mismatch");

/// The answer for this request, in the shape that its client can show.
pub(super) fn explain(request: &Parts, mismatch: Mismatch) -> Response<Full<Bytes>> {
    if is_grpc(request) {
        return grpc(mismatch);
    }
    let sentence = mismatch.sentence();
    let (content_type, body) = match Format::accepted(&request.headers) {
        Format::Html => ("text/html; charset=utf-8", page::html(request, mismatch)),
        Format::Problem => (
            "application/problem+json",
            page::problem(mismatch, status(mismatch, request.version)),
        ),
        Format::Text => ("text/plain; charset=utf-8", page::text(mismatch)),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status(mismatch, request.version);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(X_ERROR, HeaderValue::from_static(sentence));
    headers.insert(ONEPORT_MISMATCH, HeaderValue::from_static(mismatch.slug()));
    // Page JavaScript may read the answer.
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("oneport-mismatch, x-error"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match request.version {
        Version::HTTP_2 => {}
        Version::HTTP_11 if mismatch == Mismatch::PlaintextToTls => {
            // RFC 9110 15.5.22 wants Upgrade in a 426; RFC 2817 4.1 its value.
            headers.insert(
                header::CONNECTION,
                HeaderValue::from_static("Upgrade, close"),
            );
            headers.insert(
                header::UPGRADE,
                HeaderValue::from_static("TLS/1.2, HTTP/1.1"),
            );
        }
        _ => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
    if request.version < Version::HTTP_2 {
        // wget, urllib, requests, LWP and Go print the reason phrase.
        response
            .extensions_mut()
            .insert(ReasonPhrase::from_static(sentence.as_bytes()));
    }
    response
}

fn status(mismatch: Mismatch, version: Version) -> StatusCode {
    match mismatch {
        // 426 has no meaning in HTTP/2, which cannot upgrade (RFC 9113 8.6).
        Mismatch::PlaintextToTls if version < Version::HTTP_2 => StatusCode::UPGRADE_REQUIRED,
        Mismatch::PlaintextToTls | Mismatch::TlsToPlaintext => StatusCode::MISDIRECTED_REQUEST,
        Mismatch::Foreign(_) => StatusCode::BAD_REQUEST,
    }
}

/// gRPC proper, which is HTTP/2. grpc-web reads an ordinary response better:
/// one that page JavaScript may see.
fn is_grpc(request: &Parts) -> bool {
    let content_type = request.headers.get(header::CONTENT_TYPE);
    let is_grpc = |value: &HeaderValue| {
        let rest = value.as_bytes().strip_prefix(b"application/grpc");
        matches!(rest, Some([] | [b'+' | b';' | b' ', ..]))
    };
    request.version == Version::HTTP_2 && content_type.is_some_and(is_grpc)
}

/// Trailers-only. `FAILED_PRECONDITION`: 14 (`UNAVAILABLE`) would be retried.
fn grpc(mismatch: Mismatch) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    headers.insert("grpc-status", HeaderValue::from_static("9"));
    // Percent-encoding (gRPC over HTTP/2) is the identity for our sentences:
    // printable ASCII without a percent sign, which a test below pins.
    headers.insert(
        "grpc-message",
        HeaderValue::from_static(mismatch.sentence()),
    );
    headers.insert(ONEPORT_MISMATCH, HeaderValue::from_static(mismatch.slug()));
    response
}

/// What the body is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Html,
    Problem,
    Text,
}

impl Format {
    /// By the `Accept` header's qualities (RFC 9110 12.5.1); text where it says
    /// nothing, or `*/*` alone, as curl does.
    fn accepted(headers: &HeaderMap) -> Self {
        let mut best = (Self::Text, 0.0);
        let values = headers.get_all(header::ACCEPT);
        let ranges = values.iter().filter_map(|value| value.to_str().ok());
        for range in ranges.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let format = match parts.next().unwrap_or_default() {
                name if name.eq_ignore_ascii_case("text/html") => Self::Html,
                name if name.eq_ignore_ascii_case("application/problem+json") => Self::Problem,
                name if name.eq_ignore_ascii_case("application/json") => Self::Problem,
                name if name.eq_ignore_ascii_case("text/plain") => Self::Text,
                _ => continue,
            };
            let quality = parts
                .find_map(|parameter| parameter.strip_prefix("q="))
                .map_or(1.0, |q| q.parse().unwrap_or(0.0));
            if quality > best.1 {
                best = (format, quality);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::Foreign;

    const ALL: [Mismatch; 3] = [
        Mismatch::Foreign(Foreign::Text),
        Mismatch::PlaintextToTls,
        Mismatch::TlsToPlaintext,
    ];

    #[test]
    fn sentences_need_no_escaping_anywhere() {
        for mismatch in ALL {
            for text in [mismatch.sentence(), mismatch.slug(), mismatch.remedy()] {
                let plain = |c: char| (' '..='~').contains(&c) && !"%\"<>&\\".contains(c);
                assert!(text.chars().all(plain), "{text}");
            }
        }
    }

    #[test]
    fn what_is_grpc() {
        let table = [
            ("application/grpc", Version::HTTP_2, true),
            ("application/grpc+proto", Version::HTTP_2, true),
            ("application/grpc; charset=utf-8", Version::HTTP_2, true),
            ("application/grpc-web+proto", Version::HTTP_2, false),
            ("application/grpc", Version::HTTP_11, false),
            ("application/json", Version::HTTP_2, false),
        ];
        for (content_type, version, expected) in table {
            let request = http::Request::builder()
                .version(version)
                .header(header::CONTENT_TYPE, content_type)
                .body(());
            let (parts, ()) = request.expect("a request").into_parts();
            assert_eq!(is_grpc(&parts), expected, "{content_type} {version:?}");
        }
    }

    #[test]
    fn the_body_is_what_the_client_can_show() {
        let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let table = [
            (None, Format::Text),
            (Some("*/*"), Format::Text),
            (Some(chromium), Format::Html),
            (Some("application/json"), Format::Problem),
            (
                Some("application/problem+json, text/html;q=0.5"),
                Format::Problem,
            ),
            (Some("text/html;q=0.1, text/plain"), Format::Text),
            (Some("TEXT/HTML"), Format::Html),
            (Some("text/html;q=0"), Format::Text),
            (Some(";;,,=q"), Format::Text),
        ];
        for (accept, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(Format::accepted(&headers), expected, "{accept:?}");
        }
    }
}

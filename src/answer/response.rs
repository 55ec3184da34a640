//! The explanation as an HTTP response.

use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Response, StatusCode, Version};
use hyper::ext::ReasonPhrase;

use super::explanation::Explanation;
use super::format::Format;
use super::page::Page;
use crate::credentials::Credentials;
use crate::mismatch::Mismatch;

/// For people: the sentence. tungstenite's Display shows only the canonical
/// reason, its Debug shows headers as text: this is what its users read.
const X_ERROR: HeaderName = HeaderName::from_static("x-error");

/// Credentials that have crossed the network in the clear.
pub(super) fn warning(request: &Parts, mismatch: Mismatch) -> Option<String> {
    match mismatch {
        Mismatch::PlaintextToTls => Credentials::of(request).warning(),
        _ => None,
    }
}

/// For everybody but gRPC.
pub(super) fn http(
    request: &Parts,
    mismatch: Mismatch,
    warning: Option<&str>,
) -> Response<Explanation> {
    let sentence = mismatch.sentence();
    let status = status(mismatch, request.version);
    let page = Page { mismatch, warning };
    let (content_type, body) = match Format::accepted(&request.headers) {
        Format::Html => ("text/html; charset=utf-8", page.html()),
        Format::Problem => ("application/problem+json", page.problem(status)),
        Format::Text => ("text/plain; charset=utf-8", page.text()),
    };
    let mut response = Response::new(Explanation::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(X_ERROR, HeaderValue::from_static(sentence));
    // Page JavaScript may read the answer.
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("oneport-mismatch, oneport-warning, x-error"),
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
        _ => {}
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
        Mismatch::ClientCertificate(_) => StatusCode::FORBIDDEN,
        Mismatch::Foreign(_) | Mismatch::ProxyHeaderMissing => StatusCode::BAD_REQUEST,
    }
}

/// gRPC proper, which is HTTP/2. grpc-web reads an ordinary response better:
/// one that page JavaScript may see.
pub(super) fn is_grpc(request: &Parts) -> bool {
    let content_type = request.headers.get(header::CONTENT_TYPE);
    let is_grpc = |value: &HeaderValue| {
        let rest = value.as_bytes().strip_prefix(b"application/grpc");
        matches!(rest, Some([] | [b'+' | b';' | b' ', ..]))
    };
    request.version == Version::HTTP_2 && content_type.is_some_and(is_grpc)
}

/// Trailers-only. `FAILED_PRECONDITION` (9): 14 (`UNAVAILABLE`) would be
/// retried. `UNAUTHENTICATED` is 16.
pub(super) fn grpc(mismatch: Mismatch) -> Response<Explanation> {
    let status = match mismatch {
        Mismatch::ClientCertificate(_) => "16",
        _ => "9",
    };
    let mut response = Response::new(Explanation::default());
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    headers.insert("grpc-status", HeaderValue::from_static(status));
    // Percent-encoding (gRPC over HTTP/2) is the identity for our sentences:
    // printable ASCII without a percent sign, which a test below pins.
    headers.insert(
        "grpc-message",
        HeaderValue::from_static(mismatch.sentence()),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::Foreign;
    use crate::mismatch::CertificateFault;

    const ALL: [Mismatch; 10] = [
        Mismatch::ClientCertificate(CertificateFault::Expired),
        Mismatch::ClientCertificate(CertificateFault::Missing),
        Mismatch::ClientCertificate(CertificateFault::NotYetValid),
        Mismatch::ClientCertificate(CertificateFault::Refused),
        Mismatch::ClientCertificate(CertificateFault::Revoked),
        Mismatch::ClientCertificate(CertificateFault::UnknownIssuer),
        Mismatch::Foreign(Foreign::Text),
        Mismatch::PlaintextToTls,
        Mismatch::ProxyHeaderMissing,
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
}

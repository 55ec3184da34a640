//! A response as its client understands it.

use http::{HeaderMap, Response};
use oneport::Mismatch;
use oneport::client::{diagnose_body, diagnose_response};

use super::super::response;

/// In each of the request's words.
pub const MARK: &str = "zqxjkv";

/// A response as a client understands it.
pub fn judge(
    mismatch: Mismatch,
    response: &Response<()>,
    body: &[u8],
    to_head: bool,
    is_http2: bool,
) {
    let headers = response.headers();
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
    for (name, value) in headers {
        assert!(
            response::is_plain(value.to_str().unwrap()),
            "{name}: {value:?}"
        );
        assert!(
            !contains(value.as_bytes(), MARK.as_bytes()),
            "{name}: {value:?}"
        );
    }
    assert!(
        !contains(body, MARK.as_bytes()),
        "{}",
        String::from_utf8_lossy(body)
    );
    if response.status() == 101 {
        return;
    }
    assert_eq!(text("oneport-mismatch"), Some(mismatch.slug()));
    // The client's half of this crate understands the server's.
    let diagnosis = diagnose_response(response).unwrap();
    assert_eq!(diagnosis.mismatch().unwrap().slug(), mismatch.slug());
    if is_http2 {
        is_http2_head(headers);
    }
    let kind = text("content-type").unwrap();
    if kind == "application/grpc" {
        grpc(headers, mismatch);
        assert_eq!((response.status().as_u16(), body), (200, &b""[..]));
        return;
    }
    assert!(response.status().is_client_error());
    assert_eq!(text("x-error"), Some(mismatch.sentence()));
    if to_head {
        assert_eq!(body, b"");
        return;
    }
    let said = std::str::from_utf8(body).unwrap();
    assert!(said.contains(mismatch.sentence()), "{said}");
    let by_body = diagnose_body(response.status(), body);
    let by_body = by_body.and_then(|diagnosis| diagnosis.mismatch());
    // Strangers' sentences are not for HTTP clients.
    if by_body.is_some() || !matches!(mismatch, Mismatch::Foreign(_)) {
        assert_eq!(by_body.unwrap().slug(), mismatch.slug());
    }
    match kind {
        "application/problem+json" => {
            let problem: serde_json::Value = serde_json::from_str(said).unwrap();
            assert_eq!(problem["status"], response.status().as_u16());
            assert_eq!(problem["title"], mismatch.sentence());
            assert_eq!(problem["mismatch"], mismatch.slug());
        }
        "text/html; charset=utf-8" => assert!(said.ends_with("</body>\n</html>\n")),
        kind => assert_eq!(kind, "text/plain; charset=utf-8"),
    }
}

/// RFC 9113 8.2.2: what is of one connection is not in a list of headers.
fn is_http2_head(headers: &HeaderMap) {
    for name in [
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
    ] {
        assert!(!headers.contains_key(name), "{name}");
    }
}

/// Trailers only: a status that is a number, a message whose percent-encoding
/// (gRPC over HTTP/2, "Responses") gives the sentence.
fn grpc(headers: &HeaderMap, mismatch: Mismatch) {
    let status: u8 = headers["grpc-status"].to_str().unwrap().parse().unwrap();
    assert!((1..=16).contains(&status));
    let message = headers["grpc-message"].to_str().unwrap();
    assert!(!message.contains('%'));
    assert_eq!(message, mismatch.sentence());
}

pub fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

//! The explanation as a WebSocket that is opened and closed at once.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode, Version};
use sha1::{Digest, Sha1};

use super::explanation::Explanation;

/// RFC 6455 1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// RFC 6455 7.4.1: "policy violation".
const POLICY_VIOLATION: u16 = 1008;

/// In the extensions of the response that opens a WebSocket.
#[derive(Clone, Copy)]
pub(super) struct Opened;

/// The response that opens the WebSocket, if this is a request for one that can
/// be opened without repeating anything that the client sent.
pub(super) fn opened(request: &Parts) -> Option<Response<Explanation>> {
    let headers = &request.headers;
    let asks = request.method == Method::GET
        && request.version == Version::HTTP_11
        && has_token(headers, &header::CONNECTION, "upgrade")
        && has_token(headers, &header::UPGRADE, "websocket")
        && headers
            .get(header::SEC_WEBSOCKET_VERSION)
            .is_some_and(|it| it == "13");
    // Browsers fail a connection whose subprotocol is not confirmed.
    if !asks || headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL) {
        return None;
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?.as_bytes();
    if BASE64_STANDARD.decode(key).ok()?.len() != 16 {
        return None;
    }
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let accept = HeaderValue::try_from(BASE64_STANDARD.encode(digest)).ok()?;
    let mut response = Response::new(Explanation::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.extensions_mut().insert(Opened);
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Some(response)
}

/// A Close frame (RFC 6455 5.5.1) with the sentence.
pub(super) fn close(sentence: &str) -> Vec<u8> {
    // The payload of a control frame has at most 125 bytes, two for the code.
    let reason = sentence.get(..123).unwrap_or(sentence).as_bytes();
    let [hi, lo] = POLICY_VIOLATION.to_be_bytes();
    let mut frame = vec![0x88, reason.len() as u8 + 2, hi, lo];
    frame.extend(reason);
    frame
}

/// Whether a list of tokens, as `Connection` has one, contains this one.
pub(super) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|one| one.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mismatch::Mismatch;

    fn request(change: impl FnOnce(&mut HeaderMap)) -> Parts {
        let request = http::Request::builder()
            .header("connection", "keep-alive, Upgrade")
            .header("upgrade", "WebSocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        change(&mut parts.headers);
        parts
    }

    /// The example of RFC 6455 1.3.
    #[test]
    fn the_key_is_confirmed() {
        let response = opened(&request(|_| {})).expect("a WebSocket");
        assert_eq!(response.status(), 101);
        let accept = &response.headers()["sec-websocket-accept"];
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_not_opened() {
        let table: [(&str, Option<&'static str>); 7] = [
            ("sec-websocket-key", Some("c2hvcnQ=")),
            ("sec-websocket-key", Some("not base64")),
            ("sec-websocket-key", None),
            ("sec-websocket-version", Some("8")),
            ("sec-websocket-protocol", Some("chat")),
            ("upgrade", Some("h2c")),
            ("connection", Some("close")),
        ];
        for (name, value) in table {
            let parts = request(|headers| match value {
                Some(value) => {
                    headers.insert(name, HeaderValue::from_static(value));
                }
                None => {
                    headers.remove(name);
                }
            });
            assert!(opened(&parts).is_none(), "{name}: {value:?}");
        }
    }

    #[test]
    fn the_sentence_fits_into_a_close_frame() {
        let frame = close(Mismatch::PlaintextToTls.sentence());
        assert_eq!(frame[..4], [0x88, frame.len() as u8 - 2, 3, 0xf0]);
        assert!(frame.ends_with(b"instead of http:// (or ws://)."));
    }
}

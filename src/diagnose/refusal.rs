//! Refusals in HTTP that a client made an error of.

use std::error::Error;

use http::StatusCode;

use super::diagnosis::{Certainty, Diagnosis};
use super::error::limited;
use super::response::{diagnose_body, said_in};
use crate::mismatch::Mismatch;

/// What an error says of the response that it was made of: its words if they
/// are the server's, else what tungstenite's `Debug` has of head and body, else
/// the status.
pub(super) fn read(text: &str, error: &dyn Error) -> Option<Diagnosis> {
    if let Some(found) = said_in(text) {
        return Some(found);
    }
    let status = status(text)?;
    if text.starts_with(TUNGSTENITE) {
        let debug = limited(DEBUG, format_args!("{error:?}"));
        if let Some(found) = by_head(&debug).or_else(|| diagnose_body(status, &body(&debug))) {
            return Some(found);
        }
        if asks_for_websocket(&debug) {
            return None;
        }
    }
    let certainty = match status.as_u16() {
        // WebSocket servers say that as well: to clients whose version they do not
        // speak, and to requests whose upgrade a proxy has taken out.
        426 => Certainty::Possible,
        497 => Certainty::MostLikely,
        _ => return None,
    };
    Some(Diagnosis::new(Mismatch::PlaintextToTls, certainty))
}

const TUNGSTENITE: &str = "HTTP error: ";

/// Before the number: tungstenite, ureq, reqwest's `error_for_status`.
const STATUS: [&str; 3] = [TUNGSTENITE, "http status: ", "HTTP status client error ("];

/// Bytes of the `Debug` of a response that are looked at: a byte of the body is
/// up to five in there.
const DEBUG: usize = 64 * 1024;

fn status(text: &str) -> Option<StatusCode> {
    let mut rests = STATUS.iter().filter_map(|begin| text.strip_prefix(begin));
    rests.next()?.get(..3)?.parse().ok()
}

fn by_head(debug: &str) -> Option<Diagnosis> {
    let (_, rest) = debug.split_once("\"oneport-mismatch\": \"")?;
    let (slug, _) = rest.split_once('"')?;
    let mismatch = Mismatch::from_slug(slug)?;
    Some(Diagnosis::new(mismatch, Certainty::Certain))
}

/// RFC 6455 4.4, RFC 9110 15.5.22.
fn asks_for_websocket(debug: &str) -> bool {
    let head = debug.split_once("body: ").map_or(debug, |(head, _)| head);
    let head = head.to_ascii_lowercase();
    ["\"sec-websocket-version\": ", "\"upgrade\": \"websocket\""]
        .iter()
        .any(|field| head.contains(field))
}

/// The bytes of `body: Some([60, 104])`.
fn body(debug: &str) -> Vec<u8> {
    let Some((_, numbers)) = debug.split_once("body: Some([") else {
        return Vec::new();
    };
    let numbers = numbers
        .split([',', ']'])
        .map(|number| number.trim().parse());
    numbers.map_while(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    /// An error with these two texts.
    struct Error(&'static str, String);

    impl fmt::Display for Error {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl fmt::Debug for Error {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.1)
        }
    }

    impl std::error::Error for Error {}

    fn found(text: &'static str, debug: &str) -> Option<(&'static str, Certainty)> {
        let found = read(text, &Error(text, debug.to_owned()))?;
        Some((found.cause().slug(), found.certainty()))
    }

    #[test]
    fn tungstenite_s_responses_are_in_its_debug() {
        let head = r#"Http(Response { status: 403, version: HTTP/1.1, headers: {"oneport-mismatch": "client-certificate-missing"}, body: Some([]) })"#;
        assert_eq!(
            found("HTTP error: 403 Forbidden", head),
            Some(("client-certificate-missing", Certainty::Certain))
        );
        let body: Vec<u8> = b"<h1>The plain HTTP request was sent to HTTPS port</h1>".to_vec();
        let body = format!("Http(Response {{ status: 400, headers: {{}}, body: Some({body:?}) }})");
        assert_eq!(
            found("HTTP error: 400 Bad Request", &body),
            Some(("plaintext-to-tls", Certainty::Certain))
        );
        for none in ["body: Some([300, 1])", "body: Some([", "body: None", ""] {
            assert_eq!(found("HTTP error: 400 Bad Request", none), None, "{none}");
        }
    }

    #[test]
    fn a_status_says_less() {
        let tls = "plaintext-to-tls";
        for (text, expected) in [
            (
                "HTTP error: 426 Upgrade Required",
                Some((tls, Certainty::Possible)),
            ),
            ("http status: 426", Some((tls, Certainty::Possible))),
            ("http status: 497", Some((tls, Certainty::MostLikely))),
            (
                "HTTP status client error (426 Upgrade Required) for url (http://h/)",
                Some((tls, Certainty::Possible)),
            ),
            ("HTTP error: 404 Not Found", None),
            ("http status: 42", None),
        ] {
            assert_eq!(found(text, ""), expected, "{text}");
        }
    }

    /// A proxy that does not pass the upgrade on makes the WebSocket server behind it
    /// ask for one: nothing to do with TLS.
    #[test]
    fn a_websocket_server_s_426_is_about_websockets() {
        for field in [
            r#""upgrade": "websocket""#,
            r#""sec-websocket-version": "8""#,
        ] {
            let debug =
                format!("Http(Response {{ status: 426, headers: {{{field}}}, body: None }})");
            assert_eq!(
                found("HTTP error: 426 Upgrade Required", &debug),
                None,
                "{field}"
            );
        }
    }

    #[test]
    fn servers_words_are_known_wherever_they_are() {
        let grpc = r#"code: 'The system is not in a state', message: "This port requires TLS: use https:// (or wss://) instead of http:// (or ws://).""#;
        let wrapped = "400 Bad Request: Client sent an HTTP request to an HTTPS server.\n";
        assert_eq!(
            found(wrapped, ""),
            Some(("plaintext-to-tls", Certainty::Certain))
        );
        assert_eq!(
            found(grpc, ""),
            Some(("plaintext-to-tls", Certainty::Certain))
        );
    }
}

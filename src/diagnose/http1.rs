//! HTTP/1 responses as bytes.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::diagnosis::{Certainty, Diagnosis};
use super::response::{self, diagnose_body, diagnose_response};
use crate::mismatch::Mismatch;

pub(super) fn is_response(received: &[u8]) -> bool {
    received.starts_with(b"HTTP/")
}

/// A body without a head: to a ClientHello, which has no version that they
/// know, some servers answer in HTTP/0.9 (Python's http.server).
pub(super) fn is_html(received: &[u8]) -> bool {
    let begins = |with: &str| {
        let begin = received.get(..with.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(with.as_bytes()))
    };
    ["<!DOC", "<html", "<head"].into_iter().any(begins)
}

/// A response to a ClientHello. None if it may yet say more.
pub(super) fn to_tls(received: &[u8], whole: bool) -> Option<Diagnosis> {
    let plaintext = Diagnosis::new(Mismatch::TlsToPlaintext, Certainty::Certain);
    let received = &received[..received.len().min(HEAD)];
    let Some((head, _)) = read(received) else {
        let complete = whole || received.len() == HEAD || ends_head(received);
        return complete.then_some(plaintext);
    };
    Some(match response::named(&head) {
        // It takes the hello for plaintext, somehow.
        Some(named) if named.mismatch() != Some(Mismatch::PlaintextToTls) => named,
        _ => plaintext,
    })
}

/// A response to a request in plaintext. None if nothing is wrong with it, or
/// if it may yet say what is.
pub(super) fn to_plaintext(received: &[u8], whole: bool) -> Option<Diagnosis> {
    let (head, body) = read(received)?;
    let by_body = || diagnose_body(head.status(), body);
    let found = diagnose_response(&head);
    match found.as_ref().map(Diagnosis::certainty) {
        Some(Certainty::Certain) => found,
        _ => by_body().or(found.filter(|_| whole)),
    }
}

/// Bytes and fields that a head may have.
const HEAD: usize = 16 * 1024;
const FIELDS: usize = 100;

/// The head and what there is of the body. None if the head is not complete.
fn read(received: &[u8]) -> Option<(Response<()>, &[u8])> {
    let mut lines = Lines(received);
    let mut status = lines.next()?.split(|&b| b == b' ');
    let status = StatusCode::from_bytes(status.nth(1)?).ok()?;
    let mut response = Response::new(());
    *response.status_mut() = status;
    loop {
        match lines.next()? {
            [] => return Some((response, lines.0)),
            line => add(response.headers_mut(), line),
        }
    }
}

/// A field that is malformed is left out.
fn add(headers: &mut HeaderMap, line: &[u8]) {
    let Some(colon) = line.iter().position(|&b| b == b':') else {
        return;
    };
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    let (name, value) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value));
    if let (Ok(name), Ok(value), ..FIELDS) = (name, value, headers.len()) {
        headers.append(name, value);
    }
}

fn ends_head(received: &[u8]) -> bool {
    Lines(received).any(<[u8]>::is_empty)
}

/// Those that are complete, without their ends.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.0.iter().position(|&b| b == b'\n')?;
        let line = &self.0[..end];
        self.0 = &self.0[end + 1..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

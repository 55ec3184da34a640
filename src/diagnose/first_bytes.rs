//! What a server's first bytes say to a client that awaited others.

use super::cause::Cause;
use super::diagnosis::{Certainty, Diagnosis};
use super::greeting::{self, Greeting};
use super::{http1, http2, records};
use crate::foreign::Foreign;
use crate::mismatch::Mismatch;

/// What a client sent, to which the bytes that it received are the answer.
///
/// ```
/// use oneport::client::{End, Spoke, diagnose_first_bytes};
///
/// // A TLS alert, which hyper takes for a malformed HTTP response.
/// let alert = b"\x15\x03\x03\x00\x02\x02\x32";
/// let diagnosis = diagnose_first_bytes(Spoke::Plaintext, alert, End::Eof);
/// assert!(diagnosis.unwrap().to_string().contains("use https://"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Spoke {
    /// An HTTP request in plaintext, over HTTP/1 or HTTP/2.
    Plaintext,
    /// A TLS ClientHello.
    Tls,
}

/// How the bytes that a client received came to an end.
///
/// ```
/// use oneport::client::{End, Spoke, diagnose_first_bytes};
///
/// // Two bytes may yet become `HTTP/`.
/// assert_eq!(diagnose_first_bytes(Spoke::Tls, b"HT", End::Open), None);
/// assert!(diagnose_first_bytes(Spoke::Tls, b"HT", End::Eof).is_some());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// The server closed the connection.
    Eof,
    /// Not yet: more bytes may come.
    Open,
    /// The server reset the connection.
    Reset,
    /// The client no longer waits for more.
    TimedOut,
}

impl End {
    fn is_close(self) -> bool {
        matches!(self, Self::Eof | Self::Reset)
    }
}

/// What is wrong, from the first bytes that a client received in answer to its
/// first bytes: to its ClientHello, or to its HTTP request.
///
/// `received` is all that came before the handshake was done or before the
/// response was understood, from its beginning; some hundred bytes are enough.
/// None: nothing is wrong with them, or nothing that is known here, or, with
/// [`End::Open`], it takes more of them to say. More bytes do not change the
/// cause of what was said.
///
/// ```
/// use oneport::client::{Cause, End, Spoke, diagnose_first_bytes};
/// use oneport::{Foreign, Mismatch};
///
/// let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
/// let diagnosis = diagnose_first_bytes(Spoke::Tls, answer, End::Eof).unwrap();
/// assert_eq!(diagnosis.mismatch(), Some(Mismatch::TlsToPlaintext));
///
/// let banner = b"SSH-2.0-OpenSSH_9.2\r\n";
/// let diagnosis = diagnose_first_bytes(Spoke::Tls, banner, End::Open).unwrap();
/// assert_eq!(diagnosis.cause(), Cause::NotTls(Foreign::Ssh));
/// assert_eq!(diagnosis.quote(), Some("SSH-2.0-OpenSSH_9.2"));
/// ```
#[must_use]
pub fn diagnose_first_bytes(spoke: Spoke, received: &[u8], end: End) -> Option<Diagnosis> {
    match spoke {
        Spoke::Plaintext => to_plaintext(received, end),
        Spoke::Tls => to_tls(received, end),
    }
}

/// OpenSSL reads this many bytes, a record's header, before it judges.
const SHORT: usize = 5;

fn to_tls(received: &[u8], end: End) -> Option<Diagnosis> {
    let whole = end != End::Open;
    if records::fits(received) {
        return match records::read(received) {
            records::Seen::Alert(alert) => super::diagnose_alert(alert),
            // No TLS server says that: it is an echo, or a client as well.
            records::Seen::ClientHello => certain(Cause::NotTls(Foreign::Unknown)),
            records::Seen::Other => closed(end),
        };
    }
    if received.len() < SHORT && end.is_close() {
        return certain(Cause::ClosedAtOnce);
    }
    if let Some(preface) = http2::server_preface(received) {
        let certainty = match preface {
            http2::Preface::Begun if !whole => return None,
            http2::Preface::Begun => Certainty::MostLikely,
            http2::Preface::Whole => Certainty::Certain,
        };
        return Some(Diagnosis::new(Mismatch::TlsToPlaintext, certainty));
    }
    if http1::is_response(received) {
        return http1::to_tls(received, whole);
    }
    if http1::is_html(received) {
        return certain(Mismatch::TlsToPlaintext);
    }
    let greeting = match received.len() {
        // They may yet become HTTP.
        ..SHORT if !whole => None,
        _ => greeting::read(received, whole),
    };
    greeting.and_then(|greeting| named(Cause::NotTls, greeting, Certainty::Certain))
}

fn to_plaintext(received: &[u8], end: End) -> Option<Diagnosis> {
    let whole = end != End::Open;
    if received.is_empty() {
        return None; // whoever closes without a word may have any reason
    }
    if records::fits(received) {
        let certainty = match received {
            [records::ALERT, _, _, ..] => Certainty::Certain,
            [records::ALERT, _] if whole => Certainty::MostLikely,
            // Servers do not begin with another one.
            _ => return None,
        };
        return Some(Diagnosis::new(Mismatch::PlaintextToTls, certainty));
    }
    if http1::is_response(received) {
        return http1::to_plaintext(received, whole);
    }
    if http1::is_html(received) || http2::server_preface(received).is_some() {
        return None; // it speaks HTTP of another version
    }
    if received.len() < SHORT {
        return None;
    }
    let greeting = greeting::read(received, whole)?;
    // An HTTP/0.9 server's answer is text without a head.
    let certainty = match greeting.foreign {
        Foreign::Text => Certainty::MostLikely,
        _ => Certainty::Certain,
    };
    named(Cause::NotHttp, greeting, certainty)
}

fn closed(end: End) -> Option<Diagnosis> {
    let diagnosis = || Diagnosis::new(Cause::ClosedInHandshake, Certainty::Possible);
    end.is_close().then(diagnosis)
}

fn certain(cause: impl Into<Cause>) -> Option<Diagnosis> {
    Some(Diagnosis::new(cause, Certainty::Certain))
}

fn named(
    cause: fn(Foreign) -> Cause,
    greeting: Greeting<'_>,
    certainty: Certainty,
) -> Option<Diagnosis> {
    let diagnosis = Diagnosis::new(cause(greeting.foreign), certainty);
    Some(match greeting.words {
        Some(words) => diagnosis.quoting(&String::from_utf8_lossy(words)),
        None => diagnosis,
    })
}

#[cfg(test)]
mod tests;

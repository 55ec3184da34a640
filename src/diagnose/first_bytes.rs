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
    /// An HTTP/1 request in plaintext.
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
mod tests {
    use super::*;
    use crate::mismatch::CertificateFault;

    const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    const OURS: &[u8] =
        b"HTTP/1.0 400 no\r\nOneport-Mismatch: proxy-header-missing\r\nX-Error: Say PROXY.\r\n\r\n";
    const SETTINGS: &[u8] = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\xc8";
    const HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    const ALERT: &[u8] = b"\x15\x03\x03\x00\x02\x02\x74";
    const REFUSED_PLAINTEXT: &[u8] = b"\x15\x03\x03\x00\x02\x02\x32";
    const GO: &[u8] =
        b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

    fn tls(received: &[u8], end: End) -> Option<(Cause, Certainty)> {
        let found = diagnose_first_bytes(Spoke::Tls, received, end)?;
        Some((found.cause(), found.certainty()))
    }

    fn plaintext(received: &[u8], end: End) -> Option<(Cause, Certainty)> {
        let found = diagnose_first_bytes(Spoke::Plaintext, received, end)?;
        Some((found.cause(), found.certainty()))
    }

    fn is(cause: impl Into<Cause>) -> Option<(Cause, Certainty)> {
        Some((cause.into(), Certainty::Certain))
    }

    /// The classes of TLSplain, an OpenSSL that names them: fewer than five
    /// bytes and the end, `HTTP/` or `<!DOC`, anything else; if the first record
    /// is neither handshake nor alert.
    #[test]
    fn tlsplain_s_three_classes() {
        for few in ["H", "HTTP", "<!DO", "SSH", "\x13\x03\x03\x00", "\x16\x02"] {
            for end in [End::Eof, End::Reset] {
                assert_eq!(tls(few.as_bytes(), end), is(Cause::ClosedAtOnce), "{few:?}");
            }
        }
        let html = b"<!DOCTYPE HTML>\n<html lang=\"en\">";
        for http in [
            b"HTTP/".as_slice(),
            HTTP,
            b"<!DOC",
            html,
            b"<html>",
            b"<head>",
        ] {
            assert_eq!(
                tls(http, End::Eof),
                is(Mismatch::TlsToPlaintext),
                "{http:?}"
            );
        }
        for (other, foreign) in [
            (b"SSH-2".as_slice(), Foreign::Ssh),
            (b"SSH-2.0-OpenSSH_9.2\r\n", Foreign::Ssh),
            (b"HTTPS", Foreign::Text),
            (b"echo!", Foreign::Text),
            (b"\x00\x01\x02\x03\x04", Foreign::Unknown),
        ] {
            assert_eq!(
                tls(other, End::Eof),
                is(Cause::NotTls(foreign)),
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_close_in_the_handshake_has_many_causes() {
        let closed = Some((Cause::ClosedInHandshake, Certainty::Possible));
        let server_hello = b"\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00";
        for begun in [
            b"".as_slice(),
            b"\x15",
            b"\x16\x03\x03",
            server_hello,
            &ALERT[..6],
        ] {
            for end in [End::Eof, End::Reset] {
                assert_eq!(tls(begun, end), closed, "{begun:?}");
            }
            for end in [End::Open, End::TimedOut] {
                assert_eq!(tls(begun, end), None, "{begun:?}");
            }
        }
    }

    #[test]
    fn http_2_and_echoes() {
        assert_eq!(tls(SETTINGS, End::Open), is(Mismatch::TlsToPlaintext));
        assert_eq!(tls(&SETTINGS[..7], End::Open), None);
        let most_likely = Some((Mismatch::TlsToPlaintext.into(), Certainty::MostLikely));
        assert_eq!(tls(&SETTINGS[..7], End::Eof), most_likely);
        assert_eq!(plaintext(SETTINGS, End::Eof), None);
        assert_eq!(tls(HELLO, End::Open), is(Cause::NotTls(Foreign::Unknown)));
    }

    #[test]
    fn an_alert_names_the_cause() {
        let missing = Mismatch::ClientCertificate(CertificateFault::Missing);
        assert_eq!(tls(ALERT, End::Open), is(missing));
        // One that names nothing is left to the TLS stack's words.
        assert_eq!(tls(b"\x15\x03\x03\x00\x02\x02\x2f", End::Eof), None);
    }

    #[test]
    fn what_oneport_says_goes_before_a_guess() {
        assert_eq!(tls(&OURS[..OURS.len() - 2], End::Open), None);
        for end in [End::Eof, End::Open] {
            let found = diagnose_first_bytes(Spoke::Tls, OURS, end).expect("a diagnosis");
            assert_eq!(found.mismatch(), Some(Mismatch::ProxyHeaderMissing));
            assert_eq!(found.quote(), Some("Say PROXY."));
        }
        // It cannot be plaintext that was wrong.
        let upgrade = b"HTTP/1.1 426 x\r\nOneport-Mismatch: plaintext-to-tls\r\n\r\n";
        assert_eq!(tls(upgrade, End::Eof), is(Mismatch::TlsToPlaintext));
    }

    #[test]
    fn plaintext_to_a_tls_server() {
        for answer in [REFUSED_PLAINTEXT, &REFUSED_PLAINTEXT[..3], GO] {
            for end in [End::Eof, End::Open, End::Reset] {
                assert_eq!(
                    plaintext(answer, end),
                    is(Mismatch::PlaintextToTls),
                    "{answer:?}"
                );
            }
        }
        let most_likely = Some((Mismatch::PlaintextToTls.into(), Certainty::MostLikely));
        assert_eq!(plaintext(b"\x15\x03", End::Eof), most_likely);
        for nothing in [
            b"".as_slice(),
            b"\x15",
            b"\x15\x02",
            HTTP,
            HELLO,
            b"<html>",
            &GO[..30],
        ] {
            for end in [End::Eof, End::Open, End::Reset] {
                assert_eq!(plaintext(nothing, end), None, "{nothing:?}");
            }
        }
    }

    #[test]
    fn plaintext_to_another_server() {
        let redis = b"-ERR wrong number of arguments for 'get' command\r\n";
        assert_eq!(
            plaintext(redis, End::Open),
            is(Cause::NotHttp(Foreign::Redis))
        );
        let text = Some((Cause::NotHttp(Foreign::Text), Certainty::MostLikely));
        assert_eq!(plaintext(b"login: ", End::TimedOut), text);
    }
}

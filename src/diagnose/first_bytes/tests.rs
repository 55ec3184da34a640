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

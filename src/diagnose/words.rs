//! The words of TLS stacks and HTTP libraries.
//!
//! Measured with rustls 0.23.46, OpenSSL 3.0, 3.5 and 4.0, native-tls 0.2.18,
//! hyper 1.12, h2 0.4.20, tungstenite 0.30, ureq 3.5, tonic 0.14, reqwest 0.13
//! and libcurl 7.88. Not measured, but as documented: OpenSSL 1.1, Schannel
//! (winerror.h), Secure Transport (SecureTransport.h).

use super::alert::diagnose_alert;
use super::cause::Cause;
use super::diagnosis::{Certainty, Diagnosis};
use super::{alert_words, certificate_words};
use crate::foreign::Foreign;
use crate::mismatch::Mismatch;

/// What one error's words say. Some of them mean what they are taken for only
/// while the client is `connecting`.
pub(super) fn read(text: &str, connecting: bool) -> Option<Diagnosis> {
    // BoringSSL and Python have the same words in capitals.
    let text = &text.replace('_', " ").to_ascii_lowercase();
    if let Some(alert) = alert_words::received(text) {
        return diagnose_alert(alert);
    }
    if let Some(found) = certificate_words::read(text) {
        return Some(found);
    }
    if text.contains("(found http2 preface)") {
        return None; // hyper's server, of a client
    }
    let fits = |(scope, words, ..): &&Row| {
        let fits = match scope {
            Scope::Connecting => connecting,
            Scope::Exact => text == words,
            Scope::OpenSsl => text.contains("ssl"),
            Scope::Any => true,
        };
        fits && text.contains(words)
    };
    let (_, _, cause, certainty) = TABLE.iter().find(fits)?;
    Some(Diagnosis::new(*cause, *certainty))
}

/// If these words stand above an error only while a connection is made:
/// hyper-util's and hyper 0.14's, tungstenite's.
pub(super) fn is_connecting(text: &str) -> bool {
    [
        "client error (Connect)",
        "error trying to connect",
        "TLS error: ",
    ]
    .iter()
    .any(|begin| text.starts_with(begin))
}

/// Where words count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Everywhere.
    Any,
    /// Only while a connection is made.
    Connecting,
    /// Only if they are the whole text.
    Exact,
    /// Only in a text that names SSL.
    OpenSsl,
}

type Row = (Scope, &'static str, Cause, Certainty);

use Certainty::{Certain, MostLikely, Possible};
use Scope::{Any, Connecting, Exact, OpenSsl};

const TLS_TO_PLAINTEXT: Cause = Cause::Mismatch(Mismatch::TlsToPlaintext);
const PLAINTEXT_TO_TLS: Cause = Cause::Mismatch(Mismatch::PlaintextToTls);
const UNKNOWN: Cause = Cause::NotTls(Foreign::Unknown);

/// In lower case, with spaces for underscores. The first that fits counts.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    // rustls; the second as in `Debug`.
    (Any, "received corrupt message of type invalidcontenttype", TLS_TO_PLAINTEXT, MostLikely),
    (Any, "invalidmessage(invalidcontenttype)", TLS_TO_PLAINTEXT, MostLikely),
    (Any, "got clienthello when expecting serverhello", UNKNOWN, Certain),
    (Any, "peer is incompatible: serverdoesnotsupporttls12or13", Cause::NoCommonParameters, Certain),
    (Any, "peer is incompatible: servertlsversionisdisabledbyourconfig", Cause::NoCommonParameters, Certain),
    (Any, "peer doesn't support any known protocol", Cause::NoCommonProtocol, Certain),
    (Any, "tls handshake eof", Cause::ClosedInHandshake, Possible), // tokio-rustls

    // OpenSSL with TLSplain's patch.
    (Any, "you attempted a tls connection to a plaintext http server", TLS_TO_PLAINTEXT, Certain),
    (Any, "a non-tls server which replied with less than 5 bytes", Cause::ClosedAtOnce, Certain),
    (Any, "a non-tls server which is also non-http", UNKNOWN, Certain),
    // OpenSSL: the first to 3.1 and from 4.0, the second from 3.2 to 3.6. Not
    // "http request", which is what its servers say, nor "record layer
    // failure", which only accompanies the cause.
    (OpenSsl, "wrong version number", TLS_TO_PLAINTEXT, MostLikely),
    (OpenSsl, "packet length too long", TLS_TO_PLAINTEXT, MostLikely),
    (OpenSsl, "unsupported protocol", Cause::NoCommonParameters, MostLikely),
    // GnuTLS.
    (Any, "an unexpected tls packet was received", TLS_TO_PLAINTEXT, MostLikely),
    // Schannel: SEC_E_INVALID_TOKEN, SEC_E_ALGORITHM_MISMATCH.
    (Any, "(os error -2146893048)", TLS_TO_PLAINTEXT, Possible),
    (Any, "(os error -2146893007)", Cause::NoCommonParameters, Certain),
    // Secure Transport: errSSLPeerProtocolVersion, as from TLS 1.3 servers.
    (Exact, "bad protocol version", Cause::NoCommonParameters, Possible),
    // Go.
    (Any, "server gave http response to https client", TLS_TO_PLAINTEXT, Certain),

    // native-tls, OpenSSL from 3.0, libcurl.
    (Connecting, "unexpected eof", Cause::ClosedInHandshake, Possible),
    (Any, "ssl connect: ssl error syscall", Cause::ClosedInHandshake, Possible),

    // tonic: a TLS server without ALPN, or without h2 in it.
    (Any, "http/2 was not negotiated", Cause::NoCommonProtocol, MostLikely),

    // hyper; httparse, through tungstenite and ureq; as in its `Debug`. Also
    // what an SSH server's greeting leads to.
    (Any, "invalid http version", PLAINTEXT_TO_TLS, MostLikely),
    (Any, "httparseerror(version)", PLAINTEXT_TO_TLS, MostLikely),
    // libcurl.
    (Any, "received http/0.9 when not allowed", PLAINTEXT_TO_TLS, MostLikely),
    // h2, to an alert; to HTTP/1 as well.
    (Any, "connection error detected: frame with invalid size", PLAINTEXT_TO_TLS, Possible),
];

#[cfg(test)]
mod tests;

//! Clients that speak TLS.

use oneport::Mode;
use oneport::client::Certainty::{Certain, MostLikely, Possible};

use crate::clients::{ALL, Client, Trust, Verdict};
use crate::servers::{Speaks, bare_tls, certificate_for, mutual_tls, says, trust_in};
use crate::support::{Pki, Server};

/// Every client that speaks TLS, at this port.
async fn all_say(port: u16, trust: &Trust, expected: impl Fn(Client) -> Verdict) {
    for client in ALL {
        let outcome = client.ask(true, port, trust).await;
        assert_eq!(
            outcome.verdict(),
            expected(client),
            "{client:?}: {outcome:?}"
        );
    }
}

/// The story of this module: rustls says "received corrupt message of type
/// InvalidContentType", and few know what that means.
#[tokio::test]
async fn at_a_plaintext_server() {
    let pki = Pki::new();
    let trust = trust_in(&pki);
    let expected = |_| Some(("tls-to-plaintext", MostLikely));

    let oneport = Server::with_mode(&pki, Mode::PlaintextOnly).await;
    all_say(oneport.addr.port(), &trust, expected).await;
    let settings = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\xc8";
    for words in [
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".as_slice(),
        b"<!DOCTYPE HTML>\n<html lang=\"en\"><head></head></html>",
        settings,
    ] {
        all_say(says(words, Speaks::Second).await, &trust, expected).await;
    }
}

/// Its bytes are gone by the time that there is an error, so that this is as
/// much as can be said.
#[tokio::test]
async fn at_another_server() {
    let trust = trust_in(&Pki::new());
    let ssh = says(b"SSH-2.0-OpenSSH_9.2\r\n", Speaks::First).await;
    all_say(ssh, &trust, |_| Some(("tls-to-plaintext", MostLikely))).await;
}

#[tokio::test]
async fn at_a_server_that_closes() {
    let trust = trust_in(&Pki::new());
    let silent = says(b"", Speaks::Second).await;
    let expected = |client| match client {
        // "unexpected end of file", as of anything.
        Client::Ureq => None,
        _ => Some(("closed-in-handshake", Possible)),
    };
    all_say(silent, &trust, expected).await;
}

/// The alert comes after a TLS 1.3 client's handshake is done.
#[tokio::test]
async fn without_a_client_certificate() {
    let pki = Pki::new();
    let server = mutual_tls(&pki).await;
    let expected = |_| Some(("client-certificate-missing", Certain));
    all_say(server.addr.port(), &trust_in(&pki), expected).await;
}

#[tokio::test]
async fn at_a_server_whose_ca_is_not_trusted() {
    let (_, trust) = certificate_for("localhost");
    let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
    let expected = |_| Some(("server-certificate-unknown-issuer", Certain));
    all_say(server.addr.port(), &trust, expected).await;
}

/// Which rustls calls a bad signature: the name is that of a trusted CA.
#[tokio::test]
async fn at_a_server_whose_ca_was_made_anew() {
    let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
    let expected = |_| Some(("server-certificate-unknown-issuer", MostLikely));
    all_say(server.addr.port(), &trust_in(&Pki::new()), expected).await;
}

#[tokio::test]
async fn at_a_server_of_another_name() {
    let (config, trust) = certificate_for("example.org");
    let port = bare_tls(config).await;
    let expected = |_| Some(("server-certificate-wrong-name", Certain));
    all_say(port, &trust, expected).await;
}

#[tokio::test]
async fn alerts() {
    let trust = trust_in(&Pki::new());
    for (alert, expected) in [
        (
            b"\x15\x03\x03\x00\x02\x02\x46".as_slice(),
            Some(("no-common-tls-parameters", Certain)),
        ),
        (
            b"\x15\x03\x03\x00\x02\x02\x70",
            Some(("unknown-server-name", Certain)),
        ),
        (
            b"\x15\x03\x03\x00\x02\x02\x2a",
            Some(("client-certificate-refused", MostLikely)),
        ),
        (b"\x15\x03\x03\x00\x02\x02\x2f", None),
    ] {
        all_say(says(alert, Speaks::Second).await, &trust, |_| expected).await;
    }
}

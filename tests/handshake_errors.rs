//! What the log says about a handshake that fails: who, why, and what to do.
#![allow(clippy::unwrap_used)] // a test

#[path = "corpus/load.rs"]
mod corpus;
mod log_capture;
mod support;

use log_capture::Log;
use oneport::Mode;
use support::{Pki, Server, exchange, run, told, within};

/// The line comes when the server has seen the client's end.
async fn only_line(log: &Log) -> String {
    let written = async {
        while log.lines_with("the TLS handshake").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    within(written).await;
    let lines = log.lines_with("the TLS handshake");
    assert_eq!(lines.len(), 1, "{}", log.text());
    lines[0].clone()
}

/// rustls says `Tls12NotOffered`, or that some extension is required.
#[tokio::test]
async fn obsolete_versions_are_named() {
    let old = |sample: &corpus::Sample| {
        ["tls1.0", "tls10", "tls1.1"]
            .iter()
            .any(|v| sample.id.ends_with(v))
    };
    let samples = corpus::load();
    let hellos: Vec<_> = samples
        .iter()
        .filter(|it| old(it) && it.route == corpus::Route::Tls)
        .collect();
    assert!(hellos.len() >= 5, "{}", hellos.len());
    for hello in hellos {
        let (log, _guard) = Log::capture();
        let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
        let alert = exchange(server.addr, &hello.bytes).await;
        assert_eq!(alert[0], 0x15, "{}", hello.id);
        let line = only_line(&log).await;
        assert!(
            line.contains("the client offers only obsolete"),
            "{}: {line}",
            hello.id
        );
        assert!(line.contains("peer=127.0.0.1:"), "{line}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_certificate() {
    let (log, _guard) = Log::capture();
    let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
    let url = format!("https://localhost:{}/", server.addr.port());
    assert!(!run("curl", &["-sS", &url]).await.status.success());
    let line = only_line(&log).await;
    assert!(
        line.contains("the client does not accept this server's certificate"),
        "{line}"
    );
}

#[tokio::test]
async fn a_client_without_a_certificate() {
    let pki = Pki::new();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(pki.ca.clone()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        std::sync::Arc::new(roots),
        provider.clone(),
    );
    let key = rustls::pki_types::PrivateKeyDer::try_from(pki.key.clone()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(pki.chain.clone(), key)
        .unwrap();
    let (log, _guard) = Log::capture();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, tower::service_fn(support::hello))
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let url = format!("https://localhost:{}/", server.addr.port());
    let ca = pki.ca_path();
    run("curl", &["-sS", "--cacert", ca.to_str().unwrap(), &url]).await;
    let line = only_line(&log).await;
    assert!(
        line.contains("give the client a certificate and its key"),
        "{line}"
    );
}

/// rustls keeps 64 KiB of a hello, and has no alert for more: the client saw an end
/// without a word.
#[tokio::test]
async fn a_hello_that_is_too_long() {
    // Announced are 70,000 bytes, or so many that the header alone is enough.
    for announced in [[1, 1, 0x11, 0x70], [1, 0xff, 0xff, 0xff]] {
        let (log, _guard) = Log::capture();
        let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
        let mut record = [&[0x16, 3, 1, 0x40, 0], &announced[..]].concat();
        record.resize(5 + 0x4000, 0);
        let mut flight = record;
        for _ in 0..4 {
            flight.extend([0x16, 3, 1, 0x40, 0]);
            flight.resize(flight.len() + 0x4000, 0);
        }
        let alert = exchange(server.addr, &flight).await;
        // decode_error
        assert_eq!(alert, [0x15, 3, 3, 0, 2, 2, 50]);
        only_line(&log).await;
    }
}

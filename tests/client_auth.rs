//! Where client certificates are required, nobody gets to the application
//! without one.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::sync::Arc;

use oneport::tls::{Files, TlsConfig};
use rustls::RootCertStore;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ProducesTickets, ServerConfig, WebPkiClientVerifier};
use support::{Pki, Server, exchange, hello, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::service_fn;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

async fn serve(tls: TlsConfig) -> Server {
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(hello))
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// LIMITS, security model 3: a policy that admits plaintext while client
/// authentication is required needs an explicit call. `Mode::Dual` is the
/// default, and takes mutual TLS away without a word: the binary refuses the
/// same combination at start-up.
#[tokio::test]
async fn plaintext_is_not_a_way_around_it_by_default() {
    let pki = Pki::new();
    let files = Files::new(pki.cert_path(), pki.key_path()).client_ca(pki.ca_path());
    for files in [files.clone(), files.explain_client_auth()] {
        let server = serve(files.load().unwrap()).await;
        let answer = exchange(server.addr, REQUEST).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

fn with(
    pki: &Pki,
    verifier: Arc<dyn ClientCertVerifier>,
    ticketer: Arc<dyn ProducesTickets>,
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            pki.chain.clone(),
            rustls::pki_types::PrivateKeyDer::try_from(pki.key.clone()).unwrap(),
        )
        .unwrap();
    config.ticketer = ticketer;
    config
}

async fn ask(connector: &tokio_rustls::TlsConnector, server: &Server) -> String {
    let tcp = TcpStream::connect(server.addr).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let mut answer = Vec::new();
    if let Ok(mut tls) = connector.connect(name, tcp).await {
        let _ = tls.write_all(REQUEST).await;
        let _ = within(tls.read_to_end(&mut answer)).await;
    }
    String::from_utf8(answer).unwrap()
}

/// The explaining configuration gives a session ticket to everybody, also to
/// who has no certificate, and rustls does not ask for one when a session is
/// resumed. With one ticketer (or session storage) for all configurations that
/// `build` makes, which is how operators keep sessions over a reload, such a
/// ticket opens the strict configuration: after `reload`, or wherever
/// `TlsConfig::current` is used.
#[tokio::test]
async fn a_ticket_of_a_refused_client_opens_nothing() {
    let pki = Pki::new();
    let mut roots = RootCertStore::empty();
    roots.add(pki.ca.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .unwrap();
    let ticketer = rustls::crypto::ring::Ticketer::new().unwrap();
    let explaining = TlsConfig::explaining_client_auth(verifier.clone(), |verifier| {
        Ok::<_, rustls::Error>(with(&pki, verifier, ticketer.clone()))
    })
    .unwrap();
    let strict = explaining.current();
    let server = serve(explaining.clone()).await;
    let connector = tokio_rustls::TlsConnector::from(pki.client_config(&["http/1.1"]));
    let refused = ask(&connector, &server).await;
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");

    explaining.reload(strict);
    let answer = ask(&connector, &server).await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// A verifier that does not ask for certificates, such as
/// `WebPkiClientVerifier::no_client_auth()`, is not made to ask: rustls' has no
/// names of CAs to send then, and panics in each handshake.
#[tokio::test]
async fn a_verifier_that_does_not_ask_is_left_alone() {
    let pki = Pki::new();
    let ticketer = rustls::crypto::ring::Ticketer::new().unwrap();
    let tls =
        TlsConfig::explaining_client_auth(WebPkiClientVerifier::no_client_auth(), |verifier| {
            Ok::<_, rustls::Error>(with(&pki, verifier, ticketer.clone()))
        });
    let server = serve(tls.unwrap()).await;
    let connector = tokio_rustls::TlsConnector::from(pki.client_config(&["http/1.1"]));
    let answer = ask(&connector, &server).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
}

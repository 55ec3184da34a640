//! One line per refusal, the repeated ones folded: also where TLS itself
//! refuses, and for those who say nothing.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod authority;
mod log_capture;
mod support;

use authority::{Authority, params};
use log_capture::Log;
use oneport::tls::{Files, TlsConfig};
use oneport::{Limits, Mode};
use rustls::pki_types::{PrivateKeyDer, ServerName, UnixTime};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use support::{Pki, Server, hello, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::service_fn;

async fn tls_only(tls: impl Into<TlsConfig>) -> Server {
    let tls = tls.into();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(hello))
            .mode(Mode::TlsOnly)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// A client without a certificate that tries again and again writes a line each
/// time, without a remedy, and is not in `oneport_refused_total`.
#[tokio::test]
async fn clients_without_a_certificate() {
    let (log, _guard) = Log::capture();
    let pki = Pki::new();
    let files = Files::new(pki.cert_path(), pki.key_path()).client_ca(pki.ca_path());
    let tls = files.load().unwrap();
    let server = tls_only(tls).await;
    for _ in 0..10 {
        let mut tls = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
        let _ = tls.write_all(b"GET / HTTP/1.1\r\n\r\n").await;
        let _ = within(tls.read_to_end(&mut Vec::new())).await;
    }
    let lines = log.lines_with("peer sent no certificates");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("remedy="), "{lines:#?}");
}

/// Anybody can open connections and say nothing.
#[tokio::test]
async fn silent_clients() {
    let (log, _guard) = Log::capture();
    let pki = Pki::new();
    let tls = pki.tls();
    let mut limits = Limits::default();
    limits.sniff = Duration::from_millis(100);
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(hello))
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    for _ in 0..10 {
        let mut tcp = TcpStream::connect(server.addr).await.unwrap();
        let _ = within(tcp.read_to_end(&mut Vec::new())).await;
    }
    let lines = log.lines_with("INFO");
    assert!(lines.len() <= 1, "{lines:#?}");
}

/// Bytes after their length in two.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes(), bytes].concat()
}

/// A ClientHello of TLS 1.2 (RFC 5246 7.4.1.2) for this name, with no cipher
/// suite but TLS_RSA_WITH_AES_128_CBC_SHA.
fn hello_without_a_common_suite(name: &str) -> Vec<u8> {
    let name = sized(&[&[0][..], &sized(name.as_bytes())].concat());
    let extensions: [(u8, &[u8]); 4] = [
        (0, &name),
        // x25519
        (10, &[0, 2, 0, 29]),
        // uncompressed points
        (11, &[1, 0]),
        // ecdsa_secp256r1_sha256
        (13, &[0, 2, 4, 3]),
    ];
    let extensions = extensions.map(|(kind, body)| [&[0, kind][..], &sized(body)].concat());
    let hello = [
        &[3, 3][..],
        &[7; 32],
        // no session, one suite, no compression
        &[0, 0, 2, 0, 0x2f, 1, 0],
        &sized(&extensions.concat()),
    ];
    let message = [&[1, 0][..], &sized(&hello.concat())].concat();
    [&[0x16, 3, 1][..], &sized(&message)].concat()
}

/// The server name is the client's choice: with a name of its own, each failed
/// handshake had a line of its own, in the log and in memory for two minutes.
#[tokio::test]
async fn a_new_server_name_is_no_new_line() {
    let (log, _guard) = Log::capture();
    let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
    for n in 0..300_u64 {
        let name = format!("{:016x}.test", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut tcp = TcpStream::connect(server.addr).await.unwrap();
        let hello = hello_without_a_common_suite(&name);
        tcp.write_all(&hello).await.unwrap();
        let mut alert = [0; 7];
        within(tcp.read_exact(&mut alert)).await.unwrap();
        // handshake_failure
        assert_eq!(alert, [0x15, 3, 3, 0, 2, 2, 40]);
    }
    server.shut_down().await.unwrap();
    let lines = log.lines_with("the TLS handshake");
    assert_eq!(lines.len(), 2, "{} lines, {lines:.3000?}", lines.len());
    for word in [
        "the TLS handshake for \"0000000000000000.test\" failed: ",
        "peer is incompatible: NoCipherSuitesInCommon",
        "remedy=\"the client offers only obsolete algorithms",
    ] {
        assert!(lines[0].contains(word), "{lines:#?}");
    }
    let repeated = "the TLS handshake failed: peer is incompatible: NoCipherSuitesInCommon (repeated 299 times)";
    assert!(lines[1].contains(repeated), "{lines:#?}");
}

/// A second later each time.
#[derive(Debug)]
struct Clock(AtomicU64);

impl rustls::time_provider::TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = self.0.fetch_add(1, Ordering::Relaxed);
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// rustls says how many seconds ago a certificate has expired: a client that tried
/// again each second wrote a line each second.
#[tokio::test]
async fn an_expired_certificate_that_tries_again() {
    let (log, _guard) = Log::capture();
    let (pki, authority) = (Pki::new(), Authority::new("clients"));
    let mut expired = params(1, &["client"]);
    expired.not_before = rcgen::date_time_ymd(2020, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let client = authority.issue_as(expired);

    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.der.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        provider.clone(),
    );
    let key = PrivateKeyDer::try_from(pki.key.clone()).unwrap();
    let mut tls = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(pki.chain.clone(), key)
        .unwrap();
    tls.time_provider = Arc::new(Clock(AtomicU64::new(1_700_000_000)));
    let server = tls_only(tls).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(pki.ca.clone()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![client.der.clone()], client.private_key())
        .unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    for _ in 0..10 {
        let tcp = TcpStream::connect(server.addr).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut tls = connector.connect(name, tcp).await.unwrap();
        let error = within(tls.read_to_end(&mut Vec::new())).await.unwrap_err();
        assert!(error.to_string().contains("CertificateExpired"), "{error}");
    }
    server.shut_down().await.unwrap();
    let lines = log.lines_with("the TLS handshake");
    assert_eq!(lines.len(), 2, "{lines:#?}");
    for word in [
        "certificate expired: verification time 17000000",
        "remedy=\"the client's certificate has expired",
    ] {
        assert!(lines[0].contains(word), "{lines:#?}");
    }
    let repeated = "the TLS handshake failed: invalid peer certificate: Expired (repeated 9 times)";
    assert!(lines[1].contains(repeated), "{lines:#?}");
}

//! One line per refusal, the repeated ones folded: also where TLS itself
//! refuses, and for those who say nothing.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod log_capture;
mod support;

use log_capture::Log;
use oneport::tls::Files;
use oneport::{Limits, Mode};
use std::time::Duration;
use support::{Pki, Server, hello, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::service_fn;

/// A client without a certificate that tries again and again writes a line each
/// time, without a remedy, and is not in `oneport_refused_total`.
#[tokio::test]
async fn clients_without_a_certificate() {
    let (log, _guard) = Log::capture();
    let pki = Pki::new();
    let files = Files::new(pki.cert_path(), pki.key_path()).client_ca(pki.ca_path());
    let tls = files.load().unwrap();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(hello))
            .mode(Mode::TlsOnly)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
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

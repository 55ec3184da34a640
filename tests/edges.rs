//! Extreme limits, panics in the application's code, early goodbyes.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::convert::Infallible;
use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use oneport::{Drained, Inbound, Limits, Mode, Policy};
use support::{Pki, Server, exchange, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::service_fn;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

fn extreme(time: Duration, count: usize) -> Limits {
    let mut limits = Limits::default();
    limits.sniff = time;
    limits.handshake = time;
    limits.first_request = time;
    limits.request_head = time;
    limits.refusal = time;
    limits.linger = time;
    limits.linger_bytes = count as u64;
    limits.lingering = count;
    limits.drain = time;
    limits
}

async fn start(pki: &Pki, mode: Mode, limits: Limits) -> Server {
    let tls = pki.tls();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(support::hello))
            .mode(mode)
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// "As long as it takes" is `Duration::MAX`, which no clock can be set to.
#[tokio::test]
async fn the_largest_limits_serve_and_refuse() {
    let pki = Pki::new();
    let mut limits = extreme(Duration::MAX, usize::MAX);
    limits.connections = usize::MAX;
    let server = start(&pki, Mode::Dual, limits.clone()).await;
    let answer = exchange(server.addr, REQUEST).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    let mut tls = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
    tls.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    within(tls.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    drop(tls);
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);

    let server = start(&pki, Mode::TlsOnly, limits).await;
    let answer = exchange(server.addr, REQUEST).await;
    assert!(answer.starts_with(b"HTTP/1.1 426"));
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
}

/// Of no use, and no panic either.
#[tokio::test]
async fn the_smallest_limits_end() {
    let pki = Pki::new();
    for mode in [Mode::Dual, Mode::TlsOnly] {
        let server = start(&pki, mode, extreme(Duration::ZERO, 0)).await;
        let mut tcp = TcpStream::connect(server.addr).await.unwrap();
        let _ = tcp.write_all(REQUEST).await;
        let _ = within(tcp.read_to_end(&mut Vec::new())).await;
        let _ = within(pki.connect(server.addr, &[])).await;
        let drained = server.shut_down().await.unwrap();
        assert!(matches!(drained, Drained::Clean | Drained::Aborted(_)));
    }
}

#[tokio::test]
async fn a_policy_that_panics_costs_one_connection() {
    let pki = Pki::new();
    let tls = pki.tls();
    let policy = |inbound: &Inbound| {
        assert_ne!(inbound.protocol, oneport::Protocol::Http1, "a bug in it");
        Mode::Dual.route(inbound)
    };
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(support::hello))
            .policy(policy)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    for _ in 0..3 {
        let mut tcp = TcpStream::connect(server.addr).await.unwrap();
        tcp.write_all(REQUEST).await.unwrap();
        let mut answer = Vec::new();
        let _ = within(tcp.read_to_end(&mut answer)).await;
        assert_eq!(answer, b"");
    }
    let mut tls = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
    tls.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    within(tls.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
}

/// One answer, then the end; the rest is drained, not answered.
#[tokio::test]
async fn requests_behind_a_refused_one_are_not_answered() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let three = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3);
    let answer = String::from_utf8(exchange(server.addr, &three).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 426 ").count(), 1, "{answer}");
}

/// The server has read the client's end, so it leaves FIN to the close: what
/// the application left unread must not turn that into a reset.
#[tokio::test]
async fn half_of_a_body_then_the_end_is_answered() {
    const HALF: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n";
    let app = service_fn(|_: Request<Incoming>| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"no need"))))
    });
    let pki = Pki::new();
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    for _ in 0..10 {
        let mut tcp = TcpStream::connect(server.addr).await.unwrap();
        tcp.write_all(HALF).await.unwrap();
        tcp.write_all(&[b'x'; 100]).await.unwrap();
        tcp.shutdown().await.unwrap();
        let mut answer = Vec::new();
        within(tcp.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.ends_with(b"no need"));

        let mut tls = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
        tls.write_all(HALF).await.unwrap();
        tls.write_all(&[b'x'; 100]).await.unwrap();
        tls.shutdown().await.unwrap();
        let mut answer = Vec::new();
        within(tls.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.ends_with(b"no need"));
    }
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
}

/// `openssl s_client -sess_out file </dev/null`, Python's `unwrap()` of a
/// connection it only wanted to see: the goodbye comes with the last flight of
/// the handshake. Tickets are sent all the same, and close_notify is answered
/// (RFC 8446 6.1: else the end looks like a truncation).
#[tokio::test]
async fn a_goodbye_with_the_finished_is_answered() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let name = "localhost".try_into().unwrap();
    let mut session = rustls::ClientConnection::new(pki.client_config(&[]), name).unwrap();
    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    let mut chunk = [0; 16 * 1024];
    while session.is_handshaking() {
        let mut flight = Vec::new();
        session.write_tls(&mut flight).unwrap();
        tcp.write_all(&flight).await.unwrap();
        let n = within(tcp.read(&mut chunk)).await.unwrap();
        assert_ne!(n, 0);
        let mut read = &chunk[..n];
        while !read.is_empty() {
            session.read_tls(&mut read).unwrap();
            session.process_new_packets().unwrap();
        }
    }
    session.send_close_notify();
    let mut last = Vec::new();
    while session.wants_write() {
        session.write_tls(&mut last).unwrap();
    }
    tcp.write_all(&last).await.unwrap();
    let mut rest = Vec::new();
    within(tcp.read_to_end(&mut rest)).await.unwrap();
    let mut read = &rest[..];
    while !read.is_empty() {
        session.read_tls(&mut read).unwrap();
        session.process_new_packets().unwrap();
    }
    assert_ne!(session.tls13_tickets_received(), 0, "no tickets");
    let end = session.reader().read(&mut [0]);
    assert_eq!(end.unwrap(), 0, "no close_notify");
}

/// The client's first key share is none that the server takes: HelloRetryRequest
/// is a flight of its own, which the client waits for.
#[tokio::test]
async fn a_hello_retry_shakes_hands() {
    let pki = Pki::new();
    let mut config = pki.server_config();
    let provider = rustls::crypto::CryptoProvider {
        kx_groups: vec![rustls::crypto::ring::kx_group::SECP384R1],
        ..rustls::crypto::ring::default_provider()
    };
    config = {
        let resolver = config.cert_resolver.clone();
        rustls::ServerConfig::builder_with_provider(provider.into())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(resolver)
    };
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, config, service_fn(support::hello))
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let mut tls = within(pki.connect(server.addr, &["http/1.1"]))
        .await
        .unwrap();
    let kind = tls.get_ref().1.handshake_kind();
    let retried = rustls::HandshakeKind::FullWithHelloRetryRequest;
    assert_eq!(kind, Some(retried));
    tls.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    within(tls.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
}

/// A ClientHello in records of a few bytes each, all in one segment and in
/// many.
#[tokio::test]
async fn a_hello_of_many_records_shakes_hands() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    for size in [32, 100, 300] {
        let mut config = pki.client_config(&["http/1.1"]).as_ref().clone();
        config.max_fragment_size = Some(size);
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
        let tcp = TcpStream::connect(server.addr).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let mut tls = within(connector.connect(name, tcp)).await.unwrap();
        tls.write_all(REQUEST).await.unwrap();
        let mut answer = Vec::new();
        within(tls.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "records of {size}");
    }
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
}

/// The settings reach hyper, over what is set by default.
#[tokio::test]
async fn hypers_settings_are_applied() {
    let served = |listener, signal| {
        oneport::serve_plaintext(listener, service_fn(support::hello))
            .http1(|http1| http1.title_case_headers(true))
            .http2(|http2| http2.max_concurrent_streams(7))
            .with_graceful_shutdown(told(signal))
            .into_future()
    };
    let server = Server::start(served).await;
    let answer = String::from_utf8(exchange(server.addr, REQUEST).await).unwrap();
    assert!(answer.contains("\r\nContent-Length: "), "{answer}");

    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    tcp.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    let mut head = [0; 9];
    within(tcp.read_exact(&mut head)).await.unwrap();
    assert_eq!(head[3], 4, "SETTINGS");
    let mut settings = vec![0; usize::from(head[2])];
    within(tcp.read_exact(&mut settings)).await.unwrap();
    let settings: Vec<_> = settings.chunks(6).collect();
    // RFC 9113 6.5.2 and RFC 8441 3.
    assert!(settings.contains(&&[0, 3, 0, 0, 0, 7][..]), "streams");
    assert!(
        settings.contains(&&[0, 8, 0, 0, 0, 1][..]),
        "extended CONNECT"
    );
}

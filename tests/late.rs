//! 408 where it must not be.
#![allow(clippy::unwrap_used)] // a test

mod support;

use oneport::{Acceptor, Limits, ProxyProtocol};
use std::time::Duration;
use support::{Pki, Server, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::service_fn;

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.sniff = Duration::from_millis(300);
    limits.first_request = Duration::from_millis(300);
    limits.request_head = Duration::from_millis(300);
    limits.keep_alive_idle = Duration::from_millis(300);
    limits
}

/// Some clients send CRLF behind a body (RFC 9112 2.2: servers should ignore
/// one). It stays in hyper's buffer, and the connection is no less idle for it:
/// a response that nobody asked for would be taken for the answer to the next
/// request.
#[tokio::test]
async fn an_idle_connection_with_a_stray_line_end_gets_no_response() {
    let tls = Pki::new().tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(support::hello))
            .limits(limits())
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\n";
    let answer = support::exchange(server.addr, post).await;
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(!answer.contains("HTTP/1.1 408 "), "{answer}");
}

/// ALPN chose h2: whatever begins there is never answered in HTTP/1 (RFC 9113
/// 3.4), no matter that it stalls before it is a whole line.
#[tokio::test]
async fn no_http_1_where_alpn_chose_h2() {
    let pki = Pki::new();
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(support::hello))
            .limits(limits())
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let mut stream = pki.connect(server.addr, &["h2"]).await.unwrap();
    stream.write_all(b"GET / HT").await.unwrap();
    let mut answer = Vec::new();
    let _ = within(stream.read_to_end(&mut answer)).await;
    assert_eq!(answer.escape_ascii().to_string(), "");
}

/// A proxy whose PROXY header stalls has not begun a request: its client may
/// speak TLS.
#[tokio::test]
async fn a_proxy_header_is_no_request() {
    let acceptor = Acceptor::new(Pki::new().tls())
        .limits(limits())
        .proxy_protocol(ProxyProtocol::loopback());
    let (mut proxy, server) = tokio::io::duplex(1024);
    let peer: std::net::SocketAddr = "127.0.0.1:1".parse().unwrap();
    let accepting = tokio::spawn(async move { acceptor.accept(server, peer).await });
    proxy.write_all(b"PROXY TCP4 192.0").await.unwrap();
    let mut answer = Vec::new();
    within(proxy.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer.escape_ascii().to_string(), "");
    drop(proxy);
    assert!(within(accepting).await.unwrap().is_err());
}

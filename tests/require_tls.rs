//! `RequireTls` in front of a Router that is served in both modes.
#![allow(clippy::unwrap_used)] // a test

mod requests;
mod support;

use axum::Router;
use axum::routing::any;
use http::Method;
use http::request::Parts;
use oneport::layer::RequireTls;
use requests::{over_tls, plaintext, request, serve};
use support::{Pki, Server, output_of, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SENTENCE: &str =
    "This port requires TLS: use https:// (or wss://) instead of http:// (or ws://).";

fn app() -> Router {
    let layer = RequireTls::new()
        .except_path("/healthz")
        .except_prefix("/.well-known/acme-challenge/")
        .except(|request: &Parts| request.method == Method::OPTIONS);
    Router::new()
        .fallback(any(|| async { "served\n" }))
        .layer(layer)
}

#[tokio::test]
async fn plaintext_is_told_and_tls_is_served() {
    let pki = Pki::new();
    let server = serve(&pki, app()).await;
    let head = "GET / HTTP/1.1\nHost: localhost";
    let answer = plaintext(server.addr, head).await;
    assert_eq!(answer.status, 426, "{answer:?}");
    assert_eq!(answer.header("x-error"), Some(SENTENCE));
    assert_eq!(answer.header("oneport-mismatch"), Some("plaintext-to-tls"));
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(answer.header("strict-transport-security"), None);
    assert!(answer.body.starts_with(SENTENCE));
    assert_eq!(over_tls(&pki, server.addr, head).await.body, "served\n");

    let url = format!("http://{}/", server.addr);
    let status = output_of("curl", &["-sS", "-i", &url]).await;
    assert!(
        status.starts_with(&format!("HTTP/1.1 426 {SENTENCE}\r\n")),
        "{status}"
    );
    let status = output_of("curl", &["-sS", "-I", &url]).await;
    assert!(
        status.starts_with("HTTP/1.1 426 ") && status.ends_with("\r\n\r\n"),
        "{status}"
    );
}

#[tokio::test]
async fn exceptions() {
    let pki = Pki::new();
    let server = serve(&pki, app()).await;
    for (line, status) in [
        ("GET /healthz", 200),
        ("GET /healthz?full", 200),
        ("GET /.well-known/acme-challenge/a", 200),
        ("OPTIONS /a", 200),
        ("OPTIONS *", 200),
        ("GET /healthz/", 426),
        ("GET //healthz", 426),
        ("GET /healthz/../admin", 426),
        ("GET /.well-known/acme-challenge/../../admin", 426),
        ("GET /.well-known/acme-challenge/%2e%2e/admin", 426),
        ("GET /.well-known/acme-challenge/..%2fadmin", 426),
        ("GET /.well-known/acme-challenge", 426),
        ("GET http://localhost/admin", 426),
        ("CONNECT localhost:443", 426),
    ] {
        let head = format!("{line} HTTP/1.1\nHost: localhost");
        let answer = plaintext(server.addr, &head).await;
        assert_eq!(answer.status, status, "{line}");
    }
}

#[tokio::test]
async fn http2_and_grpc() {
    let pki = Pki::new();
    let server = serve(&pki, app()).await;
    let url = format!("http://{}/", server.addr);
    let h2c = ["-sS", "-i", "--http2-prior-knowledge", &url];
    let answer = output_of("curl", &h2c).await;
    assert!(
        answer.starts_with("HTTP/2 421") && answer.contains(SENTENCE),
        "{answer}"
    );
    let grpc = ["-H", "content-type: application/grpc", "-d", "a"];
    let answer = output_of("curl", &[&h2c[..], &grpc].concat()).await;
    assert!(answer.starts_with("HTTP/2 200"), "{answer}");
    assert!(answer.contains("grpc-status: 9"), "{answer}");
}

/// An HTTP/2 answer ahead of the request's body ends in RST_STREAM, which curl
/// reported instead of the answer, now and then.
#[tokio::test]
async fn a_body_over_http2_does_not_hide_the_answer() {
    let pki = Pki::new();
    let server = serve(&pki, app()).await;
    let url = format!("http://{}/", server.addr);
    let body = "a".repeat(50_000);
    for body in ["a", &body].repeat(10) {
        let h2c = ["-sS", "--http2-prior-knowledge", "-d", body, &url];
        let answer = output_of("curl", &h2c).await;
        assert!(answer.starts_with(SENTENCE), "{answer}");
    }
}

/// A connection that is closed while the body arrives ends in RST, which
/// destroys the answer in the client's kernel.
#[tokio::test]
async fn a_large_body_does_not_hide_the_answer() {
    let pki = Pki::new();
    let server = serve(&pki, app()).await;
    let length = 8 * 1024 * 1024;
    let mut post = request(&format!(
        "POST / HTTP/1.1\nHost: localhost\nContent-Length: {length}"
    ));
    post.resize(post.len() + length, b'a');
    for _ in 0..30 {
        let answer = within(support::exchange(server.addr, &post)).await;
        assert!(answer.starts_with(b"HTTP/1.1 426 "));
        assert!(answer.ends_with(b"HTTPS server.\n"));
    }
}

/// Neither a body that stops arriving nor one that waits for permission.
#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let pki = Pki::new();
    let server = serve(&pki, app()).await;
    for expect in ["", "\nExpect: 100-continue"] {
        let head = format!("POST / HTTP/1.1\nHost: localhost\nContent-Length: 10{expect}");
        let mut tcp = TcpStream::connect(server.addr).await.unwrap();
        tcp.write_all(&request(&head)).await.unwrap();
        let mut answer = Vec::new();
        within(tcp.read_to_end(&mut answer)).await.unwrap();
        assert!(
            answer.starts_with(b"HTTP/1.1 426 "),
            "{}",
            answer.escape_ascii()
        );
    }
}

#[tokio::test]
async fn axum_07() {
    use axum07::{Router, routing::get};

    let pki = Pki::new();
    let layer = RequireTls::new().except_path("/healthz");
    let app = Router::new()
        .route("/", get(|| async { "served\n" }))
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(layer);
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let root = "GET / HTTP/1.1\nHost: localhost";
    assert_eq!(plaintext(server.addr, root).await.status, 426);
    assert_eq!(over_tls(&pki, server.addr, root).await.body, "served\n");
    let healthz = "GET /healthz HTTP/1.1\nHost: localhost";
    assert_eq!(plaintext(server.addr, healthz).await.body, "ok\n");
}

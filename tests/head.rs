//! HEAD over HTTP/2: hyper's HTTP/2 server sends what body a response has,
//! whatever the method, and a DATA frame behind the headers of a HEAD response
//! is a protocol error to nghttp2 (curl: "HTTP/2 stream 1 was not closed
//! cleanly: PROTOCOL_ERROR"), node and Python's h2 (httpx): none of their users
//! sees the sentence. curl negotiates HTTP/2 for every `curl -I https://`, so
//! that the answers inside TLS are the ones that are lost most.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::convert::Infallible;

use http::{Request, Response};
use hyper::body::Incoming;
use oneport::layer::RequireTls;
use oneport::{Mode, Redirect};
use support::{Pki, Server, hello, output_of, told};
use tower::{Layer, service_fn};

async fn head(options: &[&str], url: &str) -> String {
    output_of("curl", &[&["-sS", "-I"], options, &[url]].concat()).await
}

#[tokio::test]
async fn of_a_tls_only_port() {
    let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
    let url = format!("http://{}/", server.addr);
    let answer = head(&["--http2-prior-knowledge"], &url).await;
    assert!(answer.starts_with("HTTP/2 421"), "{answer}");
    assert!(
        answer.contains("x-error: This port requires TLS"),
        "{answer}"
    );
}

#[tokio::test]
async fn inside_tls() {
    let pki = Pki::new();
    let server = Server::answering_tls(&pki).await;
    let url = format!("https://localhost:{}/", server.addr.port());
    let ca = pki.ca_path();
    let answer = head(&["--cacert", ca.to_str().unwrap()], &url).await;
    assert!(answer.starts_with("HTTP/2 421"), "{answer}");
}

/// axum's Router strips the body; other services do not.
#[tokio::test]
async fn of_layers() {
    let pki = Pki::new();
    let require = RequireTls::new().layer(service_fn(hello));
    let redirect = Redirect::to_host("localhost").unwrap();
    let redirect = redirect.layer(service_fn(hello));
    let tls = pki.tls();
    let require = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, require)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let tls = pki.tls();
    let redirect = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, redirect)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    for (server, status) in [(require, 421), (redirect, 308)] {
        let url = format!("http://{}/", server.addr);
        let answer = head(&["--http2-prior-knowledge"], &url).await;
        assert!(answer.starts_with(&format!("HTTP/2 {status}")), "{answer}");
    }
}

/// What the server itself says: of a request without a proper host, of a panic.
#[tokio::test]
async fn of_faults() {
    let pki = Pki::new();
    let panics = service_fn(
        async |_: Request<Incoming>| -> Result<Response<String>, Infallible> { panic!("a bug") },
    );
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, panics)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let url = format!("http://{}/", server.addr);
    for (host, status, length) in [("a", 500, 40), ("user@a", 400, 62)] {
        let host = format!("Host: {host}");
        for (option, version) in [("--http2-prior-knowledge", "2"), ("--http1.1", "1.1")] {
            let answer = head(&[option, "-H", &host], &url).await;
            let begin = format!("HTTP/{version} {status}");
            assert!(answer.starts_with(&begin), "{answer}");
            let length = format!("content-length: {length}");
            assert!(answer.contains(&length), "{answer}");
        }
    }
}

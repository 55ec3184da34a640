//! Everything that `serve_dual` takes as an app compiles, serves over both
//! transports, and finds `ConnInfo` in its requests.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::net::SocketAddr;

use oneport::ConnInfo;
use support::{Pki, Server, output_of, told};

/// Fetches `/` over plaintext and TLS, HTTP/1 and HTTP/2.
async fn fetch(server: &Server, pki: &Pki) -> Vec<String> {
    let ca = pki.ca_path();
    let ca = ["--cacert", ca.to_str().unwrap()];
    let mut answers = Vec::new();
    for (scheme, version) in [
        ("http", "--http1.1"),
        ("http", "--http2-prior-knowledge"),
        ("https", "--http1.1"),
        ("https", "--http2"),
    ] {
        let url = format!("{scheme}://localhost:{}/", server.addr.port());
        let arguments = [&["-sS", "-4", version], &ca[..], &[&url]].concat();
        answers.push(output_of("curl", &arguments).await);
    }
    answers
}

const TRANSPORTS: [&str; 4] = ["plaintext", "plaintext", "tls", "tls"];

fn transport(info: &ConnInfo) -> &'static str {
    if info.is_tls() { "tls" } else { "plaintext" }
}

#[tokio::test]
async fn axum_08_router() {
    use axum::{Extension, Router, routing::get};

    async fn handler(Extension(info): Extension<ConnInfo>) -> &'static str {
        transport(&info)
    }
    let pki = Pki::new();
    let app = Router::new().route("/", get(handler));
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    assert_eq!(fetch(&server, &pki).await, TRANSPORTS);
}

#[tokio::test]
async fn axum_08_make_service_with_connect_info() {
    use axum::extract::ConnectInfo;
    use axum::{Router, routing::get};

    async fn handler(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
        peer.ip().to_string()
    }
    let pki = Pki::new();
    let app = Router::new().route("/", get(handler));
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    assert_eq!(fetch(&server, &pki).await, ["127.0.0.1"; 4]);
}

#[tokio::test]
async fn axum_08_make_service() {
    use axum::{Router, routing::get};

    let pki = Pki::new();
    let app = Router::new().route("/", get(|| async { "made" }));
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app.into_make_service())
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    assert_eq!(fetch(&server, &pki).await, ["made"; 4]);
}

#[tokio::test]
async fn axum_07_router() {
    use axum07::{Extension, Router, routing::get};

    async fn handler(Extension(info): Extension<ConnInfo>) -> &'static str {
        transport(&info)
    }
    let pki = Pki::new();
    let app = Router::new().route("/", get(handler));
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    assert_eq!(fetch(&server, &pki).await, TRANSPORTS);
}

#[tokio::test]
async fn axum_07_make_service_with_connect_info() {
    use axum07::extract::ConnectInfo;
    use axum07::{Router, routing::get};

    async fn handler(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
        peer.ip().to_string()
    }
    let pki = Pki::new();
    let app = Router::new().route("/", get(handler));
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    assert_eq!(fetch(&server, &pki).await, ["127.0.0.1"; 4]);
}

#[tokio::test]
async fn a_plain_function() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let answers = fetch(&server, &pki).await;
    let expected = [
        "plaintext HTTP/1.1 GET \n",
        "plaintext HTTP/2.0 GET \n",
        "tls HTTP/1.1 GET \n",
        "tls HTTP/2.0 GET \n",
    ];
    assert_eq!(answers, expected);
}

/// A make-service that fails ends its own connection, not the server.
#[tokio::test]
async fn a_failing_make_service_costs_one_connection() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tower::service_fn;

    let pki = Pki::new();
    let tls = pki.tls();
    let calls = Arc::new(AtomicUsize::new(0));
    let make = service_fn(move |_: SocketAddr| {
        let first = calls.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if first {
                Err(std::io::Error::other("not today"))
            } else {
                Ok(service_fn(support::hello))
            }
        }
    });
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, make)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_eq!(support::exchange(server.addr, request).await, b"");
    let answer = support::exchange(server.addr, request).await;
    assert!(answer.ends_with(b"plaintext HTTP/1.1 GET \n"));
}

//! What others got wrong on such a port, one test each with its story. The
//! port is TLS only and redirects wherever its rules allow it: that is where
//! most of these were found.
#![allow(clippy::unwrap_used)] // a test

mod support;

use oneport::{Explain, Mode, Redirect};
use support::{Pki, Server, exchange, hello, output_of, told};
use tower::service_fn;

/// Redirects to whichever of these names a request is for.
const NAMES: [&str; 4] = ["example.com", "localhost", "127.0.0.1", "::1"];

async fn redirecting() -> Server {
    let tls = Pki::new().tls();
    let redirect = Redirect::to_matching(NAMES).unwrap();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(hello))
            .mode(Mode::TlsOnly)
            .explain(Explain::new().redirect(redirect))
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// Sends this as it is, and reads to the end. Whatever it is, the answer has no
/// cookie and no HSTS.
async fn answer(server: &Server, request: &str) -> String {
    let answer = exchange(server.addr, request.as_bytes()).await;
    let answer = String::from_utf8(answer).unwrap();
    let lower = answer.to_lowercase();
    for never in ["set-cookie", "strict-transport-security"] {
        assert!(!lower.contains(never), "{answer}");
    }
    answer
}

fn location(answer: &str) -> Option<&str> {
    let mut headers = answer.split("\r\n\r\n").next()?.lines();
    headers.find_map(|line| line.strip_prefix("location: "))
}

async fn explained(server: &Server, request: &str) {
    let answer = answer(server, request).await;
    assert!(
        answer.starts_with("HTTP/1.1 426 This port requires TLS"),
        "{request:?}: {answer}"
    );
    assert_eq!(location(&answer), None, "{answer}");
}

/// axum-server-dual-protocol 0.7.0 panics on it: its redirect unwraps the path
/// of a target that has none.
#[tokio::test]
async fn connect() {
    let server = redirecting().await;
    explained(
        &server,
        "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
    )
    .await;
    explained(&server, "CONNECT example.com:443 HTTP/1.1\r\n\r\n").await;
}

/// Became `Location: https://host:21003*` there.
#[tokio::test]
async fn options_asterisk() {
    let server = redirecting().await;
    explained(&server, "OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n").await;
}

/// What a client sends that takes the port for a proxy. The host in the target
/// counts (RFC 9112 3.2.2), and a `Host` header that contradicts it is an
/// attempt on somebody's cache.
#[tokio::test]
async fn absolute_form() {
    let server = redirecting().await;
    let port = server.addr.port();
    let agreeing = "GET http://example.com/a HTTP/1.1\r\nHost: example.com\r\n\r\n";
    let agreeing = answer(&server, agreeing).await;
    let expected = format!("https://example.com:{port}/a");
    assert_eq!(location(&agreeing), Some(expected.as_str()), "{agreeing}");
    explained(
        &server,
        "GET http://evil.example/a HTTP/1.1\r\nHost: example.com\r\n\r\n",
    )
    .await;
    explained(
        &server,
        "GET http://example.com/a HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    )
    .await;
}

/// A redirect without a host to go to: some servers send `https:///`.
#[tokio::test]
async fn missing_host() {
    let server = redirecting().await;
    explained(&server, "GET /a HTTP/1.1\r\n\r\n").await;
    explained(&server, "GET /a HTTP/1.1\r\nHost:\r\n\r\n").await;
}

/// Splitting a host at its first colon cuts an IPv6 address in two.
#[tokio::test]
async fn ipv6_host() {
    let server = redirecting().await;
    let expected = format!("https://[::1]:{}/a", server.addr.port());
    for host in ["[::1]", "[::1]:80", "[0:0:0:0:0:0:0:1]:8080"] {
        let request = format!("GET /a HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answer = answer(&server, &request).await;
        assert_eq!(
            location(&answer),
            Some(expected.as_str()),
            "{host}: {answer}"
        );
    }
}

/// An open redirect in axum-server-dual-protocol: whoever can make a client
/// send a header sends it anywhere.
#[tokio::test]
async fn x_forwarded_host() {
    let server = redirecting().await;
    for header in [
        "X-Forwarded-Host: evil.example",
        "Forwarded: host=evil.example",
        "X-Host: evil.example",
        "X-Original-Host: evil.example",
    ] {
        let request = format!("GET /a HTTP/1.1\r\nHost: example.com\r\n{header}\r\n\r\n");
        let answer = answer(&server, &request).await;
        let expected = format!("https://example.com:{}/a", server.addr.port());
        assert_eq!(location(&answer), Some(expected.as_str()), "{answer}");
        assert!(!answer.contains("evil"), "{answer}");
    }
}

/// `Upgrade: WebSocket` is how old clients write it; compared to "websocket" as
/// it stands, they are redirected, and no WebSocket client follows.
#[tokio::test]
async fn capitals_in_upgrade_websocket() {
    let server = redirecting().await;
    for upgrade in ["WebSocket", "WEBSOCKET", "websocket", "h2c"] {
        let request = format!(
            "GET /a HTTP/1.1\r\nHost: example.com\r\nConnection: upgrade\r\nUpgrade: {upgrade}\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        explained(&server, &request).await;
    }
}

/// It is legal, and there is nowhere to redirect it to. The answer has the
/// shape that such a client knows: the connection closes behind it.
#[tokio::test]
async fn http_1_0_without_host() {
    let server = redirecting().await;
    let answer = answer(&server, "GET /a HTTP/1.0\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.0 426 This port requires TLS"),
        "{answer}"
    );
    assert_eq!(location(&answer), None);
    let lower = answer.to_lowercase();
    // Upgrade is a word of HTTP/1.1 (RFC 9110 7.8).
    assert!(!lower.contains("\r\nupgrade:"), "{answer}");
    assert!(!lower.contains("transfer-encoding"), "{answer}");
    assert!(lower.contains("\r\nconnection: close\r\n"), "{answer}");
}

/// The port of `:authority` got lost in the rival's redirects, or was kept
/// where the listener has another one.
#[tokio::test]
async fn h2_authority_with_port() {
    let server = redirecting().await;
    let port = server.addr.port();
    let url = format!("http://localhost:{port}/a?b=1");
    let curl = ["-sSi", "--ipv4", "--http2-prior-knowledge", &url];
    let answer = output_of("curl", &curl).await;
    assert!(answer.starts_with("HTTP/2 308"), "{answer}");
    let expected = format!("https://localhost:{port}/a?b=1");
    assert_eq!(location(&answer), Some(expected.as_str()), "{answer}");
    let authority = ["-H", "Host: example.com:1"];
    let answer = output_of("curl", &[&authority, &curl[..]].concat()).await;
    let expected = format!("https://example.com:{port}/a?b=1");
    assert_eq!(location(&answer), Some(expected.as_str()), "{answer}");
}

/// 301 and 302 turn a POST into an empty GET in every client that follows, and
/// its body has crossed the network already.
#[tokio::test]
async fn post_and_delete_are_never_redirected() {
    let server = redirecting().await;
    for method in ["POST", "DELETE", "PUT", "PATCH", "QUERY", "PROPFIND"] {
        explained(
            &server,
            &format!("{method} /a HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\n\r\nab"),
        )
        .await;
        explained(
            &server,
            &format!("{method} /a HTTP/1.1\r\nHost: example.com\r\n\r\n"),
        )
        .await;
    }
}

/// HEAD is what link checkers send: the headers of the GET, without its body.
#[tokio::test]
async fn head() {
    let server = redirecting().await;
    let redirected = answer(&server, "HEAD /a HTTP/1.1\r\nHost: example.com\r\n\r\n").await;
    assert!(redirected.starts_with("HTTP/1.1 308 "), "{redirected}");
    assert!(redirected.ends_with("\r\n\r\n"), "{redirected}");
    let told = answer(
        &server,
        "HEAD /a HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
    )
    .await;
    assert!(
        told.starts_with("HTTP/1.1 426 This port requires TLS"),
        "{told}"
    );
    assert!(
        told.contains("\r\nx-error: This port requires TLS"),
        "{told}"
    );
    assert!(told.ends_with("\r\n\r\n"), "{told}");
}

//! `Redirect` in front of a Router, by real requests.
#![allow(clippy::unwrap_used)] // a test

mod requests;
mod support;

use axum::Router;
use axum::routing::any;
use oneport::{Redirect, RedirectStatus};
use requests::{over_tls, plaintext, serve};
use support::{Pki, Server, exchange, output_of, told};
use tokio::net::TcpListener;

fn app(redirect: Redirect) -> Router {
    Router::new()
        .fallback(any(|| async { "served\n" }))
        .layer(redirect)
}

fn to_own() -> Redirect {
    Redirect::to_matching(["localhost", "127.0.0.1", "::1"]).unwrap()
}

#[tokio::test]
async fn a_page_is_redirected_and_over_tls_it_is_served() {
    let pki = Pki::new();
    let server = serve(&pki, app(to_own())).await;
    let port = server.addr.port();
    for method in ["GET", "HEAD"] {
        let head = format!("{method} /a?b=c HTTP/1.1\nHost: localhost:{port}");
        let answer = plaintext(server.addr, &head).await;
        assert_eq!(answer.status, 308, "{answer:?}");
        let location = format!("https://localhost:{port}/a?b=c");
        assert_eq!(answer.header("location"), Some(&*location));
        assert_eq!(answer.body.is_empty(), method == "HEAD");

        let answer = over_tls(&pki, server.addr, &head).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("location"), None);
    }
}

/// The whole way, over HTTP/1, HTTP/2 (where `:authority` has the port) and
/// IPv6.
#[tokio::test]
async fn curl_follows() {
    let pki = Pki::new();
    let ca = pki.ca_path();
    let follow = [
        "-sS",
        "-g",
        "-L",
        "--cacert",
        ca.to_str().unwrap(),
        "-w",
        "%{url_effective}",
    ];
    let server = serve(&pki, app(to_own())).await;
    let port = server.addr.port();
    for version in ["--http1.1", "--http1.0", "--http2-prior-knowledge"] {
        for host in ["localhost", "127.0.0.1"] {
            let url = format!("{host}:{port}/a");
            let options = ["-4", version, &format!("http://{url}")];
            let answer = output_of("curl", &[&follow[..], &options].concat()).await;
            assert_eq!(answer, format!("served\nhttps://{url}"), "{version}");
        }
    }
    drop(server);

    let listener = TcpListener::bind("[::1]:0").await.unwrap();
    let url = format!("[::1]:{}/", listener.local_addr().unwrap().port());
    let tls = pki.tls();
    let served =
        tokio::spawn(async move { oneport::serve_dual(listener, tls, app(to_own())).await });
    let options = ["--http1.1", &format!("http://{url}")];
    let answer = output_of("curl", &[&follow[..], &options].concat()).await;
    assert_eq!(answer, format!("served\nhttps://{url}"));
    served.abort();
}

/// A redirected POST arrives as an empty GET from many clients, and its body
/// has crossed the network already; a WebSocket client follows no redirect; a
/// cookie that came in the clear is to be changed, not to be led on.
#[tokio::test]
async fn what_goes_on_to_the_app() {
    let pki = Pki::new();
    for redirect in [to_own(), Redirect::to_host("localhost").unwrap()] {
        let server = serve(&pki, app(redirect)).await;
        for head in [
            "POST / HTTP/1.1\nHost: localhost\nContent-Length: 0",
            "PUT / HTTP/1.1\nHost: localhost\nContent-Length: 0",
            "PATCH / HTTP/1.1\nHost: localhost\nContent-Length: 0",
            "DELETE / HTTP/1.1\nHost: localhost",
            "OPTIONS * HTTP/1.1\nHost: localhost",
            "OPTIONS / HTTP/1.1\nHost: localhost",
            "GET / HTTP/1.1\nHost: localhost\nUpgrade: WebSocket\nSec-WebSocket-Version: 13",
            "GET / HTTP/1.1\nHost: localhost\nUPGRADE: WEBSOCKET",
            "GET / HTTP/1.1\nHost: localhost\nUpgrade: h2c\nHTTP2-Settings: AAMAAABk",
            "GET / HTTP/1.1\nHost: localhost\nCookie: id=1",
            "GET / HTTP/1.1\nHost: localhost\nAuthorization: Basic YQ==",
            "GET /?token=a HTTP/1.1\nHost: localhost",
            "GET / HTTP/1.1\nHost: localhost\\evil.example",
            "GET http://evil.example/ HTTP/1.1\nHost: localhost",
            "GET https://localhost/ HTTP/1.1\nHost: localhost",
        ] {
            let answer = plaintext(server.addr, head).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (200, "served\n"),
                "{head}"
            );
            assert_eq!(answer.header("location"), None, "{head}");
        }
        // These say two things about their host, and get as far as nowhere.
        for head in [
            "GET / HTTP/1.1\nHost: localhost\nHost: evil.example",
            "GET / HTTP/1.1\nHost: localhost\nHost: localhost",
            "GET / HTTP/1.1\nHost: user@localhost",
            "GET http://user:pw@localhost/ HTTP/1.1\nHost: localhost",
        ] {
            let answer = plaintext(server.addr, head).await;
            assert_eq!(answer.status, 400, "{head}");
            assert_eq!(answer.header("location"), None, "{head}");
        }
        // What hyper or the Router makes of these is theirs.
        for head in [
            "CONNECT localhost:443 HTTP/1.1\nHost: localhost:443",
            "GET / HTTP/1.1\nHost:",
            "GET / HTTP/1.1",
            "GET / HTTP/1.1\nHost: localhost\n evil.example",
        ] {
            let answer = plaintext(server.addr, head).await;
            assert_eq!(answer.header("location"), None, "{head}: {answer:?}");
        }
    }
}

/// axum-server-dual-protocol 0.7 redirects to the host in `X-Forwarded-Host`,
/// which anybody can send: an open redirect.
#[tokio::test]
async fn nobody_chooses_the_host() {
    let pki = Pki::new();
    let server = serve(&pki, app(to_own())).await;
    let port = server.addr.port();
    let own = format!("https://localhost:{port}");
    for (head, location) in [
        (
            "GET / HTTP/1.1\nHost: localhost\nX-Forwarded-Host: evil.example",
            "/",
        ),
        (
            "GET / HTTP/1.1\nHost: localhost\nForwarded: host=evil.example",
            "/",
        ),
        ("GET / HTTP/1.1\nHost: localhost:1", "/"),
        ("GET / HTTP/1.1\nHost: LOCALHOST", "/"),
        (
            "GET //evil.example/ HTTP/1.1\nHost: localhost",
            "//evil.example/",
        ),
        (
            "GET /\\evil.example HTTP/1.1\nHost: localhost",
            "/%5Cevil.example",
        ),
        (
            "GET /%0d%0aSet-Cookie:a=b HTTP/1.1\nHost: localhost",
            "/%0d%0aSet-Cookie:a=b",
        ),
        ("GET http://localhost/a HTTP/1.1\nHost: localhost", "/a"),
    ] {
        let answer = plaintext(server.addr, head).await;
        assert_eq!(answer.status, 308, "{head}: {answer:?}");
        assert_eq!(
            answer.header("location"),
            Some(&*format!("{own}{location}")),
            "{head}"
        );
        assert_eq!(answer.header("set-cookie"), None);
        assert!(!answer.body.contains("evil"), "{answer:?}");
    }
    let answer = plaintext(server.addr, "GET / HTTP/1.1\nHost: evil.example").await;
    assert_eq!(answer.status, 200);
}

/// Only a fixed host helps a client that names none.
#[tokio::test]
async fn http_1_0_without_a_host() {
    let pki = Pki::new();
    let request = b"GET / HTTP/1.0\r\n\r\n";
    let server = serve(&pki, app(to_own())).await;
    let answer = exchange(server.addr, request).await;
    assert!(answer.starts_with(b"HTTP/1.0 200"));

    let fixed = Redirect::to_host("example.com").unwrap().port(8443);
    let server = serve(&pki, app(fixed.status(RedirectStatus::Temporary307))).await;
    let answer = String::from_utf8(exchange(server.addr, request).await).unwrap();
    assert!(answer.starts_with("HTTP/1.0 307"), "{answer}");
    assert!(
        answer.contains("\r\nlocation: https://example.com:8443/\r\n"),
        "{answer}"
    );
}

/// A cache that kept the redirect for everybody, or the page, would take the
/// choice away.
#[tokio::test]
async fn browsers_only() {
    let pki = Pki::new();
    let server = serve(&pki, app(to_own().browsers_only())).await;
    let program = "GET / HTTP/1.1\nHost: localhost";
    let browser = &format!("{program}\nUpgrade-Insecure-Requests: 1");
    for (head, status) in [(program, 200), (browser, 308)] {
        let answer = plaintext(server.addr, head).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("vary"), Some("upgrade-insecure-requests"));
        let answer = over_tls(&pki, server.addr, head).await;
        assert_eq!((answer.status, answer.header("vary")), (200, None));
    }
}

#[tokio::test]
async fn axum_07() {
    use axum07::{Router, routing::get};

    let pki = Pki::new();
    let app = Router::new()
        .route("/", get(|| async { "served\n" }))
        .layer(to_own());
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let answer = plaintext(server.addr, "GET / HTTP/1.1\nHost: localhost").await;
    assert_eq!(answer.status, 308);
    let answer = over_tls(&pki, server.addr, "GET / HTTP/1.1\nHost: localhost").await;
    assert_eq!(answer.body, "served\n");
}

//! `Hsts`, `ForwardedHeaders`, `SecureCookies` and `ReportPlaintext` around a
//! Router; what every layer does without a `ConnInfo`.
#![allow(clippy::unwrap_used)] // a test

mod log_capture;
mod requests;
mod support;

use std::convert::Infallible;
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::response::AppendHeaders;
use axum::routing::{any, get};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use log_capture::Log;
use oneport::Redirect;
use oneport::layer::{
    ForwardedHeaders, Hsts, OnPlaintext, ReportPlaintext, RequireTls, SecureCookies,
};
use requests::{over_tls, plaintext, serve};
use support::{Pki, output_of};
use tower::{Layer, Service, ServiceExt};

const WEEK: Duration = Duration::from_secs(604_800);

/// RFC 6797 7.2: never over plaintext, where anybody could have put it; 8.1.1:
/// not for IP addresses.
#[tokio::test]
async fn hsts_is_for_names_over_tls_only() {
    let pki = Pki::new();
    let app = Router::new()
        .route("/", get(|| async { "served\n" }))
        .route(
            "/own",
            get(|| async { [("strict-transport-security", "max-age=1")] }),
        )
        .layer(Hsts::max_age(WEEK).include_subdomains());
    let server = serve(&pki, app).await;
    let value = "max-age=604800; includeSubDomains";
    for (path, host, expected) in [
        ("/", "example.com", Some(value)),
        ("/", "example.com:3000", Some(value)),
        ("/missing", "example.com", Some(value)),
        ("/own", "example.com", Some("max-age=1")),
        ("/", "localhost", None),
        ("/", "app.localhost:3000", None),
        ("/", "127.0.0.1", None),
        ("/", "[::1]:3000", None),
        ("/", "a b", None),
    ] {
        let head = format!("GET {path} HTTP/1.1\nHost: {host}");
        let answer = over_tls(&pki, server.addr, &head).await;
        let header = answer.header("strict-transport-security");
        assert_eq!(header, expected, "{path} {host}");
        let answer = plaintext(server.addr, &head).await;
        let header = answer.header("strict-transport-security");
        assert_eq!(
            header,
            (path == "/own").then_some("max-age=1"),
            "{path} {host}"
        );
    }
    let old = over_tls(&pki, server.addr, "GET / HTTP/1.0").await;
    assert_eq!(old.header("strict-transport-security"), None);
}

/// As curl sees it, with `:authority` in place of `Host`.
#[tokio::test]
async fn hsts_over_http2() {
    let pki = Pki::new();
    let app = Router::new()
        .fallback(any(|| async { "" }))
        .layer(Hsts::max_age(WEEK));
    let server = serve(&pki, app).await;
    let port = server.addr.port();
    // The certificate names none but hosts without HSTS.
    let options = ["-sS", "-k", "-I", "--http2"];
    let resolve = format!("example.com:{port}:127.0.0.1");
    let url = format!("https://example.com:{port}/");
    let answer = output_of(
        "curl",
        &[&options[..], &["--resolve", &resolve, &url]].concat(),
    )
    .await;
    assert!(answer.starts_with("HTTP/2 200"), "{answer}");
    assert!(
        answer.contains("strict-transport-security: max-age=604800\r\n"),
        "{answer}"
    );
}

/// What the app reads in them is what the server saw.
#[tokio::test]
async fn forwarded_headers_are_the_servers_own() {
    async fn shown(headers: HeaderMap) -> String {
        let mut shown = String::new();
        for (name, value) in &headers {
            let name = name.as_str();
            if name.contains("forwarded") || name.contains("real") || name.contains("client") {
                shown.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
            }
        }
        shown
    }
    let pki = Pki::new();
    let app = Router::new()
        .fallback(any(shown))
        .layer(ForwardedHeaders::new());
    let server = serve(&pki, app).await;
    let port = server.addr.port();
    let claims = "\nForwarded: for=192.0.2.9;proto=https\nX-Forwarded-For: 192.0.2.9\
                  \nX-Forwarded-For: 192.0.2.8\nX-Forwarded-Proto: https\
                  \nX-Forwarded-Host: evil.example\nX-Forwarded-Prefix: /admin\
                  \nx_forwarded_for: 192.0.2.9\nX-Real-IP: 192.0.2.9\nTrue-Client-IP: 192.0.2.9";
    let expected = |proto: &str, host: &str, quoted: &str| {
        format!(
            "forwarded: for=127.0.0.1;host={quoted};proto={proto}\n\
             x-forwarded-for: 127.0.0.1\n\
             x-forwarded-host: {host}\n\
             x-forwarded-port: {port}\n\
             x-forwarded-proto: {proto}\n"
        )
    };
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    for (host, quoted) in [
        ("a.example", "a.example"),
        ("a.example:80", "\"a.example:80\""),
        ("[::1]:80", "\"[::1]:80\""),
    ] {
        for claims in ["", claims] {
            let head = format!("GET / HTTP/1.1\nHost: {host}{claims}");
            let answer = plaintext(server.addr, &head).await;
            assert_eq!(
                sorted(&answer.body),
                sorted(&expected("http", host, quoted))
            );
            let answer = over_tls(&pki, server.addr, &head).await;
            assert_eq!(
                sorted(&answer.body),
                sorted(&expected("https", host, quoted))
            );
        }
    }
    // Absolute-form https does not make it TLS; what is no host is not passed on.
    let head = format!("GET https://a.example/ HTTP/1.1\nHost: a.example{claims}");
    let answer = plaintext(server.addr, &head).await;
    assert_eq!(
        sorted(&answer.body),
        sorted(&expected("http", "a.example", "a.example"))
    );
    let head = format!("GET / HTTP/1.1\nHost: a\";proto=https{claims}");
    let answer = plaintext(server.addr, &head).await;
    assert!(
        answer
            .body
            .contains("forwarded: for=127.0.0.1;proto=http\n"),
        "{answer:?}"
    );
    assert!(!answer.body.contains("host"), "{answer:?}");
}

#[tokio::test]
async fn cookies_by_transport() {
    let pki = Pki::new();
    let set = [
        ("set-cookie", "a=1; HttpOnly"),
        ("set-cookie", "b=2; secure"),
    ];
    for (choice, kept) in [
        (OnPlaintext::Drop, 0..0),
        (OnPlaintext::DropSecure, 0..1),
        (OnPlaintext::Keep, 0..2),
        (OnPlaintext::Warn, 0..2),
    ] {
        let app = Router::new()
            .route("/", get(move || async move { AppendHeaders(set) }))
            .layer(SecureCookies::new().on_plaintext(choice));
        let server = serve(&pki, app).await;
        let head = "GET / HTTP/1.1\nHost: localhost";
        let answer = over_tls(&pki, server.addr, head).await;
        assert_eq!(
            answer.all("set-cookie"),
            ["a=1; HttpOnly; Secure", "b=2; secure"]
        );
        let answer = plaintext(server.addr, head).await;
        let kept: Vec<_> = set[kept].iter().map(|(_, cookie)| *cookie).collect();
        assert_eq!(answer.all("set-cookie"), kept, "{choice:?}");
    }
}

#[tokio::test]
async fn plaintext_is_reported_and_served() {
    let pki = Pki::new();
    let layer = ReportPlaintext::new().deprecated_since(UNIX_EPOCH + WEEK);
    let report = layer.report();
    let app = Router::new()
        .route("/", get(|| async { "served\n" }))
        .route("/own", get(|| async { [("deprecation", "@1")] }))
        .layer(layer);
    let server = serve(&pki, app).await;
    let head = "GET / HTTP/1.1\nHost: localhost";
    for agent in ["", "\nUser-Agent: curl/8", "\nUser-Agent: curl/8"] {
        let answer = plaintext(server.addr, &format!("{head}{agent}")).await;
        assert_eq!(answer.body, "served\n");
        assert_eq!(answer.header("deprecation"), Some("@604800"));
        let warning = answer.header("oneport-warning").unwrap();
        assert!(warning.contains("use https://"), "{warning}");
    }
    let own = plaintext(server.addr, "GET /own HTTP/1.1\nHost: localhost").await;
    assert_eq!(own.header("deprecation"), Some("@1"));

    let answer = over_tls(&pki, server.addr, head).await;
    assert_eq!(answer.body, "served\n");
    assert_eq!(
        (
            answer.header("deprecation"),
            answer.header("oneport-warning")
        ),
        (None, None)
    );

    assert_eq!((report.total(), report.others()), (4, 0));
    let clients = report.clients();
    let counted = clients
        .iter()
        .map(|client| (client.user_agent.as_deref(), client.requests));
    let mut counted: Vec<_> = counted.collect();
    counted.sort_unstable();
    assert_eq!(counted, [(None, 2), (Some("curl/8"), 2)]);
    assert!(
        clients
            .iter()
            .all(|client| client.ip == Some(server.addr.ip()))
    );
    assert!(clients.iter().all(|client| client.first <= client.last));
    let summary = report.to_string();
    assert!(
        summary.starts_with("plaintext: 4 requests from 2 clients since "),
        "{summary}"
    );
    assert!(summary.contains("\n  2  127.0.0.1  curl/8  "), "{summary}");
}

/// An app that is served by something else, or a request that a test has made:
/// no layer guesses, none panics.
#[tokio::test]
async fn without_conn_info_every_layer_answers_500_and_logs_what_is_missing() {
    async fn check<L>(layer: L, name: &str)
    where
        L: Layer<Router>,
        L::Service: Service<Request<Body>, Error = Infallible>,
        <L::Service as Service<Request<Body>>>::Response: axum::response::IntoResponse,
    {
        use axum::response::IntoResponse;

        let (log, guard) = Log::capture();
        let app = Router::new().route("/", get(|| async { "served\n" }));
        let answer = layer.layer(app).oneshot(Request::new(Body::empty())).await;
        drop(guard);
        let answer = answer.unwrap().into_response();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{name}");
        assert_eq!(
            answer.headers()["content-type"],
            "text/plain; charset=utf-8"
        );
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(
            body.ends_with(b"its log says what is missing.\n"),
            "{body:?}"
        );
        let lines = log.lines_with("ERROR");
        assert_eq!(lines.len(), 1, "{lines:?}");
        for words in ["no ConnInfo", "serve_dual", "Accepted::info", name] {
            assert!(lines[0].contains(words), "{words} in {lines:?}");
        }
    }
    check(ForwardedHeaders::new(), "ForwardedHeaders").await;
    check(Hsts::max_age(WEEK), "Hsts").await;
    check(Redirect::to_host("example.com").unwrap(), "Redirect").await;
    check(ReportPlaintext::new(), "ReportPlaintext").await;
    check(RequireTls::new(), "RequireTls").await;
    check(SecureCookies::new(), "SecureCookies").await;
}

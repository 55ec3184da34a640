//! Who explains, and what no explanation carries.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::convert::Infallible;

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use oneport::{ConnInfo, Explain, Mismatch, Mode};
use support::{Pki, Server, exchange, hello, output_of, run, told};
use tower::{ServiceExt, service_fn};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A TLS-only server with another explanation.
macro_rules! explaining {
    ($pki:expr, $service:expr) => {{
        let (tls, service) = ($pki.tls(), $service);
        Server::start(|listener, signal| {
            oneport::serve_dual(listener, tls, service_fn(hello))
                .mode(Mode::TlsOnly)
                .explain(service)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await
    }};
}

async fn told_by(server: &Server) -> String {
    String::from_utf8(exchange(server.addr, REQUEST).await).unwrap()
}

#[tokio::test]
async fn the_default_can_be_wrapped() {
    let pki = Pki::new();
    let server = explaining!(
        pki,
        service_fn(|request: Request<Incoming>| async {
            assert_eq!(
                request.extensions().get::<Mismatch>(),
                Some(&Mismatch::PlaintextToTls)
            );
            let info = request.extensions().get::<ConnInfo>().unwrap();
            let peer = info.peer().to_string();
            assert!(!info.is_tls());
            let mut response = Explain::new().oneshot(request).await?;
            response
                .headers_mut()
                .insert("x-peer", peer.parse().unwrap());
            Ok::<_, Infallible>(response)
        })
    );
    let answer = told_by(&server).await;
    assert!(
        answer.starts_with("HTTP/1.1 426 This port requires TLS"),
        "{answer}"
    );
    assert!(answer.contains("\r\nx-peer: 127.0.0.1:"), "{answer}");
}

/// A whole application may explain: an axum Router is a service like any other.
#[tokio::test]
async fn an_axum_router_can_explain() {
    let pki = Pki::new();
    let router = axum::Router::new().fallback(|request: axum::extract::Request| async move {
        let mismatch = *request.extensions().get::<Mismatch>().unwrap();
        (http::StatusCode::UPGRADE_REQUIRED, mismatch.sentence())
    });
    let server = explaining!(pki, router);
    let url = format!("http://{}/", server.addr);
    let curl = ["-sS", "--http2-prior-knowledge", "-i", url.as_str()];
    let answer = output_of("curl", &curl).await;
    assert!(answer.starts_with("HTTP/2 426"), "{answer}");
    assert!(
        answer.contains("oneport-mismatch: plaintext-to-tls"),
        "{answer}"
    );
    assert!(answer.ends_with(Mismatch::PlaintextToTls.sentence()));
}

/// Whatever explains: a cookie or a promise of TLS that is sent in the clear
/// can have come from anybody on the way.
#[tokio::test]
async fn no_cookie_and_no_hsts_on_a_refusal() {
    let pki = Pki::new();
    let server = explaining!(
        pki,
        service_fn(|_: Request<Incoming>| async {
            let response = Response::builder()
                .header("set-cookie", "a=b")
                .header("set-cookie", "c=d")
                .header("strict-transport-security", "max-age=1")
                .body(Full::<bytes::Bytes>::from("mine"));
            Ok::<_, Infallible>(response.unwrap())
        })
    );
    let answer = told_by(&server).await.to_lowercase();
    assert!(answer.ends_with("\r\n\r\nmine"), "{answer}");
    assert!(!answer.contains("set-cookie"), "{answer}");
    assert!(!answer.contains("strict-transport"), "{answer}");
    assert!(
        answer.contains("oneport-mismatch: plaintext-to-tls"),
        "{answer}"
    );
}

/// An operator's broken service must not take the explanation away.
#[tokio::test(start_paused = true)]
async fn a_service_that_fails_or_hangs_is_stood_in_for() {
    let pki = Pki::new();
    let failing = explaining!(
        pki,
        service_fn(|_: Request<Incoming>| async {
            Err::<Response<Full<bytes::Bytes>>, _>(std::io::Error::other("broken"))
        })
    );
    let hanging = explaining!(
        pki,
        service_fn(|_: Request<Incoming>| {
            std::future::pending::<Result<Response<Full<bytes::Bytes>>, Infallible>>()
        })
    );
    for server in [failing, hanging] {
        let answer = told_by(&server).await;
        assert!(
            answer.starts_with("HTTP/1.1 426 This port requires TLS"),
            "{answer}"
        );
    }
}

/// Nobody but a refusal calls it with a mismatch; a route of somebody's own
/// application that does not is told in the log, not by a panic.
#[tokio::test]
async fn without_a_mismatch_it_is_a_500() {
    let response = Explain::new().oneshot(Request::new(())).await.unwrap();
    assert_eq!(response.status(), 500);
}

/// Markup, line ends and header syntax everywhere in the request: nothing of it
/// comes back, in any format, over any version.
#[tokio::test]
async fn nothing_of_the_request_is_reflected() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let accepts = ["text/html", "application/problem+json", "text/plain", "*/*"];
    for accept in accepts {
        for marker in [
            "zq<script>alert(1)</script>zq",
            "zq\"onload=zq",
            "zq%0d%0aSet-Cookie:zq",
            "zq.example:1zq",
            "zq'zq",
        ] {
            let request = format!(
                "GET /{marker}?{marker} HTTP/1.1\r\nHost: {marker}\r\nAccept: {accept}\r\n\
                 User-Agent: {marker}\r\nReferer: http://{marker}/\r\nOrigin: {marker}\r\n\
                 X-Forwarded-Host: {marker}\r\nX-{0}: {marker}\r\nCookie: {marker}\r\n\r\n",
                "Zq"
            );
            let answer = exchange(server.addr, request.as_bytes()).await;
            let answer = String::from_utf8(answer).unwrap();
            // hyper refuses some of these targets itself.
            assert!(
                answer.starts_with("HTTP/1.1 426 ") || answer.starts_with("HTTP/1.1 400 "),
                "{answer}"
            );
            assert!(!answer.to_lowercase().contains("zq"), "{marker}: {answer}");
            assert!(!answer.to_lowercase().contains("set-cookie"), "{answer}");
        }
        let url = format!("http://{}/zq?zq", server.addr);
        let accept = format!("Accept: {accept}");
        let curl = [
            "-sS",
            "--http2-prior-knowledge",
            "-i",
            "-H",
            "X-A: zq",
            "-H",
            accept.as_str(),
            url.as_str(),
        ];
        let output = run("curl", &curl).await;
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(answer.starts_with("HTTP/2 421"), "{answer}");
        assert!(!answer.to_lowercase().contains("zq"), "{answer}");
    }
    // Text that is no request at all, with line ends in it.
    let answer = exchange(server.addr, b"zq zq zq\r\nSet-Cookie: zq\r\n\r\n").await;
    let answer = String::from_utf8(answer).unwrap().to_lowercase();
    assert!(answer.starts_with("http/1.1 400 "), "{answer}");
    assert!(!answer.contains("zq"), "{answer}");
}

/// The secret has crossed the network: the answer says so, to programs and to
/// people, and never makes it look fine by a redirect.
#[tokio::test]
async fn credentials_in_the_clear_are_named() {
    let pki = Pki::new();
    let redirect = oneport::Redirect::to_matching(["localhost", "127.0.0.1"]).unwrap();
    let server = explaining!(pki, Explain::new().redirect(redirect));
    let cases = [
        ("/", "Authorization: Bearer zq", "an Authorization header"),
        ("/", "Cookie: a=zq", "a Cookie header"),
        ("/?a=b&token=zq", "Accept: text/html", "a query parameter"),
        (
            "/?TOKEN=zq",
            "Accept: application/json",
            "a query parameter",
        ),
    ];
    for (target, header, named) in cases {
        let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n");
        let answer = exchange(server.addr, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let warning = format!("\r\noneport-warning: This request carried {named}");
        assert!(head.contains(&warning), "{answer}");
        assert!(
            body.contains(named) && body.contains("replace that secret"),
            "{body}"
        );
        assert!(
            !answer.contains("zq") && !head.contains("\r\nlocation"),
            "{answer}"
        );
    }
    let request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    let answer = String::from_utf8(exchange(server.addr, request).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    assert!(!answer.contains("oneport-warning:"), "{answer}");
}

//! The PROXY protocol: from whom it is expected, and what everybody else gets.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::convert::Infallible;

use http::{Request, Response};
use hyper::body::Incoming;
use oneport::{AllowPlaintext, ConnInfo, Mismatch, ProxyProtocol};
use support::{Pki, Server, exchange, output_of, told};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::service_fn;

const V1: &[u8] = b"PROXY TCP4 192.0.2.7 192.0.2.1 5000 443\r\n";
const V2: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\x02\x07\xc0\0\x02\x01\x13\x88\x01\xbb\x03\0\0";
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Answers with the peer and the proxy.
async fn who(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let info = request.extensions().get::<ConnInfo>().unwrap();
    let proxy = info.proxy().map(|_| "a proxy");
    Ok(Response::new(format!("{} by {proxy:?}\n", info.peer())))
}

async fn behind(pki: &Pki, proxies: ProxyProtocol) -> Server {
    let tls = pki.tls();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(who))
            .proxy_protocol(proxies)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

async fn answer(server: &Server, parts: &[&[u8]]) -> String {
    String::from_utf8(exchange(server.addr, &parts.concat()).await).unwrap()
}

#[tokio::test]
async fn the_header_says_who_the_client_is() {
    let pki = Pki::new();
    let server = behind(&pki, ProxyProtocol::loopback()).await;
    for header in [V1, V2] {
        let answer = answer(&server, &[header, GET]).await;
        assert!(
            answer.ends_with("192.0.2.7:5000 by Some(\"a proxy\")\n"),
            "{answer}"
        );
    }
    // Health checks of the proxy itself.
    let own = answer(&server, &[b"PROXY UNKNOWN\r\n", GET]).await;
    assert!(own.contains("\r\n\r\n127.0.0.1:"), "{own}");
    assert!(own.ends_with(" by None\n"), "{own}");
}

/// curl speaks version 1 itself, before TLS too.
#[tokio::test]
async fn curl_as_a_proxy() {
    let pki = Pki::new();
    let server = behind(&pki, ProxyProtocol::loopback()).await;
    let ca = pki.ca_path();
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://localhost:{}/", server.addr.port());
        let curl = [
            "-sS",
            "--ipv4",
            "--haproxy-protocol",
            "--cacert",
            ca.to_str().unwrap(),
            &url,
        ];
        let answer = output_of("curl", &curl).await;
        assert!(answer.ends_with(" by Some(\"a proxy\")\n"), "{answer}");
    }
}

/// A byte at a time, the header and what follows: nothing is lost.
#[tokio::test]
async fn the_header_in_single_bytes() {
    let pki = Pki::new();
    let server = behind(&pki, ProxyProtocol::loopback()).await;
    for header in [V1, V2] {
        let mut tcp = tokio::net::TcpStream::connect(server.addr).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        for byte in [header, GET].concat() {
            tcp.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut answer = String::new();
        support::within(tcp.read_to_string(&mut answer))
            .await
            .unwrap();
        assert!(answer.contains("192.0.2.7:5000"), "{answer}");
    }
}

/// Who is not behind the proxy is told what the port expects, in its own
/// protocol; the application is not reached, whatever the mode.
#[tokio::test]
async fn a_missing_header_is_explained() {
    let pki = Pki::new();
    let server = behind(&pki, ProxyProtocol::loopback()).await;
    let sentence = Mismatch::ProxyHeaderMissing.sentence();
    let bad = [
        GET,
        b"PROXY TCP4 here there 1 2\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    for request in bad {
        let answer = answer(&server, &[request]).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.contains(sentence),
            "{answer}"
        );
    }
    let url = format!("http://{}/", server.addr);
    let h2c = output_of("curl", &["-sSi", "--http2-prior-knowledge", &url]).await;
    assert!(h2c.starts_with("HTTP/2 400"), "{h2c}");
    assert!(h2c.ends_with(&format!("{sentence}\n")), "{h2c}");
    let error = pki.connect(server.addr, &[]).await.unwrap_err();
    assert!(error.to_string().contains("InvalidContentType"), "{error}");
}

/// A header from a stranger would let it call itself anybody.
#[tokio::test]
async fn an_unexpected_header_is_explained() {
    let pki = Pki::new();
    let elsewhere = ProxyProtocol::from_networks(["192.0.2.0/24".parse().unwrap()]);
    for server in [behind(&pki, elsewhere).await, Server::dual(&pki).await] {
        for header in [V1, V2] {
            let answer = answer(&server, &[header, GET]).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
            assert!(answer.contains("PROXY protocol"), "{answer}");
        }
    }
}

/// The policy decides by the client, not by the proxy.
#[tokio::test]
async fn the_policy_sees_the_client() {
    let pki = Pki::new();
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(who))
            .policy(AllowPlaintext::loopback())
            .proxy_protocol(ProxyProtocol::loopback())
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let refused = answer(&server, &[V1, GET]).await;
    assert!(refused.starts_with("HTTP/1.1 426 "), "{refused}");
    let local = b"PROXY TCP4 127.0.0.9 127.0.0.1 5000 443\r\n";
    let served = answer(&server, &[local, GET]).await;
    assert!(served.contains("127.0.0.9:5000"), "{served}");
}

//! Servers that speak HTTP, and are not oneport.

use std::sync::{Arc, Mutex};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use oneport::Mode;
use oneport::client::Probe;
use oneport::client::probe::Spoken;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::raw::serve;
use super::{SHORT, found, probe, report, verdict};
use crate::support::{Pki, Server, hello, told, within};

#[tokio::test]
async fn hyper_with_http1_alone() {
    let addr = serve(|tcp| async move {
        let http1 = hyper::server::conn::http1::Builder::new();
        let _ = http1
            .serve_connection(TokioIo::new(tcp), service_fn(hello))
            .await;
    })
    .await;
    let plain = report(probe("http", addr)).await;
    assert_eq!(verdict(&plain), "works", "{plain:#?}");
    assert!(plain.plaintext.h2c.http().is_none(), "{plain:#?}");
    assert_eq!(plain.urls.len(), 1);
    let tls = report(probe("https", addr)).await;
    assert_eq!(verdict(&tls), "tls-to-plaintext", "{tls:#?}");
    assert!(
        found(&tls, "tls-to-plaintext")
            .client
            .as_ref()
            .unwrap()
            .contains("http://")
    );
}

#[tokio::test]
async fn hyper_with_http2_alone() {
    let addr = serve(|tcp| async move {
        let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = http2
            .serve_connection(TokioIo::new(tcp), service_fn(hello))
            .await;
    })
    .await;
    let report_of = |scheme| report(probe(scheme, addr));
    assert_eq!(verdict(&report_of("").await), "works");
    let plain = report_of("http").await;
    assert_eq!(verdict(&plain), "http2-only", "{plain:#?}");
    let brief = report(probe("http", addr).brief()).await;
    assert_eq!(verdict(&brief), "http2-only", "{brief:#?}");
    assert_eq!(verdict(&report_of("https").await), "tls-to-plaintext");
}

/// Words that other servers answer a request in plaintext with, on a TLS port.
#[tokio::test]
async fn what_others_say_to_plaintext() {
    for words in [
        "HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\n\
         Connection: close\r\n\r\n<html>\r\n<head><title>400 The plain HTTP request was sent to \
         HTTPS port</title></head>\r\n</html>\r\n",
        "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\nConnection: close\r\n\r\nReason: \
         You're speaking plain HTTP to an SSL-enabled server port.<br />\n Instead use the \
         HTTPS scheme.\n",
        "\x15\x03\x03\0\x02\x02\x32",
    ] {
        let addr = serve(move |mut tcp| async move {
            let _ = tcp.read(&mut [0; 1024]).await;
            let _ = tcp.write_all(words.as_bytes()).await;
        })
        .await;
        for probe in [
            probe("http", addr),
            probe("http", addr).brief(),
            probe("ws", addr),
        ] {
            let report = report(probe).await;
            assert_eq!(verdict(&report), "plaintext-to-tls", "{words}: {report:#?}");
        }
    }
}

/// HAProxy and Node hang up on plaintext without a word.
#[tokio::test]
async fn a_tls_port_that_hangs_up_on_plaintext() {
    let pki = Pki::new();
    let tls = tokio_rustls::TlsAcceptor::from(pki.tls());
    let addr = serve(move |tcp| {
        let tls = tls.clone();
        async move {
            let mut first = [0];
            if tcp.peek(&mut first).await.is_err() || first != [0x16] {
                return;
            }
            let Ok(tls) = tls.accept(tcp).await else {
                return;
            };
            let http1 = hyper::server::conn::http1::Builder::new();
            let _ = http1
                .serve_connection(TokioIo::new(tls), service_fn(hello))
                .await;
        }
    })
    .await;
    let report = report(probe("http", addr).ca(pki.ca_path())).await;
    assert_eq!(verdict(&report), "plaintext-to-tls", "{report:#?}");
    assert!(
        report
            .fault
            .as_ref()
            .unwrap()
            .to_string()
            .starts_with("Most likely: ")
    );
    assert_eq!(report.tls.alpn_h2, Spoken::No);
}

/// ALPN says h2 and nobody speaks it: every browser is dropped.
#[tokio::test]
async fn http2_is_agreed_upon_and_not_spoken() {
    let pki = Pki::new();
    let mut config = pki.server_config();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let tls = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let addr = serve(move |tcp| {
        let tls = tls.clone();
        async move {
            let Ok(tls) = tls.accept(tcp).await else {
                return;
            };
            let http1 = hyper::server::conn::http1::Builder::new();
            let _ = http1
                .serve_connection(TokioIo::new(tls), service_fn(hello))
                .await;
        }
    })
    .await;
    let report = report(probe("https", addr).ca(pki.ca_path())).await;
    assert!(!report.works(), "{report:#?}");
    found(&report, "alpn-without-http2");
}

#[tokio::test]
async fn websockets() {
    let addr = serve(|tcp| async move {
        let _ = tokio_tungstenite::accept_async(tcp).await;
    })
    .await;
    let opened = report(probe("ws", addr)).await;
    assert_eq!(verdict(&opened), "works", "{opened:#?}");
    assert!(opened.plaintext.websocket.opened_websocket());
    assert_eq!(opened.urls.last().unwrap(), &super::target("ws", addr));

    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    for scheme in ["ws", "wss"] {
        let refused = report(probe(scheme, server.addr).ca(pki.ca_path())).await;
        assert_eq!(verdict(&refused), "websocket-refused", "{refused:#?}");
        assert!(refused.fault.unwrap().to_string().contains("status 200 OK"));
    }
}

/// `[::1]`, with a Host header and a redirect that have brackets too.
#[tokio::test]
async fn ipv6() {
    let listener = tokio::net::TcpListener::bind("[::1]:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut read = [0; 1024];
            let length = tcp.read(&mut read).await.unwrap();
            let request = String::from_utf8_lossy(&read[..length]).to_lowercase();
            let host = format!("host: [::1]:{port}\r\n");
            let answer = match (request.contains(&host), request.starts_with("get /a ")) {
                (true, true) => "HTTP/1.1 204 x\r\n\r\n".to_owned(),
                (true, false) => {
                    format!("HTTP/1.1 302 x\r\nlocation: http://[::1]:{port}/a\r\n\r\n")
                }
                _ => "HTTP/1.1 400 x\r\n\r\n".to_owned(),
            };
            let _ = tcp.write_all(answer.as_bytes()).await;
        }
    });
    let url = format!("http://[::1]:{port}/");
    let report = report(Probe::new(&url).unwrap().brief()).await;
    assert_eq!(verdict(&report), "works", "{report:#?}");
    assert_eq!(report.redirects.len(), 1);
    server.abort();
}

/// `curl -f` draws the same line.
#[tokio::test]
async fn statuses() {
    for (status, expected) in [
        (200, "works"),
        (204, "works"),
        (302, "works"),
        (401, "status"),
        (404, "status"),
        (503, "status"),
    ] {
        let addr = serve(move |mut tcp| async move {
            let _ = tcp.read(&mut [0; 1024]).await;
            let head = format!("HTTP/1.0 {status} x\r\n\r\n");
            let _ = tcp.write_all(head.as_bytes()).await;
        })
        .await;
        assert_eq!(
            verdict(&report(probe("http", addr)).await),
            expected,
            "{status}"
        );
        // The port speaks HTTP, whatever it says.
        assert_eq!(verdict(&report(probe("", addr)).await), "works", "{status}");
    }
}

/// What is in an https URL may be a token: only the server that clients trust
/// sees it, and nobody on the way.
#[tokio::test]
async fn the_path_of_an_https_url_is_not_sent_in_plaintext() {
    let pki = Pki::new();
    let tls = pki.tls();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let app = {
        let seen = seen.clone();
        tower::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let over_tls = request
                .extensions()
                .get::<oneport::ConnInfo>()
                .unwrap()
                .is_tls();
            seen.lock()
                .unwrap()
                .push((over_tls, request.uri().path().to_owned()));
            hello(request)
        })
    };
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .mode(Mode::Dual)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let url = |scheme: &str| format!("{scheme}://127.0.0.1:{}/secret", server.addr.port());
    let secret = |of: &str, trusted: bool| {
        seen.lock().unwrap().clear();
        let probe = Probe::new(&url(of)).unwrap();
        let probe = if trusted {
            probe.ca(pki.ca_path())
        } else {
            probe
        };
        let seen = seen.clone();
        async move {
            report(probe).await;
            let seen = seen.lock().unwrap();
            let with = |tls: bool| {
                seen.iter()
                    .any(|(over, path)| *over == tls && path == "/secret")
            };
            assert!(!seen.is_empty());
            (with(true), with(false))
        }
    };
    assert_eq!(secret("https", true).await, (true, false));
    assert_eq!(secret("https", false).await, (false, false));
    assert_eq!(secret("http", false).await, (true, true));
}

/// hyper's future for a request that is never answered kept the connection, and
/// itself, when the probe had given up: each such port cost its caller a socket.
#[tokio::test]
async fn no_connection_outlives_the_probe() {
    let (over, mut ends) = tokio::sync::mpsc::unbounded_channel();
    let addr = serve(move |mut tcp| {
        let over = over.clone();
        async move {
            let mut first = [0; 24];
            let Ok(_) = tcp.read_exact(&mut first).await else {
                return;
            };
            if !first.starts_with(b"PRI ") {
                return;
            }
            // SETTINGS, so that it asks; no answer.
            tcp.write_all(b"\0\0\0\x04\0\0\0\0\0").await.unwrap();
            let read = tcp.read_to_end(&mut Vec::new()).await;
            over.send(read).unwrap();
        }
    })
    .await;
    let report = report(probe("http", addr).question_timeout(SHORT)).await;
    assert_ne!(verdict(&report), "works");
    within(ends.recv()).await.unwrap().ok();
}

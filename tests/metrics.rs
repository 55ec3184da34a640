//! What is counted, for whichever recorder the process has.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use oneport::{Limits, Mode};
use support::{Pki, Server, exchange, hello, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[test]
fn refusals_and_credentials_in_the_clear() {
    let counted = counted(async {
        let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
        for request in [
            &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.2\r\n",
        ] {
            exchange(server.addr, request).await;
        }
        server.shut_down().await.unwrap();
    });
    let expected = [
        ("oneport_plaintext_credentials_total", 1),
        ("oneport_refused_total foreign", 1),
        ("oneport_refused_total plaintext-to-tls", 2),
    ];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(counted, BTreeMap::from(expected));
}

#[test]
fn limits() {
    let soon = Duration::from_millis(50);
    let mut limits = Limits::default();
    (limits.sniff, limits.request_head) = (soon, soon);
    (limits.body_idle, limits.keep_alive_idle) = (soon, soon);
    let counted = counted(async {
        let server = Server::start(|listener, signal| {
            oneport::serve_plaintext(listener, tower::service_fn(hello))
                .limits(limits)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await;
        for request in [
            &b"GET"[..],
            b"GET / HTTP/1.1\r\nHost",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            exchange(server.addr, request).await;
        }
        server.shut_down().await.unwrap();
    });
    let expected = ["body_idle", "keep_alive_idle", "request_head", "sniff"];
    let expected = expected.map(|limit| (format!("oneport_limits_total {limit}"), 1));
    assert_eq!(counted, BTreeMap::from(expected));
}

/// A bug in the application, before its response and in the middle of it, over
/// HTTP/1 and HTTP/2.
#[test]
fn panics() {
    let expected = [("oneport_panics_total".to_owned(), 8)];
    assert_eq!(counted(ask_for_panics()), BTreeMap::from(expected));
}

/// Eight of them.
async fn ask_for_panics() {
    let app = tower::service_fn(|request: Request<Incoming>| {
        assert_ne!(request.uri().path(), "/in-call", "a bug in `call`");
        async move {
            let path = request.uri().path().to_owned();
            assert_ne!(path, "/before", "a bug before the response");
            let frames =
                ["one", "two"].map(|frame| Ok::<_, Infallible>(Frame::data(Bytes::from(frame))));
            let body = StreamBody::new(stream::iter(frames).map(move |frame| {
                let bug = path == "/half" && frame.as_ref().is_ok_and(is_two);
                assert!(!bug, "a bug in the body");
                frame
            }));
            Ok::<_, Infallible>(Response::new(body))
        }
    });
    let server = Server::start(|listener, signal| {
        oneport::serve_plaintext(listener, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    for path in ["/in-call", "/before", "/before", "/half", "/none"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        let request = match path {
            "/none" => request.replace("Host", "Connection: close\r\nHost"),
            _ => request,
        };
        let mut tcp = TcpStream::connect(server.addr).await.unwrap();
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = within(tcp.read_to_end(&mut answer)).await;
        let answer = String::from_utf8(answer).unwrap();
        match path {
            "/in-call" | "/before" => {
                assert!(answer.starts_with("HTTP/1.1 500 "), "{path}: {answer}");
                assert!(answer.contains("connection: close\r\n"), "{path}: {answer}");
                assert!(!answer.contains("a bug"), "{path}: {answer}");
            }
            "/half" => assert!(!answer.ends_with("0\r\n\r\n"), "{answer}"),
            _ => assert!(answer.ends_with("0\r\n\r\n"), "{answer}"),
        }
    }
    let tcp = TcpStream::connect(server.addr).await.unwrap();
    let (mut send, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tcp))
            .await
            .unwrap();
    tokio::spawn(connection);
    for path in ["/in-call", "/before", "/half", "/before", "/none"] {
        let request = Request::get(format!("http://a{path}"));
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let answer = within(send.send_request(request)).await.unwrap();
        let status = answer.status();
        let body = within(answer.into_body().collect()).await;
        match path {
            "/half" => assert!(body.is_err()),
            "/none" => assert_eq!(body.unwrap().to_bytes(), "onetwo"),
            _ => assert_eq!((status.as_u16(), body.is_ok()), (500, true), "{path}"),
        }
    }
    drop(send);
    assert_eq!(server.shut_down().await.unwrap(), oneport::Drained::Clean);
}

fn is_two(frame: &Frame<Bytes>) -> bool {
    frame.data_ref().is_some_and(|data| data == "two")
}

/// What is counted meanwhile.
fn counted(work: impl Future<Output = ()>) -> BTreeMap<String, u64> {
    let recorder = DebuggingRecorder::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || runtime.block_on(work));
    let counted = recorder.snapshotter().snapshot().into_vec().into_iter();
    counted
        .map(|(key, _, _, value)| {
            let labels = key.key().labels().map(|label| label.value().to_owned());
            let name = [key.key().name().to_owned()].into_iter().chain(labels);
            let DebugValue::Counter(count) = value else {
                panic!("not a counter");
            };
            (name.collect::<Vec<_>>().join(" "), count)
        })
        .collect()
}

//! What is counted, for whichever recorder the process has.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body_util::StreamBody;
use hyper::body::{Frame, Incoming};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use oneport::{Limits, Mode};
use support::{Pki, Server, exchange, hello, told};

#[test]
fn refusals_and_credentials_in_the_clear() {
    let recorder = DebuggingRecorder::new();
    let snapshots = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
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
    });
    let counted = counts(&snapshots);
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
    let recorder = DebuggingRecorder::new();
    let snapshots = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let soon = Duration::from_millis(50);
    let mut limits = Limits::default();
    (limits.sniff, limits.request_head) = (soon, soon);
    (limits.body_idle, limits.keep_alive_idle) = (soon, soon);
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
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
    });
    let expected = ["body_idle", "keep_alive_idle", "request_head", "sniff"];
    let expected = expected.map(|limit| (format!("oneport_limits_total {limit}"), 1));
    assert_eq!(counts(&snapshots), BTreeMap::from(expected));
}

#[test]
fn panics() {
    let recorder = DebuggingRecorder::new();
    let snapshots = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let app = tower::service_fn(|request: Request<Incoming>| async move {
        assert_ne!(request.uri().path(), "/bug", "a bug in it");
        let frame = |()| -> Result<Frame<Bytes>, Infallible> { panic!("a bug in a body") };
        let body = StreamBody::new(stream::iter([()]).map(frame));
        Ok::<_, Infallible>(Response::new(body))
    });
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let server = Server::start(|listener, signal| {
                oneport::serve_plaintext(listener, app)
                    .with_graceful_shutdown(told(signal))
                    .into_future()
            })
            .await;
            for path in ["/bug", "/"] {
                let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
                exchange(server.addr, request.as_bytes()).await;
            }
            server.shut_down().await.unwrap();
        });
    });
    let expected = BTreeMap::from([("oneport_panics_total".to_owned(), 2)]);
    assert_eq!(counts(&snapshots), expected);
}

fn counts(snapshots: &Snapshotter) -> BTreeMap<String, u64> {
    let counted = snapshots.snapshot().into_vec().into_iter();
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

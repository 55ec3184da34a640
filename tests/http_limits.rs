//! The sizes and numbers of [`Limits`] that hyper and h2 see to.
#![allow(clippy::unwrap_used)] // a test

mod log_capture;
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use log_capture::Log;
use oneport::Limits;
use support::{Server, exchange, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::service_fn;

async fn server(limits: Limits) -> Server {
    Server::start(|listener, signal| {
        oneport::serve_plaintext(listener, service_fn(support::hello))
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

#[tokio::test]
async fn http_1_heads() {
    let (log, _guard) = Log::capture();
    let mut limits = Limits::default();
    limits.request_headers = 3;
    limits.request_head_bytes = 200;
    let server = server(limits).await;
    let long = format!("X: {}\r\n", "x".repeat(200));
    for (more, status) in [
        ("B: b\r\n", "200 OK"),
        ("B: b\r\nC: c\r\n", "431 Request Header Fields Too Large"),
        (&long, "431 Request Header Fields Too Large"),
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{more}\r\n");
        let answer = exchange(server.addr, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{answer}"
        );
    }
    until_logged(&log, "Limits::request_head_bytes").await;
}

async fn until_logged(log: &Log, limit: &str) {
    within(async {
        while log.lines_with(limit).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// One frame (RFC 9113 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u32;
    let mut frame = length.to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// GET http://a/ (RFC 7541, mostly by the static table).
const HEAD: &[u8] = b"\x82\x86\x84\x41\x01a";

/// h2 ends the connection, and says why; that it did stands in the log.
#[tokio::test]
async fn http_2_floods_are_named() {
    let resets = (0..60).map(|n| {
        let cancelled = frame(3, 0, 2 * n + 1, &8_u32.to_be_bytes());
        [frame(1, 5, 2 * n + 1, HEAD), cancelled].concat()
    });
    // A window that is too large (RFC 9113 6.9.1).
    let faults = (0..300).map(|n| {
        let fault = frame(8, 0, 2 * n + 1, &0x7fff_ffff_u32.to_be_bytes());
        [frame(1, 4, 2 * n + 1, HEAD), fault].concat()
    });
    let continuations = (0..100).map(|n| match n {
        0 => frame(1, 1, 1, HEAD),
        _ => frame(9, 0, 1, b""),
    });
    let floods: [(Vec<Vec<u8>>, &str); 3] = [
        (resets.collect(), "too_many_resets"),
        (faults.collect(), "too_many_internal_resets"),
        (continuations.collect(), "too_many_continuations"),
    ];
    for (flood, why) in floods {
        let (log, _guard) = Log::capture();
        let server = server(Limits::default()).await;
        let mut client = TcpStream::connect(server.addr).await.unwrap();
        let all = [PREFACE, &frame(4, 0, 0, b""), &flood.concat()].concat();
        client.write_all(&all).await.unwrap();
        let mut answer = Vec::new();
        let _ = within(client.read_to_end(&mut answer)).await;
        // GOAWAY with ENHANCE_YOUR_CALM.
        let answer = answer.escape_ascii().to_string();
        let calm = format!("\\x00\\x00\\x00\\x0b{why}");
        assert!(answer.contains(&calm), "{why}: {answer}");
        until_logged(&log, "Limits::http2_pending_resets").await;
    }
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// RFC 9113 6.5.2 and 6.9.
#[tokio::test]
async fn what_http_2_clients_are_told() {
    let default = BTreeMap::from([
        (3, 100),
        (4, 256 * 1024),
        (5, 16 * 1024),
        (6, 16 * 1024),
        (8, 1),
    ]);
    assert_eq!(
        told_by(Limits::default()).await,
        (default.clone(), 1024 * 1024)
    );
    let mut limits = Limits::default();
    limits.http2_streams = 7;
    limits.http2_stream_window = 100_000;
    limits.http2_head_bytes = 5000;
    limits.http2_connection_window = 200_000;
    let mut settings = default;
    settings.extend([(3, 7), (4, 100_000), (6, 5000)]);
    assert_eq!(told_by(limits).await, (settings, 200_000));
}

/// The server's SETTINGS, and the connection's window.
async fn told_by(limits: Limits) -> (BTreeMap<u16, u32>, u32) {
    let server = server(limits).await;
    let mut client = TcpStream::connect(server.addr).await.unwrap();
    let preface = [PREFACE, &frame(4, 0, 0, b"")].concat();
    client.write_all(&preface).await.unwrap();
    let mut settings = None;
    loop {
        let mut head = [0; 9];
        within(client.read_exact(&mut head)).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        within(client.read_exact(&mut payload)).await.unwrap();
        match (head[3], head[4]) {
            // SETTINGS, and not their acknowledgement.
            (4, 0) => {
                let pairs = payload.chunks(6).map(|it| {
                    let value = [it[2], it[3], it[4], it[5]];
                    (
                        u16::from_be_bytes([it[0], it[1]]),
                        u32::from_be_bytes(value),
                    )
                });
                settings = Some(pairs.collect());
            }
            // WINDOW_UPDATE
            (8, _) => {
                let more = u32::from_be_bytes(payload.try_into().unwrap());
                return (settings.unwrap(), 65_535 + more);
            }
            _ => {}
        }
    }
}

/// h2 gives a stream no capacity then, so that every answer with a body hung until it was
/// reset for a `write_stall` of which the client knew nothing. (0 counts as 1 elsewhere,
/// and the command refuses it.)
#[tokio::test]
async fn nothing_is_kept_of_http_2_responses() {
    let mut limits = Limits::default();
    limits.http2_send_bytes = 0;
    let server = server(limits).await;
    let io = TokioIo::new(TcpStream::connect(server.addr).await.unwrap());
    let (mut send, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://a/").body(Full::<Bytes>::default());
    let answer = within(send.send_request(request.unwrap())).await.unwrap();
    let body = within(answer.into_body().collect()).await;
    assert!(!body.unwrap().to_bytes().is_empty());
}

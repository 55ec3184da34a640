//! The sizes and numbers of [`Limits`] that hyper and h2 see to.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::collections::BTreeMap;

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
}

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
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    client.write_all(preface).await.unwrap();
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

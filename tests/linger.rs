//! The bounds of the lingering close: places, bytes, time.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use oneport::{AcceptError, Acceptor, Limits, Mode};
use support::Pki;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";

async fn refuse(acceptor: Acceptor, server: DuplexStream) -> Duration {
    let start = Instant::now();
    let peer: SocketAddr = ([127, 0, 0, 1], 1).into();
    let error = acceptor.accept(server, peer).await.unwrap_err();
    assert!(matches!(error, AcceptError::Refused(_)), "{error}");
    start.elapsed()
}

fn acceptor(limits: Limits) -> Acceptor {
    Acceptor::new(Pki::new().tls())
        .mode(Mode::TlsOnly)
        .limits(limits)
}

/// Clients that keep their refused connections open cannot use up the server:
/// past the bound the close is immediate, and the answer is sent all the same.
#[tokio::test(start_paused = true)]
async fn so_many_linger_and_no_more() {
    let mut limits = Limits::default();
    limits.lingering = 2;
    let acceptor = acceptor(limits);
    let mut clients = Vec::new();
    let mut refusals = Vec::new();
    for _ in 0..4 {
        let (mut client, server) = duplex(16 * 1024);
        client.write_all(REQUEST).await.unwrap();
        refusals.push(tokio::spawn(refuse(acceptor.clone(), server)));
        clients.push(client);
    }
    let mut lingered = 0;
    for refusal in refusals {
        match refusal.await.unwrap() {
            Duration::ZERO => {}
            time => {
                assert_eq!(time.as_secs(), 2);
                lingered += 1;
            }
        }
    }
    assert_eq!(lingered, 2);
    for mut client in clients {
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 426 "));
    }
    // The places are free again.
    let (mut client, server) = duplex(16 * 1024);
    client.write_all(REQUEST).await.unwrap();
    assert_eq!(refuse(acceptor, server).await.as_secs(), 2);
}

/// A client that sends without end is let go after so many bytes.
#[tokio::test(start_paused = true)]
async fn so_many_bytes_are_drained_and_no_more() {
    let mut limits = Limits::default();
    limits.linger_bytes = 100_000;
    limits.linger = Duration::from_secs(1000);
    let (client, server) = duplex(16 * 1024);
    let (_answer, mut output) = tokio::io::split(client);
    let sending = tokio::spawn(async move {
        output.write_all(REQUEST).await.unwrap();
        let mut sent = 0;
        while output.write_all(&[0; 1000]).await.is_ok() {
            sent += 1000;
        }
        sent
    });
    assert!(refuse(acceptor(limits), server).await < Duration::from_secs(1));
    let sent = sending.await.unwrap();
    assert!((100_000..150_000).contains(&sent), "{sent}");
}

/// hyper ends a request for an upgrade as if it had taken place, without FIN:
/// WebSocket clients that read to the end waited for the whole lingering time.
#[tokio::test(start_paused = true)]
async fn fin_follows_the_answer_at_once() {
    for request in [
        &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ] {
        let (mut client, server) = duplex(16 * 1024);
        client.write_all(request).await.unwrap();
        let refusing = tokio::spawn(refuse(acceptor(Limits::default()), server));
        let start = Instant::now();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 426 "));
        assert_eq!(
            start.elapsed(),
            Duration::ZERO,
            "{}",
            request.escape_ascii()
        );
        drop(client);
        assert_eq!(refusing.await.unwrap(), Duration::ZERO);
    }
}

//! Who has to make room where there are too many.
#![allow(clippy::unwrap_used)] // a test

mod in_memory;
mod log_capture;
mod support;

use std::time::Duration;

use in_memory::InMemory;
use log_capture::Log;
use oneport::{Limits, ProxyProtocol};
use support::{Pki, Server, exchange, hello, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tower::service_fn;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST_GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

async fn limited(limits: Limits) -> Server {
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, Pki::new().tls(), service_fn(hello))
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

async fn is_open(client: &mut TcpStream) -> bool {
    client.write_all(LAST_GET).await.unwrap();
    let mut answer = Vec::new();
    let read = within(client.read_to_end(&mut answer)).await;
    read.is_ok() && answer.ends_with(b"plaintext HTTP/1.1 GET \n")
}

async fn ended(client: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = within(client.read_to_end(&mut rest)).await;
    assert!(rest.is_empty(), "{rest:?}");
}

/// RUSTSEC-2024-0341: so many silent sockets that nobody else got in. Here the
/// oldest goes, in the order of age and in whatever phase it is.
#[tokio::test]
async fn the_oldest_undecided_connection_makes_room() {
    let (log, _guard) = Log::capture();
    let mut limits = Limits::default();
    limits.undecided = Some(2);
    let server = limited(limits).await;
    // A hello's beginning with its verdict: it shakes hands.
    let mut handshaking = TcpStream::connect(server.addr).await.unwrap();
    handshaking
        .write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        .await
        .unwrap();
    let mut served = TcpStream::connect(server.addr).await.unwrap();
    served.write_all(GET).await.unwrap();
    served.read_exact(&mut [0; 16]).await.unwrap();
    let mut silent = TcpStream::connect(server.addr).await.unwrap();
    // A verdict takes no place, nor does a connection that is served.
    assert!(exchange(server.addr, LAST_GET).await.ends_with(b"GET \n"));
    let mut third = TcpStream::connect(server.addr).await.unwrap();
    ended(&mut handshaking).await;
    let mut fourth = TcpStream::connect(server.addr).await.unwrap();
    ended(&mut silent).await;
    for client in [&mut third, &mut fourth, &mut served] {
        assert!(is_open(client).await);
    }
    server.shut_down().await.unwrap();
    assert!(log.text().contains(
        "more than 2 connections had sent no request yet: the oldest made room (Limits::undecided)"
    ));
}

/// The same with as many as there are places altogether: without eviction the
/// server would wait for its deadline.
#[tokio::test]
async fn silent_connections_do_not_fill_the_server() {
    let mut limits = Limits::default();
    limits.connections = 8;
    limits.sniff = Duration::from_secs(3600);
    let server = limited(limits).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(server.addr).await.unwrap());
        assert!(exchange(server.addr, LAST_GET).await.ends_with(b"GET \n"));
    }
    server.shut_down().await.unwrap();
}

/// One timer serves all: each has its own time all the same, to the
/// millisecond, however many there are, and whatever else comes and goes.
#[tokio::test(start_paused = true)]
async fn each_silent_connection_has_its_own_deadline() {
    let (connect, connections) = mpsc::channel(1);
    let server = oneport::serve_plaintext(InMemory(connections), service_fn(hello)).into_future();
    tokio::spawn(server);
    let mut clients = Vec::new();
    // Gaps of 0 to 12 seconds, with and without others waiting.
    for (n, gap) in [0, 1, 700, 2999, 0, 12_000, 3, 4990]
        .into_iter()
        .enumerate()
    {
        sleep(Duration::from_millis(gap)).await;
        let (mut client, io) = duplex(1024);
        connect.send(io).await.unwrap();
        let begun = Instant::now();
        clients.push(tokio::spawn(async move {
            // Some say something in between: it is not a deadline per read.
            if n % 3 == 1 {
                sleep(Duration::from_secs(4)).await;
                client.write_all(b"GET /").await.unwrap();
            }
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.unwrap();
            let told = answer.starts_with(b"HTTP/1.1 408 ");
            assert_eq!(told, n % 3 == 1, "{answer:?}");
            begun.elapsed()
        }));
    }
    for client in clients {
        let after = client.await.unwrap();
        let limit = Duration::from_secs(5);
        let slack = Duration::from_millis(5);
        assert!(after >= limit && after < limit + slack, "{after:?}");
    }
}

/// Nobody waits for the deadline of a silent client when the server drains.
#[tokio::test(start_paused = true)]
async fn undecided_connections_end_with_the_drain() {
    let (connect, connections) = mpsc::channel(1);
    let (shutdown, signal) = tokio::sync::oneshot::channel();
    let server = oneport::serve_plaintext(InMemory(connections), service_fn(hello))
        .with_graceful_shutdown(told(signal))
        .into_future();
    let server = tokio::spawn(server);
    let (mut client, io) = duplex(1024);
    connect.send(io).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    shutdown.send(()).unwrap();
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(server.await.unwrap().unwrap(), oneport::Drained::Clean);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

fn two_each() -> Limits {
    let mut limits = Limits::default();
    limits.per_address = Some(2);
    limits
}

/// Opens a connection that stays, and is served.
async fn kept(server: &Server, header: &str) -> TcpStream {
    let mut client = TcpStream::connect(server.addr).await.unwrap();
    client.write_all(header.as_bytes()).await.unwrap();
    client.write_all(GET).await.unwrap();
    let mut begin = [0; 12];
    within(client.read_exact(&mut begin)).await.unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200");
    client
}

#[tokio::test]
async fn one_connection_too_many_from_an_address_is_told() {
    let (log, _guard) = Log::capture();
    let server = limited(two_each()).await;
    let first = kept(&server, "").await;
    let _second = kept(&server, "").await;
    let answer = exchange(server.addr, LAST_GET).await;
    let answer = String::from_utf8(answer).unwrap();
    let sentence =
        "This server takes at most 2 connections from one address: close some, or try again later.";
    assert!(
        answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
        "{answer}"
    );
    assert!(answer.contains("\r\nRetry-After: 5\r\n"), "{answer}");
    assert!(answer.contains(&format!("\r\nX-Error: {sentence}\r\n")));
    assert!(answer.ends_with(&format!("\r\n\r\n{sentence}\n")));
    // Who could not read it costs no handshake.
    let answer = exchange(server.addr, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await;
    assert_eq!(answer, b"");
    // Two silent ones more: from then on nobody is listened to.
    let mut crowd = Vec::new();
    for _ in 0..3 {
        crowd.push(TcpStream::connect(server.addr).await.unwrap());
    }
    let mut flood = TcpStream::connect(server.addr).await.unwrap();
    ended(&mut flood).await;
    drop(crowd);
    drop(first);
    // The place is free when the server has seen the end.
    within(async {
        while !exchange(server.addr, LAST_GET).await.ends_with(b"GET \n") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    server.shut_down().await.unwrap();
    // However many there were: the first, and how many more.
    let lines = log.lines_with("more than 2 connections from one address (Limits::per_address)");
    assert_eq!(lines.len(), 2, "{lines:?}");
}

/// Behind a proxy all connections come from one address; it is the clients'
/// that counts.
#[tokio::test]
async fn a_proxy_is_not_taken_for_its_clients() {
    let server = Server::start(|listener, signal| {
        oneport::serve_plaintext(listener, service_fn(hello))
            .proxy_protocol(ProxyProtocol::loopback())
            .limits(two_each())
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let header = |n: u8| format!("PROXY TCP4 192.0.2.{n} 192.0.2.200 5000 443\r\n");
    let mut open = Vec::new();
    for n in 1..=4 {
        open.push(kept(&server, &header(n)).await);
        open.push(kept(&server, &header(n)).await);
    }
    let request = [header(4).as_bytes(), LAST_GET].concat();
    let answer = exchange(server.addr, &request).await;
    assert!(answer.starts_with(b"HTTP/1.1 503 "), "{answer:?}");
    open.push(kept(&server, &header(5)).await);
    drop(open);
    server.shut_down().await.unwrap();
}

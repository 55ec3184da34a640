//! Every wait has a deadline. The clock is tokio's, paused.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use oneport::{AcceptError, Acceptor, Limits, Mode, Stage};
use support::Pki;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

fn peer() -> SocketAddr {
    "127.0.0.1:1".parse().unwrap()
}

/// Accepts `server`; how it ended and after how long.
async fn accept(acceptor: &Acceptor, server: DuplexStream) -> (AcceptError, Duration) {
    let start = Instant::now();
    let error = acceptor.accept(server, peer()).await.unwrap_err();
    (error, start.elapsed())
}

fn assert_deadline(ended: (AcceptError, Duration), expected: Stage, limit: u64) {
    assert_deadline_and_linger(ended, expected, limit, 0);
}

/// A client that was told lingers for up to two seconds.
fn assert_deadline_and_linger(
    ended: (AcceptError, Duration),
    expected: Stage,
    limit: u64,
    linger: u64,
) {
    let (error, elapsed) = ended;
    let AcceptError::Deadline { stage, after, .. } = error else {
        panic!("no deadline but {error:?}");
    };
    let limit = Duration::from_secs(limit);
    assert_eq!((stage, after), (expected, limit));
    let elapsed = elapsed - Duration::from_secs(linger);
    let slack = Duration::from_millis(50);
    assert!(elapsed >= limit && elapsed < limit + slack, "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_client() {
    let acceptor = Acceptor::new(Pki::new().tls());
    let (_client, server) = duplex(1024);
    assert_deadline(accept(&acceptor, server).await, Stage::Sniff, 5);
}

/// The deadline is absolute: a byte now and then does not extend it. The client
/// is told; hyper and most servers close such a connection without a word.
#[tokio::test(start_paused = true)]
async fn a_client_that_sends_a_byte_a_second() {
    let acceptor = Acceptor::new(Pki::new().tls());
    let (mut client, server) = duplex(1024);
    let client = tokio::spawn(async move {
        for byte in b"GET /a".chunks(1) {
            client.write_all(byte).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    });
    let ended = accept(&acceptor, server).await;
    // The client closes when it has read the answer.
    assert_deadline_and_linger(ended, Stage::Sniff, 5, 1);
    assert_late(&client.await.unwrap(), 5);
}

fn assert_late(answer: &str, seconds: u64) {
    let sentence = format!(
        "This request did not arrive in time: its head has to be complete within {seconds}s."
    );
    let first = format!("HTTP/1.1 408 {sentence}\r\n");
    assert!(answer.starts_with(&first), "{answer}");
    let last = format!("\r\nConnection: close\r\n\r\n{sentence}\n");
    assert!(answer.ends_with(&last), "{answer}");
}

/// They would not read it, or take it for a banner.
#[tokio::test(start_paused = true)]
async fn no_408_for_what_is_not_the_beginning_of_a_request() {
    let acceptor = Acceptor::new(Pki::new().tls());
    for begun in [
        &b""[..],
        b"\r\n",
        b"\x16\x03",
        b"PRI * HTTP/2",
        b"SSH-2.0-x",
        b"\x13/multi",
    ] {
        let (mut client, server) = duplex(1024);
        client.write_all(begun).await.unwrap();
        assert_deadline(accept(&acceptor, server).await, Stage::Sniff, 5);
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"", "{begun:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_client_hello() {
    let acceptor = Acceptor::new(Pki::new().tls());
    let (mut client, server) = duplex(1024);
    client
        .write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01")
        .await
        .unwrap();
    assert_deadline(accept(&acceptor, server).await, Stage::Handshake, 10);
}

#[tokio::test(start_paused = true)]
async fn a_whole_client_hello_and_nothing_after_it() {
    let pki = Pki::new();
    let acceptor = Acceptor::new(pki.tls());
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut connection = rustls::ClientConnection::new(pki.client_config(&[]), name).unwrap();
    let mut hello = Vec::new();
    connection.write_tls(&mut hello).unwrap();
    let (mut client, server) = duplex(16 * 1024);
    client.write_all(&hello).await.unwrap();
    assert_deadline(accept(&acceptor, server).await, Stage::Handshake, 10);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_and_nothing_after_it() {
    let pki = Pki::new();
    let acceptor = Acceptor::new(pki.tls());
    let (client, server) = duplex(16 * 1024);
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let connector = tokio_rustls::TlsConnector::from(pki.client_config(&[]));
    let client = tokio::spawn(async move {
        let tls = connector.connect(name, client).await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(tls);
    });
    assert_deadline(accept(&acceptor, server).await, Stage::FirstRequest, 10);
    client.abort();
}

/// The refusal has a budget of its own, and the linger another.
#[tokio::test(start_paused = true)]
async fn a_refused_client_that_never_reads_or_closes() {
    let acceptor = Acceptor::new(Pki::new().tls()).mode(Mode::TlsOnly);
    let (mut client, server) = duplex(64);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let (error, elapsed) = accept(&acceptor, server).await;
    assert!(matches!(error, AcceptError::Refused(_)), "{error:?}");
    assert!(elapsed <= Duration::from_secs(5 + 2), "{elapsed:?}");

    let (mut client, server) = duplex(16 * 1024);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let (error, elapsed) = accept(&acceptor, server).await;
    assert!(matches!(error, AcceptError::Refused(_)), "{error:?}");
    assert_eq!(elapsed.as_secs(), 2, "lingers for its answer to arrive");
    let mut answer = [0; 12];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 426");
}

#[tokio::test(start_paused = true)]
async fn a_refused_client_with_half_a_head_or_half_a_hello() {
    let tls_only = Acceptor::new(Pki::new().tls()).mode(Mode::TlsOnly);
    let (mut client, server) = duplex(1024);
    client.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
    let (_, elapsed) = accept(&tls_only, server).await;
    assert!(elapsed <= Duration::from_secs(5 + 2), "{elapsed:?}");

    let plaintext_only = Acceptor::plaintext_only();
    let (mut client, server) = duplex(1024);
    client
        .write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01")
        .await
        .unwrap();
    let (_, elapsed) = accept(&plaintext_only, server).await;
    assert!(elapsed <= Duration::from_secs(5 + 2), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn limits_are_what_was_set() {
    let mut limits = Limits::default();
    limits.sniff = Duration::from_millis(20);
    let acceptor = Acceptor::plaintext_only().limits(limits);
    let (_client, server) = duplex(1024);
    let (_, elapsed) = accept(&acceptor, server).await;
    assert!(elapsed < Duration::from_millis(50), "{elapsed:?}");
}

/// A server on streams in memory.
struct InMemory(tokio::sync::mpsc::Receiver<DuplexStream>);

impl oneport::Listener for InMemory {
    type Io = DuplexStream;
    type Addr = SocketAddr;
    async fn accept(&mut self) -> std::io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(io) => Ok((io, peer())),
            None => std::future::pending().await,
        }
    }
}

/// What a served client reads that sends `request` and then nothing, and how
/// long the connection lasted.
async fn served(request: &[u8]) -> (String, Duration) {
    let (connect, connections) = tokio::sync::mpsc::channel(1);
    let app = tower::service_fn(support::hello);
    let server = oneport::serve_plaintext(InMemory(connections), app).into_future();
    let server = tokio::spawn(server);
    let (mut client, io) = duplex(1024);
    connect.send(io).await.unwrap();
    let start = Instant::now();
    client.write_all(request).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    server.abort();
    (answer, start.elapsed())
}

/// hyper's header deadline silently does not exist without a timer, and then
/// closes without a word.
#[tokio::test(start_paused = true)]
async fn half_a_request_head_on_a_served_connection() {
    let (answer, elapsed) = served(b"GET / HTTP/1.1\r\nHost: a").await;
    assert_eq!(elapsed.as_secs(), 10);
    assert_late(&answer, 10);
    // The second one on a connection too.
    let two = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost";
    let (answer, _) = served(two).await;
    let (first, second) = answer.split_at(answer.find("HTTP/1.1 408").unwrap());
    assert!(first.starts_with("HTTP/1.1 200 OK"), "{first}");
    assert_late(second, 10);
}

/// A 408 on an idle connection could be taken for the answer to a request that
/// crosses it.
#[tokio::test(start_paused = true)]
async fn no_408_on_an_idle_connection() {
    let (answer, elapsed) = served(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(elapsed.as_secs(), 60);
    assert!(answer.ends_with("plaintext HTTP/1.1 GET \n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn half_a_request_head_inside_tls() {
    let pki = Pki::new();
    let acceptor = Acceptor::new(pki.tls());
    let (client, server) = duplex(16 * 1024);
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let connector = tokio_rustls::TlsConnector::from(pki.client_config(&[]));
    let client = tokio::spawn(async move {
        let mut tls = connector.connect(name, client).await.unwrap();
        tls.write_all(b"GET /").await.unwrap();
        let mut answer = String::new();
        tls.read_to_string(&mut answer).await.unwrap();
        answer
    });
    assert_deadline(accept(&acceptor, server).await, Stage::FirstRequest, 10);
    assert_late(&client.await.unwrap(), 10);
}

/// It is told both: that it was late, and what it has to speak next time.
#[tokio::test(start_paused = true)]
async fn half_a_request_head_of_a_client_that_is_refused() {
    let acceptor = Acceptor::new(Pki::new().tls()).mode(Mode::TlsOnly);
    let (mut client, server) = duplex(1024);
    client.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
    let accepting = tokio::spawn(async move { accept(&acceptor, server).await });
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("within 2.5s.\n"), "{answer}");
    assert!(
        answer.ends_with("instead of http:// (or ws://).\n"),
        "{answer}"
    );
    accepting.abort();
}

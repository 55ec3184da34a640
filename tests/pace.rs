//! How long a served connection may wait, and for what. The clock is tokio's,
//! paused.
#![allow(clippy::unwrap_used)] // a test

#[path = "pace/http2.rs"]
mod http2;
mod in_memory;
#[path = "pace/late_reader.rs"]
mod late_reader;
mod log_capture;
mod support;

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use in_memory::InMemory;
use log_capture::Log;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tower::service_fn;

/// Serves [`app`]; the other end of its only connection.
async fn connected(buffer: usize) -> (DuplexStream, JoinHandle<()>) {
    let server = |listener| oneport::serve_plaintext(listener, service_fn(app)).into_future();
    connected_to(buffer, server).await
}

/// The same of any server.
async fn connected_to<F>(
    buffer: usize,
    server: impl FnOnce(InMemory) -> F,
) -> (DuplexStream, JoinHandle<()>)
where
    F: Future<Output: Send> + Send + 'static,
{
    let (connect, connections) = mpsc::channel(1);
    let server = server(InMemory(connections));
    let server = tokio::spawn(async move {
        let _ = server.await;
    });
    let (client, io) = duplex(buffer);
    connect.send(io).await.unwrap();
    std::mem::forget(connect);
    (client, server)
}

/// What is done for each path.
async fn app(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let answer = match request.uri().path() {
        // 1 MiB: more than any buffer on the way.
        "/large" => vec![b'x'; 1 << 20],
        "/echo" => match request.into_body().collect().await {
            Ok(body) => body.to_bytes().to_vec(),
            Err(error) => format!("{error}").into_bytes(),
        },
        // Reads the body after ten minutes.
        "/late-reader" => {
            sleep(Duration::from_secs(600)).await;
            request
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .to_vec()
        }
        "/uninterested" => {
            drop(request.into_body());
            sleep(Duration::from_secs(100)).await;
            b"never mind".to_vec()
        }
        "/slow" => {
            sleep(Duration::from_secs(600)).await;
            b"slow".to_vec()
        }
        "/never" => pending().await,
        _ => b"hello".to_vec(),
    };
    Ok(Response::new(answer.into()))
}

/// What is read to the end, and how long that took.
async fn to_the_end(client: &mut DuplexStream, start: Instant) -> (String, u64) {
    let mut answer = String::new();
    let most = Duration::from_secs(3600);
    let read = timeout(most, client.read_to_string(&mut answer)).await;
    let _ = read.expect("ended within an hour");
    (answer, start.elapsed().as_secs())
}

async fn exchanged(request: &[u8]) -> (String, u64) {
    let start = Instant::now();
    let (mut client, server) = connected(1024).await;
    client.write_all(request).await.unwrap();
    let ended = to_the_end(&mut client, start).await;
    server.abort();
    ended
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection() {
    let (answer, after) = exchanged(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(after, 60);
    assert!(answer.ends_with("hello"), "{answer}");
}

/// Each request counts from its own end, and its own first byte.
#[tokio::test(start_paused = true)]
async fn a_connection_that_is_used_now_and_then() {
    let start = Instant::now();
    let (mut client, server) = connected(1024).await;
    for _ in 0..5 {
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        let mut answer = [0; 1024];
        let read = client.read(&mut answer).await.unwrap();
        assert!(read > 0);
        sleep(Duration::from_secs(59)).await;
    }
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let (answer, after) = to_the_end(&mut client, start).await;
    assert_eq!(after, 5 * 59 + 10);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    server.abort();
}

/// A byte now and then does not extend the deadline.
#[tokio::test(start_paused = true)]
async fn a_head_that_dribbles() {
    let start = Instant::now();
    let (client, server) = connected(1024).await;
    let (mut reader, mut writer) = tokio::io::split(client);
    let writing = tokio::spawn(async move {
        writer.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        while writer.write_all(b"a").await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
    });
    let mut answer = [0; 1024];
    let read = reader.read(&mut answer).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 10);
    assert!(answer[..read].starts_with(b"HTTP/1.1 408 "));
    writing.abort();
    server.abort();
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls() {
    let (log, _guard) = Log::capture();
    let (answer, after) =
        exchanged(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").await;
    assert_eq!(after, 30);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        answer.ends_with("nothing more came of its body for 30s.\n"),
        "{answer}"
    );
    let lines = log.lines_with("Limits::body_idle");
    assert_eq!(lines.len(), 1, "{}", log.text());
}

/// Once the application has let go of the body nobody waits for it. hyper looks
/// once more whether the rest is there, which was taken for waiting: the client got
/// 408, in place of a response that was on its way.
#[tokio::test(start_paused = true)]
async fn a_body_that_nobody_wants() {
    let request = b"POST /uninterested HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc";
    let (answer, after) = exchanged(request).await;
    assert_eq!(after, 100);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.ends_with("never mind"), "{answer}");
}

/// Inactivity counts, not the time it takes.
#[tokio::test(start_paused = true)]
async fn a_body_that_comes_slowly() {
    let start = Instant::now();
    let (mut client, server) = connected(1024).await;
    let head = b"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9\r\n\r\n";
    client.write_all(head).await.unwrap();
    for byte in b"012345678".chunks(1) {
        sleep(Duration::from_secs(29)).await;
        client.write_all(byte).await.unwrap();
    }
    let (answer, after) = to_the_end(&mut client, start).await;
    assert_eq!(after, 9 * 29);
    assert!(answer.ends_with("012345678"), "{answer}");
    server.abort();
}

/// What the application does not read, the client need not have sent; and a
/// handler may take its time.
#[tokio::test(start_paused = true)]
async fn an_application_that_takes_its_time() {
    let requests = [
        (
            "POST /late-reader HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
            "abc",
        ),
        (
            "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "slow",
        ),
    ];
    for (request, body) in requests {
        let (answer, after) = exchanged(request.as_bytes()).await;
        assert_eq!(after, 600, "{request}");
        assert!(answer.ends_with(body), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stalls() {
    let (log, _guard) = Log::capture();
    let start = Instant::now();
    let (mut client, server) = connected(1024).await;
    client
        .write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    sleep(Duration::from_secs(31)).await;
    let (answer, _) = to_the_end(&mut client, start).await;
    assert!(answer.len() <= 1024, "{}", answer.len());
    let lines = log.lines_with("Limits::write_stall");
    assert_eq!(lines.len(), 1, "{}", log.text());
    server.abort();
}

/// A kilobyte each 20 seconds: 17 minutes for what fills a few buffers, and
/// far longer than an idle connection may wait.
#[tokio::test(start_paused = true)]
async fn a_reader_that_is_slow() {
    let (mut client, server) = connected(1024).await;
    client
        .write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let mut read = 0;
    let mut buffer = [0; 1024];
    while read < 1 << 20 {
        let got = client.read(&mut buffer).await.unwrap();
        assert!(got > 0, "cut off after {read} bytes");
        read += got;
        sleep(Duration::from_secs(20)).await;
    }
    server.abort();
}

/// A client that has left, and a handler that does not end: its connection used
/// to be held for ever, and longer where the handler had left its body unread.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_in_the_middle_of_a_request() {
    for request in [
        "GET /never HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
        "POST /never HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha",
    ] {
        let (log, _guard) = Log::capture();
        let start = Instant::now();
        let (mut client, server) = connected(1024).await;
        client.write_all(request.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let (answer, after) = to_the_end(&mut client, start).await;
        assert_eq!((answer.as_str(), after), ("", 60), "{request}");
        let lines = log.lines_with("Limits::keep_alive_idle");
        assert_eq!(lines.len(), 1, "{}", log.text());
        server.abort();
    }
}

/// And one that leaves later, and one that stays.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_late_and_one_that_stays() {
    let start = Instant::now();
    let (mut client, server) = connected(1024).await;
    client
        .write_all(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    sleep(Duration::from_secs(300)).await;
    client.shutdown().await.unwrap();
    let (_, after) = to_the_end(&mut client, start).await;
    assert_eq!(after, 300);
    server.abort();

    // What comes while the client is looked for is not lost.
    let start = Instant::now();
    let (mut client, server) = connected(1024).await;
    client
        .write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    sleep(Duration::from_secs(300)).await;
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let (answer, after) = to_the_end(&mut client, start).await;
    assert_eq!(after, 600);
    let slow = answer.find("\r\n\r\nslow").unwrap();
    assert!(answer[slow..].ends_with("hello"), "{answer}");
    server.abort();
}

//! The same over HTTP/2.

use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use super::*;

type Client = http2::SendRequest<Empty<Bytes>>;

/// A client whose connection ends by itself, when it does, and after how long.
async fn client(window: u32) -> (Client, JoinHandle<u64>, JoinHandle<()>) {
    let start = Instant::now();
    let (client, server) = connected(64 * 1024).await;
    let (send, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(window)
        .handshake(TokioIo::new(client))
        .await
        .unwrap();
    let connection = tokio::spawn(async move {
        let _ = connection.await;
        start.elapsed().as_secs()
    });
    (send, connection, server)
}

fn get(path: &str) -> Request<Empty<Bytes>> {
    let uri = format!("http://a{path}");
    Request::builder().uri(uri).body(Empty::new()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection() {
    let (mut send, connection, server) = client(65_535).await;
    let response = send.send_request(get("/")).await.unwrap();
    response.into_body().collect().await.unwrap();
    assert_eq!(connection.await.unwrap(), 60);
    server.abort();
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_a_request_in_flight() {
    let (mut send, connection, server) = client(65_535).await;
    let response = send.send_request(get("/slow")).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "slow");
    assert_eq!(connection.await.unwrap(), 660);
    server.abort();
}

/// Its other streams go on.
#[tokio::test(start_paused = true)]
async fn a_client_that_opens_no_window() {
    let (log, _guard) = Log::capture();
    let (mut send, connection, server) = client(1000).await;
    let start = Instant::now();
    let stalled = send.send_request(get("/large")).await.unwrap();
    for _ in 0..3 {
        let response = send.send_request(get("/")).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "hello");
        sleep(Duration::from_secs(15)).await;
    }
    let lines = log.lines_with("Limits::write_stall");
    assert_eq!(lines.len(), 1, "{}", log.text());
    assert!(start.elapsed() < Duration::from_secs(60));
    let error = stalled.into_body().collect().await.unwrap_err();
    assert!(format!("{error:?}").contains("Reset"), "{error:?}");
    drop(send);
    connection.await.unwrap();
    server.abort();
}

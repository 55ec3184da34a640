//! Connections that must not hibernate (tests/hibernation.rs has those that do).
//! The clock is tokio's, paused.
#![allow(clippy::unwrap_used)] // a test

mod in_memory;
mod support;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use in_memory::InMemory;
use support::Pki;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tower::service_fn;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

type Seen = Arc<Mutex<Vec<String>>>;

/// Answers at once; a task goes on with the request's body.
async fn answer(seen: Seen, request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let asked = format!("{} {}", request.method(), request.uri().path());
    seen.lock().unwrap().push(asked);
    tokio::spawn(async move {
        let mut body = request.into_body();
        while let Some(Ok(frame)) = body.frame().await {
            let data = frame.into_data().unwrap().to_vec();
            seen.lock().unwrap().push(String::from_utf8(data).unwrap());
        }
    });
    Ok(Response::new("answer!".to_owned()))
}

/// The client's end of the only connection.
async fn connect(pipeline_flush: bool) -> (DuplexStream, Seen, mpsc::Sender<DuplexStream>) {
    let seen = Seen::default();
    let (connect, connections) = mpsc::channel(1);
    let app = service_fn({
        let seen = seen.clone();
        move |request: Request<Incoming>| answer(seen.clone(), request)
    });
    let server = oneport::serve_dual(InMemory(connections), Pki::new().tls(), app)
        .http1(|http1| http1.pipeline_flush(pipeline_flush));
    tokio::spawn(server.into_future());
    let (client, io) = duplex(64 * 1024);
    connect.send(io).await.unwrap();
    (client, seen, connect)
}

/// What comes within these seconds, or to the end.
async fn read_for(client: &mut DuplexStream, seconds: u64) -> String {
    let mut answers = Vec::new();
    let mut reading = async || loop {
        if client.read_buf(&mut answers).await.unwrap() == 0 {
            return;
        }
    };
    let _ = timeout(Duration::from_secs(seconds), reading()).await;
    String::from_utf8(answers).unwrap()
}

/// An application may answer while a task of its own still reads the request's body
/// (202; a proxy whose upstream has answered early). The connection then counted as
/// idle: 2 s without a byte of the body, and it hibernated; the rest of the body was
/// taken for requests (smuggling, where a proxy is in front).
#[tokio::test(start_paused = true)]
async fn a_body_that_is_still_read_is_no_request() {
    let (mut client, seen, _connect) = connect(false).await;
    let head = format!(
        "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
        4 + GET.len()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(b"body").await.unwrap();
    let first = read_for(&mut client, 3).await;
    assert!(first.ends_with("answer!"), "{first}");
    client.write_all(GET).await.unwrap();
    let more = read_for(&mut client, 1).await;
    assert_eq!(more, "", "an answer to the body");
    let get = String::from_utf8(GET.to_vec()).unwrap();
    assert_eq!(*seen.lock().unwrap(), ["POST /upload", "body", &get]);
}

/// With `pipeline_flush` hyper holds an answer while the beginning of the next request
/// is there; what it holds was thrown away with its buffers.
#[tokio::test(start_paused = true)]
async fn an_answer_that_hyper_holds_for_the_next() {
    let (mut client, _seen, _connect) = connect(true).await;
    client
        .write_all(&[GET, b"GET / HT"].concat())
        .await
        .unwrap();
    sleep(Duration::from_secs(3)).await;
    client
        .write_all(b"TP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let answers = read_for(&mut client, 1).await;
    assert_eq!(answers.matches("answer!").count(), 2, "{answers}");
}

/// Once the response was over, the next bytes of the body were the beginning of a head:
/// 10 s later the upload was cut off, and 408 was written behind the response.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_still_read_is_no_head() {
    let (mut client, seen, _connect) = connect(false).await;
    let head = b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n";
    client.write_all(head).await.unwrap();
    let first = read_for(&mut client, 1).await;
    assert!(first.ends_with("answer!"), "{first}");
    for _ in 0..11 {
        client.write_all(b"five ").await.unwrap();
        assert_eq!(read_for(&mut client, 5).await, "");
    }
    assert_eq!(seen.lock().unwrap().len(), 1 + 11);
    // `Limits::keep_alive_idle` for all of it.
    let begun = Instant::now();
    assert_eq!(read_for(&mut client, 60).await, "");
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
}

/// And of that answer the client heard nothing, but 408 in its place.
#[tokio::test(start_paused = true)]
async fn no_408_in_place_of_an_answer_that_hyper_holds() {
    let (mut client, seen, _connect) = connect(true).await;
    client
        .write_all(&[GET, b"GET / HT"].concat())
        .await
        .unwrap();
    let answers = read_for(&mut client, 100).await;
    assert!(!answers.contains("408"), "{answers}");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

//! A stream of an HTTP/2 connection that becomes a tunnel: by CONNECT (RFC 9113 8.5), or
//! as a WebSocket by extended CONNECT (RFC 8441). The clock is tokio's, paused.
//!
//! hyper drops the response's body of a tunnel when it begins, and the request was over
//! with it: the connection counted as idle while the tunnel lived, was told to go after
//! 60 s, and dropped in the middle of the traffic after 90 s. And it counted as upgraded
//! as a whole, so that no client of another stream ran into `Limits::write_stall`.
#![allow(clippy::unwrap_used)] // a test

mod in_memory;
mod log_capture;

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use in_memory::InMemory;
use log_capture::Log;
use oneport::{Drained, Limits};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tower::service_fn;

/// What is done for each authority of a CONNECT; everything else gets 1 MiB.
async fn app(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != http::Method::CONNECT {
        return Ok(Response::new(vec![b'x'; 1 << 20].into()));
    }
    let mut response = Response::new(Full::default());
    match request.uri().host() {
        Some("refused") => *response.status_mut() = StatusCode::FORBIDDEN,
        // With a length it is none: hyper resets the stream.
        Some("faulty") => {
            let length = "1".parse().unwrap();
            response.headers_mut().insert("content-length", length);
        }
        _ => {
            let upgraded = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let (mut from, mut to) = tokio::io::split(TokioIo::new(upgraded.await.unwrap()));
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    }
    Ok(response)
}

/// A server, and a client over its only connection.
struct Connected {
    send: http2::SendRequest<Empty<Bytes>>,
    /// Until it ends.
    connection: JoinHandle<()>,
    server: JoinHandle<Drained>,
    shut_down: oneshot::Sender<()>,
    /// The client reads nothing more.
    frozen: Arc<AtomicBool>,
}

impl Connected {
    async fn new(window: u32) -> Self {
        let mut limits = Limits::default();
        // A client that reads nothing answers no PING either.
        limits.http2_pong = Duration::from_secs(24 * 3600);
        let (connect, connections) = mpsc::channel(1);
        let (shut_down, told) = oneshot::channel();
        let server = oneport::serve_plaintext(InMemory(connections), service_fn(app))
            .limits(limits)
            .with_graceful_shutdown(async {
                let _ = told.await;
            })
            .into_future();
        let server = tokio::spawn(async move { server.await.unwrap() });
        let (client, io) = duplex();
        connect.send(io).await.unwrap();
        let frozen = client.frozen.clone();
        let (send, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(window)
            .initial_connection_window_size(1 << 24)
            .handshake(TokioIo::new(client))
            .await
            .unwrap();
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        Self {
            send,
            connection,
            server,
            shut_down,
            frozen,
        }
    }

    async fn tunnel(&mut self, request: http::request::Builder) -> Tunnel {
        let request = request.body(Empty::new()).unwrap();
        let response = self.send.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        Tunnel(TokioIo::new(hyper::upgrade::on(response).await.unwrap()))
    }

    /// How long its connection stays from here on.
    async fn lasts(self) -> u64 {
        let start = Instant::now();
        self.connection.await.unwrap();
        start.elapsed().as_secs()
    }
}

struct Tunnel(TokioIo<Upgraded>);

impl Tunnel {
    async fn echoes(&mut self) {
        let mut echo = [0; 4];
        self.0.write_all(b"here").await.unwrap();
        self.0.read_exact(&mut echo).await.unwrap();
        assert_eq!(&echo, b"here");
    }
}

fn connect(to: &str) -> http::request::Builder {
    Request::connect(format!("{to}:1"))
}

fn websocket() -> http::request::Builder {
    Request::connect("http://a/ws").extension(hyper::ext::Protocol::from_static("websocket"))
}

#[tokio::test(start_paused = true)]
async fn stays_for_as_long_as_it_lives() {
    for (request, pause, times) in [
        (connect("a"), 3600, 1),
        (connect("a"), 10, 360),
        (websocket(), 3600, 1),
        (websocket(), 10, 360),
    ] {
        let mut connected = Connected::new(65_535).await;
        // The server's SETTINGS have to be there before extended CONNECT.
        sleep(Duration::from_secs(1)).await;
        let mut tunnel = connected.tunnel(request).await;
        tunnel.echoes().await;
        for _ in 0..times {
            sleep(Duration::from_secs(pause)).await;
            tunnel.echoes().await;
        }
        // From its end on the connection is idle.
        drop(tunnel);
        assert_eq!(connected.lasts().await, 60);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_of_two_counts() {
    let mut connected = Connected::new(65_535).await;
    let first = connected.tunnel(connect("a")).await;
    let mut second = connected.tunnel(connect("a")).await;
    sleep(Duration::from_secs(1000)).await;
    drop(first);
    sleep(Duration::from_secs(1000)).await;
    second.echoes().await;
    drop(second);
    assert_eq!(connected.lasts().await, 60);
}

/// What does not become one counts until its response is over.
#[tokio::test(start_paused = true)]
async fn none_is_made_of_it() {
    for (to, status) in [("refused", Some(403)), ("faulty", None)] {
        let mut connected = Connected::new(65_535).await;
        let request = connect(to).body(Empty::new()).unwrap();
        let answer = connected.send.send_request(request).await;
        let answered = answer.ok().map(|answer| answer.status().as_u16());
        assert_eq!(answered, status, "{to}");
        assert_eq!(connected.lasts().await, 60, "{to}");
    }
}

/// The connection's other streams keep their deadline.
#[tokio::test(start_paused = true)]
async fn a_stream_beside_it_whose_client_opens_no_window() {
    let (log, _guard) = Log::capture();
    let mut connected = Connected::new(1000).await;
    let mut tunnel = connected.tunnel(connect("a")).await;
    let request = Request::get("http://a/").body(Empty::new()).unwrap();
    let stalled = connected.send.send_request(request).await.unwrap();
    sleep(Duration::from_secs(29)).await;
    assert_eq!(log.lines_with("Limits::write_stall").len(), 0);
    sleep(Duration::from_secs(2)).await;
    let lines = log.lines_with("the client opened no window for a response");
    assert_eq!(lines.len(), 1, "{}", log.text());
    let error = stalled.into_body().collect().await.unwrap_err();
    assert!(format!("{error:?}").contains("Reset"), "{error:?}");
    tunnel.echoes().await;
}

/// And so does the connection: nothing goes through a tunnel either to who reads nothing.
#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_of_its_connection() {
    let (log, _guard) = Log::capture();
    let mut connected = Connected::new(1 << 24).await;
    let mut tunnel = connected.tunnel(connect("a")).await;
    tunnel.echoes().await;
    connected.frozen.store(true, Ordering::Relaxed);
    let request = Request::get("http://a/").body(Empty::new()).unwrap();
    tokio::spawn(connected.send.send_request(request));
    sleep(Duration::from_secs(29)).await;
    assert_eq!(log.lines_with("Limits::").len(), 0, "{}", log.text());
    sleep(Duration::from_secs(2)).await;
    let lines = log.lines_with("the client took nothing of what was there for it");
    assert_eq!(lines.len(), 1, "{}", log.text());
}

/// The shutdown waits for it, until the drain time is over; then it ends.
#[tokio::test(start_paused = true)]
async fn a_shutdown() {
    for ends in [true, false] {
        let mut connected = Connected::new(65_535).await;
        let mut tunnel = connected.tunnel(connect("a")).await;
        sleep(Duration::from_secs(3600)).await;
        let start = Instant::now();
        connected.shut_down.send(()).unwrap();
        sleep(Duration::from_secs(9)).await;
        tunnel.echoes().await;
        let (drained, after) = match ends {
            true => (Drained::Clean, 9),
            false => (Drained::Aborted(1), 10),
        };
        let tunnel = (!ends).then_some(tunnel);
        assert_eq!(connected.server.await.unwrap(), drained);
        assert_eq!(start.elapsed().as_secs(), after);
        if let Some(Tunnel(mut tunnel)) = tunnel {
            let read = tunnel.read(&mut [0; 4]).await;
            assert!(!matches!(read, Ok(1..)), "{read:?}");
        }
    }
}

/// The client's end of a connection.
struct Freezable {
    io: DuplexStream,
    frozen: Arc<AtomicBool>,
}

fn duplex() -> (Freezable, DuplexStream) {
    let (io, server) = tokio::io::duplex(64 * 1024);
    let frozen = Arc::default();
    (Freezable { io, frozen }, server)
}

impl AsyncRead for Freezable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.frozen.load(Ordering::Relaxed) {
            true => Poll::Pending,
            false => Pin::new(&mut self.io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Freezable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

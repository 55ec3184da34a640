//! An upgraded connection ends with the drain time, whatever its task is at.
//!
//! The stream belongs to a task of the application's then, which the server
//! cannot end: the stream has to fail. It once did so only for a task that was
//! waiting for input. One that waited to write to a client that does not read
//! (an echo does), or whose client never paused, went on after the server had
//! reported its end.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use oneport::{Drained, Limits};
use support::{Pki, Server, told, within};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tower::service_fn;

const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n";

/// Drain for as long as it takes to see that nothing ends by itself.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.drain = Duration::from_millis(300);
    limits
}

/// Answers 101 and runs `task` on what it was upgraded to.
async fn upgrade<F, T>(
    mut request: Request<Incoming>,
    task: F,
) -> Result<Response<Full<Bytes>>, Infallible>
where
    F: FnOnce(TokioIo<Upgraded>) -> T + Send + 'static,
    T: Future<Output = ()> + Send,
{
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move { task(TokioIo::new(upgraded.await.unwrap())).await });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert("connection", "upgrade".parse().unwrap());
    headers.insert("upgrade", "raw".parse().unwrap());
    Ok(response)
}

async fn write_for_ever(mut io: impl AsyncWrite + Unpin) {
    while io.write_all(&[0; 64 * 1024]).await.is_ok() {}
}

#[tokio::test]
async fn a_task_that_waits_to_write_ends() {
    for tls in [false, true] {
        let ended = Arc::new(Notify::new());
        let notice = ended.clone();
        let app = service_fn(move |request| {
            let notice = notice.clone();
            upgrade(request, |io| async move {
                write_for_ever(io).await;
                notice.notify_one();
            })
        });
        stuck_writers_end(tls, app, &ended, 1).await;
    }
}

/// The two halves of a split WebSocket are two tasks with two wakers.
#[tokio::test]
async fn both_halves_of_a_split_stream_end() {
    let ended = Arc::new(Notify::new());
    let notice = ended.clone();
    let app = service_fn(move |request| {
        let notice = notice.clone();
        upgrade(request, |io| async move {
            let (mut input, output) = tokio::io::split(io);
            let writing = tokio::spawn(write_for_ever(output));
            let reading = tokio::spawn(async move {
                let _ = input.read_u8().await;
            });
            writing.await.unwrap();
            reading.await.unwrap();
            notice.notify_one();
        })
    });
    stuck_writers_end(false, app, &ended, 1).await;
}

async fn stuck_writers_end<S, F>(tls: bool, app: S, ended: &Notify, count: usize)
where
    S: tower::Service<
            Request<Incoming>,
            Response = Response<Full<Bytes>>,
            Error = Infallible,
            Future = F,
        > + Clone
        + Send
        + 'static,
    F: Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send + 'static,
{
    let pki = Pki::new();
    let config = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, config, app)
            .limits(limits())
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    // Reads the head of the answer and nothing after it.
    let mut head = [0; 12];
    let _client: Box<dyn std::any::Any> = if tls {
        let mut client = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
        client.write_all(UPGRADE).await.unwrap();
        within(client.read_exact(&mut head)).await.unwrap();
        Box::new(client)
    } else {
        let mut client = TcpStream::connect(server.addr).await.unwrap();
        client.write_all(UPGRADE).await.unwrap();
        within(client.read_exact(&mut head)).await.unwrap();
        Box::new(client)
    };
    assert_eq!(&head, b"HTTP/1.1 101");
    assert_eq!(server.shut_down().await.unwrap(), Drained::Aborted(count));
    let end = tokio::time::timeout(Duration::from_secs(5), ended.notified()).await;
    assert!(end.is_ok(), "tls {tls}: the task outlives the server");
}

/// A client that always has more to say.
struct Talkative {
    head: &'static [u8],
}

impl AsyncRead for Talkative {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.head.is_empty() {
            buf.put_slice(&[0; 16]);
        } else {
            buf.put_slice(self.head);
            self.head = b"";
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Talkative {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct One(Option<Talkative>);

impl oneport::Listener for One {
    type Io = Talkative;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> io::Result<(Talkative, SocketAddr)> {
        match self.0.take() {
            Some(io) => Ok((io, ([127, 0, 0, 1], 1).into())),
            None => std::future::pending().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_whose_client_never_pauses_ends() {
    let (began, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (beginning, notice) = (began.clone(), ended.clone());
    let app = service_fn(move |request| {
        let (beginning, notice) = (beginning.clone(), notice.clone());
        upgrade(request, |mut io| async move {
            beginning.notify_one();
            let mut bytes = [0; 16];
            while io.read(&mut bytes).await.is_ok() {
                tokio::task::yield_now().await;
            }
            notice.notify_one();
        })
    });
    let began = async move { began.notified().await };
    let served = oneport::serve_plaintext(One(Some(Talkative { head: UPGRADE })), app)
        .limits(limits())
        .with_graceful_shutdown(began)
        .into_future();
    assert_eq!(within(served).await.unwrap(), Drained::Aborted(1));
    let end = tokio::time::timeout(Duration::from_secs(5), ended.notified()).await;
    assert!(end.is_ok(), "the task outlives the server");
}

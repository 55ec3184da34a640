//! HTTP/1 connections that are idle for more than 2 s go on without hyper. Nobody
//! may notice, in either mode. The clock is tokio's, paused.
#![allow(clippy::unwrap_used)] // a test

mod log_capture;
mod support;

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use log_capture::Log;
use oneport::{ConnInfo, Drained};
use support::{Pki, told};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tower::service_fn;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A server on streams in memory.
struct InMemory(mpsc::Receiver<DuplexStream>);

impl oneport::Listener for InMemory {
    type Io = DuplexStream;
    type Addr = SocketAddr;
    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(io) => Ok((io, "127.0.0.1:1".parse().unwrap())),
            None => pending().await,
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// The only connection of a server, in either mode.
struct Connected {
    client: Box<dyn Duplex>,
    server: JoinHandle<io::Result<Drained>>,
    shutdown: oneshot::Sender<()>,
    _connect: mpsc::Sender<DuplexStream>,
}

impl Connected {
    /// `head`: what an application has set as hyper's own deadline.
    async fn new(tls: bool, head: Option<Duration>) -> Self {
        let pki = Pki::new();
        let (connect, connections) = mpsc::channel(1);
        let (shutdown, signal) = oneshot::channel();
        // Each connection has a service of its own, which counts its requests.
        let app = service_fn(async |_: SocketAddr| {
            let asked = Arc::new(AtomicUsize::new(0));
            Ok::<_, Infallible>(service_fn(move |request: Request<Incoming>| {
                let nth = asked.fetch_add(1, Ordering::Relaxed) + 1;
                answer(nth, request)
            }))
        });
        let server = oneport::serve_dual(InMemory(connections), pki.tls(), app)
            .http1(|http1| match head {
                Some(_) => http1.header_read_timeout(head),
                None => http1,
            })
            .with_graceful_shutdown(told(signal));
        let server = tokio::spawn(server.into_future());
        let (client, io) = duplex(1024);
        connect.send(io).await.unwrap();
        let client: Box<dyn Duplex> = match tls {
            false => Box::new(client),
            true => {
                let config = pki.client_config(&["http/1.1"]);
                let name = "localhost".try_into().unwrap();
                let connector = TlsConnector::from(config);
                Box::new(connector.connect(name, client).await.unwrap())
            }
        };
        Self {
            client,
            server,
            shutdown,
            _connect: connect,
        }
    }

    /// Sends this, and reads one answer.
    async fn exchange(&mut self, request: &[u8]) -> String {
        self.client.write_all(request).await.unwrap();
        self.client.flush().await.unwrap();
        self.answer().await
    }

    /// One answer, by its end.
    async fn answer(&mut self) -> String {
        let mut answer = Vec::new();
        while !answer.ends_with(b"!") {
            let byte = self.client.read_u8().await.unwrap();
            answer.push(byte);
        }
        String::from_utf8(answer).unwrap()
    }

    /// What still comes, and after how long it ends. Inside TLS it is an error
    /// without close_notify.
    async fn end(&mut self) -> (String, Duration) {
        let start = Instant::now();
        let mut rest = String::new();
        let read = timeout(
            Duration::from_secs(3600),
            self.client.read_to_string(&mut rest),
        );
        read.await.expect("ended within an hour").unwrap();
        (rest, start.elapsed())
    }
}

async fn answer(nth: usize, request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let id = request.extensions().get::<ConnInfo>().unwrap().id();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let answer = format!("request {nth} on {id}, {} bytes!", body.len());
    Ok(Response::new(answer))
}

fn trace() -> (Log, tracing::subscriber::DefaultGuard) {
    Log::capture_to(tracing::Level::TRACE)
}

/// How often a connection went to sleep.
fn sleeps(log: &Log) -> usize {
    log.lines_with("idle connection hibernates").len()
}

fn number(answer: &str) -> &str {
    let at = answer.find("request ").unwrap();
    answer[at..].split(',').next().unwrap()
}

/// The same connection with the same service, whose deadline for idleness is its
/// own, not one from each sleep.
#[tokio::test(start_paused = true)]
async fn it_answers_as_before_and_ends_as_before() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        let first = it.exchange(GET).await;
        let id = number(&first).strip_prefix("request 1 on ").unwrap();
        for nth in 2..5 {
            sleep(Duration::from_secs(59)).await;
            assert_eq!(sleeps(&log), nth - 1);
            let answer = it.exchange(GET).await;
            assert_eq!(number(&answer), format!("request {nth} on {id}"));
        }
        let (rest, after) = it.end().await;
        assert_eq!((rest.as_str(), after.as_secs()), ("", 60));
        assert_eq!(sleeps(&log), 4);
        assert_eq!(
            log.lines_with("limit=\"keep_alive_idle\"").len(),
            1,
            "{}",
            log.text()
        );
    }
}

/// Connections that are in use do not go through it.
#[tokio::test(start_paused = true)]
async fn not_before_two_seconds() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        for _ in 0..5 {
            it.exchange(GET).await;
            sleep(Duration::from_millis(1_990)).await;
        }
        assert_eq!(sleeps(&log), 0);
        sleep(Duration::from_millis(20)).await;
        assert_eq!(sleeps(&log), 1);
    }
}

/// The first byte wakes it, and begins a head, which has its deadline.
#[tokio::test(start_paused = true)]
async fn a_request_that_comes_byte_by_byte() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        it.exchange(GET).await;
        sleep(Duration::from_secs(30)).await;
        let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
        for byte in request {
            it.client.write_all(&[*byte]).await.unwrap();
            it.client.flush().await.unwrap();
            sleep(Duration::from_millis(100)).await;
        }
        let answer = it.answer().await;
        assert!(answer.ends_with(", 4 bytes!"), "{answer}");
        sleep(Duration::from_secs(30)).await;
        // The body is over; but nobody can know.
        assert_eq!(sleeps(&log), 1);

        it.exchange(GET).await;
        sleep(Duration::from_secs(30)).await;
        it.client.write_all(b"G").await.unwrap();
        let (rest, after) = it.end().await;
        assert!(rest.starts_with("HTTP/1.1 408 "), "{rest}");
        assert_eq!(after.as_secs(), 10);
        assert_eq!(sleeps(&log), 2);
    }
}

/// A large request, several of them at once: what woke it is a part of the first.
#[tokio::test(start_paused = true)]
async fn more_than_one_read_of_requests() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        it.exchange(GET).await;
        sleep(Duration::from_secs(30)).await;
        let mut requests = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n".to_vec();
        requests.extend([b'x'; 100_000]);
        requests.extend(GET.repeat(3));
        let answer = it.exchange(&requests).await;
        assert!(answer.ends_with("100000 bytes!"), "{answer}");
        for nth in 3..6 {
            let answer = it.answer().await;
            assert!(
                number(&answer).starts_with(&format!("request {nth} on ")),
                "{answer}"
            );
        }
        assert_eq!(sleeps(&log), 1);
    }
}

/// It used to be taken for idleness until its minute was over.
#[tokio::test(start_paused = true)]
async fn a_head_that_began_behind_the_last_request() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        it.exchange(&[GET, b"GET / HT"].concat()).await;
        sleep(Duration::from_secs(7)).await;
        let answer = it.exchange(b"TP/1.1\r\nHost: a\r\n\r\nGET / HT").await;
        assert!(number(&answer).starts_with("request 2 on "), "{answer}");
        let (rest, after) = it.end().await;
        assert!(rest.starts_with("HTTP/1.1 408 "), "{rest}");
        assert_eq!(after.as_secs(), 12);
        assert_eq!(sleeps(&log), 0);
    }
}

/// RFC 9112 2.2: nothing.
#[tokio::test(start_paused = true)]
async fn a_line_end_behind_the_last_request() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        it.exchange(&[GET, b"\r\n"].concat()).await;
        let (rest, after) = it.end().await;
        assert_eq!((rest.as_str(), after.as_secs()), ("", 60));
        assert_eq!(sleeps(&log), 1);
    }
}

/// At once, as under hyper.
#[tokio::test(start_paused = true)]
async fn the_server_drains() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        it.exchange(GET).await;
        sleep(Duration::from_secs(30)).await;
        assert_eq!(sleeps(&log), 1);
        let start = Instant::now();
        it.shutdown.send(()).unwrap();
        let mut rest = String::new();
        it.client.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "");
        drop(it.client);
        assert_eq!(it.server.await.unwrap().unwrap(), Drained::Clean);
        assert_eq!(start.elapsed().as_secs(), 0);
    }
}

/// Nobody yields in between: the server hears of both at once.
#[tokio::test(start_paused = true)]
async fn the_server_drains_just_as_a_request_comes() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        it.exchange(GET).await;
        sleep(Duration::from_secs(30)).await;
        assert_eq!(sleeps(&log), 1);
        it.client.write_all(GET).await.unwrap();
        it.shutdown.send(()).unwrap();
        let mut rest = String::new();
        it.client.read_to_string(&mut rest).await.unwrap();
        assert!(number(&rest).starts_with("request 2 on "), "{rest}");
        drop(it.client);
        assert_eq!(it.server.await.unwrap().unwrap(), Drained::Clean);
    }
}

/// With FIN, inside TLS with close_notify, which is answered; or without a word.
#[tokio::test(start_paused = true)]
async fn the_client_leaves() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        it.exchange(GET).await;
        sleep(Duration::from_secs(30)).await;
        it.client.shutdown().await.unwrap();
        let (rest, after) = it.end().await;
        assert_eq!((rest.as_str(), after.as_secs()), ("", 0));
        assert_eq!(sleeps(&log), 1);
    }
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        it.exchange(GET).await;
        sleep(Duration::from_secs(30)).await;
        drop(it.client);
        // Before the shutdown, or it would be that.
        while log.lines_with("connection ended").is_empty()
            && log.lines_with("connection failed").is_empty()
        {
            sleep(Duration::from_millis(1)).await;
        }
        it.shutdown.send(()).unwrap();
        assert_eq!(it.server.await.unwrap().unwrap(), Drained::Clean);
    }
}

/// Its clock would begin anew with each sleep: such a connection stays with hyper.
#[tokio::test(start_paused = true)]
async fn an_application_that_has_set_a_deadline_of_hyper_s() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, Some(Duration::from_secs(20))).await;
        let (log, _guard) = trace();
        it.exchange(GET).await;
        let (rest, after) = it.end().await;
        assert_eq!((rest.as_str(), after.as_secs()), ("", 20));
        assert_eq!(sleeps(&log), 0);
    }
}

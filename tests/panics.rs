//! Panics in the application's code: they are answered with 500 where there is no
//! answer yet, and only their own connection, or stream, ends; nothing of it is held
//! any longer. (tests/edges.rs has a policy that panics.)
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::Poll;

use axum::Router;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::any;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, stream};
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use oneport::{Drained, Limits, Mode};
use support::{Pki, Server, exchange, told, within};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tower::service_fn;

type Body = BoxBody<Bytes, Infallible>;

/// Half of a body, and then a bug; or a bug at once, or after a moment.
async fn app(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    let half = || stream::once(async { Ok(Frame::data(Bytes::from_static(b"half"))) });
    let rest = stream::once(async move {
        // The first half is on its way then.
        tokio::task::yield_now().await;
        panic!("a bug in a body")
    });
    match path.as_str() {
        "/at-once" => panic!("a bug at once"),
        "/later" => {
            tokio::task::yield_now().await;
            panic!("a bug after a moment")
        }
        "/after-the-body" => {
            let _ = request.into_body().collect().await;
            panic!("a bug behind the request's body")
        }
        "/half" => Ok(Response::new(BodyExt::boxed(StreamBody::new(
            half().chain(rest),
        )))),
        "/half-of-eight" => {
            let body = BodyExt::boxed(StreamBody::new(half().chain(rest)));
            let response = Response::builder().header("content-length", "8");
            Ok(response.body(body).unwrap())
        }
        _ => Ok(Response::new(Full::new(Bytes::from("fine")).boxed())),
    }
}

/// With three slots: each that was lost would be missed.
async fn start(pki: &Pki) -> Server {
    let tls = pki.tls();
    let mut limits = Limits::default();
    limits.connections = 3;
    Server::start(|listener, signal| {
        // As `service_fn`, and its own code panics as well.
        let app = service_fn(move |request: Request<Incoming>| {
            assert_ne!(request.uri().path(), "/in-call", "a bug in `call`");
            app(request)
        });
        oneport::serve_dual(listener, tls, app)
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<I: AsyncRead + AsyncWrite + Send + Unpin> Io for I {}

async fn connect(pki: &Pki, addr: SocketAddr, tls: bool, alpn: &str) -> Box<dyn Io> {
    match tls {
        true => Box::new(pki.connect(addr, &[alpn]).await.unwrap()),
        false => Box::new(TcpStream::connect(addr).await.unwrap()),
    }
}

const PATHS: [&str; 4] = ["/in-call", "/at-once", "/later", "/after-the-body"];
const HALVES: [&str; 2] = ["/half", "/half-of-eight"];

/// Sends a request and reads to the end, however that comes.
async fn ask(mut io: Box<dyn Io>, path: &str) -> String {
    let request = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
    io.write_all(request.as_bytes()).await.unwrap();
    io.flush().await.unwrap();
    let mut answer = Vec::new();
    // FIN, RST, or TLS without close_notify.
    let _ = within(io.read_to_end(&mut answer)).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn an_http1_connection_ends_and_its_slot_is_free() {
    let pki = Pki::new();
    let server = start(&pki).await;
    for tls in [false, true] {
        for path in PATHS.into_iter().chain(HALVES) {
            let io = connect(&pki, server.addr, tls, "http/1.1").await;
            let answer = ask(io, path).await;
            if PATHS.contains(&path) {
                let status = "HTTP/1.1 500 Internal Server Error\r\n";
                assert!(answer.starts_with(status), "{path}: {answer}");
                let sentence = "\r\n\r\nThe application failed at this request.\n";
                assert!(answer.ends_with(sentence), "{path}: {answer}");
                continue;
            }
            // Never one that looks whole.
            assert!(!answer.ends_with("0\r\n\r\n"), "{path}: {answer}");
            assert!(!answer.contains("a bug"), "{path}: {answer}");
        }
    }
    let fine = exchange(
        server.addr,
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    assert!(fine.await.ends_with(b"fine"));
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
}

/// A client must not take half for all.
#[tokio::test]
async fn an_http1_client_sees_that_a_body_is_not_whole() {
    let pki = Pki::new();
    let server = start(&pki).await;
    for tls in [false, true] {
        for path in HALVES {
            let io = connect(&pki, server.addr, tls, "http/1.1").await;
            let (mut send, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io))
                .await
                .unwrap();
            tokio::spawn(connection);
            let request = Request::get(path).header("host", "a");
            let request = request.body(Full::<Bytes>::default()).unwrap();
            let Ok(answer) = within(send.send_request(request)).await else {
                // It had not left yet.
                continue;
            };
            let body = within(answer.into_body().collect()).await;
            assert!(body.is_err(), "{path}, TLS {tls}: {body:?}");
        }
    }
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
}

#[tokio::test]
async fn an_http2_stream_ends_and_its_neighbours_go_on() {
    let pki = Pki::new();
    let server = start(&pki).await;
    for tls in [false, true] {
        let io = connect(&pki, server.addr, tls, "h2").await;
        let (mut send, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io))
                .await
                .unwrap();
        let connection = tokio::spawn(connection);
        let request = |path: &str| {
            let request = Request::post(format!("http://a{path}"));
            request.body(Full::new(Bytes::from_static(b"x"))).unwrap()
        };
        // `call` itself runs in the connection's own task.
        for path in PATHS.into_iter().chain(HALVES) {
            let answer = within(send.send_request(request(path))).await;
            let is_half = HALVES.contains(&path);
            if let Ok(answer) = answer {
                let status = answer.status();
                let body = within(answer.into_body().collect()).await;
                assert_eq!(status == 500, !is_half, "{path}: {status}");
                assert_eq!(body.is_err(), is_half, "{path}: {body:?}");
            } else {
                assert!(is_half, "{path}");
            }
            let answer = within(send.send_request(request("/"))).await.unwrap();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, "fine", "behind {path}");
        }
        drop(send);
        within(connection).await.unwrap().unwrap();
    }
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
}

/// It runs in a task of the application's, and the connection is its own.
#[tokio::test]
async fn a_websocket_ends_and_its_slot_is_free() {
    async fn echo(mut socket: WebSocket) {
        while let Some(Ok(message)) = socket.recv().await {
            assert_ne!(message.to_text().unwrap(), "bug", "a bug in a task");
            let _ = socket.send(message).await;
        }
    }
    let handler = |upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo) };
    let (pki, app) = (Pki::new(), Router::new().route("/ws", any(handler)));
    let (tls, mut limits) = (pki.tls(), Limits::default());
    limits.connections = 2;
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let open = async |tls: bool| {
        let io = connect(&pki, server.addr, tls, "http/1.1").await;
        let opened = within(tokio_tungstenite::client_async("ws://localhost/ws", io)).await;
        opened.unwrap().0
    };
    let mut neighbour = open(true).await;
    for tls in [false, true, false, true] {
        let mut socket = open(tls).await;
        socket.send(Message::text("bug")).await.unwrap();
        let end = within(socket.next()).await;
        assert!(!matches!(end, Some(Ok(_))), "{end:?}");
        neighbour.send(Message::text("fine")).await.unwrap();
        let answer = within(neighbour.next()).await.unwrap().unwrap();
        assert_eq!(answer.into_text().unwrap(), "fine");
    }
    neighbour.close(None).await.unwrap();
    drop(neighbour);
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
}

/// A make-service, `poll_ready`, and an explanation.
#[tokio::test]
async fn other_code_of_the_applications() {
    #[derive(Clone)]
    struct Unready;
    impl tower::Service<Request<Incoming>> for Unready {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
            panic!("a bug in `poll_ready`")
        }

        fn call(&mut self, _: Request<Incoming>) -> Self::Future {
            unreachable!()
        }
    }
    let pki = Pki::new();
    let (tls, mut limits) = (pki.tls(), Limits::default());
    limits.connections = 2;
    let make = service_fn(|peer: SocketAddr| async move {
        // Every second one or so.
        poll_fn(|_| Poll::Ready(())).await;
        assert!(peer.port() % 2 == 0, "a bug in a make-service");
        Ok::<_, Infallible>(Unready)
    });
    let explain = service_fn(|_: Request<Incoming>| async {
        panic!("a bug in an explanation");
        #[allow(unreachable_code)]
        Ok::<Response<Body>, Infallible>(Response::new(Full::default().boxed()))
    });
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, make)
            .mode(Mode::TlsOnly)
            .explain(explain)
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    for n in 0..8 {
        let io = connect(&pki, server.addr, n % 2 == 0, "http/1.1").await;
        let answer = ask(io, "/").await;
        assert!(!answer.contains("a bug"), "{answer}");
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
        if n % 2 == 1 {
            // The default explanation stands in.
            assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
        }
    }
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
}

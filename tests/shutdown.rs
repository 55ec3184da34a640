//! The graceful end: what is in flight is finished, the rest let go at once.
#![allow(clippy::unwrap_used)] // a test

mod in_memory;
mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use in_memory::InMemory;
use oneport::{Drained, Limits, Mode};
use support::{Pki, Server, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep};
use tower::service_fn;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A server whose answers wait until `go`, and say when they are waited for.
async fn held(pki: &Pki, limits: Limits) -> (Server, Arc<Notify>, Arc<Notify>) {
    let (arrived, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (arrival, leave) = (arrived.clone(), go.clone());
    let app = service_fn(move |_: Request<Incoming>| {
        let (arrival, leave) = (arrival.clone(), leave.clone());
        async move {
            arrival.notify_one();
            leave.notified().await;
            let body = Full::new(Bytes::from_static(b"held"));
            Ok::<_, Infallible>(Response::new(body))
        }
    });
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    (server, arrived, go)
}

#[tokio::test]
async fn a_request_in_flight_is_finished() {
    let pki = Pki::new();
    let (server, arrived, go) = held(&pki, Limits::default()).await;
    let mut client = TcpStream::connect(server.addr).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    within(arrived.notified()).await;
    let server = server.begin_shut_down();
    go.notify_one();
    let mut answer = String::new();
    within(client.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("held"), "{answer}");
    assert_eq!(within(server).await.unwrap().unwrap(), Drained::Clean);
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut_off_and_counted() {
    let pki = Pki::new();
    let mut limits = Limits::default();
    limits.drain = Duration::from_millis(200);
    let (server, arrived, _go) = held(&pki, limits).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = TcpStream::connect(server.addr).await.unwrap();
        client.write_all(REQUEST).await.unwrap();
        within(arrived.notified()).await;
        clients.push(client);
    }
    assert_eq!(server.shut_down().await.unwrap(), Drained::Aborted(3));
    for mut client in clients {
        let mut answer = Vec::new();
        // Its end may be FIN or RST.
        let _ = within(client.read_to_end(&mut answer)).await;
        assert_eq!(answer, b"");
    }
}

/// Streams of HTTP/2 connections are tasks of their own; a plain executor's
/// would go on serving after the server has reported its end.
#[tokio::test]
async fn http2_streams_end_with_the_drain_time() {
    struct Running(Arc<Notify>);
    impl Drop for Running {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (arrived, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (arrival, drop_notice) = (arrived.clone(), dropped.clone());
    let app = service_fn(move |_: Request<Incoming>| {
        let running = Running(drop_notice.clone());
        arrival.notify_one();
        async move {
            let _running = running;
            std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>().await
        }
    });
    let server = Server::start(|listener, signal| {
        let mut limits = Limits::default();
        limits.drain = Duration::from_millis(200);
        oneport::serve_plaintext(listener, app)
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let tcp = TcpStream::connect(server.addr).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(tcp);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut send, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://a/")
        .body(Full::<Bytes>::default())
        .unwrap();
    let answer = tokio::spawn(send.send_request(request));
    within(arrived.notified()).await;
    assert_eq!(server.shut_down().await.unwrap(), Drained::Aborted(1));
    within(dropped.notified()).await;
    assert!(within(answer).await.unwrap().is_err());
}

/// Chrome opens a second connection in advance; in hyper and axum it holds up
/// every shutdown (hyper#3576).
#[tokio::test]
async fn connections_without_a_request_end_at_once() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let mut silent = TcpStream::connect(server.addr).await.unwrap();
    let mut half_a_line = TcpStream::connect(server.addr).await.unwrap();
    half_a_line.write_all(b"GET / HT").await.unwrap();
    let mut half_a_hello = TcpStream::connect(server.addr).await.unwrap();
    half_a_hello
        .write_all(b"\x16\x03\x01\x02\x00\x01\x00")
        .await
        .unwrap();
    let mut handshake_only = pki.connect(server.addr, &[]).await.unwrap();
    let mut idle = TcpStream::connect(server.addr).await.unwrap();
    idle.write_all(REQUEST).await.unwrap();
    let mut answer = [0; 1024];
    let n = within(idle.read(&mut answer)).await.unwrap();
    assert!(n > 0);

    // The default drain time is 10 s, the test's patience 5 s.
    let drained = tokio::time::timeout(Duration::from_secs(5), server.shut_down());
    assert_eq!(drained.await.unwrap().unwrap(), Drained::Clean);
    let mut rest = Vec::new();
    for stream in [&mut silent, &mut half_a_line, &mut half_a_hello, &mut idle] {
        let _ = within(stream.read_to_end(&mut rest)).await;
    }
    let _ = within(handshake_only.read_to_end(&mut rest)).await;
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn http2_clients_are_told_to_go_away() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let tls = pki.connect(server.addr, &["h2"]).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(tls);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut send, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get("http://a/")
        .body(Full::<Bytes>::default())
        .unwrap();
    let answer = within(send.send_request(request)).await.unwrap();
    assert_eq!(answer.status(), 200);
    drop(answer);
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
    within(connection).await.unwrap().unwrap();
}

/// As in `select! { _ = serve => .., _ = ctrl_c => .. }`: dropping the future
/// closes the port and ends what is open.
#[tokio::test]
async fn works_bare_inside_select_and_ends_everything_when_dropped() {
    let pki = Pki::new();
    let listener = support::listen().await;
    let addr = listener.local_addr().unwrap();
    let arrived = Arc::new(Notify::new());
    let arrival = arrived.clone();
    let app = service_fn(move |_: Request<Incoming>| {
        arrival.notify_one();
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
    });
    let mut client = TcpStream::connect(addr).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    within(async {
        tokio::select! {
            ended = oneport::serve_dual(listener, pki.tls(), app).mode(Mode::Dual) => {
                panic!("ended by itself: {ended:?}");
            }
            () = arrived.notified() => {}
        }
    })
    .await;
    let mut answer = Vec::new();
    let _ = within(client.read_to_end(&mut answer)).await;
    assert_eq!(answer, b"");
    assert!(TcpStream::connect(addr).await.is_err());
}

/// They are connected, for all they know, and have sent a request; closing the listener
/// reset them. Of 40 clients under load four to eight were told nothing; and later all
/// behind the 64th, where tokio's budget for one poll ends, which looked like the end of
/// the backlog.
#[tokio::test]
async fn requests_in_the_backlog_are_answered() {
    let listener = support::listen().await;
    let addr = listener.local_addr().unwrap();
    let mut clients = Vec::new();
    // Many a kernel has no room for more than 128.
    for n in 0..100 {
        let mut client = TcpStream::connect(addr).await.unwrap();
        if n % 10 < 8 {
            client.write_all(REQUEST).await.unwrap();
        }
        clients.push(client);
    }
    // The signal comes before any of them is accepted.
    let drained = oneport::serve_plaintext(listener, service_fn(support::hello))
        .with_graceful_shutdown(std::future::ready(()))
        .into_future();
    assert_eq!(within(drained).await.unwrap(), Drained::Clean);
    for (n, mut client) in clients.into_iter().enumerate() {
        let mut answer = Vec::new();
        within(client.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(
            answer.starts_with(b"HTTP/1.1 200 OK\r\n"),
            n % 10 < 8,
            "{n}"
        );
    }
}

/// A ClientHello that came in the moment in which its time was over, before anybody had
/// looked, lost its place among the undecided: a shutdown did not reach it, and waited
/// its whole drain time for a client that was silent.
#[tokio::test(start_paused = true)]
async fn a_hello_in_the_last_moment() {
    let (connect, connections) = mpsc::channel(1);
    let (end, ended) = oneshot::channel();
    let pki = Pki::new();
    let server = oneport::serve_dual(InMemory(connections), pki.tls(), service_fn(support::hello))
        .with_graceful_shutdown(support::told(ended));
    let server = tokio::spawn(server.into_future());
    let (mut client, io) = duplex(64 * 1024);
    connect.send(io).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let mut tls = rustls::ClientConnection::new(pki.client_config(&[]), name).unwrap();
    let mut hello = Vec::new();
    tls.write_tls(&mut hello).unwrap();
    // As long as the server waits for a first byte.
    sleep(Limits::default().sniff).await;
    client.write_all(&hello).await.unwrap();
    client.read_exact(&mut [0; 5]).await.expect("its answer");
    let begun = Instant::now();
    end.send(()).unwrap();
    assert_eq!(server.await.unwrap().unwrap(), Drained::Clean);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

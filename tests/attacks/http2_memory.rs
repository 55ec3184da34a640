//! HTTP/2 clients that make a server remember.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Frame, Incoming};
use oneport::{Limits, Mode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tower::service_fn;

use crate::frames::{
    DATA, END_HEADERS, HEADERS, PING, PREFACE, Raw, SETTINGS, block, frame, get, stream,
};
use crate::good::Good;
use crate::support::{Pki, Server, told};
use crate::{allocated, alone, descriptors, descriptors_until, resident};

const SOON: Duration = Duration::from_secs(8);

/// Nine megabytes, made as they are asked for.
struct Large(usize);

impl Body for Large {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(left) = self.0.checked_sub(64 * 1024) else {
            return Poll::Ready(None);
        };
        self.0 = left;
        Poll::Ready(Some(Ok(Frame::data(vec![b'x'; 64 * 1024].into()))))
    }
}

/// It holds a request to `/hold` for ever, its body unread.
async fn app(request: Request<Incoming>) -> Result<Response<Large>, Infallible> {
    let size = match request.uri().path() {
        "/hold" => {
            std::future::pending::<()>().await;
            drop(request);
            0
        }
        "/large" => 9 << 20,
        _ => 0,
    };
    Ok(Response::new(Large(size)))
}

async fn start(pki: &Pki) -> Server {
    let mut limits = Limits::default();
    limits.write_stall = Duration::from_secs(1);
    limits.keep_alive_idle = Duration::from_secs(1);
    limits.drain = Duration::ZERO;
    let tls = pki.tls();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(app))
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// The most that this process grew by while `attack` ran, in bytes.
async fn growth<T>(attack: impl Future<Output = T>) -> (T, u64) {
    let before = resident();
    let mut most = before;
    let watching = async {
        loop {
            most = most.max(resident());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let outcome = tokio::select! {
        biased;
        outcome = attack => outcome,
        () = watching => unreachable!(),
    };
    (outcome, most.max(resident()) - before)
}

/// One connection that opens no window for 100 answers of 9 MB: 879 MB with
/// hyper's own settings. Each is ended for itself, then the connection.
#[test]
fn a_hundred_answers_without_a_window() {
    alone(async {
        let pki = Pki::new();
        let server = start(&pki).await;
        let good = Good::new(&pki, server.addr);
        good.ask(10).await;
        // SETTINGS_INITIAL_WINDOW_SIZE: none, and one byte each.
        for window in [0, 1] {
            let attack = async {
                let tcp = TcpStream::connect(server.addr).await.unwrap();
                let mut raw = Raw::begin(tcp, &[(4, window)]).await;
                raw.flood(100, |n| get(stream(n), "/large")).await;
                raw.ended(SOON).await
            };
            let (seen, growth) = growth(good.beside(attack)).await;
            println!("a window of {window}: {growth} bytes, {seen:?}");
            let seen = seen.expect("the connection stays");
            assert_eq!(seen.resets, 100, "{seen:?}");
            assert!(growth < 64 << 20, "{growth} bytes");
        }
    });
}

/// Frames that hold nothing, for an application that reads nothing.
#[test]
fn empty_data() {
    alone(async {
        let pki = Pki::new();
        let server = start(&pki).await;
        let good = Good::new(&pki, server.addr);
        good.ask(10).await;
        let attack = async {
            let tcp = TcpStream::connect(server.addr).await.unwrap();
            let mut raw = Raw::begin(tcp, &[]).await;
            let head = frame(HEADERS, END_HEADERS, 1, &block(true, "/hold"));
            raw.send(&head).await.unwrap();
            let ended = raw.flood(200_000, |_| frame(DATA, 0, 1, b"")).await;
            (ended, raw.ended(Duration::from_secs(2)).await)
        };
        let ((ended, seen), growth) = growth(good.beside(attack)).await;
        println!("empty DATA: ended meanwhile: {ended}, {growth} bytes, {seen:?}");
        assert!(growth < 64 << 20, "{growth} bytes");
    });
}

/// Frames that want an answer, from a client that reads none: it is not read
/// from either, and cut off when it has taken nothing for too long.
#[test]
fn answers_that_nobody_reads() {
    alone(async {
        let pki = Pki::new();
        let server = start(&pki).await;
        let good = Good::new(&pki, server.addr);
        good.ask(10).await;
        let floods = [
            ("SETTINGS", frame(SETTINGS, 0, 0, b"")),
            ("PING", frame(PING, 0, 0, &[7; 8])),
        ];
        for (what, one) in floods {
            let some = one.repeat(1000);
            let attack = async {
                let socket = TcpSocket::new_v4().unwrap();
                socket.set_recv_buffer_size(4096).unwrap();
                let mut tcp = socket.connect(server.addr).await.unwrap();
                let begin = [PREFACE, &frame(SETTINGS, 0, 0, b"")].concat();
                tcp.write_all(&begin).await.unwrap();
                let mut sent = 0;
                while tcp.write_all(&some).await.is_ok() {
                    sent += 1000;
                }
                sent
            };
            let (sent, growth) = growth(good.beside(timeout(SOON, attack))).await;
            println!("{what} with nobody reading: {sent:?} sent, {growth} bytes");
            assert!(sent.is_ok(), "{what}: the connection stays");
            assert!(growth < 64 << 20, "{growth} bytes");
        }
    });
}

/// Clients that are refused, and leave before they have heard it, within their upload:
/// 13 KB of each of them were never freed.
#[test]
fn refused_uploads_that_are_abandoned() {
    alone(async {
        let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
        let open = descriptors();
        let upload = frame(HEADERS, END_HEADERS, 1, &block(true, "/"));
        let flight = [PREFACE, &frame(SETTINGS, 0, 0, b""), &upload].concat();
        let abandon = async || {
            let mut tcp = TcpStream::connect(server.addr).await.unwrap();
            tcp.write_all(&flight).await.unwrap();
            // SETTINGS and their acknowledgement: the request has been read, too.
            tcp.read_exact(&mut [0; 9 + 9]).await.unwrap();
        };
        let hundred = async || {
            futures_util::future::join_all((0..100).map(|_| abandon())).await;
            let left = descriptors_until(open, SOON).await;
            assert!(left <= open, "{left} descriptors");
        };
        hundred().await;
        let before = allocated();
        for _ in 0..9 {
            hundred().await;
        }
        let kept = allocated().saturating_sub(before);
        println!("refused and abandoned: {kept} bytes of 900 connections are left");
        assert!(kept < 100_000, "{kept} bytes");
    });
}

//! Streams that are no sockets, and a shutdown in the middle of everything.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use oneport::Drained;
use support::{Pki, Server, told, within};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};
use tokio::net::TcpStream;
use tower::service_fn;

/// As the streams of a tunnel (yamux, QUIC): a drop without a shutdown is a
/// reset to the other end.
struct Tunnel {
    inner: DuplexStream,
    shut: Arc<AtomicBool>,
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shut.store(true, Ordering::SeqCst);
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

struct One(Option<Tunnel>);

impl oneport::Listener for One {
    type Io = Tunnel;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> io::Result<(Tunnel, SocketAddr)> {
        match self.0.take() {
            Some(io) => Ok((io, ([127, 0, 0, 1], 1).into())),
            None => std::future::pending().await,
        }
    }
}

/// The close of a socket sends FIN, which saves shutdown(2) where the client
/// has already ended. Other streams have to be told.
#[tokio::test]
async fn a_stream_that_is_no_socket_is_shut_down() {
    let pki = Pki::new();
    for tls in [false, true] {
        let (client, inner) = duplex(64 * 1024);
        let shut = Arc::new(AtomicBool::new(false));
        let tunnel = Tunnel {
            inner,
            shut: shut.clone(),
        };
        let served = oneport::serve_dual(One(Some(tunnel)), pki.tls(), service_fn(support::hello));
        let served = tokio::spawn(served.into_future());
        let mut answer = Vec::new();
        if tls {
            let connector = tokio_rustls::TlsConnector::from(pki.client_config(&["http/1.1"]));
            let name = "localhost".try_into().unwrap();
            let client = connector.connect(name, client).await.unwrap();
            answer = ask(client, answer).await;
        } else {
            answer = ask(client, answer).await;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        assert!(
            shut.load(Ordering::SeqCst),
            "tls {tls}: dropped, not shut down"
        );
        served.abort();
    }
}

async fn ask(mut io: impl AsyncRead + AsyncWrite + Unpin, mut answer: Vec<u8>) -> Vec<u8> {
    io.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    io.shutdown().await.unwrap();
    within(io.read_to_end(&mut answer)).await.unwrap();
    answer
}

/// What the application has begun is answered, whenever the signal comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_is_answered_whenever_the_signal_comes() {
    let pki = Arc::new(Pki::new());
    let mut all = 0;
    for wait in [0, 1, 2, 3, 5, 8, 30] {
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = begun.clone();
        let app = service_fn(move |_: Request<Incoming>| {
            counter.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::time::sleep(Duration::from_millis(3)).await;
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"done"))))
            }
        });
        let tls = pki.tls();
        let server = Server::start(|listener, signal| {
            oneport::serve_dual(listener, tls, app)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await;
        let addr = server.addr;
        let clients: Vec<_> = (0..60)
            .map(|n| {
                let pki = pki.clone();
                tokio::spawn(async move {
                    if n % 2 == 0 {
                        match TcpStream::connect(addr).await {
                            Ok(tcp) => repeat(tcp).await,
                            Err(_) => 0,
                        }
                    } else {
                        match pki.connect(addr, &["http/1.1"]).await {
                            Ok(tls) => repeat(tls).await,
                            Err(_) => 0,
                        }
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
        let mut answered = 0;
        for client in clients {
            answered += within(client).await.unwrap();
        }
        assert_eq!(answered, begun.load(Ordering::SeqCst), "after {wait} ms");
        all += answered;
    }
    assert_ne!(all, 0);
}

/// Requests until the connection ends; how many were answered.
async fn repeat(mut io: impl AsyncRead + AsyncWrite + Unpin) -> usize {
    let mut answered = 0;
    loop {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        if io.write_all(request).await.is_err() || io.flush().await.is_err() {
            return answered;
        }
        let mut answer = Vec::new();
        while !answer.ends_with(b"done") {
            match within(io.read_buf(&mut answer)).await {
                Ok(0) | Err(_) => return answered,
                Ok(_) => {}
            }
        }
        answered += 1;
    }
}

/// As above, over HTTP/2, where the client still sends window updates and
/// acknowledgements while the server ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_answers_survive_the_shutdown() {
    const BODY: usize = 300_000;
    let mut all = 0;
    for wait in [0, 2, 5, 10, 20, 50] {
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = begun.clone();
        let app = service_fn(move |_: Request<Incoming>| {
            counter.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::time::sleep(Duration::from_millis(3)).await;
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(vec![b'x'; BODY]))))
            }
        });
        let server = Server::start(|listener, signal| {
            oneport::serve_plaintext(listener, app)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await;
        let addr = server.addr;
        let clients: Vec<_> = (0..20)
            .map(|_| tokio::spawn(async move { repeat_http2(addr, BODY).await.unwrap_or(0) }))
            .collect();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
        let mut answered = 0;
        for client in clients {
            answered += within(client).await.unwrap();
        }
        assert_eq!(answered, begun.load(Ordering::SeqCst), "after {wait} ms");
        all += answered;
    }
    assert_ne!(all, 0);
}

/// Requests until the connection ends; how many were answered in full.
///
/// By h2 itself: hyper's client hands a request to h2, and asks then whether the
/// connection is still good. If GOAWAY has come between these two lines it takes the
/// request back (RST_STREAM), which the server has begun to answer. Once in some
/// thousand runs that looked as if the server had lost an answer.
async fn repeat_http2(addr: SocketAddr, body: usize) -> Result<usize, h2::Error> {
    let Ok(tcp) = TcpStream::connect(addr).await else {
        return Ok(0);
    };
    let (mut send, connection) = h2::client::handshake(tcp).await?;
    tokio::spawn(connection);
    let mut answered = 0;
    loop {
        let Ok(ready) = within(send.ready()).await else {
            return Ok(answered);
        };
        send = ready;
        let request = Request::get("http://a/").body(()).unwrap();
        let Ok((answer, _)) = send.send_request(request, true) else {
            return Ok(answered);
        };
        let Ok(answer) = within(answer).await else {
            return Ok(answered);
        };
        let mut data = answer.into_body();
        let mut read = 0;
        while let Some(Ok(some)) = within(data.data()).await {
            read += some.len();
            data.flow_control().release_capacity(some.len()).unwrap();
        }
        if read < body {
            return Ok(answered);
        }
        answered += 1;
    }
}

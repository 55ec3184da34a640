//! The bare acceptor: a tower Service over any stream, vectored writes, info.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use oneport::{Acceptor, Inbound, Mismatch, Mode, Peer, Route, Transport};
use support::{Pki, within};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};
use tower::{Service, ServiceExt};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn peer() -> SocketAddr {
    "192.0.2.7:9".parse().unwrap()
}

#[tokio::test]
async fn is_a_tower_service() {
    let (mut client, server) = duplex(1024);
    client.write_all(REQUEST).await.unwrap();
    let mut acceptor = Acceptor::plaintext_only();
    let ready = ServiceExt::<(DuplexStream, SocketAddr)>::ready(&mut acceptor)
        .await
        .unwrap();
    let accepted = within(ready.call((server, peer()))).await.unwrap();
    assert_eq!(accepted.info.peer(), Peer::from(peer()));
    assert_eq!(accepted.info.transport(), &Transport::Plaintext);
    assert_eq!(accepted.info.http_version(), http::Version::HTTP_11);
    assert_eq!(accepted.stream.info().id(), accepted.info.id());
}

#[tokio::test]
async fn says_what_the_handshake_agreed_on() {
    let pki = Pki::new();
    let acceptor = Acceptor::new(pki.tls());
    for (alpn, expected) in [(&["h2", "http/1.1"][..], Some("h2")), (&[], None)] {
        let (client, server) = duplex(16 * 1024);
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let connector = tokio_rustls::TlsConnector::from(pki.client_config(alpn));
        let client = tokio::spawn(async move {
            let mut tls = connector.connect(name, client).await.unwrap();
            tls.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                .await
                .unwrap();
            tls
        });
        let accepted = within(acceptor.accept(server, peer())).await.unwrap();
        let tls = accepted.info.tls().unwrap();
        assert_eq!(tls.version, rustls::ProtocolVersion::TLSv1_3);
        assert_eq!(tls.alpn.as_deref(), expected.map(str::as_bytes));
        assert_eq!(tls.server_name.as_deref(), Some("localhost"));
        assert!(!tls.resumed);
        // The bytes decide, with and without ALPN.
        assert_eq!(accepted.info.http_version(), http::Version::HTTP_2);
        drop(client);
    }
}

/// A policy is asked once, with what is known.
#[tokio::test]
async fn a_closure_decides() {
    let policy = |inbound: &Inbound| match inbound.peer.ip() {
        Some(ip) if ip.is_loopback() => Mode::PlaintextOnly.route(inbound),
        _ => Route::Refuse(Mismatch::PlaintextToTls),
    };
    use oneport::Policy;
    let acceptor = Acceptor::plaintext_only().policy(policy);
    for (peer, admitted) in [("127.0.0.1:1", true), ("192.0.2.7:9", false)] {
        let (mut client, server) = duplex(16 * 1024);
        client.write_all(REQUEST).await.unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        let client = tokio::spawn(async move {
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.unwrap();
            drop(client);
            answer
        });
        let accepted = within(acceptor.accept(server, peer)).await;
        assert_eq!(accepted.is_ok(), admitted);
        drop(accepted);
        let answer = within(client).await.unwrap();
        assert_eq!(answer.starts_with(b"HTTP/1.1 426 "), !admitted);
    }
}

/// Counts what arrives at the bottom, below every wrapper.
struct Counting {
    inner: DuplexStream,
    vectored: Arc<AtomicUsize>,
}

impl AsyncRead for Counting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.len() > 1 {
            self.vectored.fetch_add(1, Ordering::Relaxed);
        }
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Other maybe-TLS streams forgot to forward them: every large body is then
/// copied once more. Through the server's wrappers, down to the socket.
#[tokio::test]
async fn vectored_writes_reach_the_socket() {
    use tokio::sync::mpsc;

    struct InMemory(mpsc::Receiver<Counting>);
    impl oneport::Listener for InMemory {
        type Io = Counting;
        type Addr = SocketAddr;
        async fn accept(&mut self) -> io::Result<(Counting, SocketAddr)> {
            match self.0.recv().await {
                Some(io) => Ok((io, peer())),
                None => std::future::pending().await,
            }
        }
    }
    let pki = Pki::new();
    let body = tower::service_fn(|_: http::Request<hyper::body::Incoming>| async {
        let body = bytes::Bytes::from(vec![b'x'; 500_000]);
        Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::new(body)))
    });
    let (connect, connections) = mpsc::channel(1);
    let serve = oneport::serve_dual(InMemory(connections), pki.tls(), body);
    let server = tokio::spawn(serve.into_future());

    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let vectored = Arc::new(AtomicUsize::new(0));
    for over_tls in [false, true] {
        let (mut client, inner) = duplex(1024 * 1024);
        let io = Counting {
            inner,
            vectored: vectored.clone(),
        };
        connect.send(io).await.unwrap();
        let mut answer = Vec::new();
        if over_tls {
            let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
            let connector = tokio_rustls::TlsConnector::from(pki.client_config(&[]));
            let mut tls = within(connector.connect(name, client)).await.unwrap();
            tls.write_all(request).await.unwrap();
            within(tls.read_to_end(&mut answer)).await.unwrap();
        } else {
            client.write_all(request).await.unwrap();
            within(client.read_to_end(&mut answer)).await.unwrap();
        }
        assert!(answer.len() > 500_000);
        let count = vectored.swap(0, Ordering::Relaxed);
        assert!(count > 0, "over TLS: {over_tls}");
    }
    server.abort();
}

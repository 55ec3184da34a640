//! However a first flight is cut up, nothing is lost and nothing is added.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use oneport::{Acceptor, Protocol, Status};
use rustls::pki_types::ServerName;
use support::{Pki, Server, within};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

const REQUEST: &[u8] =
    b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody";

/// Writes at most `most` bytes at once, each flushed as a segment of its own.
#[derive(Debug)]
struct Dribble<I> {
    inner: I,
    most: usize,
}

impl<I: AsyncRead + Unpin> AsyncRead for Dribble<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Dribble<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let most = self.most.min(buf.len());
        Pin::new(&mut self.inner).poll_write(cx, &buf[..most])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

async fn dribbling(server: &Server, most: usize) -> Dribble<TcpStream> {
    let inner = TcpStream::connect(server.addr).await.unwrap();
    inner.set_nodelay(true).unwrap();
    Dribble { inner, most }
}

/// Sends a request and reads the whole answer.
async fn request<I: AsyncRead + AsyncWrite + Unpin>(mut io: I) -> String {
    io.write_all(REQUEST).await.unwrap();
    io.flush().await.unwrap();
    let mut answer = String::new();
    within(io.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn plaintext_in_every_cut() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    for most in [1, 2, 3, 7, 30] {
        let answer = request(dribbling(&server, most).await).await;
        assert!(
            answer.ends_with("plaintext HTTP/1.1 POST body\n"),
            "{most}: {answer}"
        );
    }
}

/// The ClientHello in single bytes, and each later record too.
#[tokio::test]
async fn tls_in_every_cut() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let name = ServerName::try_from("localhost").unwrap();
    for most in [1, 2, 5, 64] {
        let connector = tokio_rustls::TlsConnector::from(pki.client_config(&[]));
        let tcp = dribbling(&server, most).await;
        let tls = within(connector.connect(name.clone(), tcp)).await.unwrap();
        let answer = request(tls).await;
        assert!(
            answer.ends_with("tls HTTP/1.1 POST body\n"),
            "{most}: {answer}"
        );
    }
}

#[tokio::test]
async fn http2_in_every_cut_over_both_transports() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let name = ServerName::try_from("localhost").unwrap();
    for most in [1, 3, 100] {
        let tcp = dribbling(&server, most).await;
        assert_eq!(get_http2(tcp).await, "plaintext HTTP/2.0 GET \n");
        let connector = tokio_rustls::TlsConnector::from(pki.client_config(&["h2"]));
        let tcp = dribbling(&server, most).await;
        let tls = within(connector.connect(name.clone(), tcp)).await.unwrap();
        assert_eq!(get_http2(tls).await, "tls HTTP/2.0 GET \n");
    }
}

async fn get_http2<I>(io: I) -> String
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    use http_body_util::{BodyExt, Empty};
    let executor = hyper_util::rt::TokioExecutor::new();
    let io = hyper_util::rt::TokioIo::new(io);
    let (mut send, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("http://a/")
        .body(Empty::<bytes::Bytes>::new())
        .unwrap();
    let answer = within(send.send_request(request)).await.unwrap();
    let body = within(answer.into_body().collect())
        .await
        .unwrap()
        .to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

/// Every first flight of the corpus that TLS or HTTP must get, in one piece and
/// in single bytes: the same answer, and in the protocol that was spoken.
#[tokio::test]
async fn every_valid_first_flight_whole_or_in_single_bytes() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let (mut hellos, mut requests) = (0, 0);
    for entry in std::fs::read_dir("tests/corpus/samples").unwrap() {
        let path = entry.unwrap().path();
        let flight = std::fs::read(&path).unwrap();
        let Status::Complete(protocol) = oneport::sniff(&flight) else {
            continue;
        };
        let whole = first_answer(&server, &flight, flight.len().max(1)).await;
        let bytewise = first_answer(&server, &flight, 1).await;
        assert_eq!(whole, bytewise, "{path:?}");
        match protocol {
            Protocol::Tls => {
                hellos += 1;
                assert!(
                    matches!(whole, None | Some(0x15 | 0x16)),
                    "{path:?}: {whole:?}"
                );
            }
            Protocol::Http1 => {
                requests += 1;
                assert!(matches!(whole, None | Some(b'H')), "{path:?}: {whole:?}");
            }
            // SETTINGS: a length below 256.
            Protocol::Http2 => assert_eq!(whole, Some(0), "{path:?}"),
            _ => {}
        }
    }
    assert!(
        hellos > 250 && requests > 100,
        "{hellos} hellos, {requests} requests"
    );
}

/// The first byte of the answer, none if there is none.
async fn first_answer(server: &Server, flight: &[u8], most: usize) -> Option<u8> {
    let mut io = dribbling(server, most).await;
    // The server may have answered and closed before the last byte.
    let _ = io.write_all(flight).await;
    let _ = io.shutdown().await;
    let mut first = [0];
    match within(io.read(&mut first)).await {
        Ok(1) => Some(first[0]),
        _ => None,
    }
}

/// A request in the same segment as the client's Finished: rustls has then
/// decrypted it before anybody reads.
#[tokio::test]
async fn data_in_the_segment_of_the_finished_is_not_lost() {
    /// Holds what is written back until it is flushed with `release`.
    struct Corked {
        inner: TcpStream,
        held: Vec<u8>,
        cork: bool,
    }
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let mut corked = Corked {
        inner: TcpStream::connect(server.addr).await.unwrap(),
        held: Vec::new(),
        cork: false,
    };
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = rustls::ClientConnection::new(pki.client_config(&[]), name).unwrap();
    // Drive the handshake by hand; the last flight is held back.
    while client.is_handshaking() {
        while client.wants_write() {
            client.write_tls(&mut corked.held).unwrap();
        }
        if !corked.cork {
            corked.inner.write_all(&corked.held).await.unwrap();
            corked.held.clear();
        }
        if client.wants_read() && client.is_handshaking() {
            let mut bytes = [0; 4096];
            let n = within(corked.inner.read(&mut bytes)).await.unwrap();
            assert!(n > 0);
            client.read_tls(&mut &bytes[..n]).unwrap();
            client.process_new_packets().unwrap();
            corked.cork = !client.is_handshaking();
        }
    }
    io::Write::write_all(&mut client.writer(), REQUEST).unwrap();
    while client.wants_write() {
        client.write_tls(&mut corked.held).unwrap();
    }
    corked.inner.write_all(&corked.held).await.unwrap();
    let mut answer = Vec::new();
    within(corked.inner.read_to_end(&mut answer)).await.unwrap();
    client.read_tls(&mut &answer[..]).unwrap();
    let mut text = Vec::new();
    let mut unread = &answer[..];
    let mut reader = client;
    loop {
        reader.process_new_packets().unwrap();
        let _ = io::Read::read_to_end(&mut reader.reader(), &mut text);
        if unread.is_empty() || reader.read_tls(&mut unread).unwrap() == 0 {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(text.contains("tls HTTP/1.1 POST body\n"), "{text}");
}

/// Pipelined requests behind the one that was read for the verdict.
#[tokio::test]
async fn pipelined_requests_are_all_answered() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let first = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(9);
    let all = [&first[..], REQUEST].concat();
    let answer = support::exchange(server.addr, &all).await;
    let answer = String::from_utf8(answer).unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 10, "{answer}");
    assert!(answer.ends_with("POST body\n"), "{answer}");
}

/// What the bare acceptor hands out begins with the client's first byte.
#[tokio::test]
async fn the_acceptor_replays_every_byte() {
    let acceptor = Acceptor::plaintext_only();
    let line = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(6000));
    for cut in [1, 9, 100, 6000] {
        let (mut client, server) = tokio::io::duplex(64);
        let line = line.clone();
        let expected = line.clone();
        let writer = tokio::spawn(async move {
            for piece in line.as_bytes().chunks(cut) {
                client.write_all(piece).await.unwrap();
            }
        });
        let peer = "127.0.0.1:1".parse::<std::net::SocketAddr>().unwrap();
        let mut accepted = within(acceptor.accept(server, peer)).await.unwrap();
        let mut received = String::new();
        within(accepted.stream.read_to_string(&mut received))
            .await
            .unwrap();
        assert_eq!(received, expected, "in pieces of {cut}");
        writer.await.unwrap();
    }
}

/// hyper's default drops the response when the client sends FIN after a slow
/// request, as `printf .. | nc` does.
#[tokio::test]
async fn a_client_that_half_closes_gets_its_answer() {
    use std::convert::Infallible;
    use std::time::Duration;

    let pki = Pki::new();
    let tls = pki.tls();
    let slow = tower::service_fn(|_: http::Request<hyper::body::Incoming>| async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, Infallible>(http::Response::new("slow".to_owned()))
    });
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, slow)
            .with_graceful_shutdown(support::told(signal))
            .into_future()
    })
    .await;
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    let mut tls = pki.connect(server.addr, &[]).await.unwrap();
    for io in [&mut tcp as &mut dyn Duplex, &mut tls] {
        io.write_all(request).await.unwrap();
        io.shutdown().await.unwrap();
        let mut answer = String::new();
        within(io.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("slow"), "{answer}");
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin {}
impl<I: AsyncRead + AsyncWrite + Unpin> Duplex for I {}

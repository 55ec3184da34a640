//! Clients that leave in the middle of anything: nothing of them stays.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::iter;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use oneport::{Limits, Mode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower::service_fn;

use crate::frames::{
    DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, RST_STREAM, SETTINGS, block, frame, get,
    stream,
};
use crate::support::{Pki, Server, told, within};
use crate::{allocated, alone, descriptors, descriptors_until};

/// Clients with each flight.
const EACH: usize = 8;
const AT_ONCE: usize = 40;
/// What a round may leave, of all flights together. The leak that this test is
/// here for left [`EACH`] times 13,000 of one of them.
const MARGIN: usize = 8 * 1024;
/// A table may grow; it does not each time.
const ROUNDS: usize = 5;

/// What was sent when the client leaves, or ends its side.
fn flights() -> Vec<Vec<u8>> {
    let settings = frame(SETTINGS, 0, 0, b"");
    let http2 = |more: &[&[u8]]| [PREFACE, &settings, &more.concat()].concat();
    let post = frame(HEADERS, END_HEADERS, 1, &block(true, "/upload"));
    let held: Vec<u8> = (0..10).flat_map(|n| get(stream(n), "/hold")).collect();
    let cancel = frame(RST_STREAM, 0, 1, &8u32.to_be_bytes());
    vec![
        b"".to_vec(),
        b"GET / HT".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\nX".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /hold HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf".to_vec(),
        // More than hyper reads of what nobody wants: the end lies behind it.
        [
            &b"POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n"[..],
            &[b'x'; 40_000],
        ]
        .concat(),
        b"POST /hold HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha".to_vec(),
        b"POST /upload HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
            .to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n".to_vec(),
        b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n".to_vec(),
        b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        PREFACE[..10].to_vec(),
        PREFACE.to_vec(),
        http2(&[]),
        http2(&[&get(1, "/")]),
        http2(&[&get(1, "/large")]),
        http2(&[&held]),
        http2(&[&get(1, "/hold"), &cancel]),
        http2(&[&post]),
        http2(&[&post, &frame(DATA, 0, 1, b"half")]),
        http2(&[&post, &frame(DATA, END_STREAM, 1, b"whole")]),
        http2(&[&frame(HEADERS, 0, 1, &block(true, "/upload"))]),
    ]
}

#[derive(Clone, Copy, Debug)]
enum Leave {
    Fin,
    Rst,
    /// Only its own side; it hears what there is to be heard.
    Half,
}

async fn app(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let answer = match request.uri().path() {
        "/hold" => std::future::pending().await,
        "/large" => vec![b'x'; 9 << 20].into(),
        "/upload" => match request.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => Bytes::new(),
        },
        _ => Bytes::from_static(b"here"),
    };
    Ok(Response::new(answer.into()))
}

async fn start(pki: &Pki, mode: Mode) -> Server {
    let mut limits = Limits::default();
    for deadline in [
        &mut limits.sniff,
        &mut limits.handshake,
        &mut limits.first_request,
        &mut limits.request_head,
        &mut limits.keep_alive_idle,
        &mut limits.body_idle,
        &mut limits.write_stall,
        &mut limits.refusal,
        &mut limits.linger,
    ] {
        *deadline = Duration::from_millis(300);
    }
    let tls = pki.tls();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(app))
            .mode(mode)
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// An error is a server that was faster.
async fn come_and_go(
    addr: SocketAddr,
    tls: Option<&TlsConnector>,
    flight: &[u8],
    leave: Leave,
) -> io::Result<()> {
    let tcp = TcpStream::connect(addr).await?;
    if let Leave::Rst = leave {
        tcp.set_zero_linger()?;
    }
    match tls {
        None => say(tcp, flight, leave).await,
        Some(tls) => {
            let name = "localhost".try_into().unwrap();
            say(tls.connect(name, tcp).await?, flight, leave).await
        }
    }
}

async fn say(
    mut io: impl AsyncRead + AsyncWrite + Unpin,
    flight: &[u8],
    leave: Leave,
) -> io::Result<()> {
    io.write_all(flight).await?;
    io.flush().await?;
    let mut some = [0; 4096];
    if let Leave::Half = leave {
        io.shutdown().await?;
        while io.read(&mut some).await? > 0 {}
    } else {
        // However far the server comes until then.
        let _ = timeout(Duration::from_millis(10), io.read(&mut some)).await;
    }
    Ok(())
}

async fn nothing_is_left(pki: &Pki, mode: Mode, alpn: Option<&str>) {
    let server = start(pki, mode).await;
    let tls = alpn.map(|alpn| TlsConnector::from(pki.client_config(&[alpn])));
    let flights = flights();
    let open = descriptors();
    for leave in [Leave::Fin, Leave::Rst, Leave::Half] {
        let mut left = Vec::new();
        // The first is to fill what is kept on purpose.
        while left.len() < 2 || (left.len() < ROUNDS && *left.last().unwrap() > MARGIN) {
            let before = allocated();
            let clients = (0..EACH * flights.len()).map(|n| {
                let flight = &flights[n % flights.len()];
                within(come_and_go(server.addr, tls.as_ref(), flight, leave))
            });
            let clients = iter(clients).buffer_unordered(AT_ONCE);
            clients.for_each(async |_| {}).await;
            let after = descriptors_until(open, Duration::from_secs(10)).await;
            assert!(after <= open, "{open} descriptors before, {after} after");
            left.push(allocated().saturating_sub(before));
        }
        println!("{mode:?}, ALPN {alpn:?}, {leave:?}: bytes left by each round: {left:?}");
        assert!(
            *left.last().unwrap() <= MARGIN,
            "{mode:?}, ALPN {alpn:?}, {leave:?}: {left:?}"
        );
    }
    server.shut_down().await.unwrap();
}

#[test]
fn nothing_is_left_of_clients_that_leave() {
    alone(async {
        let pki = Pki::new();
        for mode in [Mode::Dual, Mode::TlsOnly, Mode::PlaintextOnly] {
            nothing_is_left(&pki, mode, None).await;
        }
        for alpn in ["http/1.1", "h2"] {
            nothing_is_left(&pki, Mode::Dual, Some(alpn)).await;
        }
    });
}

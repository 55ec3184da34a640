//! What a plaintext HTTP/2 client of a TLS-only port reads, frame by frame.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use oneport::{Acceptor, Inbound, Mismatch, Mode, Route};
use support::{Pki, Server, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tower::service_fn;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `POST http://a/`, in HPACK's static table.
const POST: &[u8] = b"\x83\x86\x84\x41\x01a";

#[derive(Debug)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

async fn read_frame(tcp: &mut (impl AsyncReadExt + Unpin)) -> Option<Frame> {
    let mut head = [0; 9];
    tcp.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; length as usize];
    tcp.read_exact(&mut payload).await.unwrap();
    Some(Frame {
        kind: head[3],
        flags: head[4],
        stream: u32::from_be_bytes(head[5..].try_into().unwrap()),
        payload,
    })
}

async fn connect(server: &Server) -> TcpStream {
    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    begin(&mut tcp).await;
    tcp
}

async fn begin(io: &mut (impl AsyncWriteExt + Unpin)) {
    io.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    io.write_all(&frame(SETTINGS, 0, 0, b"")).await.unwrap();
}

async fn refusing() -> Server {
    Server::with_mode(&Pki::new(), Mode::TlsOnly).await
}

/// Several clients fail a call whose connection says GOAWAY before they have
/// its answer.
#[tokio::test]
async fn goaway_comes_after_the_answer() {
    let grpc = [POST, b"\x5f\x10application/grpc"].concat();
    tokio::join!(goaway_comes_after(POST), goaway_comes_after(&grpc));
}

async fn goaway_comes_after(head: &[u8]) {
    let server = refusing().await;
    let mut tcp = connect(&server).await;
    let request = frame(HEADERS, END_STREAM | END_HEADERS, 1, head);
    tcp.write_all(&request).await.unwrap();
    let mut frames = Vec::new();
    // Never acknowledges anything: the end is the server's budget.
    while let Some(frame) = within(read_frame(&mut tcp)).await {
        frames.push(frame);
    }
    let kinds: Vec<_> = frames.iter().map(|frame| frame.kind).collect();
    let goaway = kinds.iter().position(|&kind| kind == GOAWAY).unwrap();
    let headers = kinds.iter().position(|&kind| kind == HEADERS).unwrap();
    // gRPC's is a head alone.
    let ends =
        |frame: &Frame| matches!(frame.kind, DATA | HEADERS) && frame.flags & END_STREAM != 0;
    let end = frames.iter().position(ends).unwrap();
    assert!(headers <= end && end < goaway, "{kinds:?}");
    // NO_ERROR: Python's grpcio aborts its process on HTTP_1_1_REQUIRED.
    assert_eq!(frames[goaway].payload[4..8], [0; 4], "{:?}", frames[goaway]);
    assert!(!kinds.contains(&RST_STREAM), "{kinds:?}");
}

/// A telemetry stream: its body never ends and never pauses for long.
#[tokio::test]
async fn a_body_that_trickles_is_answered_within_the_budget() {
    let server = refusing().await;
    let tcp = connect(&server).await;
    let (mut input, mut output) = tcp.into_split();
    output
        .write_all(&frame(HEADERS, END_HEADERS, 1, POST))
        .await
        .unwrap();
    let start = Instant::now();
    let trickle = tokio::spawn(async move {
        while output.write_all(&frame(DATA, 0, 1, b"x")).await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    });
    let answered = timeout(Duration::from_secs(4), async {
        loop {
            match read_frame(&mut input).await {
                Some(frame) if frame.kind == HEADERS => break true,
                Some(_) => {}
                None => break false,
            }
        }
    });
    assert_eq!(answered.await, Ok(true), "after {:?}", start.elapsed());
    trickle.abort();
}

/// All that are open are answered, not the first alone.
#[tokio::test]
async fn every_open_stream_is_answered() {
    let server = refusing().await;
    let mut tcp = connect(&server).await;
    let mut requests = Vec::new();
    for n in 0..16 {
        requests.extend(frame(HEADERS, END_STREAM | END_HEADERS, 1 + 2 * n, POST));
    }
    tcp.write_all(&requests).await.unwrap();
    let mut answered = Vec::new();
    while let Some(frame) = within(read_frame(&mut tcp)).await {
        if frame.kind == HEADERS {
            answered.push(frame.stream);
        }
        assert_ne!(frame.kind, RST_STREAM, "{frame:?}");
    }
    answered.sort_unstable();
    assert_eq!(answered, (0..16).map(|n| 1 + 2 * n).collect::<Vec<_>>());
}

/// A request whose body was still awaited when its client went away was never freed,
/// nor was its connection: 13 KB for each of them (the fuzz target `accept` saw it).
#[tokio::test(start_paused = true)]
async fn nothing_is_kept_of_a_client_that_leaves_before_its_answer() {
    let kept = Arc::new(());
    let token = kept.clone();
    let acceptor = Acceptor::plaintext_only()
        .policy(|_: &Inbound| Route::Refuse(Mismatch::PlaintextToTls))
        .explain(service_fn(move |_: Request<Incoming>| {
            let _token = token.clone();
            ready(Ok::<_, Infallible>(Response::new(String::new())))
        }));
    let (near, mut far) = duplex(1024);
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let client = async move {
        begin(&mut far).await;
        let request = frame(HEADERS, END_HEADERS, 1, POST);
        far.write_all(&request).await.unwrap();
        sleep(Duration::from_millis(1)).await;
    };
    let (refused, ()) = tokio::join!(acceptor.accept(near, peer), client);
    refused.unwrap_err();
    drop(acceptor);
    assert_eq!(Arc::strong_count(&kept), 1);
}

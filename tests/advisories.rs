//! Advisories on this kind of server that no other test has: the versions that
//! repaired them, and what others got wrong.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::alloc::System;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use oneport::Limits;
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use support::{Pki, Server, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::service_fn;

/// Of the whole process; what the other tests hold meanwhile is little.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Crate, the least version that may be locked, why.
const FLOORS: &[(&str, [u32; 3], &str)] = &[
    ("bytes", [1, 11, 1], "RUSTSEC-2026-0007"),
    (
        "h2",
        [0, 4, 16],
        "RUSTSEC-2026-0258, and 2023-0034, 2024-0003, 2024-0332 before it",
    ),
    (
        "hyper",
        [1, 5, 1],
        "the header timer of connections that say nothing",
    ),
    ("rustls", [0, 23, 18], "RUSTSEC-2024-0399 and -0336"),
    ("rustls-webpki", [0, 103, 13], "its advisories of 2026"),
    ("time", [0, 3, 47], "RUSTSEC-2026-0009"),
    ("tokio-rustls", [0, 13, 1], "RUSTSEC-2020-0019"),
    (
        "tracing-subscriber",
        [0, 3, 20],
        "RUSTSEC-2025-0055: escapes in logs",
    ),
    ("tungstenite", [0, 20, 1], "RUSTSEC-2023-0065"),
];
/// Not at all, RUSTSEC-2025-0134.
const ABSENT: &str = "rustls-pemfile";

/// What is built here. Whoever uses the library has a lock file of their own.
#[test]
fn versions_without_known_faults() {
    let lock = std::fs::read_to_string("Cargo.lock").unwrap();
    let locked: Vec<(&str, &str)> = lock
        .split("[[package]]")
        .filter_map(|package| {
            let value = |key| package.lines().find_map(|line| line.strip_prefix(key));
            Some((value("name = ")?, value("version = ")?))
        })
        .map(|(name, version)| (name.trim_matches('"'), version.trim_matches('"')))
        .collect();
    for (name, least, why) in FLOORS {
        let versions: Vec<_> = locked.iter().filter(|(it, _)| it == name).collect();
        assert!(!versions.is_empty(), "{name} is not there any more");
        for (_, version) in versions {
            let numbers: Vec<u32> = version.split('.').map_while(|it| it.parse().ok()).collect();
            assert!(numbers.as_slice() >= least, "{name} {version}: {why}");
        }
    }
    assert!(locked.iter().all(|(name, _)| *name != ABSENT), "{ABSENT}");
}

/// CVE-2026-32305: a server chose its configuration by an SNI that it had looked
/// for in the first record. A hello in pieces had none there, and whoever sent
/// one needed no client certificate. Here rustls chooses, after the whole hello.
#[tokio::test]
async fn a_hello_in_pieces_is_no_way_around_client_certificates() {
    let pki = Pki::new();
    let mut roots = RootCertStore::empty();
    roots.add(pki.ca.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let key = rustls::pki_types::PrivateKeyDer::try_from(pki.key.clone()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(pki.chain.clone(), key)
        .unwrap();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, Arc::new(config), service_fn(support::hello))
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    for size in [1, 7, 60, 300] {
        let name = "localhost".try_into().unwrap();
        let config = pki.client_config(&["http/1.1"]);
        let mut client = rustls::ClientConnection::new(config, name).unwrap();
        let mut hello = Vec::new();
        client.write_tls(&mut hello).unwrap();
        let mut tcp = TcpStream::connect(server.addr).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        // In so many records, and each in a segment of its own.
        for piece in hello[5..].chunks(size) {
            let length = u16::try_from(piece.len()).unwrap().to_be_bytes();
            let record = [&[0x16, 3, 1], length.as_slice(), piece].concat();
            tcp.write_all(&record).await.unwrap();
        }
        let ended = within(async {
            let mut answered = Vec::new();
            loop {
                while client.wants_write() {
                    let mut flight = Vec::new();
                    client.write_tls(&mut flight).unwrap();
                    if !client.is_handshaking() && answered.is_empty() {
                        std::io::Write::write_all(
                            &mut client.writer(),
                            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        )
                        .unwrap();
                        answered.push(0);
                    }
                    if tcp.write_all(&flight).await.is_err() {
                        return "closed".to_owned();
                    }
                }
                let mut chunk = [0; 1024];
                let n = tcp.read(&mut chunk).await.unwrap_or(0);
                if n == 0 {
                    return "closed".to_owned();
                }
                client.read_tls(&mut &chunk[..n]).unwrap();
                match client.process_new_packets() {
                    Ok(state) if state.plaintext_bytes_to_read() > 0 => return "served".to_owned(),
                    Ok(_) => {}
                    Err(error) => return error.to_string(),
                }
            }
        })
        .await;
        assert!(ended.contains("CertificateRequired"), "{size}: {ended}");
    }
}

/// RUSTSEC-2020-0019: records were read as fast as they came and kept until
/// somebody wanted them. A client can push no more than the buffers on the way.
#[tokio::test]
async fn an_upload_that_nobody_reads_stays_with_its_client() {
    const MOST: usize = 32 << 20;
    let pki = Pki::new();
    let app = service_fn(|request: Request<Incoming>| async move {
        let _unread = request.into_body();
        std::future::pending::<()>().await;
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
    });
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let mut client = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {MOST}\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    let (chunk, mut sent) = ([0; 16 * 1024], 0);
    // The time is for a busy machine: what is pushed has no deadline.
    while sent < MOST {
        match timeout(Duration::from_secs(3), client.write(&chunk)).await {
            Ok(n) => sent += n.unwrap(),
            Err(_) => break,
        }
    }
    // The kernel's buffers at both ends, by far the most of it.
    assert!(sent < MOST / 2, "{sent} bytes");
}

/// CVE-2026-45416: a buffer was made as large as the hello said that it was.
#[tokio::test]
async fn a_hello_holds_what_has_come_and_not_what_it_announces() {
    const COUNT: usize = 300;
    // Of 64 bytes, and of 64 KiB in records of 16.
    const SMALL: &[u8] = b"\x16\x03\x01\x00\x44\x01\x00\x00\x40";
    const LARGE: &[u8] = b"\x16\x03\x01\x40\x00\x01\x00\xff\xff";
    let pki = Pki::new();
    let mut limits = Limits::default();
    limits.connections = 3 * COUNT;
    limits.undecided = Some(3 * COUNT);
    limits.sniff = Duration::from_secs(60);
    limits.handshake = Duration::from_secs(60);
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(support::hello))
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let mut clients = Vec::with_capacity(2 * COUNT);
    let (mut small, mut large) = (0, 0);
    for (figure, announced) in [(&mut small, SMALL), (&mut large, LARGE)] {
        // Once for what is made at first use.
        answered(&pki, &server).await;
        let before = held();
        for _ in 0..COUNT {
            let mut tcp = TcpStream::connect(server.addr).await.unwrap();
            tcp.write_all(announced).await.unwrap();
            clients.push(tcp);
        }
        // Whoever comes last is answered when those before have been read from.
        answered(&pki, &server).await;
        *figure = held().saturating_sub(before) / COUNT;
    }
    assert!(
        large < small + 4096,
        "{small} bytes each of small ones, {large} of large ones"
    );
}

/// Bytes of the heap.
fn held() -> usize {
    let now = ALLOCATOR.stats();
    now.bytes_allocated - now.bytes_deallocated
}

async fn answered(pki: &Pki, server: &Server) {
    let mut client = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    within(client.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

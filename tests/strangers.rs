//! Strangers over TCP: the exact answer to each, and a clean end.
#![allow(clippy::unwrap_used)] // a test

#[path = "strangers/answers.rs"]
mod answers;
#[path = "corpus/load.rs"]
mod corpus;
#[path = "strangers/curl.rs"]
mod curl;
mod support;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use answers::answer_to;
use oneport::{Foreign, Limits, Mode, Protocol, Status, sniff};
use support::{Pki, Server, exchange, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The flights of the corpus that are neither TLS nor HTTP.
fn strangers() -> Vec<(String, Foreign, Vec<u8>)> {
    let named = |sample: corpus::Sample| match sniff(&sample.bytes) {
        Status::Complete(Protocol::Foreign(foreign)) => Some((sample.id, foreign, sample.bytes)),
        _ => None,
    };
    corpus::load().into_iter().filter_map(named).collect()
}

/// In as many bytes at once, with `more` behind it before anything is read. A
/// reset would be an error.
async fn exchange_in_pieces(addr: SocketAddr, flight: &[u8], size: usize, more: &[u8]) -> Vec<u8> {
    let mut tcp = TcpStream::connect(addr).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    // Beyond its first bytes a flight is drained.
    let (head, tail) = flight.split_at(flight.len().min(512));
    for piece in head.chunks(size) {
        tcp.write_all(piece).await.unwrap();
    }
    for rest in [tail, more] {
        within(tcp.write_all(rest)).await.unwrap();
    }
    let mut answer = Vec::new();
    within(tcp.read_to_end(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn every_stranger_of_the_corpus_gets_its_answer_and_a_clean_end() {
    let server = patient().await;
    let addr = server.addr;
    let mut names = BTreeSet::new();
    let mut waiting = Vec::new();
    for (id, foreign, flight) in strangers() {
        names.insert(foreign.name());
        // These may say more after the answer, and are given a second for it.
        let waited_for = matches!(foreign, Foreign::Multistream | Foreign::Redis);
        // Bytes that a libp2p client sends behind its header are proposals.
        let upload = match foreign {
            Foreign::Multistream => 0,
            _ => 200_000,
        };
        for (size, more) in [(512, 0), (1, 0), (7, upload)] {
            let (id, flight) = (id.clone(), flight.clone());
            let exchange = tokio::spawn(async move {
                let answer = exchange_in_pieces(addr, &flight, size, &vec![b'\n'; more]).await;
                assert_eq!(
                    answer.escape_ascii().to_string(),
                    answer_to(foreign, &flight).escape_ascii().to_string(),
                    "{id} in pieces of {size}, {more} bytes behind it",
                );
            });
            match waited_for {
                true => waiting.push(exchange),
                false => exchange.await.unwrap(),
            }
        }
    }
    for exchange in waiting {
        exchange.await.unwrap();
    }
    assert!(names.len() >= 25, "{names:?}");
}

/// A server that drains for longer than a slow machine takes to send.
async fn patient() -> Server {
    let tls = Pki::new().tls();
    Server::start(move |listener, signal| {
        let mut limits = Limits::default();
        limits.linger = Duration::from_secs(25);
        oneport::serve_dual(listener, tls, tower::service_fn(support::hello))
            .mode(Mode::TlsOnly)
            .limits(limits)
            .with_graceful_shutdown(support::told(signal))
            .into_future()
    })
    .await
}

/// What is no HTTP inside TLS speaks the same languages there.
#[tokio::test]
async fn strangers_inside_tls_are_answered_as_well() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let table: [(Foreign, &[u8]); 5] = [
        (Foreign::Mqtt, b"\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04test"),
        (Foreign::Redis, b"*1\r\n$4\r\nping\r\n"),
        (Foreign::Smtp, b"EHLO test.example\r\n"),
        (Foreign::Text, b"what is this\r\n"),
        (Foreign::Unknown, b"\xac\xed\0\x05"),
    ];
    for (foreign, flight) in table {
        let mut tls = pki.connect(server.addr, &[]).await.unwrap();
        tls.write_all(flight).await.unwrap();
        let mut answer = Vec::new();
        // An end without close_notify would be an error.
        within(tls.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(answer, answer_to(foreign, flight), "{foreign}");
    }
}

/// psql, with `sslmode=prefer`: it waits for `N`, then goes on in plaintext.
#[tokio::test]
async fn postgres_clients_are_told_after_they_have_asked_for_encryption() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let startup = b"\0\0\0\x16\0\x03\0\0user\0u\0db\0d\0\0\0";
    for requests in [&[0x30, 0x2f][..], &[0x2f], &[0x30]] {
        let mut tcp = TcpStream::connect(server.addr).await.unwrap();
        for code in requests {
            let request = [0, 0, 0, 8, 0x04, 0xd2, 0x16, *code];
            tcp.write_all(&request).await.unwrap();
            assert_eq!(within(tcp.read_u8()).await.unwrap(), b'N');
        }
        tcp.write_all(startup).await.unwrap();
        let mut answer = Vec::new();
        within(tcp.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(answer, answer_to(Foreign::PostgresStartup, startup));
    }
    // `sslmode=require` leaves.
    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    let request = b"\0\0\0\x08\x04\xd2\x16\x2f";
    tcp.write_all(request).await.unwrap();
    tcp.shutdown().await.unwrap();
    let mut answer = Vec::new();
    within(tcp.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, b"N");
}

/// What a client still sends after it has read all is no reason for a reset.
#[tokio::test]
async fn the_rest_of_a_flight_may_come_after_the_end() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let ssh = b"SSH-2.0-OpenSSH_9.2p1\r\n";
    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    tcp.write_all(ssh).await.unwrap();
    let mut answer = Vec::new();
    within(tcp.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, answer_to(Foreign::Ssh, ssh));
    for _ in 0..10 {
        tcp.write_all(&[0; 1500]).await.unwrap();
        assert_eq!(within(tcp.read(&mut [0; 16])).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_proxy_header_where_none_is_expected_has_its_own_sentence() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let v1 = b"PROXY TCP4 192.0.2.1 192.0.2.2 1111 443\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let v2 = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for flight in [&v1[..], v2] {
        let answer = String::from_utf8(exchange(server.addr, flight).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        let header = "\r\nOneport-Mismatch: proxy-header-unexpected\r\n";
        assert!(answer.contains(header), "{answer}");
        let sentence = "\r\n\r\nA proxy sends the PROXY protocol to this port, which does not \
            expect it: switch it off at the proxy.\n";
        assert!(answer.ends_with(sentence), "{answer}");
    }
}

/// Nothing that the client sent comes back.
#[tokio::test]
async fn no_answer_reflects_what_was_sent() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    for flight in [
        &b"EHLO <script>\r\nX-Evil: 1\r\n"[..],
        b"OPTIONS <script> RTSP/1.0\r\nCSeq: <script>\r\n\r\n",
        b"OPTIONS <script> SIP/2.0\r\nVia: <script>\r\n\r\n",
        b"SSH-2.0-<script>\r\n",
        b"NICK <script>\r\n",
        b"a1 LOGIN <script> x\r\n",
        b"GET /<script> <script> HTTP/1.1\r\n\r\n",
        b"PROXY UNKNOWN <script>\r\n",
        b"\0\0\0\x1a\0\x03\0\0user\0<script>\0\0",
        b"\x10\x18\0\x04MQTT\x04\x02\0\x3c\0\x08<script>",
        b"\x13/multistream/1.0.0\n\x09<script>\n",
    ] {
        let answer = exchange(server.addr, flight).await;
        let answer = answer.escape_ascii().to_string();
        assert!(!answer.is_empty(), "{}", flight.escape_ascii());
        assert!(!answer.contains("script"), "{answer}");
        assert!(!answer.contains("Evil"), "{answer}");
    }
}

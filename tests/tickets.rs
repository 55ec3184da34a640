//! Session tickets leave with the first response, and nobody who waits for
//! them, or for close_notify, waits in vain.
#![allow(clippy::unwrap_used)] // a test: a panic is the report

mod support;

use std::time::Duration;

use support::{Pki, Server, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// `openssl s_client -sess_out` sends no request.
#[tokio::test]
async fn a_client_that_says_nothing_gets_its_tickets() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let mut tls = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
    // Tickets are no data: the read goes on.
    while tls.get_ref().1.tls13_tickets_received() < 2 {
        let silence = timeout(Duration::from_millis(10), tls.read_u8()).await;
        assert!(silence.is_err());
    }
}

#[tokio::test]
async fn tickets_come_with_the_response_and_resume() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let config = pki.client_config(&["http/1.1"]);
    let connector = tokio_rustls::TlsConnector::from(config);
    for resumed in [false, true, true] {
        let tcp = tokio::net::TcpStream::connect(server.addr).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let mut tls = connector.connect(name, tcp).await.unwrap();
        let kind = tls.get_ref().1.handshake_kind();
        assert_eq!(kind == Some(rustls::HandshakeKind::Resumed), resumed);
        tls.write_all(REQUEST).await.unwrap();
        let mut answer = [0; 12];
        within(tls.read_exact(&mut answer)).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        assert_ne!(tls.get_ref().1.tls13_tickets_received(), 0);
    }
}

/// The server's last flight is the last of the handshake there: held, it would
/// stall it.
#[tokio::test]
async fn tls_1_2_shakes_hands() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(pki.ca.clone()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    for resumed in [false, true] {
        let tcp = tokio::net::TcpStream::connect(server.addr).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let mut tls = within(connector.connect(name, tcp)).await.unwrap();
        let kind = tls.get_ref().1.handshake_kind();
        assert_eq!(kind == Some(rustls::HandshakeKind::Resumed), resumed);
        tls.write_all(REQUEST).await.unwrap();
        let mut answer = [0; 12];
        within(tls.read_exact(&mut answer)).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
}

/// Python's `ssl.SSLSocket.unwrap` and Java wait for it; rustls calls its
/// absence an error.
#[tokio::test]
async fn a_client_that_says_goodbye_is_answered() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    for and_fin in [false, true] {
        let mut tls = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
        tls.write_all(REQUEST).await.unwrap();
        let mut answer = Vec::new();
        within(tls.read_buf(&mut answer)).await.unwrap();
        let (tcp, session) = tls.get_mut();
        session.send_close_notify();
        let mut goodbye = Vec::new();
        session.write_tls(&mut goodbye).unwrap();
        tcp.write_all(&goodbye).await.unwrap();
        if and_fin {
            tcp.shutdown().await.unwrap();
        }
        within(tls.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    }
}

/// An alert is not held: garbage instead of the client's last flight.
#[tokio::test]
async fn a_broken_handshake_is_answered_with_an_alert() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let name = "localhost".try_into().unwrap();
    let mut session = rustls::ClientConnection::new(pki.client_config(&[]), name).unwrap();
    let mut hello = Vec::new();
    session.write_tls(&mut hello).unwrap();
    let mut tcp = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    tcp.write_all(&hello).await.unwrap();
    let mut flight = vec![0; 16 * 1024];
    // The server's whole flight goes out, for it waits for ours.
    let n = within(tcp.read(&mut flight)).await.unwrap();
    assert_eq!(flight[0], 22, "a handshake record");
    assert!(n > 300, "only {n} bytes");
    // An encrypted record that is none.
    tcp.write_all(b"\x17\x03\x03\x00\x20").await.unwrap();
    tcp.write_all(&[0; 32]).await.unwrap();
    let mut rest = Vec::new();
    within(tcp.read_to_end(&mut rest)).await.unwrap();
    // Encrypted by now: application data on the wire, one alert long.
    assert_eq!(&rest[..5], b"\x17\x03\x03\x00\x13", "{rest:02x?}");
    assert_eq!(rest.len(), 5 + 0x13);
}

//! Refused requests that asked for an upgrade. hyper does not shut the stream
//! down behind the answer to such a request (it might have been upgraded), and
//! `with_upgrades` drops it with the `OnUpgrade` that nobody waits for.
//!
//! So a refused WebSocket or CONNECT got FIN (inside TLS: an end without
//! close_notify) only when the linger time was over, and an upload with an
//! `Upgrade` header, as Java's HttpClient sends with each first plaintext
//! request (`Upgrade: h2c`), got RST in place of the answer from a layer.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::time::Duration;

use oneport::Mode;
use oneport::layer::RequireTls;
use support::{Pki, Server, exchange, hello, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tower::{Layer, service_fn};

const WEBSOCKET: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const CONNECT: &[u8] = b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";

/// Less than the two seconds that a connection lingers.
const SOON: Duration = Duration::from_secs(1);

#[tokio::test]
async fn fin_follows_the_answer() {
    let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
    for request in [WEBSOCKET, CONNECT] {
        let answer = timeout(SOON, exchange(server.addr, request)).await;
        let answer = answer.expect("the end follows the answer");
        assert!(answer.starts_with(b"HTTP/1.1 426 "));
    }
}

#[tokio::test]
async fn close_notify_follows_the_answer() {
    let pki = Pki::new();
    let server = Server::answering_tls(&pki).await;
    let mut stream = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
    stream.write_all(WEBSOCKET).await.unwrap();
    let mut answer = Vec::new();
    // rustls reports an end without close_notify as an error.
    within(stream.read_to_end(&mut answer))
        .await
        .expect("close_notify");
    assert!(answer.starts_with(b"HTTP/1.1 421 "));
}

#[tokio::test]
async fn an_upload_that_asks_for_h2c_reads_the_answer_of_a_layer() {
    let pki = Pki::new();
    let tls = pki.tls();
    let app = RequireTls::new().layer(service_fn(hello));
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let length = 8 * 1024 * 1024;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n\
         Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\nContent-Length: {length}\r\n\r\n"
    );
    for _ in 0..10 {
        let mut client = tokio::net::TcpStream::connect(server.addr).await.unwrap();
        client.write_all(head.as_bytes()).await.unwrap();
        let sent = within(client.write_all(&vec![b'x'; length])).await;
        let mut answer = Vec::new();
        let read = within(client.read_to_end(&mut answer)).await;
        assert!(
            sent.is_ok() && read.is_ok() && answer.starts_with(b"HTTP/1.1 426 "),
            "{sent:?} {read:?} {}",
            answer.escape_ascii()
        );
    }
}

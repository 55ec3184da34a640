//! The server's own end of a connection inside TLS is no truncation: OpenSSL 3
//! reports "unexpected eof while reading" where close_notify is missing
//! (RFC 8446 6.1).
#![allow(clippy::unwrap_used)] // a test

mod support;

use oneport::Limits;
use std::time::Duration;
use support::{Pki, Server, hello, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::service_fn;

#[tokio::test]
async fn of_an_idle_connection_and_of_one_without_a_request() {
    let pki = Pki::new();
    let tls = pki.tls();
    let mut limits = Limits::default();
    limits.first_request = Duration::from_millis(200);
    limits.keep_alive_idle = Duration::from_millis(200);
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(hello))
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    for request in [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], b""] {
        let mut stream = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
        stream.write_all(request).await.unwrap();
        let end = within(stream.read_to_end(&mut Vec::new())).await;
        assert!(end.is_ok(), "{} {end:?}", request.escape_ascii());
    }
}

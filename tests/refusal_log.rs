//! One line per refusal; the repeated ones are folded.
#![allow(clippy::unwrap_used)] // a test

mod log_capture;
mod support;

use std::net::SocketAddr;
use std::time::Duration;

use log_capture::Log;
use oneport::{Acceptor, Mode};
use support::{Pki, Server, exchange};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::sleep;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Runs one refused client from this address to its end.
async fn refuse(acceptor: &Acceptor, peer: &str, request: &[u8]) {
    let peer: SocketAddr = peer.parse().unwrap();
    let (mut client, server) = duplex(4096);
    client.write_all(request).await.unwrap();
    let client = tokio::spawn(async move {
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
    });
    acceptor.accept(server, peer).await.unwrap_err();
    client.await.unwrap();
}

/// A health check with the wrong scheme fills no log; the line is there at once,
/// its number within the next minutes.
#[tokio::test(start_paused = true)]
async fn identical_lines_are_folded() {
    let (log, _guard) = Log::capture();
    let acceptor = Acceptor::new(Pki::new().tls()).mode(Mode::TlsOnly);
    for port in 1..=87 {
        refuse(&acceptor, &format!("192.0.2.1:{port}"), GET).await;
    }
    let lines = log.lines_with("refused");
    assert_eq!(lines.len(), 1, "{lines:?}");
    for word in [
        "This port requires TLS",
        "peer=192.0.2.1:1 ",
        "spoke=HTTP/1 ",
        "remedy=\"let the client use https://",
    ] {
        assert!(lines[0].contains(word), "{lines:?}");
    }
    sleep(Duration::from_secs(61)).await;
    refuse(&acceptor, "192.0.2.1:88", GET).await;
    let lines = log.lines_with("refused");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].contains("(repeated 87 times)"), "{lines:?}");
    assert!(lines[1].contains("peer=192.0.2.1 "), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn different_lines_are_not_folded() {
    let (log, _guard) = Log::capture();
    let acceptor = Acceptor::new(Pki::new().tls()).mode(Mode::TlsOnly);
    refuse(&acceptor, "192.0.2.1:1", GET).await;
    refuse(&acceptor, "192.0.2.2:1", GET).await;
    refuse(&acceptor, "192.0.2.1:2", b"SSH-2.0-OpenSSH_9.2\r\n").await;
    let lines = log.lines_with("refused");
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[2].contains("spoke=SSH "), "{lines:?}");
}

/// Neither the memory nor the log grows with the number of clients.
#[tokio::test(start_paused = true)]
async fn ten_thousand_addresses_do_not_fill_the_log() {
    let (log, _guard) = Log::capture();
    let acceptor = Acceptor::new(Pki::new().tls()).mode(Mode::TlsOnly);
    for host in 0..10_000_u32 {
        let ip = std::net::Ipv4Addr::from(0x0a00_0000 + host);
        refuse(&acceptor, &format!("{ip}:1"), b"SSH-2.0-x\r\n").await;
    }
    let lines = log.lines_with("refused");
    // 1,024 addresses, and everybody else.
    assert_eq!(lines.len(), 1025, "{}", lines.len());
    sleep(Duration::from_secs(61)).await;
    refuse(&acceptor, "192.0.2.1:1", b"SSH-2.0-x\r\n").await;
    let lines = log.lines_with("(repeated ");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let everybody_else = "refused, for several reasons (repeated 8975 times) peer=many addresses";
    assert!(lines[0].contains(everybody_else), "{lines:?}");
}

/// What was counted is not lost when the server ends.
#[tokio::test]
async fn the_rest_is_written_at_the_end() {
    let (log, _guard) = Log::capture();
    let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
    for _ in 0..5 {
        exchange(server.addr, GET).await;
    }
    server.shut_down().await.unwrap();
    let lines = log.lines_with("refused");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].contains("(repeated 4 times)"), "{lines:?}");
}

/// Nothing that a client sent is in the log, so nothing in it can be forged.
#[tokio::test]
async fn no_client_bytes_in_the_log() {
    let (log, _guard) = Log::capture();
    let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
    let request = b"GET /zq?token=zq HTTP/1.1\r\nHost: zq\r\nCookie: zq\r\nUser-Agent: zq\r\n\r\n";
    exchange(server.addr, request).await;
    exchange(server.addr, b"zq \x1b[31mzq\r\n").await;
    server.shut_down().await.unwrap();
    let lines = log.lines_with("refused");
    assert_eq!(lines.len(), 3, "{}", log.text());
    // The kinds of secrets that it carried, and none of the secrets.
    let warning = "credentials=a Cookie header, a query parameter \"token\"";
    assert!(
        lines[1].contains("WARN") && lines[1].contains(warning),
        "{lines:?}"
    );
    assert!(!log.text().contains("zq"), "{}", log.text());
}

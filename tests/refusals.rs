//! The explanation arrives: whatever the client still sends, however it closes.
#![allow(clippy::unwrap_used)] // a test

mod support;

use oneport::{Mismatch, Mode};
use support::{Pki, Server, exchange, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A close with unread input makes the kernel send RST, and the client never
/// reads the answer: 0 of 20 clients with a 5 MB upload saw it; caps of 64 KiB
/// and 1 MiB on the drain were not enough.
#[tokio::test]
async fn an_uploading_client_reads_the_explanation() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let upload = vec![b'x'; 5 * 1024 * 1024];
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
        upload.len()
    );
    for _ in 0..20 {
        let mut client = TcpStream::connect(server.addr).await.unwrap();
        client.write_all(head.as_bytes()).await.unwrap();
        // As clients do that write their whole body before they read.
        within(client.write_all(&upload)).await.unwrap();
        let mut answer = Vec::new();
        within(client.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 426 This port requires TLS"));
    }
}

#[tokio::test]
async fn a_thousand_plaintext_clients_see_no_reset() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    for _ in 0..1000 {
        let answer = exchange(server.addr, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(answer.starts_with(b"HTTP/1.1 426 "));
        assert!(answer.ends_with(b"HTTPS server.\n"));
    }
}

/// Every method is HTTP: a list of five leaves the rest without an answer (Go,
/// Caddy); `CONNECT` panics the rival crate, `OPTIONS *` confuses its redirect.
#[tokio::test]
async fn every_method_and_target_gets_the_explanation() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    for line in [
        "GET / HTTP/1.1",
        "PATCH /a HTTP/1.1",
        "DELETE /a HTTP/1.1",
        "PROPFIND /a HTTP/1.1",
        "CONNECT example.org:443 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET http://example.org/a HTTP/1.1",
        "brew /pot HTTP/1.1",
        "GET / HTTP/1.0",
    ] {
        let request = format!("{line}\r\nHost: a\r\n\r\n");
        let answer = exchange(server.addr, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.contains(" 426 This port requires TLS"),
            "{line}: {answer}"
        );
        assert!(!answer.to_lowercase().contains("location:"), "{answer}");
    }
}

#[tokio::test]
async fn a_websocket_request_gets_426_too() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let request = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let answer = String::from_utf8(exchange(server.addr, request).await).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 426 This port requires TLS"),
        "{answer}"
    );
}

#[tokio::test]
async fn browsers_get_a_page_and_programs_get_problem_details() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let page =
        b"GET /a?b=1 HTTP/1.1\r\nHost: example.org:3000\r\nAccept: text/html,*/*;q=0.8\r\n\r\n";
    let page = String::from_utf8(exchange(server.addr, page).await).unwrap();
    assert!(
        page.contains("\r\ncontent-type: text/html; charset=utf-8\r\n"),
        "{page}"
    );
    // The browser itself puts the link together; tests/real_clients clicks it.
    assert!(page.contains("<a id=\"corrected\">"), "{page}");
    assert!(!page.contains("example.org"), "{page}");
    let problem = b"GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n";
    let problem = String::from_utf8(exchange(server.addr, problem).await).unwrap();
    assert!(
        problem.contains("\r\ncontent-type: application/problem+json\r\n"),
        "{problem}"
    );
    let body = problem.split("\r\n\r\n").nth(1).unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["title"], Mismatch::PlaintextToTls.sentence());
}

/// The hello is consumed first: an answer to a hello that was only peeked at
/// was lost in Java.
#[tokio::test]
async fn tls_to_a_plaintext_only_port_is_answered_in_http_1_0() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::PlaintextOnly).await;
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut client = rustls::ClientConnection::new(pki.client_config(&["h2"]), name).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    let sentence = Mismatch::TlsToPlaintext.sentence();
    let expected = format!(
        "HTTP/1.0 400 {sentence}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\n\
         Oneport-Mismatch: tls-to-plaintext\r\n\
         Connection: close\r\n\
         \r\n\
         {sentence}\n",
        sentence.len() + 1
    );
    for pieces in [hello.len(), 100, 1] {
        let mut tcp = TcpStream::connect(server.addr).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        for piece in hello.chunks(pieces) {
            tcp.write_all(piece).await.unwrap();
        }
        let mut answer = String::new();
        within(tcp.read_to_string(&mut answer)).await.unwrap();
        assert_eq!(answer, expected, "in pieces of {pieces}");
    }
}

/// A plaintext-only port without any certificate answers the same.
#[tokio::test]
async fn serve_plaintext_answers_tls_too() {
    let pki = Pki::new();
    let server = Server::start(|listener, signal| {
        oneport::serve_plaintext(listener, tower::service_fn(support::hello))
            .with_graceful_shutdown(support::told(signal))
            .into_future()
    })
    .await;
    let error = pki.connect(server.addr, &[]).await.unwrap_err();
    assert!(error.to_string().contains("InvalidContentType"), "{error}");
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = exchange(server.addr, request).await;
    assert!(answer.ends_with(b"plaintext HTTP/1.1 GET \n"));
}

/// A failed handshake's alert arrives, with more of the client's data under way.
#[tokio::test]
async fn the_alert_of_a_failed_handshake_arrives() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    // A well-formed record with a ClientHello that is none.
    let mut garbage = b"\x16\x03\x01\x00\x10\x01\x00\x00\x0c".to_vec();
    garbage.extend([0xff; 12]);
    for _ in 0..5 {
        let mut client = TcpStream::connect(server.addr).await.unwrap();
        client.write_all(&garbage).await.unwrap();
        client.write_all(&[0; 100_000]).await.unwrap();
        let mut answer = Vec::new();
        within(client.read_to_end(&mut answer)).await.unwrap();
        // A fatal alert (level 2): decode_error is 50.
        assert_eq!(answer[..7], [0x15, 3, 3, 0, 2, 2, 50]);
    }
}

#[tokio::test]
async fn text_that_is_no_http_gets_a_400_and_binary_gets_silence() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let answer = exchange(server.addr, b"what is this\r\n").await;
    assert!(answer.starts_with(b"HTTP/1.1 400 Bad Request\r\n"));
    let mut client = TcpStream::connect(server.addr).await.unwrap();
    client.write_all(b"\xac\xed\x00\x05").await.unwrap();
    let mut answer = Vec::new();
    within(client.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, b"");
}

/// RFC 9113 3.4: a connection error, never a fall-back to HTTP/1.
#[tokio::test]
async fn alpn_h2_without_the_preface_is_an_error() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let flights: [&[u8]; 3] = [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        // h2spec 3.5/2: neither, and it used to get an HTTP/1.1 400.
        b"INVALID CONNECTION PREFACE\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ];
    for flight in flights {
        let mut tls = pki.connect(server.addr, &["h2"]).await.unwrap();
        assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        tls.write_all(flight).await.unwrap();
        let mut answer = Vec::new();
        within(tls.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(answer, b"");
    }
}

/// hyper answers a head that it cannot parse by itself, with a bare 400 or 431:
/// that the port requires TLS goes before it.
#[tokio::test]
async fn a_request_that_cannot_be_parsed_gets_the_explanation() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let large = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
        "a: b\r\n".repeat(500)
    );
    for request in [
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nbad header: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        &large,
        &many,
    ] {
        let answer = exchange(server.addr, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        let shown = request.get(..60).unwrap_or(request);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{shown:?}: {answer}");
        let slug = "\r\nOneport-Mismatch: plaintext-to-tls\r\n";
        assert!(answer.contains(slug), "{shown:?}: {answer}");
        let body = format!("\r\n\r\n{}\n", Mismatch::PlaintextToTls.sentence());
        assert!(answer.ends_with(&body), "{shown:?}: {answer}");
    }
}

/// `echo 'GET / HTTP/1.0' | nc -N host port`: a request line and FIN.
#[tokio::test]
async fn a_head_without_an_end_gets_the_explanation() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let mut client = TcpStream::connect(server.addr).await.unwrap();
    client.write_all(b"GET / HTTP/1.0\n").await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = String::new();
    within(client.read_to_string(&mut answer)).await.unwrap();
    assert!(
        answer.ends_with("instead of http:// (or ws://).\n"),
        "{answer}"
    );
}

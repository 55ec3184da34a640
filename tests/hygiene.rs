//! Requests that a server has to turn away before its application sees them.
#![allow(clippy::unwrap_used)] // a test

mod support;

use support::{Pki, Server, exchange};

async fn status_of(server: &Server, request: &str) -> String {
    let answer = exchange(server.addr, request.as_bytes()).await;
    let answer = String::from_utf8(answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

/// RFC 9112 3.2. hyper passes all of these.
#[tokio::test]
async fn requests_without_one_proper_host() {
    let server = Server::dual(&Pki::new()).await;
    for head in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nHost: b\r\n",
        "Host: user@a\r\n",
    ] {
        let request = format!("GET / HTTP/1.1\r\n{head}\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let answer = exchange(server.addr, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{head:?}: {answer}"
        );
        assert!(answer.contains("\r\nx-error: "), "{answer}");
        // The connection is over.
        assert!(!answer.contains("HTTP/1.1 200 "), "{answer}");
    }
    assert_eq!(
        status_of(&server, "GET / HTTP/1.0\r\n\r\n").await,
        "HTTP/1.0 200 OK"
    );
}

/// 100 headers and 64 KiB.
#[tokio::test]
async fn heads_that_are_too_large() {
    let server = Server::dual(&Pki::new()).await;
    let with =
        |headers: &str| format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n");
    let many = |count: usize| "A: b\r\n".repeat(count);
    assert_eq!(
        status_of(&server, &with(&many(98))).await,
        "HTTP/1.1 200 OK"
    );
    let too_large = "HTTP/1.1 431 Request Header Fields Too Large";
    assert_eq!(status_of(&server, &with(&many(99))).await, too_large);
    let long = |length: usize| format!("A: {}\r\n", "b".repeat(length));
    assert_eq!(
        status_of(&server, &with(&long(60 * 1024))).await,
        "HTTP/1.1 200 OK"
    );
    assert_eq!(status_of(&server, &with(&long(65 * 1024))).await, too_large);
}

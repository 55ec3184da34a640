//! A Router on a port that serves both modes, and requests to it as bytes.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test file uses its part

use std::net::SocketAddr;

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Pki, Server, exchange, told, within};

pub async fn serve(pki: &Pki, app: Router) -> Server {
    let tls = pki.tls();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// `head` is lines; the empty one and `Connection: close` are added.
pub fn request(head: &str) -> Vec<u8> {
    let lines: Vec<_> = head.lines().map(str::trim).collect();
    format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n")).into_bytes()
}

/// The answer to [`request`] over plaintext, in lower case up to the body.
pub async fn plaintext(addr: SocketAddr, head: &str) -> Answer {
    Answer::of(&exchange(addr, &request(head)).await)
}

/// As [`plaintext`], over TLS.
pub async fn over_tls(pki: &Pki, addr: SocketAddr, head: &str) -> Answer {
    let mut tls = pki.connect(addr, &["http/1.1"]).await.unwrap();
    tls.write_all(&request(head)).await.unwrap();
    let mut answer = Vec::new();
    within(tls.read_to_end(&mut answer)).await.unwrap();
    Answer::of(&answer)
}

/// An answer in HTTP/1.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn of(bytes: &[u8]) -> Self {
        let mut storage = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut storage);
        let parsed = head.parse(bytes).unwrap();
        let length = match parsed {
            httparse::Status::Complete(length) => length,
            httparse::Status::Partial => panic!("{:?}", bytes.escape_ascii().to_string()),
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = head.headers.iter();
        Self {
            status: head.code.unwrap(),
            headers: headers
                .map(|header| (header.name.to_lowercase(), text(header.value)))
                .collect(),
            body: text(&bytes[length..]),
        }
    }

    /// The values of all headers of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(own, _)| own == name);
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of the one header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() <= 1, "{name}: {all:?}");
        all.first().copied()
    }
}

//! Other protocols' words, where a browser could be made to say them (ALPACA),
//! and headers that only a proxy may send.
//!
//! A server cannot see that TLS was stripped on the way to it (STRIPTLS): what
//! reaches it is plaintext. Whether that is served is the policy's to say, and
//! browsers remember by HSTS.

use oneport::{Limits, ProxyProtocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::among_others;
use crate::support::{Pki, Server, exchange, hello, told, within};
use crate::target::Target;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// What is said to other servers, and what browsers can be made to say: the
/// lines of such a protocol in a body.
const WORDS: [&str; 10] = [
    "EHLO a\r\n",
    "HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n",
    "USER a\r\nPASS b\r\n",
    "AUTH TLS\r\n",
    "a1 LOGIN a b\r\n",
    "a1 STARTTLS\r\n",
    "STLS\r\n",
    "STARTTLS\r\n",
    "NICK a\r\nUSER a 0 * :a\r\n",
    "<stream:stream to='a' xmlns='jabber:client' version='1.0'>",
];

/// With a request behind them: the application sees none.
#[test]
fn words_of_other_protocols() {
    among_others(async {
        let target = Target::start(Limits::default()).await;
        for words in WORDS {
            let bytes = [words, GET].concat();
            let answer = exchange(target.server.addr, bytes.as_bytes()).await;
            assert!(!answer.starts_with(b"HTTP/1.1 2"), "{words}: {answer:?}");
            let addr = target.server.addr;
            for alpn in [&[][..], &["http/1.1"], &["h2"]] {
                let mut tls = target.pki.connect(addr, alpn).await.unwrap();
                tls.write_all(bytes.as_bytes()).await.unwrap();
                let mut answer = Vec::new();
                let _ = within(tls.read_to_end(&mut answer)).await;
                let text = String::from_utf8_lossy(&answer);
                assert!(!text.contains("HTTP/1.1 2"), "{words} {alpn:?}: {text}");
            }
        }
        assert_eq!(target.seen(), 0);
    });
}

/// Answers of a web server are of use to an attacker only where another
/// protocol's client takes them: it offers its own ALPN, and gets an alert.
#[test]
fn clients_of_other_protocols_in_tls() {
    among_others(async {
        let target = Target::start(Limits::default()).await;
        for alpn in [
            "smtp",
            "ftp",
            "imap",
            "pop3",
            "xmpp-client",
            "h3",
            "http/1.2",
            "",
        ] {
            let alpn: &[&str] = if alpn.is_empty() {
                &["x", "y"]
            } else {
                &[alpn]
            };
            let refused = target.pki.connect(target.server.addr, alpn).await;
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("NoApplicationProtocol"), "{alpn:?}: {error}");
        }
    });
}

/// Whoever is no trusted proxy cannot say who it is, in any place where a
/// header might be looked for.
#[test]
fn proxy_headers_from_strangers() {
    among_others(async {
        const V2: &[u8] =
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\xc8\x13\x88\x01\xbb";
        let target = Target::start(Limits::default()).await;
        let pki = Pki::new();
        let elsewhere = ProxyProtocol::from_networks(["192.0.2.0/24".parse().unwrap()]);
        let behind = Server::start(|listener, signal| {
            oneport::serve_dual(listener, pki.tls(), tower::service_fn(hello))
                .proxy_protocol(elsewhere)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await;
        let v1 = b"PROXY TCP4 127.0.0.1 127.0.0.1 5000 443\r\n";
        let unknown = b"PROXY UNKNOWN\r\n";
        for header in [&v1[..], V2, unknown] {
            let request = [header, GET.as_bytes()].concat();
            for addr in [target.server.addr, behind.addr] {
                let answer = exchange(addr, &request).await;
                assert!(answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
                // In front of a handshake.
                let (_, flight) = target.client();
                let mut tcp = TcpStream::connect(addr).await.unwrap();
                tcp.write_all(&[header, &flight].concat()).await.unwrap();
                let mut answer = Vec::new();
                let _ = within(tcp.read_to_end(&mut answer)).await;
                assert_ne!(answer.first(), Some(&0x16), "{answer:?}");
            }
            // Behind one.
            let addr = target.server.addr;
            let mut tls = target.pki.connect(addr, &["http/1.1"]).await.unwrap();
            tls.write_all(&request).await.unwrap();
            let mut answer = Vec::new();
            let _ = within(tls.read_to_end(&mut answer)).await;
            assert!(!answer.starts_with(b"HTTP/1.1 2"), "{answer:?}");
        }
        assert_eq!(target.seen(), 0);
    });
}

//! Ports that speak something else, or nothing.

use std::net::SocketAddr;
use std::time::Duration;

use oneport::client::{
    Cause, Certainty, ConnectError, ConnectErrorKind, ConnectStage, End, Spoke,
    diagnose_first_bytes,
};
use oneport::{Foreign, Mismatch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::{Site, diagnosis, fault, url};
use crate::support::{listen, within};

/// What a server does with a connection.
#[derive(Clone, Copy, Debug)]
enum Does {
    /// Waits for the client, says this and closes.
    Answers(&'static [u8]),
    /// Says this at once, and waits.
    Greets(&'static [u8]),
    /// Sends back what it gets.
    Echoes,
    /// Waits for the client, and resets the connection.
    Resets,
}

async fn port(does: Does) -> SocketAddr {
    let listener = listen().await;
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(does.with(tcp));
        }
    });
    addr
}

impl Does {
    async fn with(self, mut tcp: TcpStream) {
        let mut hello = vec![0; 4096];
        match self {
            Self::Answers(bytes) => {
                let _ = tcp.read(&mut hello).await;
                let _ = tcp.write_all(bytes).await;
                let _ = tcp.shutdown().await;
                let _ = tcp.read(&mut hello).await;
            }
            Self::Greets(bytes) => {
                let _ = tcp.write_all(bytes).await;
                while let Ok(1..) = tcp.read(&mut hello).await {}
            }
            Self::Echoes => {
                while let Ok(n @ 1..) = tcp.read(&mut hello).await {
                    let _ = tcp.write_all(&hello[..n]).await;
                }
            }
            Self::Resets => {
                let _ = tcp.read(&mut hello).await;
                socket2::SockRef::from(&tcp)
                    .set_linger(Some(Duration::ZERO))
                    .unwrap();
            }
        }
    }
}

const SETTINGS: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64";

/// Three classes of TLSplain, and more.
#[tokio::test]
async fn tls_to_what_is_no_tls() {
    let plaintext = Cause::Mismatch(Mismatch::TlsToPlaintext);
    let site = Site::new();
    for (does, cause, certainty) in [
        (
            Does::Answers(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n"),
            plaintext,
            Certainty::Certain,
        ),
        (
            Does::Answers(b"<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">\n"),
            plaintext,
            Certainty::Certain,
        ),
        (
            Does::Answers(b"HTTP"),
            Cause::ClosedAtOnce,
            Certainty::Certain,
        ),
        (Does::Greets(SETTINGS), plaintext, Certainty::Certain),
        (
            Does::Greets(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
            Cause::NotTls(Foreign::Ssh),
            Certainty::Certain,
        ),
        (
            Does::Echoes,
            Cause::NotTls(Foreign::Unknown),
            Certainty::Certain,
        ),
        (
            Does::Answers(b""),
            Cause::ClosedInHandshake,
            Certainty::Possible,
        ),
        (Does::Resets, Cause::ClosedInHandshake, Certainty::Possible),
        (
            Does::Answers(b"\x15\x03\x03\x00\x02\x02\x46"),
            Cause::NoCommonParameters,
            Certainty::Certain,
        ),
        (
            Does::Answers(b"\x15\x03\x03\x00\x02\x02\x70"),
            Cause::UnknownServerName,
            Certainty::Certain,
        ),
    ] {
        let addr = port(does).await;
        for scheme in ["https", "wss"] {
            let error = fault(&site.connector(), &url(scheme, addr)).await;
            assert_eq!(error.kind(), ConnectErrorKind::Tls, "{does:?}");
            let found = diagnosis(&error);
            assert_eq!(
                (found.cause(), found.certainty()),
                (cause, certainty),
                "{does:?}"
            );
            // The TLS stack's own words.
            assert!(std::error::Error::source(&error).is_some());
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("{scheme}://localhost:"))
            );
        }
    }
}

/// An answer that comes in pieces is read on.
#[tokio::test]
async fn a_response_in_pieces() {
    let listener = listen().await;
    let addr = listener.local_addr().unwrap();
    let serving = async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.set_nodelay(true).unwrap();
        for piece in ["HTTP", "/1.0 400 Bad", " Request\r\n", "\r\n"] {
            let _ = tcp.write_all(piece.as_bytes()).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tcp
    };
    let site = Site::new();
    let connector = site.connector();
    let url = url("https", addr);
    let (_tcp, error) = tokio::join!(serving, fault(&connector, &url));
    assert_eq!(error.mismatch(), Some(Mismatch::TlsToPlaintext));
}

/// A server that refuses everybody before a word is said, as one that is full:
/// the client's hello meets a connection that is closed, or reset.
#[tokio::test]
async fn what_stands_unread_behind_a_reset_is_read() {
    let site = Site::new();
    for linger in [None, Some(Duration::ZERO)] {
        let listener = listen().await;
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut tcp, _)) = listener.accept().await {
                let _ = tcp.write_all(b"HTTP/1.0 503 Full\r\n\r\n").await;
                // Closed with the hello unread, at whatever time that arrives.
                let _ = socket2::SockRef::from(&tcp).set_linger(linger);
            }
        });
        for _ in 0..50 {
            let error = fault(&site.connector(), &url("https", addr)).await;
            let found = error.mismatch();
            assert_eq!(found, Some(Mismatch::TlsToPlaintext), "{error:?}");
        }
    }
}

#[tokio::test]
async fn plaintext_to_what_is_no_http() {
    let site = Site::new();
    let tls = Cause::Mismatch(Mismatch::PlaintextToTls);
    for (does, cause) in [
        // rustls' answer to an HTTP request.
        (Does::Answers(b"\x15\x03\x03\x00\x02\x02\x0a"), tls),
        (
            Does::Greets(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
            Cause::NotHttp(Foreign::Ssh),
        ),
    ] {
        let addr = port(does).await;
        let mut stream = site.connector().connect(url("ws", addr)).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let error = within(stream.read_to_end(&mut answer)).await.unwrap_err();
        let error = ConnectError::find_in(&error).unwrap();
        assert_eq!(diagnosis(error).cause(), cause, "{error}");
        assert_eq!(error.kind(), ConnectErrorKind::Tls);
    }
}

/// tungstenite's own word for it is `HttparseError(Version)`.
#[tokio::test]
async fn tungstenite_hands_the_reason_on() {
    let site = Site::new();
    let addr = port(Does::Answers(b"\x15\x03\x03\x00\x02\x02\x0a")).await;
    let url = url("ws", addr);
    let stream = site.connector().connect(&*url).await.unwrap();
    let error = within(tokio_tungstenite::client_async(&url, stream)).await;
    let error = error.unwrap_err();
    let found = ConnectError::find_in(&error).unwrap();
    assert_eq!(found.mismatch(), Some(Mismatch::PlaintextToTls));
}

#[tokio::test]
async fn a_port_that_says_nothing() {
    let site = Site::new();
    let limit = Duration::from_millis(50);
    let connector = site.builder().handshake_timeout(limit).build().unwrap();
    let addr = port(Does::Greets(b"")).await;
    let error = fault(&connector, &url("https", addr)).await;
    let expected = ConnectErrorKind::Timeout(ConnectStage::Handshake);
    assert_eq!(error.kind(), expected, "{error}");
    assert!(
        error.to_string().contains("no TLS handshake within 50ms"),
        "{error}"
    );
    assert!(error.diagnosis().is_none());
    assert_eq!(
        std::io::Error::from(error).kind(),
        std::io::ErrorKind::TimedOut
    );

    // It has said three bytes.
    let addr = port(Does::Greets(b"HTT")).await;
    let error = fault(&connector, &url("https", addr)).await;
    assert_eq!(
        error.diagnosis().cloned(),
        diagnose_first_bytes(Spoke::Tls, b"HTT", End::TimedOut),
        "{error}"
    );
}

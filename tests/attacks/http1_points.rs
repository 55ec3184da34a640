//! Clients that stop, or go on too slowly, at each point of what they send.

use std::time::{Duration, Instant};

use oneport::Limits;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::among_others;
use crate::support::within;
use crate::target::Target;

const REQUEST: &[u8] =
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";

/// The status of the first answer, empty if there is none.
fn status(answer: &[u8]) -> String {
    let status = answer.get(9..12).unwrap_or_default();
    String::from_utf8_lossy(status).into_owned()
}

/// The answer, and whether it ended as it should: in TLS, with close_notify.
async fn half_closed(
    mut io: impl AsyncRead + AsyncWrite + Unpin,
    part: &[u8],
) -> (Vec<u8>, std::io::Result<usize>) {
    io.write_all(part).await.unwrap();
    io.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let end = within(io.read_to_end(&mut answer)).await;
    (answer, end)
}

/// The end behind each byte of a request, in both transports. A whole request
/// is answered, and nobody waits for the rest of another.
#[test]
fn the_end_at_each_point() {
    among_others(async {
        let target = Target::start(Limits::default()).await;
        let head = REQUEST.len() - b"4\r\nbody\r\n0\r\n\r\n".len();
        for cut in 0..=REQUEST.len() {
            let begun = Instant::now();
            let tcp = TcpStream::connect(target.server.addr).await.unwrap();
            let answer = half_closed(tcp, &REQUEST[..cut]).await;
            let tls = target.pki.connect(target.server.addr, &["http/1.1"]).await;
            let in_tls = half_closed(tls.unwrap(), &REQUEST[..cut]).await;
            for (answer, end) in [&answer, &in_tls] {
                let status = status(answer);
                if cut >= head {
                    // This application says of a broken body that it is.
                    assert_eq!(status, "200", "{cut}: {answer:?}");
                    assert!(end.is_ok(), "{cut}: {end:?}");
                } else {
                    // hyper lets go of half a head without close_notify.
                    assert!(
                        ["", "400", "408"].contains(&&status[..]),
                        "{cut}: {answer:?}"
                    );
                }
            }
            assert!(begun.elapsed() < Duration::from_secs(2), "{cut}");
        }
        assert_eq!(target.seen(), 2 * (REQUEST.len() + 1 - head));
    });
}

/// A byte at a time, ten a second: each deadline is for the whole of its phase.
#[test]
fn a_byte_now_and_then_in_each_phase() {
    among_others(async {
        const SECOND: Duration = Duration::from_secs(1);
        let mut limits = Limits::default();
        limits.sniff = SECOND;
        limits.handshake = SECOND;
        limits.first_request = SECOND;
        limits.request_head = SECOND;
        limits.linger = SECOND;
        let target = Target::start(limits).await;
        let addr = target.server.addr;
        let line = [b"GET /", &[b'x'; 999][..]].concat();
        let head = [b"GET / HTTP/1.1\r\nX: ", &[b'x'; 999][..]].concat();
        let (_, hello) = target.client();
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
        let mut slow = JoinSet::new();
        // How much of it comes at once, and what is behind.
        for (what, whole, at_once) in [
            ("empty lines", b"\r\n".repeat(2), 0),
            ("a request line", line.clone(), 0),
            ("a head", head.clone(), 18),
            ("a hello", hello.clone(), 0),
            ("the rest of a hello", hello, 6),
            ("a preface", preface, 0),
        ] {
            let tcp = TcpStream::connect(addr).await.unwrap();
            slow.spawn(async move { (what, until_ended(tcp, &whole, at_once).await) });
        }
        for (what, whole, at_once) in [("a line in TLS", line, 0), ("a head in TLS", head, 18)] {
            let tls = target.pki.connect(addr, &["http/1.1"]).await.unwrap();
            slow.spawn(async move { (what, until_ended(tls, &whole, at_once).await) });
        }
        let (tls_client, tcp, last) = target.almost().await;
        slow.spawn(async move {
            let _client = tls_client;
            ("the last flight", until_ended(tcp, &last, 0).await)
        });
        let attack = async {
            while let Some(slow) = slow.join_next().await {
                let (what, after) = slow.unwrap();
                println!("{what}: ended after {after:.1?}");
                assert!(after.is_some(), "{what}: the connection stays");
            }
        };
        target.good().beside(attack).await;
        assert_eq!(target.seen(), 0);
    });
}

/// Sends the rest slowly; when the server ended the connection, if it did.
async fn until_ended(
    io: impl AsyncRead + AsyncWrite + Unpin,
    whole: &[u8],
    at_once: usize,
) -> Option<Duration> {
    let begun = Instant::now();
    let (mut read, mut write) = tokio::io::split(io);
    let (first, rest) = whole.split_at(at_once);
    let sending = async {
        let _ = write.write_all(first).await;
        for byte in rest {
            let _ = write.write_all(&[*byte]).await;
            let _ = write.flush().await;
            sleep(Duration::from_millis(100)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    let ended = tokio::select! {
        ended = timeout(Duration::from_secs(4), read.read_to_end(&mut answer)) => ended.is_ok(),
        () = sending => false,
    };
    ended.then(|| begun.elapsed())
}

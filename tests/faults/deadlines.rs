//! Deadlines in the corners: clients that do not even take what the last words
//! are written into. Streams in memory, tokio's clock, paused.
//!
//! Where the deadline of each field of `Limits` is tested, by paused or simulated
//! time:
//!
//! | field | by |
//! |---|---|
//! | `sniff` | `deadlines.rs`, `room.rs`, `faults/stuck.rs`, `faults/acceptor.rs` |
//! | `handshake`, `first_request` | `deadlines.rs`, `faults/stuck.rs`, `faults/acceptor.rs` |
//! | `request_head` | `deadlines.rs`, `pace.rs`, `faults/stuck.rs`, here (nobody reads the 408) |
//! | `http2_ping`, `http2_pong` | here |
//! | `keep_alive_idle` | `deadlines.rs`, `pace.rs`, `pace/http2.rs`, `faults/stuck.rs`, here (GOAWAY is ignored) |
//! | `body_idle` | `pace.rs`, `faults/stuck.rs` |
//! | `write_stall` | `pace.rs`, `pace/http2.rs`, `faults/stuck.rs`, here (HTTP/2 as a whole, close_notify) |
//! | `refusal` | here (refused, late, too many) |
//! | `linger` | `deadlines.rs`, `linger.rs`, `faults/stuck.rs`, `faults/acceptor.rs` |
//! | `drain` | `faults/drain.rs`, here |

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use oneport::{Acceptor, Drained, Limits, Mode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower::service_fn;

use crate::in_memory::InMemory;
use crate::support::{Pki, told};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A client's preface with empty SETTINGS, and the acknowledgement of the server's.
const PREFACE: &[u8] =
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0";

/// GET / to authority `a`, as stream 1 (RFC 9113 6.2, RFC 7541 6.1 and 6.2.2).
const HEADERS: &[u8] = b"\0\0\x06\x01\x05\0\0\0\x01\x82\x84\x86\x01\x01a";

/// A server on streams in memory, and how it ends.
struct Site {
    connect: mpsc::Sender<DuplexStream>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<Drained>>,
}

fn peer() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}

impl Site {
    /// Whose answers have a body of so many bytes.
    fn start(pki: &Pki, limits: Limits, length: usize) -> Self {
        let (connect, connections) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel();
        let app = service_fn(move |request| app(request, length));
        let server = oneport::serve_dual(InMemory(connections), pki.tls(), app)
            .limits(limits)
            .with_graceful_shutdown(told(stopped))
            .into_future();
        Self {
            connect,
            stop,
            server: tokio::spawn(server),
        }
    }

    /// A client's end; the server can write so much into it.
    async fn connect(&self, room: usize) -> DuplexStream {
        let (client, io) = duplex(room);
        self.connect.send(io).await.unwrap();
        client
    }
}

async fn app(
    mut request: Request<Incoming>,
    length: usize,
) -> Result<Response<Full<Bytes>>, Infallible> {
    match request.uri().path() {
        "/never" => pending().await,
        "/upgrade" => {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let mut io = TokioIo::new(upgrade.await.unwrap());
                let _ = io.read_to_end(&mut Vec::new()).await;
            });
            let response = Response::builder()
                .status(101)
                .header("connection", "upgrade")
                .header("upgrade", "something");
            Ok(response.body(Full::default()).unwrap())
        }
        _ => Ok(Response::new(Full::new(Bytes::from(vec![b'x'; length])))),
    }
}

/// Writes, and reads nothing; after how long the server is gone.
///
/// It is seen by writing: what is there to be read would make room.
async fn gone_after(mut client: DuplexStream, sent: &[u8]) -> Duration {
    client.write_all(sent).await.unwrap();
    let start = Instant::now();
    until_gone(&mut client).await;
    start.elapsed()
}

/// Until the other end was dropped, without a byte written or read.
async fn until_gone(client: &mut DuplexStream) {
    // An empty write says whether somebody is there.
    while client.write(b"").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[track_caller]
fn assert_about(elapsed: Duration, expected: Duration) {
    let slack = Duration::from_millis(50);
    assert!(
        elapsed >= expected && elapsed < expected + slack,
        "{elapsed:?} and not {expected:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_client_that_takes_nothing() {
    let acceptor = Acceptor::new(Pki::new().tls()).mode(Mode::TlsOnly);
    for request in [GET, b"SSH-2.0-OpenSSH_9.2\r\n"] {
        let (mut client, server) = duplex(28);
        client.write_all(request).await.unwrap();
        let start = Instant::now();
        let refused = acceptor.accept(server, peer()).await;
        assert!(refused.is_err());
        assert_about(start.elapsed(), Limits::default().refusal);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_client_that_takes_nothing() {
    let site = Site::start(&Pki::new(), Limits::default(), 0);
    let limits = Limits::default();
    let client = site.connect(32).await;
    let elapsed = gone_after(client, b"GET / HTTP/1.1\r\nHost: a").await;
    assert_about(elapsed, limits.request_head + limits.refusal);
    site.server.abort();
}

#[tokio::test(start_paused = true)]
async fn one_client_too_many_that_takes_nothing() {
    let mut limits = Limits::default();
    limits.per_address = Some(1);
    let site = Site::start(&Pki::new(), limits, 0);
    let _first = site.connect(64).await;
    let elapsed = gone_after(site.connect(32).await, GET).await;
    assert_about(elapsed, Limits::default().refusal);
    site.server.abort();
}

/// It has the time to take GOAWAY that others have to take a response.
#[tokio::test(start_paused = true)]
async fn an_http2_client_that_ignores_goaway() {
    let mut limits = Limits::default();
    // Before the first PING.
    limits.keep_alive_idle = Duration::from_secs(5);
    limits.write_stall = Duration::from_secs(8);
    let site = Site::start(&Pki::new(), limits, 0);
    let elapsed = gone_after(site.connect(4096).await, PREFACE).await;
    assert_about(elapsed, Duration::from_secs(5 + 8));
    site.server.abort();
}

#[tokio::test(start_paused = true)]
async fn an_http2_client_that_answers_no_ping() {
    let mut sooner = Limits::default();
    sooner.http2_ping = Duration::from_secs(3);
    sooner.http2_pong = Duration::from_secs(4);
    for limits in [Limits::default(), sooner] {
        let due = limits.http2_ping + limits.http2_pong + limits.linger;
        let site = Site::start(&Pki::new(), limits, 0);
        let elapsed = gone_after(site.connect(4096).await, PREFACE).await;
        assert_about(elapsed, due);
        site.server.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn an_http2_client_that_takes_nothing() {
    let site = Site::start(&Pki::new(), Limits::default(), 1 << 20);
    let client = site.connect(256).await;
    let elapsed = gone_after(client, &[PREFACE, HEADERS].concat()).await;
    assert_about(elapsed, Limits::default().write_stall);
    site.server.abort();
}

/// With room for all of a response, or for all but some bytes, or for all but what
/// TLS says in the end.
#[tokio::test(start_paused = true)]
async fn a_tls_client_that_takes_nothing_of_the_end() {
    const ROOM: usize = 4096;
    let pki = Pki::new();
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    // Record header and tag, the inner type, the head: and close_notify is 24.
    for length in (ROOM - 260..ROOM - 60).step_by(5) {
        let site = Site::start(&pki, Limits::default(), length);
        let client = site.connect(ROOM).await;
        let connector = tokio_rustls::TlsConnector::from(pki.client_config(&["http/1.1"]));
        let name = "localhost".try_into().unwrap();
        let mut tls = connector.connect(name, client).await.unwrap();
        tls.write_all(request).await.unwrap();
        tls.flush().await.unwrap();
        let start = Instant::now();
        until_gone(tls.get_mut().0).await;
        let elapsed = start.elapsed();
        if elapsed > Duration::from_millis(50) {
            assert_about(elapsed, Limits::default().write_stall);
        }
        site.server.abort();
    }
}

/// HTTP/1 in flight, HTTP/2 in flight, and upgraded.
#[tokio::test(start_paused = true)]
async fn what_does_not_end_has_the_drain_time() {
    let site = Site::start(&Pki::new(), Limits::default(), 0);
    let mut never = site.connect(4096).await;
    let request = b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n";
    never.write_all(request).await.unwrap();
    let mut upgraded = site.connect(4096).await;
    let request =
        b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: something\r\n\r\n";
    upgraded.write_all(request).await.unwrap();
    let mut head = [0; 12];
    upgraded.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    let mut http2 = site.connect(4096).await;
    // As above, with `:path: /never` as a literal.
    let headers = b"\0\0\x0d\x01\x05\0\0\0\x01\x82\x04\x06/never\x86\x01\x01a";
    http2.write_all(&[PREFACE, headers].concat()).await.unwrap();
    let _idle = site.connect(4096).await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    let start = Instant::now();
    site.stop.send(()).unwrap();
    let drained = site.server.await.unwrap().unwrap();
    assert_about(start.elapsed(), Limits::default().drain);
    assert_eq!(drained, Drained::Aborted(3));
    for mut client in [never, upgraded, http2] {
        until_gone(&mut client).await;
    }
}

//! Requests that two servers may read in two ways: here both are hyper, once
//! bare and once behind the sniffer, and have to see the same.

#[path = "../corpus/load.rs"]
mod corpus;

use std::convert::Infallible;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use oneport::{Protocol, Status};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::service_fn;

use crate::among_others;
use crate::support::{Pki, Server, listen, told, within};

/// What an application was given, request by request.
type Seen = Arc<Mutex<Vec<String>>>;

/// Notes everything of a request that came from the client.
async fn note(seen: Seen, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let mut note = format!("{} {} {:?}", parts.method, parts.uri, parts.version);
    for (name, value) in &parts.headers {
        let _ = write!(note, "\n{name}: {value:?}");
    }
    // Before the body: one that never comes to its end counts too.
    let place = {
        let mut seen = seen.lock().unwrap();
        seen.push(note);
        seen.len() - 1
    };
    let body = match body.collect().await {
        Ok(body) => format!("\n{:?} {:?}", body.trailers().cloned(), body.to_bytes()),
        Err(_) => "\nbroken".to_owned(),
    };
    seen.lock().unwrap()[place].push_str(&body);
    Response::new(Full::new(Bytes::from_static(b"fine")))
}

/// hyper, with the settings that oneport gives it.
async fn bare() -> (SocketAddr, Seen) {
    let listener = listen().await;
    let addr = listener.local_addr().unwrap();
    let seen = Seen::default();
    let noted = seen.clone();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let seen = noted.clone();
            let service = hyper::service::service_fn(move |request| {
                let seen = seen.clone();
                async move { Ok::<_, Infallible>(note(seen, request).await) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .half_close(true)
                .header_read_timeout(None)
                .max_headers(100)
                .max_header_size(64 * 1024)
                .serve_connection(TokioIo::new(tcp), service)
                .with_upgrades();
            tokio::spawn(connection);
        }
    });
    (addr, seen)
}

async fn behind_oneport(pki: &Pki) -> (Server, Seen) {
    let seen = Seen::default();
    let noted = seen.clone();
    let app = service_fn(move |request| {
        let seen = noted.clone();
        async move { Ok::<_, Infallible>(note(seen, request).await) }
    });
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    (server, seen)
}

/// Sends these segments and the end; what the application saw, and the answer.
async fn outcome(
    mut io: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Seen,
    segments: &[&[u8]],
) -> (Vec<String>, String) {
    for segment in segments {
        // The server may have seen enough.
        if io.write_all(segment).await.is_err() || io.flush().await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let _ = io.shutdown().await;
    let mut answer = Vec::new();
    let _ = within(io.read_to_end(&mut answer)).await;
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    (seen, String::from_utf8_lossy(&answer).into_owned())
}

/// The status of each answer.
fn statuses(answer: &str) -> Vec<&str> {
    let after = answer.split("HTTP/1.").skip(1);
    let statuses = after.filter_map(|it| it.get(2..5));
    statuses.filter(|it| it.parse::<u16>().is_ok()).collect()
}

/// Whether oneport's application saw what hyper's saw; or less, because oneport
/// said 400 instead of one request and ended the connection.
fn agree(bare: &(Vec<String>, String), ours: &(Vec<String>, String)) -> bool {
    if bare.0 == ours.0 {
        return statuses(&bare.1) == statuses(&ours.1) || refused(&ours.1);
    }
    bare.0.starts_with(&ours.0) && refused(&ours.1)
}

fn refused(answer: &str) -> bool {
    let last = statuses(answer).last().copied();
    last.is_some_and(|status| status.starts_with('4') || status == "505")
}

async fn connect(addr: SocketAddr) -> TcpStream {
    let tcp = TcpStream::connect(addr).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    tcp
}

/// How many were compared, and of how many oneport's application saw less.
async fn compare(flights: impl IntoIterator<Item = (String, Vec<u8>)>) -> (usize, usize) {
    let pki = Pki::new();
    let (bare, bare_seen) = bare().await;
    let (server, seen) = behind_oneport(&pki).await;
    let (mut faults, mut compared, mut less) = (String::new(), 0, 0);
    for (name, bytes) in flights {
        let whole = outcome(connect(bare).await, &bare_seen, &[&bytes]).await;
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        let halves = bytes.split_at(bytes.len() / 2);
        for segments in [&[&bytes[..]][..], &[halves.0, halves.1], &single] {
            let n = segments.len();
            let ours = outcome(connect(server.addr).await, &seen, segments).await;
            let tls = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
            let in_tls = outcome(tls, &seen, segments).await;
            for (ours, how) in [(ours, "in plaintext"), (in_tls, "in TLS")] {
                compared += 1;
                less += usize::from(ours.0 != whole.0);
                if !agree(&whole, &ours) {
                    let _ = write!(faults, "{name} in {n} {how}:\n{whole:#?}\n{ours:#?}\n");
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
    println!("{compared} flights compared, {less} of them refused by oneport alone");
    (compared, less)
}

/// Those that come to no end by themselves end with the client's.
#[test]
fn every_http1_flight_of_the_corpus() {
    among_others(async {
        let flights = corpus::load().into_iter().filter(|sample| {
            matches!(
                oneport::sniff(&sample.bytes),
                Status::Complete(Protocol::Http1)
            )
        });
        let (compared, less) = compare(flights.map(|sample| (sample.id, sample.bytes))).await;
        assert!(
            compared > 600 && less < compared / 20,
            "{less} of {compared}"
        );
    });
}

/// Each with another request behind it, which is either a part of the body or a
/// request: both servers have to think the same.
#[test]
fn requests_in_requests() {
    among_others(async {
        const BEHIND: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
        let heads = [
            // Two lengths (RFC 9112 6.3).
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            "Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
            "Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody",
            "Content-Length: 4, 4\r\n\r\nbody",
            "Content-Length: 4, 5\r\n\r\nbody",
            "Content-Length: +4\r\n\r\nbody",
            "Content-Length: -4\r\n\r\nbody",
            "Content-Length: 0x4\r\n\r\nbody",
            "Content-Length: 4 4\r\n\r\nbody",
            "Content-Length: 04\r\n\r\nbody",
            "Content-Length:\r\n\r\nbody",
            "Content-Length: 99999999999999999999999\r\n\r\nbody",
            "Content-Length : 4\r\n\r\nbody",
            "Content-Length\r\n\r\nbody",
            "Content_Length: 4\r\n\r\n",
            // One encoding, and what passes for it.
            "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding:chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
            "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "X: y\r\n\tz\r\n\r\n",
            " X: y\r\n\r\n",
            // Chunks.
            "Transfer-Encoding: chunked\r\n\r\n4;x=y\r\nbody\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n4;x=\"\r\n\r\n\"\r\nbody\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n4\nbody\n0\n\n",
            "Transfer-Encoding: chunked\r\n\r\n4\r\nbodyx\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0x4\r\nbody\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n+4\r\nbody\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n4 \r\nbody\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n-1\r\nbody\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n10000000000000004\r\nbody\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 99\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\n",
            // Ends of lines.
            "X: y\nZ: a\r\n\r\n",
            "X: y\n\n",
            "X: y\r\n\n",
            "X: y\rContent-Length: 9\r\n\r\n",
            "X: y\r\r\n\r\n",
            "X: \0\r\n\r\n",
            "X: \u{e4}\r\n\r\n",
            ": y\r\n\r\n",
            "X y: z\r\n\r\n",
            // Others.
            "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA\r\n\r\n",
            "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            "Expect: 100-continue\r\nContent-Length: 4\r\n\r\nbody",
            "Connection: Content-Length\r\nContent-Length: 4\r\n\r\nbody",
            "Host: b\r\n\r\n",
        ];
        let lines = [
            "POST / HTTP/1.1\r\nHost: a\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n",
            "\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\n",
            "POST / HTTP/1.1\nHost: a\n",
        ];
        let heads = heads.iter();
        let with_heads = heads.flat_map(|head| lines.map(|line| [line, head, BEHIND].concat()));
        let beginnings = [
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
            "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET / HTTP/11\r\nHost: a\r\n\r\n",
            "GET / http/1.1\r\nHost: a\r\n\r\n",
            "get / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET https://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /\u{e4} HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
            "PRI * HTTP/1.1\r\nHost: a\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ];
        let alone = beginnings.iter().map(|line| [line, BEHIND].concat());
        let flights = with_heads.chain(alone);
        let (compared, less) =
            compare(flights.map(|it| (format!("{it:?}"), it.into_bytes()))).await;
        assert!(less < compared / 20, "{less} of {compared}");
    });
}

//! A whole server over a listener in memory, with several connections, and a
//! shutdown at any time: it ends within its deadlines, no connection is left, and
//! the app sees of each HTTP/1 connection what it would see behind bare hyper.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use oneport::{Drained, Limits, Listener, Protocol, Status, serve_dual, sniff};
use tokio::time::sleep;

use super::wire::{Cut, Cuts, ENDS, End, Log, Script};
use super::{input, runtime, tls};

/// Between the flights of an input.
const NEXT: &[u8] = b"\xff\xfe\xfd";

pub fn check(data: &[u8]) {
    let (bytes, mut choices) = input::split(data);
    let end = choices.of(&ENDS);
    let shutdown = Duration::from_millis(100 * u64::from(choices.byte()));
    let kept = choices.below(4) + 1;
    let (reads, writes) = {
        let cuts = choices.rest();
        let (reads, writes) = cuts.split_at(cuts.len() - cuts.len() / 3);
        (Cuts::new(reads), Cuts::new(writes))
    };
    let slow = reads.are_slow() || writes.are_slow();
    let runtime = runtime::paused();
    let mut listener = Queue::default();
    let mut flights = Vec::new();
    for (index, flight) in divide(bytes).into_iter().take(4).enumerate() {
        let (script, log) = Script::new(flight, end);
        let io = Cut::new(script, reads.clone(), writes.clone());
        let peer = SocketAddr::from(([127, 0, 0, 1], index as u16));
        listener.0.push((io, peer));
        flights.push((flight, peer, log));
    }
    let seen = Seen::default();
    let app = {
        let seen = seen.clone();
        tower::service_fn(move |request: Request<Incoming>| {
            let info = request.extensions().get::<oneport::ConnInfo>().unwrap();
            let port = match info.peer() {
                oneport::Peer::Tcp(peer) => peer.port(),
                peer => panic!("{peer}"),
            };
            answer(seen.clone(), port, request)
        })
    };
    let mut limits = Limits::default();
    limits.connections = kept;
    // Nobody has to make room: each connection is to be compared.
    limits.undecided = Some(usize::MAX);
    let server = async {
        serve_dual(listener, tls::server(), app)
            .limits(limits)
            .with_graceful_shutdown(sleep(shutdown))
            .await
    };
    let drained =
        runtime::on(&runtime, shutdown + Limits::default().drain + SLACK, server).unwrap();
    if end == End::Eof && !slow && shutdown > Duration::ZERO {
        assert_eq!(drained, Drained::Clean);
    }
    // What was aborted goes in its own time, soon.
    runtime::on(&runtime, SLACK, async {
        while flights.iter().any(|(.., log)| Arc::strong_count(log) > 1) {
            sleep(Duration::from_millis(1)).await;
        }
    });
    if end == End::Eof && shutdown > Duration::ZERO {
        for (flight, peer, log) in &flights {
            as_bare_hyper(flight, *peer, log, &seen, slow);
        }
    }
}

const SLACK: Duration = Duration::from_secs(1);

fn divide(bytes: &[u8]) -> Vec<&[u8]> {
    let mut flights = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(NEXT.len()).position(|it| it == NEXT) {
        flights.push(&rest[..at]);
        rest = &rest[at + NEXT.len()..];
    }
    flights.push(rest);
    flights
}

/// Gives these connections, then none.
#[derive(Default)]
struct Queue(Vec<(Cut<Script>, SocketAddr)>);

impl Listener for Queue {
    type Io = Cut<Script>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> io::Result<(Self::Io, SocketAddr)> {
        match self.0.pop() {
            Some(next) => Ok(next),
            None => std::future::pending().await,
        }
    }
}

/// What an app sees of requests, with the port of whose they are.
type Seen = Arc<Mutex<Vec<(u16, String)>>>;

/// Repeats the body. What the app sees is noted in the order of the requests.
async fn answer(
    seen: Seen,
    port: u16,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let head = format!(
        "{} {} {:?} {:?}",
        parts.method, parts.uri, parts.version, parts.headers
    );
    let at = {
        let mut seen = seen.lock().unwrap();
        seen.push((port, head));
        seen.len() - 1
    };
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::from_static(b"(cut off)"),
    };
    seen.lock().unwrap()[at].1 += &format!(" {body:?}");
    Ok(Response::new(Full::new(body)))
}

/// The same flight at once to hyper itself. A server that refuses more than hyper
/// does may end earlier, and says why. `cut_off`: so may one whose time is over, even
/// in the middle of a request.
fn as_bare_hyper(flight: &[u8], peer: SocketAddr, log: &Mutex<Log>, seen: &Seen, cut_off: bool) {
    if sniff(flight) != Status::Complete(Protocol::Http1) {
        return;
    }
    let bare = Seen::default();
    let (script, _) = Script::new(flight, End::Eof);
    let service = service_fn(|request| answer(bare.clone(), peer.port(), request));
    runtime::within(SLACK, async {
        let _ = hyper::server::conn::http1::Builder::new()
            .half_close(true)
            .serve_connection(TokioIo::new(script), service)
            .await;
    });
    let seen = seen.lock().unwrap();
    let mut ours: Vec<_> = seen
        .iter()
        .filter(|(port, _)| *port == peer.port())
        .collect();
    if cut_off {
        ours.pop();
    }
    let bare = bare.lock().unwrap();
    let bare: Vec<_> = bare.iter().collect();
    assert!(bare.starts_with(&ours), "{ours:#?}\nbare: {bare:#?}");
    if !cut_off && ours.len() < bare.len() {
        let log = log.lock().unwrap();
        let written = String::from_utf8_lossy(&log.written);
        assert!(
            written.contains("HTTP/1.1 4") || written.contains("HTTP/1.0 4"),
            "{ours:#?}\nbare: {bare:#?}\n{written}"
        );
    }
}

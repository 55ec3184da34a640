//! Clients that the network takes away in each phase of a connection, beside one
//! that is served, and what becomes of their connections.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use oneport::Drained;
use rustls::ClientConfig;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::client::TlsStream;
use turmoil::net::TcpStream;

use crate::good::add_good;
use crate::support::Pki;
use crate::world::{LATENCY, SLOW, TICK, add_server, connect, connect_tls, limits, sim};

/// The last of them are gone by then.
const END: Duration = Duration::from_secs(20);

/// How far a connection had come, by the name of the client's host.
#[derive(Clone, Copy)]
struct Phase {
    host: &'static str,
    /// What the client has sent.
    sent: Sent,
    /// From the connection's last move: when the server gives up on it.
    due: Duration,
    /// And how long it then tries to say so.
    words: Duration,
}

#[derive(Clone, Copy)]
enum Sent {
    Http2(&'static str),
    InTls(&'static [u8]),
    Plaintext(&'static [u8]),
}

fn phases() -> [Phase; 14] {
    let limits = limits();
    let none = Duration::ZERO;
    let phase = |host, sent, due, words| Phase {
        host,
        sent,
        due,
        words,
    };
    let plain = |host, sent: &'static [u8], due, words| {
        let sent = Sent::Plaintext(sent);
        phase(host, sent, due, words)
    };
    let tls = |host, sent: &'static [u8], due, words| phase(host, Sent::InTls(sent), due, words);
    [
        plain("silent", b"", limits.sniff, none),
        plain("half-line", b"GET / HT", limits.sniff, limits.linger),
        plain("half-hello", HALF_HELLO, limits.handshake, none),
        tls("handshake-only", b"", limits.first_request, none),
        plain("half-head", HALF_HEAD, limits.request_head, limits.linger),
        tls(
            "half-head-in-tls",
            HALF_HEAD,
            limits.request_head,
            limits.linger,
        ),
        plain("half-body", HALF_BODY, limits.body_idle, limits.linger),
        tls(
            "half-body-in-tls",
            HALF_BODY,
            limits.body_idle,
            limits.linger,
        ),
        plain("idle", WHOLE, limits.keep_alive_idle, none),
        // Its answer is written, and idle it is then.
        plain(
            "in-the-handler",
            SLOWLY,
            SLOW + limits.keep_alive_idle,
            none,
        ),
        plain("reading", LARGE, limits.write_stall, none),
        tls("reading-in-tls", LARGE, limits.write_stall, none),
        // Refused, and told so.
        plain("refused", b"SSH-2.0-OpenSSH_9.2\r\n", limits.linger, none),
        // GOAWAY, and the time to take it.
        phase(
            "idle-http2",
            Sent::Http2("/"),
            limits.keep_alive_idle,
            limits.write_stall,
        ),
    ]
}

const HALF_HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
const HALF_HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n";
const HALF_BODY: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf";
const LARGE: &[u8] = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
const SLOWLY: &[u8] = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// What the network does to a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Nothing comes through any more, in either direction.
    Partition,
    /// Nothing of the client's comes through any more.
    Deaf,
    /// The client is gone, and nobody has told the server: its end was lost.
    /// Whoever writes to it hears of that.
    HalfOpen,
    /// None: the client waits.
    Nothing,
}

/// A connection, for as long as it is held.
#[allow(dead_code)]
enum Held {
    Plaintext(TcpStream),
    InTls(Box<TlsStream<TcpStream>>),
    // The task that drives it ends with it.
    Http2(http2::SendRequest<Empty<Bytes>>, JoinSet<hyper::Result<()>>),
}

impl Phase {
    async fn reach(self, tls: Arc<ClientConfig>) -> io::Result<Held> {
        match self.sent {
            Sent::Plaintext(bytes) => {
                let mut tcp = connect().await?;
                tcp.write_all(bytes).await?;
                Ok(Held::Plaintext(tcp))
            }
            Sent::InTls(bytes) => {
                let mut tls = connect_tls(tls).await?;
                tls.write_all(bytes).await?;
                tls.flush().await?;
                Ok(Held::InTls(Box::new(tls)))
            }
            Sent::Http2(path) => {
                let io = TokioIo::new(connect().await?);
                let connecting = http2::handshake(TokioExecutor::new(), io);
                let (mut send, connection) = connecting.await.map_err(io::Error::other)?;
                let mut driver = JoinSet::new();
                driver.spawn(connection);
                let request = Request::get(format!("http://server{path}"));
                let request = request.body(Empty::new()).unwrap();
                let answer = send.send_request(request).await.map_err(io::Error::other)?;
                let answer = answer.into_body().collect().await;
                answer.map_err(io::Error::other)?;
                Ok(Held::Http2(send, driver))
            }
        }
    }
}

/// Each phase on a host of its own, and a good client. All of them are gone at
/// their deadlines, and not before; the server ends clean.
fn stuck(fault: Fault, seed: u64) {
    let (pki, mut sim) = (Pki::new(), sim(seed));
    let (ledger, outcome) = add_server(&mut sim, &pki, limits(), END);
    let since = Arc::<Mutex<BTreeMap<_, Duration>>>::default();
    for phase in phases() {
        let tls = pki.client_config(&["http/1.1"]);
        let (ledger, since) = (ledger.clone(), since.clone());
        sim.client(phase.host, async move {
            let held = phase.reach(tls).await?;
            // All that was sent has arrived, and the answer is on its way.
            sleep(3 * LATENCY).await;
            let moved = ledger.of(phase.host).moved;
            since.lock().unwrap().insert(phase.host, moved);
            match fault {
                Fault::Deaf => turmoil::partition_oneway(phase.host, "server"),
                Fault::HalfOpen | Fault::Partition => turmoil::partition(phase.host, "server"),
                Fault::Nothing => {}
            }
            if fault == Fault::HalfOpen {
                drop(held);
                sleep(2 * TICK).await;
                turmoil::repair(phase.host, "server");
                return Ok(());
            }
            sleep(END).await;
            drop(held);
            Ok(())
        });
    }
    add_good(&mut sim, &pki, END - Duration::from_secs(1));
    sim.run().unwrap();

    for phase in phases() {
        let closed = ledger.of(phase.host).closed.expect(phase.host);
        let took = closed - since.lock().unwrap()[phase.host];
        let told = format!("{}, {fault:?}, seed {seed}: after {took:?}", phase.host);
        let slack = LATENCY + 3 * TICK;
        // Who hears of it may hang up: then nobody has to wait for that.
        let least = match fault {
            Fault::Partition => phase.due + phase.words,
            Fault::HalfOpen if phase.host == "in-the-handler" => SLOW,
            _ => phase.due,
        };
        assert!(took + slack >= least, "{told}");
        assert!(took <= phase.due + phase.words + slack, "{told}");
    }
    let (drained, at) = outcome.lock().unwrap().unwrap();
    assert_eq!(drained, Drained::Clean, "{fault:?}, seed {seed}");
    assert!(at <= END + 3 * TICK, "{at:?}");
    assert_eq!(ledger.open(), 0);
}

#[test]
fn behind_a_partition() {
    (1..=3).for_each(|seed| stuck(Fault::Partition, seed));
}

#[test]
fn of_whom_nothing_comes_through() {
    (1..=2).for_each(|seed| stuck(Fault::Deaf, seed));
}

#[test]
fn half_open() {
    (1..=3).for_each(|seed| stuck(Fault::HalfOpen, seed));
}

#[test]
fn that_only_wait() {
    stuck(Fault::Nothing, 1);
}

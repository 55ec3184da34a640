//! The simulation, the server in it, and a ledger of the server's connections.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use oneport::{Drained, Limits};
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::sleep;
use tower::service_fn;
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

use crate::support::Pki;

/// What the clock of the simulation moves by.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// How long a message takes at most.
pub(crate) const LATENCY: Duration = Duration::from_millis(40);

/// What `/slow` takes.
pub(crate) const SLOW: Duration = Duration::from_secs(2);

/// A server's segment.
const SEGMENT: usize = 1460;

pub(crate) const PORT: u16 = 443;

/// No two alike, so that one is not taken for another.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.linger = Duration::from_secs(1);
    limits.refusal = Duration::from_secs(2);
    limits.sniff = Duration::from_secs(3);
    limits.handshake = Duration::from_secs(4);
    limits.first_request = Duration::from_secs(5);
    limits.request_head = Duration::from_secs(6);
    limits.body_idle = Duration::from_secs(7);
    limits.write_stall = Duration::from_secs(8);
    limits.keep_alive_idle = Duration::from_secs(9);
    limits.drain = Duration::from_millis(3500);
    limits
}

/// A simulation with this seed, which fails after five simulated minutes.
pub(crate) fn sim(seed: u64) -> Sim<'static> {
    Builder::new()
        .rng_seed(seed)
        .enable_random_order()
        .tick_duration(TICK)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(LATENCY)
        // In segments: soon full, for who does not read.
        .tcp_capacity(16)
        .simulation_duration(Duration::from_secs(300))
        .build()
}

/// Since the simulation began.
pub(crate) fn now() -> Duration {
    turmoil::sim_elapsed().unwrap_or_default()
}

/// How a server ended, and when.
pub(crate) type Outcome = Arc<Mutex<Option<(Drained, Duration)>>>;

/// Adds the host `server`, which is told to shut down at `until`.
pub(crate) fn add_server(
    sim: &mut Sim<'static>,
    pki: &Pki,
    limits: Limits,
    until: Duration,
) -> (Ledger, Outcome) {
    let (ledger, outcome) = (Ledger::default(), Outcome::default());
    let (tls, kept, ended) = (pki.tls(), ledger.clone(), outcome.clone());
    sim.client("server", async move {
        let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
        let listener = Simulated {
            listener,
            ledger: kept,
        };
        let drained = oneport::serve_dual(listener, tls, service_fn(app))
            .limits(limits)
            .with_graceful_shutdown(sleep(until))
            .await?;
        *ended.lock().unwrap() = Some((drained, now()));
        // What the server has left running goes with its last task.
        sleep(Duration::from_secs(1)).await;
        Ok(())
    });
    (ledger, outcome)
}

/// `/slow`, `/large` (a megabyte that is taken piece by piece), `/upgrade` (to a
/// task that waits for ever), or the body as it came.
async fn app(
    mut request: Request<Incoming>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let body = match request.uri().path() {
        "/large" => {
            let frames = (0..128).map(|_| Ok(Frame::data(Bytes::from(vec![b'x'; 8192]))));
            return Ok(Response::new(StreamBody::new(stream::iter(frames)).boxed()));
        }
        "/slow" => {
            sleep(SLOW).await;
            Bytes::from_static(b"slow")
        }
        "/upgrade" => {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let mut io = TokioIo::new(upgrade.await.unwrap());
                let _ = io.read_to_end(&mut Vec::new()).await;
            });
            let mut response = Response::new(Full::default().boxed());
            *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
            let headers = response.headers_mut();
            headers.insert("connection", "upgrade".parse().unwrap());
            headers.insert("upgrade", "something".parse().unwrap());
            return Ok(response);
        }
        "/never" => pending().await,
        _ => match request.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => Bytes::from(error.to_string()),
        },
    };
    Ok(Response::new(Full::new(body).boxed()))
}

pub(crate) async fn connect() -> io::Result<TcpStream> {
    TcpStream::connect(("server", PORT)).await
}

/// TLS over the simulated network.
pub(crate) async fn connect_tls(
    config: Arc<ClientConfig>,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let name = "localhost".try_into().unwrap();
    let connector = tokio_rustls::TlsConnector::from(config);
    connector.connect(name, connect().await?).await
}

/// The server's connections, in the order in which it accepted them.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Vec<Entry>>>);

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The client's host.
    pub(crate) host: String,
    /// When the server last did something with it: accepted it, read from it or
    /// wrote to it.
    pub(crate) moved: Duration,
    /// When the server let go of it.
    pub(crate) closed: Option<Duration>,
}

impl Ledger {
    pub(crate) fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap()
    }

    /// The last connection of this host.
    pub(crate) fn of(&self, host: &str) -> Entry {
        let entries = self.entries();
        let entry = entries.iter().rev().find(|entry| entry.host == host);
        entry.unwrap_or_else(|| panic!("{host} never came")).clone()
    }

    /// How many the server still holds.
    pub(crate) fn open(&self) -> usize {
        let entries = self.entries();
        entries
            .iter()
            .filter(|entry| entry.closed.is_none())
            .count()
    }
}

/// turmoil's listener with a ledger. `serve` asks for no more than this.
pub(crate) struct Simulated {
    pub(crate) listener: TcpListener,
    pub(crate) ledger: Ledger,
}

impl oneport::Listener for Simulated {
    type Io = Noted;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> io::Result<(Noted, SocketAddr)> {
        let (io, peer) = self.listener.accept().await?;
        let host = turmoil::reverse_lookup(peer.ip()).unwrap();
        let mut entries = self.ledger.entries();
        entries.push(Entry {
            host,
            moved: now(),
            closed: None,
        });
        let number = entries.len() - 1;
        let ledger = self.ledger.clone();
        Ok((Noted { io, number, ledger }, peer))
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }
}

/// A stream that notes what becomes of it.
pub(crate) struct Noted {
    io: TcpStream,
    number: usize,
    ledger: Ledger,
}

impl Noted {
    fn moves(&self) {
        self.ledger.entries()[self.number].moved = now();
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.ledger.entries()[self.number].closed = Some(now());
    }
}

impl AsyncRead for Noted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        if read.is_ready() {
            self.moves();
        }
        read
    }
}

impl AsyncWrite for Noted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        // turmoil would take any length for one segment.
        let segment = &buf[..buf.len().min(SEGMENT)];
        let written = Pin::new(&mut self.io).poll_write(cx, segment);
        if written.is_ready() {
            self.moves();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

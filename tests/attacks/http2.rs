//! HTTP/2 frames that cost a client little and a server much.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use oneport::Limits;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tower::service_fn;

use crate::among_others;
use crate::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS, PING, PRIORITY,
    RST_STREAM, Raw, SETTINGS, WINDOW_UPDATE, block, frame, get, stream,
};
use crate::good::Good;
use crate::support::{Pki, Server, told};

const SOON: Duration = Duration::from_secs(5);

/// A server, and how many requests its application has begun and not ended.
struct Target {
    pki: Pki,
    server: Server,
    begun: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
}

/// Counts as long as it lives.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Target {
    /// Its application takes its time for whatever is not `/good`, and does not
    /// read bodies.
    async fn start() -> Self {
        let pki = Pki::new();
        let (begun, open) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let (counted, opened) = (begun.clone(), open.clone());
        let app = service_fn(move |request: Request<Incoming>| {
            let good = request.uri().path() == "/good";
            if !good {
                counted.fetch_add(1, Ordering::Relaxed);
            }
            let open = (!good).then(|| Open::new(&opened));
            async move {
                if open.is_some() {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
                drop((open, request));
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"fine"))))
            }
        });
        let mut limits = Limits::default();
        limits.write_stall = Duration::from_millis(500);
        limits.keep_alive_idle = Duration::from_millis(500);
        limits.drain = Duration::ZERO;
        let tls = pki.tls();
        let server = Server::start(|listener, signal| {
            oneport::serve_dual(listener, tls, app)
                .limits(limits)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await;
        Self {
            pki,
            server,
            begun,
            open,
        }
    }

    fn good(&self) -> Good {
        Good::new(&self.pki, self.server.addr)
    }

    async fn plaintext(&self) -> Raw<TcpStream> {
        let tcp = TcpStream::connect(self.server.addr).await.unwrap();
        Raw::begin(tcp, &[]).await
    }

    async fn tls(&self) -> Raw<tokio_rustls::client::TlsStream<TcpStream>> {
        let tls = self.pki.connect(self.server.addr, &["h2"]).await.unwrap();
        Raw::begin(tls, &[]).await
    }

    /// No request is worked on for clients that are gone.
    async fn nothing_open(&self) {
        let begun = std::time::Instant::now();
        while self.open.load(Ordering::Relaxed) > 0 {
            assert!(begun.elapsed() < SOON, "{:?} still open", self.open);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Sends what `of` makes until the server ends the connection, which it must do
/// with ENHANCE_YOUR_CALM.
async fn calmed<I>(what: &str, mut raw: Raw<I>, of: impl Fn(usize) -> Vec<u8>)
where
    I: AsyncRead + AsyncWrite + Send + 'static,
{
    let ended = raw.flood(100_000, of).await;
    let seen = raw.ended(SOON).await;
    let seen = seen.unwrap_or_else(|| panic!("{what}: the connection stays (closed: {ended})"));
    println!("{what}: {seen:?}");
    // A reset may overtake GOAWAY.
    assert!(
        matches!(seen.goaway, None | Some(ENHANCE_YOUR_CALM)),
        "{what}: {seen:?}"
    );
}

fn opened_and_reset(n: usize) -> Vec<u8> {
    let reset = frame(RST_STREAM, 0, stream(n), &8_u32.to_be_bytes());
    [get(stream(n), "/"), reset].concat()
}

/// CVE-2023-44487.
#[test]
fn rapid_reset() {
    among_others(async {
        let target = Target::start().await;
        let attack = async {
            calmed("rapid reset", target.plaintext().await, opened_and_reset).await;
            calmed("rapid reset in TLS", target.tls().await, opened_and_reset).await;
        };
        target.good().beside(attack).await;
        let begun = target.begun.load(Ordering::Relaxed);
        println!("rapid reset: {begun} requests reached the application");
        assert!(begun < 2 * 1000, "{begun}");
        target.nothing_open().await;
    });
}

/// CVE-2025-8671: here it is the server that resets the streams, for each is
/// made to be in error.
#[test]
fn made_you_reset() {
    among_others(async {
        let target = Target::start().await;
        let nothing = |n| frame(WINDOW_UPDATE, 0, stream(n), &[0; 4]);
        let too_much = |n| frame(WINDOW_UPDATE, 0, stream(n), &0x7fff_ffff_u32.to_be_bytes());
        let after_the_end = |n| frame(DATA, END_STREAM, stream(n), b"x");
        let itself = |n| {
            frame(
                PRIORITY,
                0,
                stream(n),
                &[&stream(n).to_be_bytes()[..], &[1]].concat(),
            )
        };
        let short = |n| frame(PRIORITY, 0, stream(n), &[0; 4]);
        let head_again = |n| frame(HEADERS, END_HEADERS, stream(n), &block(false, "/"));
        let errors: [(&str, &(dyn Fn(usize) -> Vec<u8> + Sync)); 6] = [
            ("a window of nothing", &nothing),
            ("a window of too much", &too_much),
            ("data after the end", &after_the_end),
            ("priority over itself", &itself),
            ("a short priority", &short),
            ("another head", &head_again),
        ];
        let attack = async {
            for (what, error) in errors {
                let before = target.begun.load(Ordering::Relaxed);
                let mut raw = target.plaintext().await;
                let both = |n| [get(stream(n), "/"), error(n)].concat();
                raw.flood(20_000, both).await;
                let seen = raw.ended(SOON).await;
                let begun = target.begun.load(Ordering::Relaxed) - before;
                println!("made you reset, {what}: {begun} requests begun, {seen:?}");
                assert!(seen.is_some(), "{what}: the connection stays");
                assert!(begun < 1000, "{what}: {begun}");
                target.nothing_open().await;
            }
        };
        target.good().beside(attack).await;
    });
}

/// CVE-2024-27316 and kin: a head that does not end.
#[test]
fn continuation_flood() {
    among_others(async {
        let target = Target::start().await;
        // A literal field, not to be kept, of 16,000 bytes; and none at all.
        let mut large = vec![0, 1, b'a', 0x7f, 0xfb, 0x7b];
        large.resize(16_000, b'x');
        let (large, large_head) = (frame(CONTINUATION, 0, 1, &large), block(false, "/"));
        let empty = frame(CONTINUATION, 0, 1, b"");
        let attack = async {
            for (what, more) in [("large", large), ("empty", empty)] {
                let mut raw = target.plaintext().await;
                raw.send(&frame(HEADERS, END_STREAM, 1, &large_head))
                    .await
                    .unwrap();
                calmed(&format!("{what} CONTINUATION"), raw, |_| more.clone()).await;
            }
        };
        target.good().beside(attack).await;
        assert_eq!(target.begun.load(Ordering::Relaxed), 0);
    });
}

/// What has to be answered, and what has to be looked at, by the ten thousands.
/// A client that reads the answers may go on; the others do not notice.
#[test]
fn frames_without_end() {
    among_others(async {
        let target = Target::start().await;
        let floods = [
            ("SETTINGS", frame(SETTINGS, 0, 0, b"")),
            (
                "SETTINGS of windows",
                frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0xff, 0xff].repeat(50)),
            ),
            ("PING", frame(PING, 0, 0, &[7; 8])),
            ("acknowledged PING", frame(PING, 1, 0, &[7; 8])),
            ("PRIORITY", frame(PRIORITY, 0, 1, &[0, 0, 0, 5, 1])),
            ("WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])),
            ("unknown", frame(0xbe, 0, 0, &[0; 64])),
            ("reset of an idle stream", frame(RST_STREAM, 0, 9, &[0; 4])),
        ];
        let attack = async {
            for (what, one) in floods {
                let mut raw = target.plaintext().await;
                let begun = std::time::Instant::now();
                let ended = raw.flood(50_000, |_| one.clone()).await;
                let took = begun.elapsed();
                // Whatever is left goes with the idle connection.
                let seen = raw.ended(SOON).await;
                println!("{what}: 50,000 in {took:.1?}, ended meanwhile: {ended}, {seen:?}");
                assert!(seen.is_some(), "{what}: the connection stays");
            }
        };
        target.good().beside(attack).await;
    });
}

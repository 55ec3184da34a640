//! Whatever durations and bounds somebody sets: none overflows a clock, none
//! switches a deadline off, and a server with them starts and ends.
#![allow(clippy::unwrap_used)] // a test may panic

use std::convert::Infallible;
use std::future::{Future, IntoFuture};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use oneport::{
    AcceptError, Acceptor, Drained, Limits, Listener, Mode, Peer, Stage, serve_plaintext,
};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep, timeout};

/// What a duration counts as at most.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Tokio's clock counts in these.
const TICK: Duration = Duration::from_millis(1);

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        Just(YEAR),
        Just(YEAR + TICK),
        any::<u64>().prop_map(Duration::from_nanos),
        (0..100_000_u64).prop_map(Duration::from_millis),
        any::<u64>().prop_map(Duration::from_secs),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let durations = proptest::collection::vec(duration(), 9);
    let bound = || prop_oneof![Just(0), Just(1), Just(usize::MAX), any::<usize>()];
    let bounds = (bound(), bound(), any::<u64>());
    let http = proptest::collection::vec(bound(), 9);
    (durations, bounds, http).prop_map(
        |(durations, (lingering, connections, linger_bytes), http)| {
            let mut limits = Limits::default();
            limits.sniff = durations[0];
            limits.handshake = durations[1];
            limits.first_request = durations[2];
            limits.request_head = durations[3];
            limits.refusal = durations[4];
            limits.linger = durations[5];
            limits.drain = durations[6];
            limits.http2_ping = durations[7];
            limits.http2_pong = durations[8];
            limits.request_head_bytes = http[0];
            limits.request_headers = http[1];
            limits.http2_head_bytes = http[2] as u32;
            limits.http2_streams = http[3] as u32;
            limits.http2_stream_window = http[4] as u32;
            limits.http2_connection_window = http[5] as u32;
            limits.http2_send_bytes = http[6];
            limits.http2_pending_resets = http[7];
            limits.http2_local_resets = http[8];
            limits.lingering = lingering;
            limits.connections = connections;
            limits.linger_bytes = linger_bytes;
            limits
        },
    )
}

/// On a clock that jumps to the next deadline.
fn paused<F: Future>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

fn peer() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 1))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn a_silent_connection_ends_when_it_should(limits in limits()) {
        let sniff = limits.sniff.min(YEAR);
        let acceptor = Acceptor::plaintext_only().limits(limits);
        let (error, took) = paused(async {
            let (_client, server) = duplex(64);
            let begun = Instant::now();
            let error = acceptor.accept(server, peer()).await.unwrap_err();
            (error, begun.elapsed())
        });
        let at_its_deadline = matches!(
            error,
            AcceptError::Deadline { stage: Stage::Sniff, after } if after == sniff
        );
        prop_assert!(at_its_deadline, "{:?}", error);
        prop_assert!(took >= sniff && took <= sniff + 2 * TICK, "{:?} {:?}", took, sniff);
    }

    /// Who is refused and then neither reads nor leaves.
    #[test]
    fn a_refused_connection_ends_when_it_should(limits in limits()) {
        let most = limits.refusal.min(YEAR) + limits.linger.min(YEAR) + 4 * TICK;
        let acceptor = Acceptor::plaintext_only().mode(Mode::TlsOnly).limits(limits.clone());
        let (error, took) = paused(async {
            let (mut client, server) = duplex(64);
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
            let begun = Instant::now();
            let error = acceptor.accept(server, peer()).await.unwrap_err();
            (error, begun.elapsed())
        });
        let is_late = matches!(error, AcceptError::Deadline { .. }) && limits.sniff < TICK;
        prop_assert!(is_late || matches!(error, AcceptError::Refused(_)), "{:?}", error);
        prop_assert!(took <= most, "{:?} {:?}", took, most);
    }

    #[test]
    fn a_server_starts_answers_and_ends(limits in limits()) {
        let drain = limits.drain.min(YEAR);
        // A request head that may take no time at all is no request.
        let in_time = limits.sniff >= 2 * TICK && limits.request_head >= 2 * TICK;
        // Nor one that is too large.
        let answers = in_time && limits.request_head_bytes >= 64 && limits.request_headers >= 2;
        let (drained, answer) = paused(async {
            let (mut client, server) = duplex(4096);
            let served = serve_plaintext(One(Some(server)), tower::service_fn(hello))
                .limits(limits)
                .with_graceful_shutdown(sleep(Duration::from_millis(20)));
            let asked = async {
                let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
                client.write_all(request).await.unwrap();
                let mut answer = Vec::new();
                let _ = client.read_to_end(&mut answer).await;
                answer
            };
            let both = async { tokio::join!(served.into_future(), asked) };
            timeout(drain + Duration::from_secs(1), both).await.unwrap()
        });
        prop_assert_eq!(drained.unwrap(), Drained::Clean);
        prop_assert!(!answers || answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
}

async fn hello(_: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(Response::new("hello\n".to_owned()))
}

/// One connection.
struct One(Option<DuplexStream>);

impl Listener for One {
    type Io = DuplexStream;
    type Addr = Peer;

    async fn accept(&mut self) -> io::Result<(DuplexStream, Peer)> {
        match self.0.take() {
            Some(io) => Ok((io, Peer::Unix)),
            None => std::future::pending().await,
        }
    }
}

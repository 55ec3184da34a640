//! A whole connection through the public `Acceptor`, over streams in memory that
//! are cut, paused and ended anywhere: it comes to the end that bytes and policy
//! say, within its deadlines, and what it hands on is what came in.

mod setup;

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oneport::{AcceptError, Foreign, Limits, Mismatch, Protocol, Route, Status, Stream, sniff};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex, split};

use super::wire::{Cut, Cuts, ENDS, End, Log, Script};
use super::{input, response, runtime, tls};
use setup::Setup;

pub fn check(data: &[u8]) {
    let (flight, mut choices) = input::split(data);
    let setup = Setup::choose(&mut choices);
    let inside = choices.below(12);
    let end = choices.of(&ENDS);
    let cuts = choices.rest();
    let (reads, writes) = cuts.split_at(cuts.len() - cuts.len() / 3);
    let (reads, writes) = (Cuts::new(reads), Cuts::new(writes));
    match inside {
        0..=5 => plain(&setup, flight, end, reads, writes),
        client => inside_tls(&setup, flight, client, reads, writes),
    }
}

/// The most that an acceptor may take: each of its deadlines once, and what a
/// late client is told.
fn bounded<F: Future>(future: F) -> F::Output {
    let limits = Limits::default();
    let accept = limits.sniff + limits.handshake + limits.first_request;
    let refuse = limits.refusal + limits.linger;
    runtime::within(accept + 2 * refuse + Duration::from_secs(1), future)
}

/// Then nothing is bounded but by its bytes.
fn unbounded<F: Future>(future: F) -> F::Output {
    runtime::within(Duration::from_secs(1_000_000_000), future)
}

/// The flight as it is.
fn plain(setup: &Setup, flight: &[u8], end: End, reads: Cuts, writes: Cuts) {
    let slow = reads.are_slow() || writes.are_slow();
    let (script, log) = Script::new(flight, end);
    let io = Cut::new(script, reads, writes);
    let accepted = bounded(setup.acceptor.accept(io, setup.peer));
    let verdict = sniff(flight);
    match accepted {
        Ok(accepted) => {
            assert!(!accepted.info.is_tls());
            let read = unbounded(exchange(accepted.stream, end, &log));
            if setup.proxied {
                // Without the header.
                assert!(flight.ends_with(&read) && read.len() < flight.len());
            } else {
                assert_eq!(read, flight);
                expect_route(setup, verdict, Route::Plaintext);
            }
        }
        Err(error) => {
            assert_eq!(
                Arc::strong_count(&log),
                1,
                "somebody still holds the connection"
            );
            if setup.proxied {
                return;
            }
            failed(setup, &error, flight, end, slow);
            let refused = matches!(error, AcceptError::Refused(_));
            if refused && verdict == Status::Complete(Protocol::Http1) && !slow {
                let written = &log.lock().unwrap().written;
                let response = response::parse(written);
                // What begins like HEAD and cannot be parsed gets a literal 400,
                // which is whole; `answer` knows which of them can be.
                assert!(response.is_whole || flight.starts_with(b"HEAD "));
            }
        }
    }
}

/// Reads to the end, writes, and closes.
async fn exchange<I>(mut stream: Stream<I>, end: End, log: &Arc<Mutex<Log>>) -> Vec<u8>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let mut read = Vec::new();
    match end {
        End::Eof => drop(stream.read_to_end(&mut read).await.unwrap()),
        End::Reset => drop(stream.read_to_end(&mut read).await.unwrap_err()),
        End::Silence => {
            let waiting = tokio::time::timeout(A_DAY, stream.read_to_end(&mut read));
            waiting.await.unwrap_err();
        }
    }
    assert_eq!(
        log.lock().unwrap().written,
        b"",
        "the acceptor itself said something"
    );
    stream.write_all(ANSWER).await.unwrap();
    stream.shutdown().await.unwrap();
    let log = log.lock().unwrap();
    assert_eq!(log.written, ANSWER);
    assert!(log.shut_down);
    read
}

const ANSWER: &[u8] = &[b'a'; 3000];
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn expect_route(setup: &Setup, verdict: Status, expected: Route) {
    let Status::Complete(protocol) = verdict else {
        panic!("{expected:?} without a verdict");
    };
    assert_eq!(setup.route(protocol), expected, "{protocol:?}");
}

/// Whether a flight may come to this end.
fn failed(setup: &Setup, error: &AcceptError, flight: &[u8], end: End, slow: bool) {
    let verdict = sniff(flight);
    match error {
        AcceptError::Refused(mismatch) => {
            expect_refusal(setup, verdict, *mismatch);
        }
        AcceptError::Closed { received } => {
            assert_eq!((verdict, end), (Status::Partial, End::Eof));
            assert_eq!(*received, flight.len());
        }
        AcceptError::Deadline { .. } => assert!(slow || end == End::Silence, "{error}"),
        AcceptError::Io(_) if end == End::Reset => {
            // Before the verdict, or in the handshake.
            assert!(verdict == Status::Partial || leads_to_a_handshake(setup, verdict));
        }
        AcceptError::Handshake { .. } => assert!(leads_to_a_handshake(setup, verdict)),
        other => panic!("{other:?}"),
    }
}

fn expect_refusal(setup: &Setup, verdict: Status, mismatch: Mismatch) {
    expect_route(setup, verdict, Route::Refuse(mismatch));
}

fn leads_to_a_handshake(setup: &Setup, verdict: Status) -> bool {
    let Status::Complete(protocol) = verdict else {
        return false;
    };
    match setup.route(protocol) {
        Route::Tls => true,
        // A policy may say this of plaintext, too.
        Route::Refuse(Mismatch::TlsToPlaintext) => setup.in_tls && protocol == Protocol::Tls,
        _ => false,
    }
}

/// The flight as what a proper client says inside TLS.
fn inside_tls(setup: &Setup, flight: &[u8], which: usize, reads: Cuts, writes: Cuts) {
    if setup.proxied {
        return;
    }
    let slow = reads.are_slow() || writes.are_slow();
    let (near, far) = duplex(64 * 1024);
    let (connector, alpn) = tls::connector(which);
    let client = async {
        let Ok(stream) = connector.connect(tls::name(), near).await else {
            return Vec::new();
        };
        let (mut reading, mut writing) = split(stream);
        let said = async {
            let _ = writing.write_all(flight).await;
            let _ = writing.shutdown().await;
        };
        let mut heard = Vec::new();
        // It may be refused before it has said everything.
        let _ = tokio::join!(said, reading.read_to_end(&mut heard));
        heard
    };
    let server = async {
        let io = Cut::new(far, reads, writes);
        let accepted = setup.acceptor.accept(io, setup.peer).await?;
        assert!(accepted.info.is_tls());
        let mut stream = accepted.stream;
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, flight);
        stream.write_all(ANSWER).await.unwrap();
        stream.shutdown().await.unwrap();
        Ok(())
    };
    let (heard, accepted) = unbounded(async { tokio::join!(client, server) });
    let route = setup.route(Protocol::Tls);
    let verdict = sniff(flight);
    match accepted {
        Ok(()) => {
            assert_eq!(route, Route::Tls);
            assert!(heard == ANSWER, "{} bytes arrived", heard.len());
            assert!(matches!(
                verdict,
                Status::Complete(Protocol::Http1 | Protocol::Http2)
            ));
        }
        Err(AcceptError::Refused(mismatch)) => match verdict {
            Status::Complete(Protocol::Foreign(foreign)) if route == Route::Tls => {
                assert_ne!(alpn, Some("h2"));
                assert_eq!(mismatch, Mismatch::Foreign(foreign));
            }
            Status::Complete(Protocol::Tls) if route == Route::Tls => {
                assert_eq!(mismatch, Mismatch::Foreign(Foreign::Unknown));
            }
            _ => match route {
                Route::Refuse(expected) => assert!(
                    mismatch == expected || matches!(mismatch, Mismatch::Foreign(_)),
                    "{mismatch:?}"
                ),
                route => panic!("{route:?} of {verdict:?} became {mismatch:?}"),
            },
        },
        Err(AcceptError::Closed { received }) => {
            assert_eq!(verdict, Status::Partial);
            assert!(slow || received == flight.len());
        }
        Err(AcceptError::AlpnMismatch) => {
            assert!(matches!(verdict, Status::Complete(protocol) if protocol != Protocol::Http2));
            assert_eq!(alpn, Some("h2"));
        }
        Err(AcceptError::Deadline { .. }) => assert!(slow),
        Err(other) => panic!("{other:?}"),
    }
}

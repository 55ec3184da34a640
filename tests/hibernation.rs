//! HTTP/1 connections that are idle for more than 2 s go on without hyper. Nobody
//! may notice, in either mode. The clock is tokio's, paused.
#![allow(clippy::unwrap_used)] // a test

#[path = "hibernation/connected.rs"]
mod connected;
mod in_memory;
mod log_capture;
mod support;

use std::time::Duration;

use connected::Connected;
use log_capture::Log;
use oneport::Drained;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

impl Connected {
    /// After a request, and half a minute of sleep.
    async fn asleep(tls: bool) -> (Self, Log, tracing::subscriber::DefaultGuard) {
        let mut it = Self::new(tls, None).await;
        let (log, guard) = trace();
        it.exchange(GET).await;
        sleep(Duration::from_secs(30)).await;
        assert_eq!(sleeps(&log), 1);
        (it, log, guard)
    }
}

fn trace() -> (Log, tracing::subscriber::DefaultGuard) {
    Log::capture_to(tracing::Level::TRACE)
}

/// How often a connection went to sleep.
fn sleeps(log: &Log) -> usize {
    log.lines_with("idle connection hibernates").len()
}

fn number(answer: &str) -> &str {
    let at = answer.find("request ").unwrap();
    answer[at..].split(',').next().unwrap()
}

/// The same connection with the same service, whose deadline for idleness is its
/// own, not one from each sleep.
#[tokio::test(start_paused = true)]
async fn it_answers_as_before_and_ends_as_before() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        let first = it.exchange(GET).await;
        let id = number(&first).strip_prefix("request 1 on ").unwrap();
        for nth in 2..5 {
            sleep(Duration::from_secs(59)).await;
            assert_eq!(sleeps(&log), nth - 1);
            let answer = it.exchange(GET).await;
            assert_eq!(number(&answer), format!("request {nth} on {id}"));
        }
        let (rest, after) = it.end().await;
        assert_eq!((rest.as_str(), after.as_secs()), ("", 60));
        assert_eq!(sleeps(&log), 4);
        assert_eq!(
            log.lines_with("limit=\"keep_alive_idle\"").len(),
            1,
            "{}",
            log.text()
        );
    }
}

/// Connections that are in use do not go through it.
#[tokio::test(start_paused = true)]
async fn not_before_two_seconds() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        for _ in 0..5 {
            it.exchange(GET).await;
            sleep(Duration::from_millis(1_990)).await;
        }
        assert_eq!(sleeps(&log), 0);
        sleep(Duration::from_millis(20)).await;
        assert_eq!(sleeps(&log), 1);
    }
}

/// The first byte wakes it, and begins a head, which has its deadline.
#[tokio::test(start_paused = true)]
async fn a_request_that_comes_byte_by_byte() {
    for tls in [false, true] {
        let (mut it, log, _guard) = Connected::asleep(tls).await;
        let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
        for byte in request {
            it.client.write_all(&[*byte]).await.unwrap();
            it.client.flush().await.unwrap();
            sleep(Duration::from_millis(100)).await;
        }
        let answer = it.answer().await;
        assert!(answer.ends_with(", 4 bytes!"), "{answer}");
        sleep(Duration::from_secs(30)).await;
        // The body is over; but nobody can know.
        assert_eq!(sleeps(&log), 1);

        it.exchange(GET).await;
        sleep(Duration::from_secs(30)).await;
        it.client.write_all(b"G").await.unwrap();
        let (rest, after) = it.end().await;
        assert!(rest.starts_with("HTTP/1.1 408 "), "{rest}");
        assert_eq!(after.as_secs(), 10);
        assert_eq!(sleeps(&log), 2);
    }
}

/// A large request, several of them at once: what woke it is a part of the first.
#[tokio::test(start_paused = true)]
async fn more_than_one_read_of_requests() {
    for tls in [false, true] {
        let (mut it, log, _guard) = Connected::asleep(tls).await;
        let mut requests = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n".to_vec();
        requests.extend([b'x'; 100_000]);
        requests.extend(GET.repeat(3));
        let answer = it.exchange(&requests).await;
        assert!(answer.ends_with("100000 bytes!"), "{answer}");
        for nth in 3..6 {
            let answer = it.answer().await;
            assert!(
                number(&answer).starts_with(&format!("request {nth} on ")),
                "{answer}"
            );
        }
        assert_eq!(sleeps(&log), 1);
    }
}

/// It used to be taken for idleness until its minute was over.
#[tokio::test(start_paused = true)]
async fn a_head_that_began_behind_the_last_request() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        it.exchange(&[GET, b"GET / HT"].concat()).await;
        sleep(Duration::from_secs(7)).await;
        let answer = it.exchange(b"TP/1.1\r\nHost: a\r\n\r\nGET / HT").await;
        assert!(number(&answer).starts_with("request 2 on "), "{answer}");
        let (rest, after) = it.end().await;
        assert!(rest.starts_with("HTTP/1.1 408 "), "{rest}");
        assert_eq!(after.as_secs(), 12);
        assert_eq!(sleeps(&log), 0);
    }
}

/// RFC 9112 2.2: nothing.
#[tokio::test(start_paused = true)]
async fn a_line_end_behind_the_last_request() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, None).await;
        let (log, _guard) = trace();
        it.exchange(&[GET, b"\r\n"].concat()).await;
        let (rest, after) = it.end().await;
        assert_eq!((rest.as_str(), after.as_secs()), ("", 60));
        assert_eq!(sleeps(&log), 1);
    }
}

/// At once, as under hyper.
#[tokio::test(start_paused = true)]
async fn the_server_drains() {
    for tls in [false, true] {
        let (mut it, _log, _guard) = Connected::asleep(tls).await;
        let start = Instant::now();
        it.shutdown.send(()).unwrap();
        let mut rest = String::new();
        it.client.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "");
        drop(it.client);
        assert_eq!(it.server.await.unwrap().unwrap(), Drained::Clean);
        assert_eq!(start.elapsed().as_secs(), 0);
    }
}

/// Nobody yields in between: the server hears of both at once.
#[tokio::test(start_paused = true)]
async fn the_server_drains_just_as_a_request_comes() {
    for tls in [false, true] {
        let (mut it, _log, _guard) = Connected::asleep(tls).await;
        it.client.write_all(GET).await.unwrap();
        it.shutdown.send(()).unwrap();
        let mut rest = String::new();
        it.client.read_to_string(&mut rest).await.unwrap();
        assert!(number(&rest).starts_with("request 2 on "), "{rest}");
        drop(it.client);
        assert_eq!(it.server.await.unwrap().unwrap(), Drained::Clean);
    }
}

/// With FIN, inside TLS with close_notify, which is answered; or without a word.
#[tokio::test(start_paused = true)]
async fn the_client_leaves() {
    for tls in [false, true] {
        let (mut it, log, _guard) = Connected::asleep(tls).await;
        it.client.shutdown().await.unwrap();
        let (rest, after) = it.end().await;
        assert_eq!((rest.as_str(), after.as_secs()), ("", 0));
        assert_eq!(sleeps(&log), 1);
    }
    for tls in [false, true] {
        let (it, log, _guard) = Connected::asleep(tls).await;
        drop(it.client);
        // Before the shutdown, or it would be that.
        while log.lines_with("connection ended").is_empty()
            && log.lines_with("connection failed").is_empty()
        {
            sleep(Duration::from_millis(1)).await;
        }
        it.shutdown.send(()).unwrap();
        assert_eq!(it.server.await.unwrap().unwrap(), Drained::Clean);
    }
}

/// Its clock would begin anew with each sleep: such a connection stays with hyper.
#[tokio::test(start_paused = true)]
async fn an_application_that_has_set_a_deadline_of_hyper_s() {
    for tls in [false, true] {
        let mut it = Connected::new(tls, Some(Duration::from_secs(20))).await;
        let (log, _guard) = trace();
        it.exchange(GET).await;
        let (rest, after) = it.end().await;
        assert_eq!((rest.as_str(), after.as_secs()), ("", 20));
        assert_eq!(sleeps(&log), 0);
    }
}

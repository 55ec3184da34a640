//! Renewal: nobody notices.

use std::time::{Duration, SystemTime};

use oneport::Mode;
use oneport::tls::describe::CertificateSummary;
use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::log_capture::Log;
use crate::pebble::{NOWHERE, Pebble, Settings};
use crate::site::{DOMAIN, acme, client, connect, port, run, serve, shown, until, until_served};
use crate::support::within;

/// Short enough to see it renewed; in seconds.
const SHORT: u64 = 12;

fn only_tls(tls: u16, validity: u64) -> Settings {
    Settings {
        http: NOWHERE,
        tls,
        validity,
    }
}

/// Request and answer on a connection that stays open.
async fn ask<I>(io: &mut I)
where
    I: AsyncReadExt + AsyncWriteExt + Unpin,
{
    io.write_all(b"GET / HTTP/1.1\r\nHost: a.example.test\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"GET \n") {
        assert!(within(io.read_buf(&mut answer)).await.unwrap() > 0);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn no_handshake_fails_connections_live_on_and_sessions_are_resumed() {
    let (log, _guard) = Log::capture();
    let (listener, addr) = port().await;
    let pebble = Pebble::start(only_tls(addr.port(), SHORT)).await;
    let cache = tempfile::tempdir().unwrap();
    let driver = acme(&pebble, cache.path()).start().unwrap();
    let _server = serve(listener, &driver, Mode::TlsOnly).await;
    let _running = run(driver);
    let root = pebble.issuing_root().await;
    until_served(addr, &root).await;

    let remembers = client(&root);
    let mut open = connect(addr, &remembers, DOMAIN).await.unwrap();
    ask(&mut open).await;
    let (mut handshakes, mut certificates) = (0, Vec::new());
    let mut resumed = Vec::new();
    until("three certificates were served", async || {
        // Four at a time; a failed one fails the test.
        let four = futures_util::future::join_all((0..4).map(|_| shown(addr, &root))).await;
        for certificate in four {
            handshakes += 1;
            let certificate = certificate.unwrap();
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
                let mut again = connect(addr, &remembers, DOMAIN).await.unwrap();
                resumed.push(again.get_ref().1.handshake_kind());
                ask(&mut again).await;
            }
        }
        ask(&mut open).await;
        certificates.len() >= 3
    })
    .await;
    println!("0 of {handshakes} handshakes failed while the certificate was renewed twice");
    assert_eq!(resumed, [Some(HandshakeKind::Resumed); 3]);
    assert_eq!(log.lines_with("WARN"), [""; 0]);

    // Each in time: after two thirds of its lifetime, give or take a thirtieth.
    let times = certificates
        .iter()
        .map(|it| CertificateSummary::from_der(it).unwrap().not_before);
    let times: Vec<SystemTime> = times.collect();
    for pair in times.windows(2) {
        let after = pair[1].duration_since(pair[0]).unwrap();
        let seconds = Duration::from_secs(SHORT - 6)..Duration::from_secs(SHORT);
        assert!(seconds.contains(&after), "{after:?}");
    }
}

#[tokio::test]
async fn a_restart_takes_what_is_kept_and_asks_nobody() {
    let (listener, addr) = port().await;
    let mut pebble = Pebble::start(only_tls(addr.port(), 24 * 60 * 60)).await;
    let cache = tempfile::tempdir().unwrap();
    let driver = acme(&pebble, cache.path()).start().unwrap();
    let server = serve(listener, &driver, Mode::TlsOnly).await;
    let running = run(driver);
    let root = pebble.issuing_root().await;
    until_served(addr, &root).await;
    let before = shown(addr, &root).await.unwrap();
    drop(running);
    server.shut_down().await.unwrap();
    pebble.stop().await;
    let in_its_place = TcpListener::bind(pebble.addr()).await.unwrap();

    let (listener, addr) = port().await;
    let driver = acme(&pebble, cache.path()).start().unwrap();
    assert_eq!(driver.certificate().unwrap().names, [DOMAIN]);
    let _server = serve(listener, &driver, Mode::TlsOnly).await;
    let _running = run(driver);
    assert_eq!(shown(addr, &root).await.unwrap(), before);
    let asked = timeout(Duration::from_secs(1), in_its_place.accept()).await;
    assert!(asked.is_err(), "the CA was asked");
}

/// Two servers that share the directory: one orders, the other takes it.
#[tokio::test]
async fn of_two_that_share_a_directory_one_orders() {
    let (log, _guard) = Log::capture();
    let (listener, addr) = port().await;
    let pebble = Pebble::start(only_tls(addr.port(), 24 * 60 * 60)).await;
    let cache = tempfile::tempdir().unwrap();
    let one = acme(&pebble, cache.path()).start().unwrap();
    let other = acme(&pebble, cache.path()).start().unwrap();
    let (listener_of_other, addr_of_other) = port().await;
    let _server = serve(listener, &one, Mode::TlsOnly).await;
    let _other = serve(listener_of_other, &other, Mode::TlsOnly).await;
    let _one = run(one);
    let root = pebble.issuing_root().await;
    // Its own port is not the one that the CA comes to.
    let begun = log.lines_with("an account was made").len();
    assert!(begun <= 1);
    until("the first is ordering or done", async || {
        !log.lines_with("an account was made").is_empty()
    })
    .await;
    let _two = run(other);
    until_served(addr, &root).await;
    until_served(addr_of_other, &root).await;
    let (one, other) = (shown(addr, &root).await, shown(addr_of_other, &root).await);
    assert_eq!(one.unwrap(), other.unwrap());
    assert_eq!(log.lines_with("an account was made").len(), 1);
}

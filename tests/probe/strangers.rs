//! Ports that speak no HTTP, or badly.

use std::time::{Duration, Instant};

use oneport::client::probe::{Answer, ProxyHeader};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::raw::serve;
use super::{SHORT, probe, report, verdict};

/// What it does with each connection, and what is said of it for http, https
/// and the port alone.
#[tokio::test]
async fn what_is_said_of_strangers() {
    for (what, expected) in [
        ("ssh", ["not-http", "not-tls", "not-http"]),
        ("smtp", ["not-http", "not-tls", "not-http"]),
        ("closes", ["closed", "closed-in-handshake|closed", "closed"]),
        ("resets", ["closed", "closed-in-handshake|closed", "closed"]),
        ("garbage", ["not-http", "not-tls", "not-http"]),
        ("echo", ["not-http", "not-tls", "not-http"]),
        ("endless", ["not-http", "not-tls", "not-http"]),
        ("http09", ["not-http", "tls-to-plaintext", "not-http"]),
        ("silent", ["silent", "silent", "silent"]),
    ] {
        let addr = serve(move |tcp| behave(what, tcp)).await;
        for (scheme, expected) in ["http", "https", ""].into_iter().zip(expected) {
            for brief in [false, true] {
                let probe = probe(scheme, addr).question_timeout(SHORT);
                let begun = Instant::now();
                let report = report(if brief { probe.brief() } else { probe }).await;
                let said = verdict(&report);
                assert!(
                    expected.split('|').any(|expected| expected == said),
                    "{what} {scheme} {brief}: {said}, {report:#?}"
                );
                assert!(report.urls.is_empty(), "{what} {scheme}: {report:#?}");
                // The questions are asked at the same time, twice at most.
                assert!(begun.elapsed() < 10 * SHORT, "{what} {scheme}");
            }
        }
    }
}

async fn behave(what: &str, mut tcp: TcpStream) {
    let mut read = [0; 1024];
    match what {
        "ssh" => {
            let _ = tcp.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n").await;
            let _ = tcp.read(&mut read).await;
            let _ = tcp
                .write_all(b"Invalid SSH identification string.\r\n")
                .await;
        }
        "smtp" => {
            let _ = tcp.write_all(b"220 mail.test ESMTP ready\r\n").await;
            while tcp.read(&mut read).await.is_ok_and(|read| read > 0) {
                let _ = tcp.write_all(b"500 what?\r\n").await;
            }
        }
        "closes" => {}
        "resets" => tcp.set_zero_linger().unwrap(),
        "garbage" => {
            let _ = tcp.read(&mut read).await;
            let _ = tcp.write_all(b"\x00\xff\x01 this is nothing\n").await;
        }
        "echo" => {
            while let Ok(length @ 1..) = tcp.read(&mut read).await {
                let _ = tcp.write_all(&read[..length]).await;
            }
        }
        "endless" => while tcp.write_all(&[b'x'; 4096]).await.is_ok() {},
        "http09" => {
            let _ = tcp.read(&mut read).await;
            let _ = tcp.write_all(b"<html><p>old</p></html>\n").await;
        }
        _ => {
            let _ = tcp.read_to_end(&mut Vec::new()).await;
        }
    }
}

/// The banner is what people recognise it by.
#[tokio::test]
async fn an_ssh_server_is_quoted() {
    let addr = serve(|tcp| behave("ssh", tcp)).await;
    let report = report(probe("http", addr)).await;
    let said = report.fault.as_ref().unwrap().to_string();
    assert!(said.contains("SSH server"), "{said}");
    assert!(said.contains("SSH-2.0-OpenSSH_9.2p1"), "{said}");
    assert!(
        matches!(&report.tls.http, Answer::Refused(_)),
        "{report:#?}"
    );
}

/// A port that hangs up on everybody is asked again as a proxy would.
#[tokio::test]
async fn a_port_that_hangs_up_on_everybody() {
    let addr = serve(|tcp| behave("closes", tcp)).await;
    let report = report(probe("", addr)).await;
    assert_eq!(
        report.proxy_protocol,
        ProxyHeader::NoDifference,
        "{report:#?}"
    );
}

#[tokio::test]
async fn nobody_is_there() {
    let listener = crate::support::listen().await;
    let addr = listener.local_addr().unwrap();
    drop(listener);
    for scheme in ["http", "wss", ""] {
        let report = report(probe(scheme, addr)).await;
        assert_eq!(verdict(&report), "connection-refused");
        assert_eq!(report.address, None);
    }
}

/// Deadlines are of the question and of the whole, not of a read.
#[tokio::test]
async fn byte_by_byte() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let addr = serve(move |mut tcp| async move {
        let _ = tcp.read(&mut [0; 1024]).await;
        for byte in answer {
            if tcp.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let whole = report(probe("http", addr)).await;
    assert_eq!(verdict(&whole), "works", "{whole:#?}");
    let addr = serve(|mut tcp| async move {
        while tcp.write_all(b"H").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let begun = Instant::now();
    let probe = probe("http", addr).question_timeout(SHORT);
    let slow = report(probe.overall_timeout(SHORT * 2)).await;
    assert!(!slow.works(), "{slow:#?}");
    assert!(begun.elapsed() < SHORT * 10);
}

/// Over before the questions are: what is missing counts as silence.
#[tokio::test]
async fn the_overall_deadline() {
    let addr = serve(|tcp| behave("silent", tcp)).await;
    let begun = Instant::now();
    let probe = probe("http", addr).overall_timeout(SHORT);
    assert_eq!(verdict(&report(probe).await), "silent");
    assert!(begun.elapsed() < SHORT * 10, "{:?}", begun.elapsed());
}

//! `openssl s_server`, whose alerts are its own.

use std::net::SocketAddr;
use std::process::Stdio;

use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use crate::identity::{MISSING, speaking};
use crate::site::{Site, fault, url};
use crate::support::within;

/// A server on a port of its own choice.
struct OpenSsl {
    addr: SocketAddr,
    _process: Child,
}

impl OpenSsl {
    async fn start(site: &Site, arguments: &[&str]) -> Self {
        let mut process = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-naccept", "10000"])
            .args(["-cert", "server.crt", "-key", "server.key"])
            .args(arguments)
            .current_dir(site.folder.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("openssl is needed");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let addr = loop {
            // `ACCEPT 127.0.0.1:40001`
            let line = within(lines.next_line()).await.unwrap().unwrap();
            if let Some(addr) = line.strip_prefix("ACCEPT ") {
                break addr.parse().unwrap();
            }
        };
        // It must not stop for want of a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            addr,
            _process: process,
        }
    }
}

#[tokio::test]
async fn a_missing_certificate_is_always_named() {
    let site = Site::new();
    let server = OpenSsl::start(&site, &["-Verify", "1", "-CAfile", "clients.crt"]).await;
    for version in [&TLS13, &TLS12] {
        let connector = speaking(&site, version);
        for run in 0..200 {
            let error = fault(&connector, &url("https", server.addr)).await;
            assert_eq!(error.mismatch(), Some(MISSING), "run {run}: {error:?}");
        }
    }
}

/// Tickets and no alert.
#[tokio::test]
async fn a_certificate_that_is_wanted_only() {
    let site = Site::new();
    let server = OpenSsl::start(&site, &["-verify", "1", "-rev", "-CAfile", "clients.crt"]).await;
    for version in [&TLS13, &TLS12] {
        let connector = speaking(&site, version);
        let mut stream = connector.connect(url("https", server.addr)).await.unwrap();
        stream.write_all(b"hello\n").await.unwrap();
        let mut back = [0; 6];
        within(stream.read_exact(&mut back)).await.unwrap();
        assert_eq!(&back, b"olleh\n");
    }
}

#[tokio::test]
async fn nothing_in_common() {
    let site = Site::new();
    let server = OpenSsl::start(&site, &["-tls1_3", "-alpn", "spdy"]).await;
    let error = fault(&speaking(&site, &TLS12), &url("https", server.addr)).await;
    assert!(error.to_string().contains("minimum_version"), "{error}");
    let error = fault(&speaking(&site, &TLS13), &url("https", server.addr)).await;
    assert!(error.to_string().contains(".alpn([..])"), "{error}");
}

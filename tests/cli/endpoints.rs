//! `/whoami`, `/echo`, `/bytes`, `/slow`, `/healthz`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::Oneport;
use crate::support::{exchange, within};

#[tokio::test]
async fn whoami_says_how_the_visitor_came() {
    let server = Oneport::start(&["--allow-plaintext"]).await;
    let whoami = async |scheme: &str, options: &[&str]| -> Value {
        let options = [options, &["-A", "a \"client\"", "-H", "Cookie: secret"]].concat();
        let body = server.curl(scheme, "/whoami?token=secret", &options).await;
        assert!(!body.contains("secret"), "{body}");
        serde_json::from_str(&body).expect(&body)
    };

    let plain = whoami("http", &["-X", "PROPFIND"]).await;
    assert_eq!(plain["scheme"], "http");
    assert_eq!(plain["tls"], Value::Null);
    assert_eq!(plain["http_version"], "HTTP/1.1");
    assert_eq!(plain["method"], "PROPFIND");
    assert_eq!(plain["path"], "/whoami");
    assert_eq!(plain["host"], format!("localhost:{}", server.addr.port()));
    assert_eq!(plain["user_agent"], "a \"client\"");
    assert!(plain["peer"].as_str().unwrap().starts_with("127.0.0.1:"));

    let tls = whoami(
        "https",
        &["--http2", "--tls13-ciphers", "TLS_AES_128_GCM_SHA256"],
    )
    .await;
    assert_eq!(tls["scheme"], "https");
    assert_eq!(tls["http_version"], "HTTP/2");
    assert_eq!(
        tls["tls"],
        json!({
            "version": "TLS 1.3",
            "cipher": "TLS_AES_128_GCM_SHA256",
            "alpn": "h2",
            "sni": "localhost",
            "client_certificate": null,
            "resumed": false,
        })
    );
    let old = whoami("https", &["--tls-max", "1.2", "--http1.1"]).await;
    assert_eq!(old["tls"]["version"], "TLS 1.2");
    assert_eq!(old["tls"]["alpn"], "http/1.1");
    assert_eq!(old["http_version"], "HTTP/1.1");
    let no_alpn = whoami("https", &["--no-alpn", "--http1.1"]).await;
    assert_eq!(no_alpn["tls"]["alpn"], Value::Null);
    let h2c = whoami("http", &["--http2-prior-knowledge"]).await;
    assert_eq!(h2c["http_version"], "HTTP/2");
    let ancient = whoami("http", &["--http1.0"]).await;
    assert_eq!(ancient["http_version"], "HTTP/1.0");
}

#[tokio::test]
async fn echo_gives_the_body_back() {
    let server = Oneport::start(&["--allow-plaintext"]).await;
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let sent: Vec<u8> = (0..3_000_000u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(path("sent"), &sent).unwrap();
    let (file, received) = (path("sent"), path("received"));
    let from = format!("@{file}");
    for (scheme, options) in [
        ("http", &["--data-binary", &from][..]),
        ("http", &["--http2-prior-knowledge", "--data-binary", &from]),
        ("http", &["-T", &file]),
        ("https", &["--data-binary", &from]),
        (
            "https",
            &["--http1.1", "-H", "Transfer-Encoding: chunked", "-T", &file],
        ),
    ] {
        let common = [
            "-H",
            "Content-Type: application/x-test",
            "-D",
            "-",
            "-o",
            &received,
        ];
        let headers = server
            .curl(scheme, "/echo", &[&common, options].concat())
            .await;
        let headers = headers.to_lowercase();
        assert!(
            headers.contains("content-type: application/x-test"),
            "{headers}"
        );
        assert!(
            headers.contains("nosniff") && headers.contains("sandbox"),
            "{headers}"
        );
        assert!(
            std::fs::read(&received).unwrap() == sent,
            "{scheme} {options:?}"
        );
        std::fs::remove_file(&received).unwrap();
    }
    let refusal = server.curl("http", "/echo", &["-i"]).await;
    assert!(refusal.starts_with("HTTP/1.1 405"), "{refusal}");
    assert!(refusal.contains("allow: PATCH, POST, PUT"), "{refusal}");
}

/// Each part comes back before the next one is sent: nothing is collected.
#[tokio::test]
async fn echo_is_streamed() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    tcp.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    let mut received = Vec::new();
    for part in ["first", "second", "third"] {
        let chunk = format!("{:x}\r\n{part}\r\n", part.len());
        tcp.write_all(chunk.as_bytes()).await.unwrap();
        while !String::from_utf8_lossy(&received).contains(part) {
            assert!(within(tcp.read_buf(&mut received)).await.unwrap() > 0);
        }
    }
}

#[tokio::test]
async fn bytes_makes_that_many() {
    let server = Oneport::start(&["--allow-plaintext"]).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("received");
    for scheme in ["http", "https"] {
        for n in [0, 1, 65_536, 1_000_001] {
            let path = format!("/bytes?n={n}");
            server
                .curl(scheme, &path, &["-o", file.to_str().unwrap()])
                .await;
            // curl makes no file for an empty body.
            let bytes = std::fs::read(&file).unwrap_or_default();
            assert_eq!(bytes.len(), n);
            assert!(bytes.iter().enumerate().all(|(at, byte)| *byte == at as u8));
            let _ = std::fs::remove_file(&file);
        }
    }
    let most = server.curl("http", "/bytes?n=10737418240", &["-I"]).await;
    assert!(most.contains("content-length: 10737418240"), "{most}");
    for query in ["", "?n=", "?n=x", "?n=-1", "?n=10737418241"] {
        let path = format!("/bytes{query}");
        assert_eq!(server.status("http", &path, &[]).await, "400", "{query}");
    }
}

/// 10 GiB are promised, and the server does not hold them.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn bytes_is_streamed() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    tcp.write_all(b"GET /bytes?n=10737418240 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let mut chunk = vec![0; 1 << 20];
    let mut received = 0;
    while received < 256 << 20 {
        received += within(tcp.read(&mut chunk)).await.unwrap();
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 128 * 1024, "{kib} KiB");
}

#[tokio::test]
async fn slow_takes_its_time() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    let began = Instant::now();
    let answer = server.curl("http", "/slow?ms=700", &[]).await;
    assert_eq!(answer, "This took 700 ms.\n");
    assert!(began.elapsed() >= Duration::from_millis(700));
    for query in ["", "?ms=", "?ms=1s", "?ms=600001"] {
        let path = format!("/slow{query}");
        assert_eq!(server.status("http", &path, &[]).await, "400", "{query}");
    }
}

/// Targets that are not a path, as in `CONNECT` and `OPTIONS *`.
#[tokio::test]
async fn unusual_targets_get_an_answer() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    for (request, status) in [
        ("GET /nothing HTTP/1.1\r\nHost: a", "404"),
        ("OPTIONS * HTTP/1.1\r\nHost: a", "404"),
        (
            "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443",
            "4",
        ),
        ("GET http://a/healthz HTTP/1.1\r\nHost: a", "200"),
        ("GET //a/b HTTP/1.1\r\nHost: a", "404"),
    ] {
        let request = format!("{request}\r\nConnection: close\r\n\r\n");
        let answer = exchange(server.addr, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{request}{answer}"
        );
    }
    assert_eq!(server.curl("http", "/healthz", &[]).await, "ok\n");
}

//! `--workers`: connections are spread, and all else is as with one listener.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::{Oneport, command, ended};
use crate::support::{exchange, within};

const LAST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A server whose log says how each connection ended.
async fn talkative(args: &[&str]) -> Oneport {
    let home = tempfile::tempdir().unwrap();
    let args = [
        &["--listen", "127.0.0.1:0", "--log-format", "json"][..],
        args,
    ]
    .concat();
    let mut command = command(&home, &args);
    command.env("RUST_LOG", "oneport=debug");
    Oneport::started(home, command).await
}

/// How many lines with this message each thread has written.
fn by_thread(log: &str, message: &str) -> BTreeMap<String, usize> {
    let mut threads = BTreeMap::new();
    for line in log.lines().filter(|line| line.starts_with('{')) {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["message"] == message {
            let thread = line["threadName"].as_str().unwrap().to_owned();
            *threads.entry(thread).or_default() += 1;
        }
    }
    threads
}

/// A request that the server has, and that ends when the client wants.
async fn in_flight(server: &Oneport) -> TcpStream {
    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    tcp.write_all(
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n?\r\n",
    )
    .await
    .unwrap();
    let mut echoed = Vec::new();
    while !echoed.ends_with(b"1\r\n?\r\n") {
        within(tcp.read_buf(&mut echoed)).await.unwrap();
    }
    tcp
}

#[tokio::test]
async fn all_workers_get_connections() {
    let server = talkative(&["--plaintext-only", "--workers", "4"]).await;
    assert!(
        server.report.contains(r#""workers":4"#),
        "{}",
        server.report
    );
    // Linux chooses by a hash of the client's port: that one of four gets none
    // of 200 is as good as impossible.
    for _ in 0..200 {
        let answer = exchange(server.addr, LAST).await;
        assert!(answer.ends_with(b"ok\n"));
    }
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 0, "{log}");
    let threads = by_thread(&log, "connection ended");
    let names: Vec<&String> = threads.keys().collect();
    let expected = ["worker-1", "worker-2", "worker-3", "worker-4"];
    assert_eq!(names, expected, "{log}");
    assert_eq!(threads.values().sum::<usize>(), 200, "{threads:?}");
}

#[tokio::test]
async fn one_worker_serves_all() {
    let server = talkative(&["--allow-plaintext", "--workers=1"]).await;
    for scheme in ["http", "https"] {
        assert_eq!(server.curl(scheme, "/healthz", &[]).await, "ok\n");
    }
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 0, "{log}");
    let threads = by_thread(&log, "connection ended");
    assert_eq!(threads, BTreeMap::from([("worker-1".to_owned(), 2)]));
}

/// One per core; and `[::]` works with several listeners.
#[tokio::test]
async fn auto_and_every_address() {
    let args = [
        "--workers",
        "auto",
        "--listen",
        "[::]:0",
        "--plaintext-only",
    ];
    let server = Oneport::start(&args).await;
    let port = server.addr.port();
    for at in ["127.0.0.1", "::1"] {
        let at = std::net::SocketAddr::new(at.parse().unwrap(), port);
        assert!(exchange(at, LAST).await.ends_with(b"ok\n"));
    }
}

/// What was in flight with any of them is finished.
#[tokio::test]
async fn one_signal_drains_all() {
    let server = Oneport::start(&["--plaintext-only", "--workers", "3"]).await;
    let mut requests = Vec::new();
    for _ in 0..24 {
        requests.push(in_flight(&server).await);
    }
    server.signal("TERM").await;
    // Between two processes: nothing says when the last listener is closed.
    while TcpStream::connect(server.addr).await.is_ok() {}
    for tcp in &mut requests {
        tcp.write_all(b"0\r\n\r\n").await.unwrap();
        let mut rest = Vec::new();
        within(tcp.read_to_end(&mut rest)).await.unwrap();
        assert_eq!(rest, b"0\r\n\r\n");
    }
    let (code, log) = server.end().await;
    assert_eq!(code, 0, "{log}");
}

#[tokio::test]
async fn what_was_cut_off_is_counted_over_all() {
    let server = Oneport::start(&["--plaintext-only", "--workers", "3", "--drain", "1"]).await;
    let mut requests = Vec::new();
    for _ in 0..24 {
        requests.push(in_flight(&server).await);
    }
    server.signal("INT").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 5, "{log}");
    assert!(log.contains("24 connection(s) were cut off"), "{log}");
}

#[tokio::test]
async fn a_second_signal_ends_all() {
    let server = Oneport::start(&["--plaintext-only", "--workers", "2", "--drain", "60"]).await;
    let _request = in_flight(&server).await;
    server.signal("INT").await;
    // Draining began when the listeners are closed.
    while TcpStream::connect(server.addr).await.is_ok() {}
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 143, "{log}");
}

/// The refusals' log is one: a client that is refused by all workers has one line.
#[tokio::test]
async fn refusals_are_folded_over_all() {
    let server = Oneport::start(&["--workers", "4"]).await;
    for _ in 0..50 {
        let answer = exchange(server.addr, LAST).await;
        assert!(answer.starts_with(b"HTTP/1.1 426"));
    }
    server.signal("TERM").await;
    let (_, log) = server.end().await;
    assert_eq!(log.matches("refused: ").count(), 2, "{log}");
    assert!(log.contains("(repeated 49 times)"), "{log}");
}

/// A certificate that was reloaded is served by all workers.
#[tokio::test]
async fn all_reload() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (cert, key, new) = (path("a.crt"), path("a.key"), path("new.crt"));
    let make = || rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let made = make();
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let args = [
        "--workers",
        "2",
        "--no-watch",
        "--cert",
        &cert,
        "--key",
        &key,
    ];
    let server = Oneport::start(&args).await;
    let made = make();
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::copy(&cert, &new).unwrap();
    server.signal("HUP").await;
    let url = server.url("https", "/healthz");
    let trusting_new = ["-sS", "--noproxy", "*", "--cacert", &new, &url];
    let get = || crate::support::run("curl", &trusting_new);
    // Between two processes: nothing to be notified of.
    within(async { while !get().await.status.success() {} }).await;
    // From here on no worker has the old one.
    for _ in 0..16 {
        assert!(get().await.status.success());
    }
}

/// SO_REUSEPORT would let a second server take part of the first one's
/// connections.
#[tokio::test]
async fn a_port_in_use_is_an_error_all_the_same() {
    for (first, second) in [
        (&["--workers", "2"][..], &["--workers", "2"][..]),
        (&["--workers", "2"], &[]),
        (&[], &["--workers", "2"]),
    ] {
        let first = Oneport::start(&[&["--plaintext-only"], first].concat()).await;
        let at = first.addr.to_string();
        let args = [&["--plaintext-only", "--listen", &at], second].concat();
        let (code, _, stderr) = ended(&args).await;
        assert_eq!(code, 3, "{second:?}: {stderr}");
        assert!(stderr.contains("is in use"), "{stderr}");
    }
}

/// A restart does not wait for the drain of the server before.
#[tokio::test]
async fn the_next_server_starts_while_the_last_one_drains() {
    let old = Oneport::start(&["--plaintext-only", "--workers", "2"]).await;
    let mut request = in_flight(&old).await;
    old.signal("TERM").await;
    while TcpStream::connect(old.addr).await.is_ok() {}
    let at = old.addr.to_string();
    let new = Oneport::start(&["--plaintext-only", "--workers", "2", "--listen", &at]).await;
    for _ in 0..20 {
        assert!(exchange(new.addr, LAST).await.ends_with(b"ok\n"));
    }
    request.write_all(b"0\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    within(request.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(rest, b"0\r\n\r\n");
    assert_eq!(old.end().await.0, 0);
}

#[tokio::test]
async fn wrong_numbers_are_said() {
    for bad in ["0", "1025", "many", "2.5", ""] {
        let (code, stdout, stderr) = ended(&["--workers", bad]).await;
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        let flat = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = "a number from 1 to 1024, or `auto` for one per core, is expected";
        assert!(flat.contains("--workers") && flat.contains(words), "{flat}");
    }
}

/// Each has a few file descriptors of its own.
#[tokio::test]
async fn more_workers_than_the_system_gives() {
    let home = tempfile::tempdir().unwrap();
    let binary = env!("CARGO_BIN_EXE_oneport");
    let script = format!("ulimit -n 64; exec {binary} --plaintext-only --workers 100");
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", &script]).env_clear().kill_on_drop(true);
    shell.env("HOME", home.path());
    let output = within(shell.output()).await.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("cannot start worker ") && stderr.contains(" of 100: "),
        "{stderr}"
    );
    assert!(stderr.contains("ulimit -n"), "{stderr}");
}

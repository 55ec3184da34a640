//! Signals: what they end, when, and with which exit code.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::process::{Oneport, command};
use crate::support::within;

#[tokio::test]
async fn an_idle_server_drains_at_once() {
    for signal in ["INT", "TERM"] {
        let server = Oneport::start(&[]).await;
        let began = Instant::now();
        server.signal(signal).await;
        let (code, log) = server.end().await;
        assert_eq!(code, 0, "{log}");
        assert!(log.contains(&format!("SIG{signal}: draining")), "{log}");
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

/// Begins a request that takes `ms` and waits until the server has it.
async fn begin_slow(server: &Oneport, scheme: &str, ms: &str) -> tokio::process::Child {
    let mut curl = tokio::process::Command::new("curl");
    let url = server.url(scheme, &format!("/slow?ms={ms}"));
    curl.args(["-sS", "--noproxy", "*", "--cacert", &server.ca(), &url])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let curl = curl.spawn().unwrap();
    // Nothing says from outside that the request is in the handler.
    tokio::time::sleep(Duration::from_millis(500)).await;
    curl
}

#[tokio::test]
async fn requests_in_flight_are_finished() {
    let server = Oneport::start(&["--allow-plaintext"]).await;
    let plaintext = begin_slow(&server, "http", "2000").await;
    let tls = begin_slow(&server, "https", "2000").await;
    server.signal("TERM").await;
    for curl in [plaintext, tls] {
        let output = within(curl.wait_with_output()).await.unwrap();
        assert_eq!(output.stdout, b"This took 2000 ms.\n");
    }
    assert_eq!(server.end().await.0, 0);
}

#[tokio::test]
async fn what_outlives_the_drain_time_is_cut_off_and_said() {
    let server = Oneport::start(&["--drain", "1"]).await;
    let _curl = begin_slow(&server, "https", "600000").await;
    let began = Instant::now();
    server.signal("INT").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 5, "{log}");
    assert!(log.contains("1 connection(s) were cut off"), "{log}");
    let took = began.elapsed();
    assert!(
        took > Duration::from_millis(900) && took < Duration::from_secs(6),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    for (second, expected) in [("INT", 130), ("TERM", 143)] {
        let server = Oneport::start(&["--drain", "60"]).await;
        let _curl = begin_slow(&server, "https", "600000").await;
        server.signal("INT").await;
        // Two signals of one kind that are both pending are one signal.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let began = Instant::now();
        server.signal(second).await;
        let (code, log) = server.end().await;
        assert_eq!(code, expected, "{log}");
        assert!(log.contains(&format!("SIG{second} again")), "{log}");
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

/// As under `oneport | head -1`: nobody reads what is printed or logged.
#[tokio::test]
async fn a_closed_stdout_and_stderr_do_not_matter() {
    let home = tempfile::tempdir().unwrap();
    // Nothing can say which port it took, so one is chosen that was free.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port();
    let listen = format!("127.0.0.1:{port}");
    let mut child = command(&home, &["--plaintext-only", "--listen", &listen])
        .env("RUST_LOG", "oneport=trace")
        .spawn()
        .unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    let url = format!("http://{listen}/healthz");
    let retry = [
        "-sS",
        "--noproxy",
        "*",
        "--retry-connrefused",
        "--retry",
        "20",
        "--retry-delay",
        "1",
    ];
    let answer = crate::support::output_of("curl", &[&retry[..], &[&url]].concat()).await;
    assert_eq!(answer, "ok\n");
    let pid = child.id().unwrap().to_string();
    crate::support::output_of("kill", &["-s", "TERM", &pid]).await;
    assert_eq!(within(child.wait()).await.unwrap().code(), Some(0));
}

//! Standard input, output and error that are closed, broken or full.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::process::Oneport;
use crate::support::{output_of, run, within};
use crate::wrapped::{ended, started, write_pair};

/// The server goes on, says where it can what it has to say, and drains in the end.
#[tokio::test]
async fn a_server_does_without() {
    for (how, to_stderr) in [
        (">&-", true),
        ("2>&-", false),
        ("<&-", true),
        ("<&- >&- 2>&-", false),
        (">/dev/full", true),
        ("2>/dev/full", false),
        (">/dev/full 2>/dev/full </dev/full", false),
    ] {
        let home = tempfile::tempdir().unwrap();
        // Nothing may be able to say which port it took, so it is a free one of an
        // address that nobody else has.
        let port = std::net::TcpListener::bind("127.83.0.1:0")
            .and_then(|listener| listener.local_addr())
            .unwrap()
            .port();
        let listen = format!("127.83.0.1:{port}");
        let script = format!("exec \"$0\" \"$@\" {how}");
        let mut child = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_oneport")])
            .args(["--listen", &listen, "--allow-plaintext"])
            .env_clear()
            .env("HOME", home.path())
            .env("RUST_LOG", "oneport=debug")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let ca = home.path().join(".local/share/oneport/dev-certs/ca.crt");
        let mut answers = 0;
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{listen}/healthz");
            let ca = ca.to_str().unwrap();
            let args = ["-sS", "--noproxy", "*", "--cacert", ca, &url];
            within(async {
                while !run("curl", &args).await.status.success() {
                    assert!(child.try_wait().unwrap().is_none(), "{how}: it ended");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
            .await;
            answers += 1;
        }
        assert_eq!(answers, 2);
        let pid = child.id().unwrap().to_string();
        output_of("kill", &["-s", "TERM", &pid]).await;
        let output = within(child.wait_with_output()).await.unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{how}: {log}");
        assert_eq!(log.contains("listening"), to_stderr, "{how}: {log}");
        assert!(!log.contains("panicked"), "{how}: {log}");
    }
}

/// Its first line is read, and then nobody reads any more; the log is a pipe that
/// breaks while the server is in use.
#[tokio::test]
async fn pipes_that_break_while_it_serves() {
    let home = tempfile::tempdir().unwrap();
    let (addr, pid, mut child) = {
        let args = ["--allow-plaintext"];
        let server = started(home, &["env", "RUST_LOG=oneport=trace"], &args).await;
        let (addr, pid) = (server.addr, server.pid());
        (addr, pid.to_string(), server.into_child())
    };
    for _ in 0..10 {
        let url = format!("http://{addr}/healthz");
        let args = ["-sS", "--noproxy", "*", &url];
        assert_eq!(output_of("curl", &args).await, "ok\n");
    }
    output_of("kill", &["-s", "TERM", &pid]).await;
    assert_eq!(within(child.wait()).await.unwrap().code(), Some(0));
}

/// What was asked for is the output: without it, it is not done. A reader that has
/// enough is no fault.
#[tokio::test]
async fn a_report_that_cannot_be_written_is_a_failure() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    let home = tempfile::tempdir().unwrap();
    let (cert, _) = write_pair(home.path(), "a");
    let cert = cert.to_str().unwrap();
    let url = server.url("http", "/healthz");
    for args in [
        &["cert", "show", cert][..],
        &["cert", "show", cert, "--json"],
        &["check", &url],
        &["check", &url, "--json"],
        &["--help"],
        &["--version"],
    ] {
        let full = ["sh", "-c", "exec \"$0\" \"$@\" >/dev/full"];
        let (code, _, err) = ended(home.path(), &full, args).await;
        assert_eq!(code, 1, "{args:?}: {err}");
        let sentence = "oneport: the output cannot be written: No space left on device";
        assert!(err.starts_with(sentence), "{args:?}: {err}");
        let broken = ["sh", "-c", "{ \"$0\" \"$@\"; echo $? >&2; } | true"];
        let (_, _, err) = ended(home.path(), &broken, args).await;
        assert_eq!(err, "0\n", "{args:?}");
        let closed = ["sh", "-c", "exec \"$0\" \"$@\" >&-"];
        let (code, _, err) = ended(home.path(), &closed, args).await;
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
    }
}

/// Who reads the log stops reading, and stays: a journal that hangs, a pager. Each
/// line was a write into a full pipe on a thread that serves: request 197 was not
/// answered, and SIGTERM did nothing.
#[tokio::test]
async fn a_log_that_nobody_reads() {
    let home = tempfile::tempdir().unwrap();
    let wrapper = ["env", "RUST_LOG=trace"];
    let mut server = started(home, &wrapper, &["--allow-plaintext"]).await;
    let url = format!("http://{}/healthz", server.addr);
    // In one process, each on a connection of its own: 64 KiB of log many times over.
    let mut args = vec![
        "-sS",
        "--noproxy",
        "*",
        "--no-keepalive",
        "-H",
        "Connection: close",
    ];
    args.extend(["-w", "%{http_code}\n", "-o", "/dev/null"]);
    let urls = vec![url.as_str(); 1000];
    for url in &urls {
        args.extend(["-o", "/dev/null", url]);
    }
    let output = run("curl", &args).await;
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.matches("200\n").count(), 1000);
    server.signal("TERM").await;
    let status = server.ended_unread().await;
    assert_eq!(status.code(), Some(0));
}

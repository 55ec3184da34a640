//! curl, in every language that it speaks.

use std::process::Stdio;
use std::time::Duration;

use oneport::{Foreign, Limits, Mismatch, Mode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::answers::answer_to;
use super::support::{Pki, Server, hello, output_of, run, told, within};

#[tokio::test]
async fn curl_in_other_languages() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let addr = server.addr;
    let text = Mismatch::Foreign(Foreign::Text).sentence();
    for url in [format!("gopher://{addr}/1x"), format!("dict://{addr}/d:x")] {
        let shown = output_of("curl", &["-sS", &url]).await;
        assert!(shown.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{shown}");
        assert!(shown.ends_with(&format!("\r\n\r\n{text}\n")), "{shown}");
    }
    let rtsp = output_of("curl", &["-sS", "-i", &format!("rtsp://{addr}/x")]).await;
    let sentence = Mismatch::Foreign(Foreign::Rtsp).sentence();
    let status = format!("RTSP/1.0 400 {sentence}\r\n");
    assert!(rtsp.starts_with(&status), "{rtsp}");
}

/// curl has no words of ours for these, but it has some.
#[tokio::test]
async fn curl_names_what_went_wrong() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let addr = server.addr.to_string();
    let mqtt = format!("mqtt://{addr}/a");
    let ldap = format!("ldap://{addr}/dc=a");
    let table: [(&[&str], i32, &str); 4] = [
        (&[&mqtt], 8, "got 0003"),
        (&[&ldap], 38, "cannot bind"),
        (&["--socks4", &addr, "http://127.0.0.1:1/"], 97, "rejected"),
        (&["--socks5", &addr, "http://127.0.0.1:1/"], 97, "version"),
    ];
    for (arguments, code, words) in table {
        let output = run("curl", &[&["-sS"], arguments].concat()).await;
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let shown = String::from_utf8(output.stderr).unwrap();
        assert!(shown.contains(words), "{arguments:?}: {shown}");
    }
}

/// Where the server speaks first, both would wait: the deadline ends it, and
/// nothing is said, because it would be taken for a greeting.
#[tokio::test]
async fn clients_that_wait_for_a_greeting_are_closed_at_the_deadline() {
    let tls = Pki::new().tls();
    let server = Server::start(|listener, signal| {
        let mut limits = Limits::default();
        limits.sniff = Duration::from_millis(300);
        oneport::serve_dual(listener, tls, tower::service_fn(hello))
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    for scheme in ["ftp", "imap", "pop3", "smtp"] {
        let url = format!("{scheme}://{}/", server.addr);
        let output = run("curl", &["-sSv", "--max-time", "20", &url]).await;
        // CURLE_RECV_ERROR; a timeout of curl's own would be 28.
        assert_eq!(output.status.code(), Some(56), "{output:?}");
        let shown = String::from_utf8(output.stderr).unwrap();
        let received = shown.lines().find(|line| line.starts_with("< "));
        assert_eq!(received, None, "{shown}");
    }
}

#[tokio::test]
async fn a_line_typed_into_curl_telnet_is_answered() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let mut telnet = tokio::process::Command::new("curl")
        .args(["-sSN", &format!("telnet://{}", server.addr)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut typed = telnet.stdin.take().unwrap();
    let mut output = telnet.stdout.take().unwrap();
    // curl looks for an answer for 100 ms after each line, then blocks until
    // there is another one: a slow server needs a patient typist.
    let typing = async {
        while typed.write_all(b"hello\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut shown = vec![0; answer_to(Foreign::Text, b"").len()];
    tokio::select! {
        read = within(output.read_exact(&mut shown)) => { read.unwrap(); }
        () = typing => {}
    }
    assert_eq!(shown, answer_to(Foreign::Text, b""));
}

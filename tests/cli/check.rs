//! `oneport check`: what it prints, how it exits, and whom it waits for.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::process::{Oneport, command, ended};
use crate::support::within;

/// Exit code, stdout, stderr.
async fn check(args: &[&str]) -> (i32, String, String) {
    ended(&[&["check"], args].concat()).await
}

#[tokio::test]
async fn in_each_mode() {
    for (args, http, https) in [
        (&[][..], 1, 0),
        (&["--allow-plaintext"], 0, 0),
        (&["--plaintext-only"], 0, 1),
    ] {
        let server = Oneport::start(args).await;
        for (scheme, expected) in [("http", http), ("https", https)] {
            let (url, ca) = (server.url(scheme, "/"), server.ca());
            let with_ca = match args {
                ["--plaintext-only"] => &[&url[..]][..],
                _ => &[&url, "--ca", &ca],
            };
            let (code, out, err) = check(with_ca).await;
            assert_eq!((code, &err[..]), (expected, ""), "{out}");
            let verdict = if code == 0 { "works" } else { "does not work" };
            let head = format!("{url} (127.0.0.1:{}) {verdict}\n", server.addr.port());
            assert!(out.starts_with(&head), "{out}");
            assert!(!out.contains('\x1b'), "{out}");
            assert_eq!(out.contains("\nfailure: "), code == 1, "{out}");

            let quiet = [with_ca, &["--quiet"]].concat();
            let (quiet_code, out, err) = check(&quiet).await;
            assert_eq!((quiet_code, &out[..]), (expected, ""));
            assert_eq!(err.is_empty(), expected == 0, "{err}");
        }
    }
}

#[tokio::test]
async fn what_people_read() {
    let server = Oneport::start(&[]).await;
    let (url, ca) = (server.url("http", "/whoami"), server.ca());
    let (code, out, _) = check(&[&url, "--ca", &ca]).await;
    assert_eq!(code, 1);
    let instead = server.url("https", "/whoami");
    for line in [
        "  plaintext  HTTP/1.1      This port requires TLS: use https://",
        "  TLS        versions      1.3, 1.2\n",
        "             ALPN          h2, http/1.1\n",
        "             HTTP/2        200 OK\n",
        "               for         localhost, 127.0.0.1, ::1\n",
        "                           it is trusted\n",
        "failure: This port requires TLS: ",
        &format!("  client: use {instead}\n"),
        "  server: serve plaintext too, if that is wanted (oneport: --allow-plaintext)\n",
        &format!("Spoken here: {instead}\n"),
    ] {
        assert!(out.contains(line), "{line:?} is missing in {out}");
    }
    let (_, out, err) = check(&["--quiet", &url]).await;
    assert_eq!(out, "");
    let line = format!("oneport: {url}: This port requires TLS: use https:// (or wss://)");
    assert!(err.starts_with(&line), "{err}");
    assert_eq!(err.lines().count(), 1);
}

/// The names of the fields do not change: scripts read them.
#[tokio::test]
async fn what_machines_read() {
    let server = Oneport::start(&["--allow-plaintext"]).await;
    let (url, ca) = (server.url("https", "/"), server.ca());
    let (code, out, _) = check(&[&url, "--ca", &ca, "--json"]).await;
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0, "{out}");
    for (pointer, expected) in [
        ("/works", Value::Bool(true)),
        ("/fault", Value::Null),
        ("/target", url.clone().into()),
        ("/host", "localhost".into()),
        ("/port", server.addr.port().into()),
        ("/address", server.addr.to_string().into()),
        ("/server_name", "localhost".into()),
        ("/urls/0", url.clone().into()),
        ("/plaintext/http1/kind", "http".into()),
        ("/plaintext/http1/status", 200.into()),
        ("/plaintext/h2c/version", "HTTP/2.0".into()),
        ("/plaintext/websocket/kind", "not_asked".into()),
        ("/tls/tls12", true.into()),
        ("/tls/tls13", true.into()),
        ("/tls/alpn/h2", true.into()),
        ("/tls/alpn/http~11.1", true.into()),
        ("/tls/http/status", 200.into()),
        ("/tls/client_certificate", "not_requested".into()),
        ("/tls/certificate_faults", Vec::<Value>::new().into()),
        ("/tls/certificates/0/names/0", "localhost".into()),
        ("/answer/status", 200.into()),
        ("/redirects", Vec::<Value>::new().into()),
        ("/proxy_protocol", "not_asked".into()),
        ("/findings", Vec::<Value>::new().into()),
    ] {
        assert_eq!(json.pointer(pointer), Some(&expected), "{pointer} of {out}");
    }
    assert!(json["took_ms"].is_u64());

    let (code, out, _) = check(&[&url, "--json"]).await;
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 1);
    assert_eq!(json["fault"]["slug"], "server-certificate-unknown-issuer");
    assert_eq!(json["findings"][0]["severity"], "failure");
    assert!(json["findings"][0]["client"].is_string(), "{out}");
}

#[tokio::test]
async fn wrong_usage() {
    for (args, words) in [
        (&[][..], "<TARGET>"),
        (&["ftp://localhost/"], "http, https, ws and wss"),
        (&["8443"], "localhost:"),
        (
            &["localhost:1", "--ca", "/nothing/ca.crt"],
            "/nothing/ca.crt",
        ),
        (&["localhost:1", "--cert", "a.crt"], "--key"),
        (&["localhost:1", "--timeout", "0"], "0.01"),
        (&["localhost:1", "--quiet", "--json"], "--json"),
        (
            &["localhost:1", "--server-name", "a b"],
            "neither a host name",
        ),
    ] {
        let (code, out, err) = check(args).await;
        assert_eq!((code, &out[..]), (2, ""), "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
}

/// As `docker run --health-cmd` waits for a container that starts.
#[tokio::test]
async fn it_waits_for_a_server_that_starts_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{addr}/");
    for quiet in [&[][..], &["--quiet"]] {
        let args = [&["check", "--wait", "20", &url], quiet].concat();
        let home = tempfile::tempdir().unwrap();
        let mut waiting = command(&home, &args).spawn().unwrap();
        let mut stdout = waiting.stdout.take().unwrap();
        // It has failed at least once by then, and is still there.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(waiting.try_wait().unwrap().is_none());
        let server = Oneport::start(&["--listen", &addr.to_string(), "--plaintext-only"]).await;
        assert_eq!(within(waiting.wait()).await.unwrap().code(), Some(0));
        let mut out = String::new();
        stdout.read_to_string(&mut out).await.unwrap();
        assert_eq!(out.contains(" works\n"), quiet.is_empty(), "{out}");
        server.stopped().await;
    }
}

#[tokio::test]
async fn it_does_not_wait_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let begun = Instant::now();
    // Nobody takes what is in the backlog: a silent port.
    let (code, _, err) = check(&["--quiet", "--wait", "1", "--timeout", "0.2", &url]).await;
    assert_eq!(code, 1);
    assert!(err.contains("says nothing"), "{err}");
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_secs(1) && took < Duration::from_secs(10),
        "{took:?}"
    );
}

#[tokio::test]
async fn client_certificates() {
    let certs = crate::certs::Certs::new();
    certs.made("server").await;
    certs.made("client").await;
    let file = |name: &str| certs.file(name);
    let (cert, key, clients) = (
        file("server.crt"),
        file("server.key"),
        file("ca4clients.crt"),
    );
    let server = Oneport::start(&["--cert", &cert, "--key", &key, "--client-ca", &clients]).await;
    let (url, ca) = (server.url("https", "/"), file("ca.crt"));
    let (code, _, err) = check(&["-q", &url, "--ca", &ca]).await;
    assert_eq!(code, 1);
    assert!(err.contains("requires a client certificate"), "{err}");
    let (cert, key) = (file("client1.crt"), file("client1.key"));
    let (code, out, _) = check(&[&url, "--cacert", &ca, "--cert", &cert, "--key", &key]).await;
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("asked for a certificate, this one is accepted"),
        "{out}"
    );
}

#[tokio::test]
async fn help() {
    let (code, out, _) = check(&["--help"]).await;
    assert_eq!(code, 0);
    for words in [
        "HEALTHCHECK CMD",
        "--wait <SECONDS>",
        "--quiet",
        "Exit codes:",
        "curl -f",
    ] {
        assert!(out.contains(words), "{words} is missing in {out}");
    }
}

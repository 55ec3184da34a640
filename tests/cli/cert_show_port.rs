//! `oneport cert show HOST:PORT`: servers of all kinds.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::certs::{Certs, Ended};
use crate::process::Oneport;
use crate::support::within;

#[tokio::test]
async fn a_server_that_runs() {
    let certs = Certs::new();
    certs.made("server").await;
    certs.made("client").await;
    let (cert, key) = (certs.file("server.crt"), certs.file("server.key"));
    let ca = certs.file("ca4clients.crt");
    let with_client_ca = ["--cert", &cert, "--key", &key, "--client-ca", &ca];
    for args in [&with_client_ca[..4], &with_client_ca] {
        let server = Oneport::start(args).await;
        let port = server.addr.port();
        for target in [
            format!("localhost:{port}"),
            format!("127.0.0.1:{port}"),
            format!("https://localhost:{port}/whoami"),
        ] {
            let said = certs.made(&format!("show {target}")).await;
            for line in [
                "   TLS        1.3\n",
                "   ALPN       h2\n",
                "1  CN=localhost ",
                "2  CN=oneport CA ",
                "No problem found.\n",
            ] {
                assert!(said.contains(line), "{line:?} is missing in {said}");
            }
            let asked =
                said.contains("   clients    are asked for a certificate by CN=oneport client");
            assert_eq!(asked, args.len() > 4, "{said}");
        }
        let shown = certs.json(&format!("show 127.0.0.1:{port}")).await;
        assert_eq!(shown["server"]["tls"], "1.3");
        assert_eq!(
            shown["server"]["asks_for_client_certificate"],
            args.len() > 4
        );
        assert_eq!(shown["certificates"].as_array().unwrap().len(), 2);

        let asked = format!("show 127.0.0.1:{port} --server-name other.test");
        let said = certs.made(&asked).await;
        assert!(said.contains("asked for other.test\n"), "{said}");
        let problem = "not valid for other.test, only for localhost, 127.0.0.1, ::1.";
        assert!(said.contains(problem), "{said}");
    }
}

/// `openssl s_server` in this directory, killed when dropped.
async fn s_server(certs: &Certs, args: &str) -> (Child, u16) {
    let mut child = Command::new("openssl")
        .args(["s_server", "-accept", "127.0.0.1:0"])
        .args(args.split(' '))
        .current_dir(certs.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the openssl command is needed for this test");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = within(lines.next_line()).await.unwrap() {
        if let Some(address) = line.strip_prefix("ACCEPT ") {
            let port = address.rsplit(':').next().unwrap().parse().unwrap();
            return (child, port);
        }
    }
    panic!("s_server has ended");
}

/// What rustls does not serve with: version 1, a CA, TLS 1.2 alone.
#[tokio::test]
async fn a_server_with_a_certificate_that_is_refused() {
    let certs = Certs::new();
    certs.version_1().await;
    certs.made("ca").await;
    certs.made("client").await;
    for (args, expected) in [
        (
            "-cert serverSS.crt -key serverSS.key",
            "is X.509 version 1 and has no names",
        ),
        (
            "-cert serverSS.crt -key serverSS.key -tls1_2 -Verify 1 -CAfile ca4clients.crt",
            "   TLS        1.2\n",
        ),
        (
            "-cert ca.crt -key ca.key",
            "shows a CA as its own certificate",
        ),
        (
            "-cert client1.crt -key client1.key",
            "is for other purposes than a TLS server (TLS client)",
        ),
    ] {
        let (_server, port) = s_server(&certs, args).await;
        let said = certs.made(&format!("show localhost:{port}")).await;
        assert!(said.contains(expected), "{args}: {said}");
    }
}

/// Takes one connection, and answers the first bytes on it with `answer`.
async fn shown_by(certs: &Certs, answer: Option<&[u8]>) -> Ended {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = answer.map(<[u8]>::to_vec);
    let server = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut hello = [0; 4096];
        assert!(tcp.read(&mut hello).await.unwrap() > 100);
        let Some(answer) = answer else {
            // Until the other side has given up.
            let _ = tcp.read_to_end(&mut Vec::new()).await;
            return;
        };
        tcp.write_all(&answer).await.unwrap();
        let _ = tcp.shutdown().await;
        let _ = tcp.read_to_end(&mut Vec::new()).await;
    });
    let ended = certs.cert(&format!("show 127.0.0.1:{port}")).await;
    within(server).await.unwrap();
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    let start = format!("oneport: 127.0.0.1:{port}: ");
    assert!(ended.err.starts_with(&start), "{}", ended.err);
    ended
}

#[tokio::test]
async fn a_port_that_speaks_something_else() {
    let certs = Certs::new();
    for (answer, expected) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            "this port speaks plaintext, not TLS: it answers \"HTTP/1.1 400 Bad Request\"",
        ),
        (
            b"<!DOCTYPE HTML>\n",
            "this port speaks plaintext, not TLS: it answers \"<!DOCTYPE HTML>\"",
        ),
        (
            b"\0\0\x12\x04\0\0\0\0\0",
            "this port speaks plaintext, not TLS: it answers in HTTP/2",
        ),
        (b"SSH-2.0-x\r\n", "this port speaks SSH, not TLS"),
        (
            b"220 mail\x1b[2J\r\n",
            "this port speaks plaintext, not TLS: it answers \"220 mail\\u{1b}[2J\"",
        ),
        (b"", "it closes the connection without a word"),
        (b"\x15\x03\x03\0\x02\x02\x28", "the TLS handshake failed: "),
    ] {
        let ended = shown_by(&certs, Some(answer)).await;
        assert!(ended.err.contains(expected), "{}", ended.err);
    }
}

#[tokio::test]
async fn a_silent_port() {
    let certs = Certs::new();
    let ended = shown_by(&certs, None).await;
    let expected = "it takes connections and is silent for 5 seconds";
    assert!(ended.err.contains(expected), "{}", ended.err);
}

#[tokio::test]
async fn plaintext_only_and_nobody() {
    let certs = Certs::new();
    let server = Oneport::start(&["--plaintext-only"]).await;
    let port = server.addr.port();
    let ended = certs.cert(&format!("show localhost:{port}")).await;
    assert_eq!(ended.code, 1);
    let expected = format!("localhost:{port}: this port speaks plaintext, not TLS: it answers");
    assert!(ended.err.contains(&expected), "{}", ended.err);
    server.stopped().await;
    let ended = certs.cert(&format!("show localhost:{port}")).await;
    assert!(
        ended.err.contains("nothing listens on this port"),
        "{}",
        ended.err
    );
}

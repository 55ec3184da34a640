//! openssl s_client: versions, server names, ALPN, and what it is told.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::process::Stdio;

use oneport::Mode;
use support::{Pki, Server, within};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// What s_client prints of the handshake and of the answer to [`REQUEST`].
async fn s_client(server: &Server, pki: &Pki, options: &[&str]) -> (bool, String) {
    let mut child = Command::new("openssl")
        .args(["s_client", "-connect", &server.addr.to_string()])
        .args(["-verify_return_error", "-ign_eof", "-CAfile"])
        .arg(pki.ca_path())
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("openssl is needed");
    // A handshake that fails closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(REQUEST).await;
    let output = within(child.wait_with_output()).await.unwrap();
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

#[tokio::test]
async fn versions_names_and_alpn() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let table: [(&[&str], &str); 6] = [
        (&["-tls1_3"], "New, TLSv1.3, Cipher is"),
        (&["-tls1_2"], "New, TLSv1.2, Cipher is"),
        (&["-servername", "localhost"], "Verify return code: 0 (ok)"),
        (&["-noservername"], "Verify return code: 0 (ok)"),
        (&["-alpn", "http/1.1"], "ALPN protocol: http/1.1"),
        (&["-alpn", "x,http/1.1"], "ALPN protocol: http/1.1"),
    ];
    for (options, expected) in table {
        let (ok, said) = s_client(&server, &pki, options).await;
        assert!(ok, "{options:?}: {said}");
        assert!(said.contains(expected), "{options:?}: {said}");
        assert!(said.contains("tls HTTP/1.1 GET \n"), "{options:?}: {said}");
    }
}

/// ALPACA: a client that offers only what is not served here is refused.
#[tokio::test]
async fn an_unknown_alpn_and_an_old_version_are_refused() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let (ok, said) = s_client(&server, &pki, &["-alpn", "xmpp-client"]).await;
    assert!(!ok && said.contains("no application protocol"), "{said}");
    let old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
    let (ok, said) = s_client(&server, &pki, &old).await;
    assert!(!ok && said.contains("alert"), "{said}");
}

#[tokio::test]
async fn a_plaintext_only_port_has_the_wrong_version_number() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::PlaintextOnly).await;
    let (ok, said) = s_client(&server, &pki, &["-tls1_3"]).await;
    assert!(!ok && said.contains("wrong version number"), "{said}");
}

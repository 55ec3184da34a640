//! What `oneport cert` makes, in use: `oneport` serves with it, curl and
//! openssl are the clients.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::certs::Certs;
use crate::process::Oneport;
use crate::support::{run, within};

const KEY_TYPES: [&str; 3] = ["ecdsa-p256", "rsa-2048", "ed25519"];

async fn server(certs: &Certs, name: &str, more: &[&str]) -> Oneport {
    let cert = certs.file(&format!("{name}.crt"));
    let key = certs.file(&format!("{name}.key"));
    Oneport::start(&[&["--cert", &cert, "--key", &key], more].concat()).await
}

/// What curl prints of `/whoami`, or its error.
async fn curl(certs: &Certs, server: &Oneport, trust: &str, more: &[&str]) -> (bool, String) {
    let (trust, url) = (certs.file(trust), server.url("https", "/whoami"));
    let args = ["-sS", "--noproxy", "*", "--cacert", &trust];
    let output = run("curl", &[&args, more, &[&url]].concat()).await;
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// Whether openssl verifies the server and gets an answer.
async fn s_client(server: &Oneport, args: &[&str]) -> (bool, String) {
    let mut child = Command::new("openssl")
        .args(["s_client", "-verify_return_error", "-ign_eof"])
        .args(["-verify_hostname", "localhost", "-x509_strict"])
        .args(["-connect", &server.addr.to_string()])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the openssl command is needed for this test");
    let request = b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    // A handshake that fails closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(request).await;
    let output = within(child.wait_with_output()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success() && said.contains("200 OK"), said)
}

#[tokio::test]
async fn servers_are_believed() {
    for key_type in KEY_TYPES {
        let certs = Certs::new();
        certs.made(&format!("server --key-type {key_type}")).await;
        certs
            .made(&format!("self-signed --key-type {key_type}"))
            .await;
        for (name, trust) in [("server", "ca.crt"), ("serverSS", "serverSS.crt")] {
            let server = server(&certs, name, &[]).await;
            let (accepted, said) = curl(&certs, &server, trust, &[]).await;
            assert!(
                accepted && said.contains("\"tls\""),
                "{key_type} {name}: {said}"
            );
            for version in ["-tls1_2", "-tls1_3"] {
                let trust = certs.file(trust);
                let (accepted, said) = s_client(&server, &[version, "-CAfile", &trust]).await;
                assert!(accepted, "{key_type} {name}: {said}");
            }
            // And by nobody who trusts something else.
            certs.made(&format!("ca --out other-{name}")).await;
            let other = format!("other-{name}/ca.crt");
            let (accepted, said) = curl(&certs, &server, &other, &[]).await;
            assert!(!accepted, "{said}");
        }
    }
}

#[tokio::test]
async fn clients_are_believed() {
    for key_type in KEY_TYPES {
        let certs = Certs::new();
        certs.made("server").await;
        certs.made(&format!("client --key-type {key_type}")).await;
        certs.made("client --out others").await;
        let client_ca = certs.file("ca4clients.crt");
        let server = server(&certs, "server", &["--client-ca", &client_ca]).await;

        let (cert, key) = (certs.file("client1.crt"), certs.file("client1.key"));
        let own = ["--cert", &cert, "--key", &key];
        let (accepted, said) = curl(&certs, &server, "ca.crt", &own).await;
        assert!(accepted && said.contains("/whoami"), "{key_type}: {said}");
        let ca = certs.file("ca.crt");
        let own = ["-CAfile", &ca, "-cert", &cert, "-key", &key];
        for version in ["-tls1_2", "-tls1_3"] {
            let (accepted, said) = s_client(&server, &[&own[..], &[version]].concat()).await;
            assert!(accepted, "{key_type}: {said}");
        }

        let (accepted, _) = curl(&certs, &server, "ca.crt", &[]).await;
        assert!(!accepted);
        // A server's certificate, and one of another CA.
        for (cert, key) in [
            ("server.crt", "server.key"),
            ("others/client1.crt", "others/client1.key"),
        ] {
            let (cert, key) = (certs.file(cert), certs.file(key));
            let own = ["--cert", &cert, "--key", &key];
            let (accepted, said) = curl(&certs, &server, "ca.crt", &own).await;
            assert!(!accepted, "{said}");
        }
    }
}

/// A list by `oneport cert crl`, as the server goes by it.
#[tokio::test]
async fn a_revoked_client_is_not_served() {
    let certs = Certs::new();
    certs.made("server").await;
    certs.made("client client1 client2").await;
    certs.made("crl --revoke client1.crt").await;
    let (ca, crl) = (certs.file("ca4clients.crt"), certs.file("ca4clients.crl"));
    let trust = ["--client-ca", &ca, "--client-crl", &crl];
    let server = server(&certs, "server", &trust).await;
    for (client, served) in [("client1", false), ("client2", true)] {
        let cert = certs.file(&format!("{client}.crt"));
        let key = certs.file(&format!("{client}.key"));
        let own = ["--cert", &cert, "--key", &key];
        let (accepted, said) = curl(&certs, &server, "ca.crt", &own).await;
        assert_eq!(accepted, served, "{client}: {said}");
    }
}

/// The commands that are printed work when they are pasted.
#[tokio::test]
async fn the_printed_commands_work() {
    let certs = Certs::new();
    certs.made("server --out new").await;
    let said = certs.made("client --out new").await;
    let client_ca = certs.file("new/ca4clients.crt");
    let server = server(&certs, "new/server", &["--client-ca", &client_ca]).await;
    let command = |start: &str| {
        let mut commands = said.lines().filter_map(|line| line.strip_prefix("    "));
        commands.find(|line| line.starts_with(start)).unwrap()
    };

    let curl = command("curl --cert new/client1.crt --key new/client1.key --cacert new/ca.crt ");
    let here = format!(":{}", server.addr.port());
    let curl = curl.replacen(":3000", &here, 1) + " -sS --noproxy '*'";
    assert!(pasted(&certs, &curl).await.contains("/whoami"));
    let pkcs12 = command("openssl pkcs12 ");
    pasted(&certs, &format!("{pkcs12} -passout pass:x")).await;
    assert!(certs.path("new/client1.p12").exists());
    let said = pasted(&certs, command("oneport cert crl ")).await;
    assert!(said.contains("list 01 of 1 certificate(s)"), "{said}");
}

async fn pasted(certs: &Certs, command: &str) -> String {
    let binaries = std::path::Path::new(env!("CARGO_BIN_EXE_oneport"));
    let binaries = binaries.parent().unwrap().display();
    let path = std::env::var("PATH").unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .current_dir(certs.path("."))
        .env("PATH", format!("{binaries}:{path}"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = within(shell.output()).await.unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

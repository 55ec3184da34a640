//! Certificate and key files in every form that is read, and reloading them.
#![cfg(all(feature = "tls-files", any(feature = "aws-lc-rs", feature = "ring")))]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod handshake;
mod pem_files;

use std::fs;
use std::time::Duration;

use oneport::tls::{self, TlsConfig};
use rcgen::{CertificateParams, KeyPair};
use rustls::HandshakeKind;
use rustls::version::{TLS12, TLS13};

use handshake::{client, handshake};
use pem_files::Files;

/// Loads the pair, and talks TLS 1.3 and 1.2 to it.
#[track_caller]
fn serves(files: &Files, cert: &str, key: &str) {
    let config = files
        .load(cert, key)
        .unwrap_or_else(|error| panic!("{cert}, {key}: {error}"));
    for version in [&TLS13, &TLS12] {
        let client = client(&files.read("ca.crt"), &[version]);
        let pair = handshake(&client, config.current(), "localhost").unwrap();
        assert_eq!(
            pair.server.protocol_version(),
            Some(version.version),
            "{cert}"
        );
        assert_eq!(pair.client.alpn_protocol(), Some(&b"h2"[..]), "{cert}");
    }
}

#[test]
fn key_formats() {
    let files = Files::new();
    serves(&files, "server.crt", "server.key"); // PKCS#8

    files.openssl("ec -in server.key -out sec1.key");
    assert!(files.text("sec1.key").contains("BEGIN EC PRIVATE KEY"));
    serves(&files, "server.crt", "sec1.key");

    // `openssl ecparam -genkey` puts the curve before the key.
    files.openssl("ecparam -name prime256v1 -genkey -out params.key");
    assert!(
        files
            .text("params.key")
            .starts_with("-----BEGIN EC PARAMETERS")
    );
    files.certify("params.key", "params.crt");
    serves(&files, "params.crt", "params.key");

    files.openssl("genrsa -traditional -out pkcs1.key 2048");
    assert!(files.text("pkcs1.key").contains("BEGIN RSA PRIVATE KEY"));
    files.certify("pkcs1.key", "rsa.crt");
    serves(&files, "rsa.crt", "pkcs1.key");

    // The same three without PEM around them.
    files.openssl("pkcs8 -topk8 -nocrypt -in server.key -outform DER -out pkcs8.der");
    serves(&files, "server.crt", "pkcs8.der");
    files.openssl("ec -in server.key -outform DER -out sec1.der");
    serves(&files, "server.crt", "sec1.der");
    files.openssl("rsa -in pkcs1.key -traditional -outform DER -out pkcs1.der");
    serves(&files, "rsa.crt", "pkcs1.der");
    files.openssl("pkcs8 -topk8 -nocrypt -in pkcs1.key -out rsa-pkcs8.key");
    serves(&files, "rsa.crt", "rsa-pkcs8.key");

    files.openssl("genpkey -algorithm ed25519 -out ed25519.key");
    files.certify("ed25519.key", "ed25519.crt");
    serves(&files, "ed25519.crt", "ed25519.key");
}

#[test]
fn file_forms() {
    let files = Files::new();
    files.join("combined.pem", &["server.key", "server.crt", "ca.crt"]);
    serves(&files, "combined.pem", "combined.pem");
    files.join("combined.pem", &["server.crt", "ca.crt", "server.key"]);
    serves(&files, "combined.pem", "combined.pem");
    // Each role takes its part of a combined file.
    serves(&files, "combined.pem", "server.key");
    serves(&files, "server.crt", "combined.pem");

    files.openssl("x509 -in server.crt -outform DER -out server.der");
    files.openssl("pkey -in server.key -outform DER -out key.der");
    serves(&files, "server.der", "key.der");

    let windows = |name| format!("\u{feff}{}", files.text(name).replace('\n', "\r\n"));
    files.write("windows.crt", windows("server.crt"));
    files.write("windows.key", windows("server.key"));
    serves(&files, "windows.crt", "windows.key");

    let chatty = files.openssl("x509 -in server.crt -text");
    files.write("chatty.crt", chatty);
    serves(&files, "chatty.crt", "server.key");
}

#[test]
fn the_chain_is_sent_in_the_order_of_the_file() {
    let files = Files::new();
    files.join("fullchain.pem", &["server.crt", "ca.crt"]);
    let config = files.load("fullchain.pem", "server.key").unwrap();
    let client = client(&files.read("ca.crt"), &[&TLS13]);
    let pair = handshake(&client, config.current(), "localhost").unwrap();
    assert_eq!(pair.client.peer_certificates().unwrap().len(), 2);
    let chain = tls::describe::chain(files.path("fullchain.pem")).unwrap();
    assert!(!chain[0].is_ca && chain[1].is_ca);
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_followed_and_may_be_swapped() {
    // As certbot does: live/ links to archive/, renewal moves the link.
    let (old, new, live) = (Files::new(), Files::new(), Files::new());
    for file in ["server.crt", "server.key", "ca.crt"] {
        fs::remove_file(live.path(file)).unwrap();
        std::os::unix::fs::symlink(old.path(file), live.path(file)).unwrap();
    }
    serves(&live, "server.crt", "server.key");
    for file in ["server.crt", "server.key", "ca.crt"] {
        fs::remove_file(live.path(file)).unwrap();
        std::os::unix::fs::symlink(new.path(file), live.path(file)).unwrap();
    }
    serves(&live, "server.crt", "server.key");
}

#[test]
fn sessions_resume_until_the_configuration_is_reloaded() {
    let files = Files::new();
    let config = files.load("server.crt", "server.key").unwrap();
    for version in [&TLS13, &TLS12] {
        let client = client(&files.read("ca.crt"), &[version]);
        let kind = |config: &TlsConfig| {
            let pair = handshake(&client, config.current(), "localhost").unwrap();
            pair.server.handshake_kind().unwrap()
        };
        assert_eq!(kind(&config), HandshakeKind::Full);
        assert_eq!(kind(&config), HandshakeKind::Resumed);
        config.reload(files.load("server.crt", "server.key").unwrap().current());
        assert_eq!(kind(&config), HandshakeKind::Full);
    }
}

#[test]
fn a_reload_changes_new_handshakes_and_leaves_open_connections_alone() {
    let (old, new) = (Files::new(), Files::new());
    let config = old.load("server.crt", "server.key").unwrap();
    let (old_client, new_client) = (
        client(&old.read("ca.crt"), &[&TLS13]),
        client(&new.read("ca.crt"), &[&TLS13]),
    );
    let mut open = handshake(&old_client, config.current(), "localhost").unwrap();
    assert!(handshake(&new_client, config.current(), "localhost").is_err());

    config.reload(new.load("server.crt", "server.key").unwrap().current());
    open.echo();
    handshake(&new_client, config.current(), "localhost").unwrap();
    assert!(handshake(&old_client, config.current(), "localhost").is_err());
}

#[test]
fn a_summary_says_what_openssl_says() {
    let files = Files::new();
    files.write(
        "names.ext",
        "subjectAltName=DNS:localhost,DNS:*.dev.test,IP:127.0.0.1,IP:::1,email:a@dev.test\n",
    );
    files.openssl("req -new -key server.key -subj /O=Acme/CN=localhost -out named.csr");
    files.openssl(
        "x509 -req -in named.csr -CA ca.crt -CAkey ca.key -set_serial 0x00f00d -days 20 \
         -extfile names.ext -out named.crt",
    );
    let summary = tls::describe::leaf(files.path("named.crt")).unwrap();
    let openssl = |what: &str| {
        let line = files.openssl(&format!("x509 -in named.crt -noout {what}"));
        line.trim().split_once('=').unwrap().1.to_owned()
    };
    assert_eq!(summary.serial, openssl("-serial"));
    assert_eq!(summary.sha256, openssl("-fingerprint -sha256"));
    assert_eq!(summary.subject, "O=Acme, CN=localhost");
    assert_eq!(
        summary.names,
        ["localhost", "*.dev.test", "127.0.0.1", "::1"]
    );
    assert_eq!(summary.version, 3);
    assert!(!summary.is_ca);
    assert_eq!(
        summary.expires_on(),
        &openssl("-enddate -dateopt iso_8601")[..10]
    );

    let day = Duration::from_secs(24 * 60 * 60);
    let now = summary.not_before + Duration::from_millis(300);
    assert_eq!(summary.days_left(now), 19, "whole days only");
    assert_eq!(summary.days_left(summary.not_after), 0);
    assert_eq!(summary.days_left(summary.not_after + day / 2), -1);
    assert_eq!(summary.days_left(now + 25 * day), -6);
    assert_eq!(
        summary
            .not_after
            .duration_since(summary.not_before)
            .unwrap(),
        20 * day
    );
    assert_eq!(
        summary.to_string(),
        format!(
            "O=Acme, CN=localhost (localhost, *.dev.test, 127.0.0.1, ::1), issued by {}, valid \
             until {}, SHA-256 {}",
            summary.issuer,
            summary.expires_on(),
            summary.sha256
        )
    );
}

#[test]
fn a_subject_cannot_forge_a_line_of_the_log() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "a\nall is well");
    let certificate = params.self_signed(&key).unwrap();
    let summary = tls::describe::CertificateSummary::from_der(certificate.der()).unwrap();
    assert!(!summary.to_string().contains('\n'), "{summary}");
}

/// A name that is not on the certificate is refused by the client, so the
/// handshakes of this file prove something.
#[test]
fn a_client_refuses_another_name() {
    let files = Files::new();
    let config = files.load("server.crt", "server.key").unwrap();
    let client = client(&files.read("ca.crt"), &[&TLS13]);
    let error = handshake(&client, config.current(), "example.test").unwrap_err();
    assert!(
        matches!(error, rustls::Error::InvalidCertificate(_)),
        "{error}"
    );
}

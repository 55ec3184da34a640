//! What is said of the certificates before anybody is served.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use serde_json::Value;

use crate::process::{Oneport, ended};

/// A self-signed certificate and its key, in one file.
fn combined(directory: &tempfile::TempDir, params: CertificateParams) -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let path: PathBuf = directory.path().join("combined.pem");
    std::fs::write(&path, certificate.pem() + &key.serialize_pem()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "own");
    params
}

#[tokio::test]
async fn the_development_certificate_has_no_fault() {
    let server = Oneport::start(&[]).await;
    assert!(
        server
            .report
            .contains("self-check   3 name(s) tried, no fault found"),
        "{}",
        server.report
    );
    let server = Oneport::start(&["--log-format", "json", "--tls-min", "1.3"]).await;
    let report: Value = serde_json::from_str(&server.report).unwrap();
    let name = &report["self_check"]["names"][0];
    assert_eq!(name["name"], "localhost");
    assert_eq!(name["covered"], true);
    assert_eq!(name["alpn"], "h2");
    assert_eq!(name["alpn_http1"], "http/1.1");
    let handshake = serde_json::json!([{ "version": "TLS 1.3", "outcome": "completed" }]);
    assert_eq!(name["handshakes"], handshake);
    let findings = report["self_check"]["findings"].as_array().unwrap();
    let notes = findings.iter().all(|finding| finding["severity"] == "note");
    assert!(notes, "{findings:?}");
}

/// `openssl req -x509 -addext subjectAltName=..`, and a name that is not its
/// own: both are printed and in the log, and the server serves.
#[tokio::test]
async fn what_clients_will_trip_over_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let mut params = params(&["a.example"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let combined = combined(&directory, params);
    let args = ["--cert", &combined, "--key", &combined];
    let args = [&args[..], &["--listen", "localhost:0"]].concat();
    let server = Oneport::start(&args).await;
    let report = server.report.clone();
    let log = server.stopped().await;
    for said in [
        "the certificate CN=own is a CA's (CA:TRUE)",
        "is for a.example, and not for localhost",
    ] {
        assert!(report.contains("warning: the certificate"), "{report}");
        assert!(report.contains(said), "{report}");
        assert!(log.contains(said) && log.contains("WARN"), "{log}");
    }
}

/// Behind a tunnel, or for a name that DNS leads here.
#[tokio::test]
async fn a_certificate_need_not_be_for_the_loopback_address() {
    let directory = tempfile::tempdir().unwrap();
    let combined = combined(&directory, params(&["a.example"]));
    let args = ["--cert", &combined, "--key", &combined];
    let server = Oneport::start(&args).await;
    assert!(
        server.report.contains("1 name(s) tried, no fault found"),
        "{}",
        server.report
    );
}

/// rustls refuses what is offered to a client without a certificate after its
/// own Finished: the check knows that this is how it has to end.
#[tokio::test]
async fn client_certificates_are_no_fault() {
    let directory = tempfile::tempdir().unwrap();
    let combined = combined(&directory, params(&["localhost"]));
    let args = [
        "--cert",
        &combined,
        "--key",
        &combined,
        "--client-ca",
        &combined,
    ];
    let server = Oneport::start(&[&args[..], &["--log-format", "json"]].concat()).await;
    let report: Value = serde_json::from_str(&server.report).unwrap();
    let handshakes = &report["self_check"]["names"][0]["handshakes"];
    assert_eq!(handshakes[0]["outcome"], "client_certificate");
    assert_eq!(handshakes[1]["outcome"], "client_certificate");
}

#[tokio::test]
async fn ticket_secrets_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tickets");
    let path = path.to_str().unwrap();
    let args = ["--listen", "127.0.0.1:0", "--ticket-secrets", path];
    std::fs::write(path, "hunter2\n").unwrap();
    let (code, _, said) = ended(&args).await;
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("openssl rand -hex 32") && !said.contains("hunter2"),
        "{said}"
    );

    std::fs::write(path, format!("{:064x}\n", 7)).unwrap();
    let server = Oneport::start(&["--ticket-secrets", path]).await;
    // Files of a test are open to everybody.
    let log = server.stopped().await;
    assert!(log.contains("chmod 640"), "{log}");
}

/// The report said that it expires "in -2151 days".
#[tokio::test]
async fn an_expired_certificate_is_said_to_be_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut params = params(&["localhost"]);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let combined = combined(&directory, params);
    let args = ["--cert", &combined, "--key", &combined];
    let server = Oneport::start(&[&args[..], &["--accept-expired-cert"]].concat()).await;
    let line = "expires      2021-01-01 (it has expired)";
    assert!(server.report.contains(line), "{}", server.report);
}

/// Who keeps the log and not stdout knows what the port does, too.
#[tokio::test]
async fn the_log_says_what_is_on() {
    let server = Oneport::start(&["--tls-min", "1.3", "--allow-plaintext=loopback"]).await;
    server.signal("TERM").await;
    let (_, log) = server.end().await;
    for field in [
        "tls=\"TLS 1.3\"",
        "plaintext=\"loopback\"",
        "client_certificates=\"none\"",
        "self_check=\"3 name(s) tried, no fault found\"",
    ] {
        assert!(log.contains(field), "{field} is missing in {log}");
    }
}

/// An RSA certificate beside one with ECDSA, for clients that know nothing else: the
/// self-check's client never gets it.
#[tokio::test]
async fn the_second_certificate_for_a_name_is_not_forgotten() {
    let certs = crate::certs::Certs::new();
    certs.made("server").await;
    certs
        .made("server --out rsa --key-type rsa-2048 --days 5")
        .await;
    let (cert, key) = (certs.file("server.crt"), certs.file("server.key"));
    let (rsa, rsa_key) = (certs.file("rsa/server.crt"), certs.file("rsa/server.key"));
    let args = [
        "--cert", &cert, "--key", &key, "--cert", &rsa, "--key", &rsa_key,
    ];
    let log = Oneport::start(&args).await.stopped().await;
    let warning = format!("the certificate in {rsa} is only valid until ");
    assert!(log.contains(&warning), "{log}");
}

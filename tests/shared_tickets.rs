//! A fleet behind a TCP load balancer: sessions of one server are resumed by
//! another one that has a ticket secret in common, and judges clients alike.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use oneport::tls::Files;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use support::{Pki, Server, hello, told, within};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tower::service_fn;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const VERSIONS: [&str; 2] = ["-tls1_3", "-tls1_2"];

/// The certificate of the servers, and a client's that two CAs have signed.
struct Fleet {
    pki: Pki,
}

impl Fleet {
    fn new() -> Self {
        let fleet = Self { pki: Pki::new() };
        let key = KeyPair::generate().unwrap();
        fleet.write("client.key", &key.serialize_pem());
        for name in ["one", "other"] {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let ca_key = KeyPair::generate().unwrap();
            let ca = CertifiedIssuer::self_signed(params, ca_key).unwrap();
            let params = CertificateParams::new(vec!["client".into()]).unwrap();
            let client = params.signed_by(&key, &ca).unwrap();
            fleet.write(&format!("{name}.crt"), &ca.pem());
            fleet.write(&format!("{name}-client.crt"), &client.pem());
        }
        fleet
    }

    fn path(&self, name: &str) -> PathBuf {
        self.pki.directory.path().join(name)
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// With these ticket secrets; the first makes tickets.
    fn files(&self, secrets: &[u8]) -> Files {
        let lines: String = secrets.iter().map(|n| format!("{n:064x}\n")).collect();
        let name = format!("tickets-{}", secrets.len());
        let path = self.write(&name, &lines);
        Files::new(self.pki.cert_path(), self.pki.key_path()).ticket_secrets(path)
    }

    /// A session that `a` begins is `New` or `Reused` by `b`, and the client
    /// comes with the certificate of a CA.
    async fn resume(&self, a: &Files, b: &Files, version: &str, ca: Option<&str>) -> String {
        let own = match ca {
            Some(ca) => vec![
                "-cert".into(),
                self.path(&format!("{ca}-client.crt")),
                "-key".into(),
                self.path("client.key"),
            ],
            None => Vec::new(),
        };
        let session = self.path("session.pem");
        let (a, b) = (serve(a).await, serve(b).await);
        let first = s_client(&a, version, "-sess_out", &session, &own).await;
        assert!(first.contains("New, TLSv1."), "{first}");
        let second = s_client(&b, version, "-sess_in", &session, &own).await;
        let served = |said: &str| said.contains("HTTP/1.1 200");
        assert!(served(&first) && served(&second), "{first}{second}");
        let line = second.lines().find(|line| line.contains(", TLSv1."));
        line.unwrap().split(',').next().unwrap().to_owned()
    }
}

async fn s_client(
    server: &Server,
    version: &str,
    option: &str,
    session: &Path,
    more: &[PathBuf],
) -> String {
    let mut child = Command::new("openssl")
        .args(["s_client", "-connect", &server.addr.to_string()])
        .args(["-servername", "localhost", "-ign_eof", version, option])
        .arg(session)
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("openssl is needed");
    // A handshake that fails closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(REQUEST).await;
    let output = within(child.wait_with_output()).await.unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn serve(files: &Files) -> Server {
    let tls = files.load().unwrap();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(hello))
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

#[tokio::test]
async fn any_server_of_the_fleet_resumes() {
    let fleet = Fleet::new();
    // In the middle of a rotation: the other one has the new secret first.
    let (old, both) = (fleet.files(&[1]), fleet.files(&[2, 1]));
    for version in VERSIONS {
        let kind = fleet.resume(&old, &both, version, None).await;
        assert_eq!(kind, "Reused", "{version}");
        let kind = fleet.resume(&both, &old, version, None).await;
        assert_eq!(kind, "New", "{version}: the first secret makes the tickets");
    }
}

/// As it is without a secrets file: the keys are each server's own.
#[tokio::test]
async fn a_stranger_does_not_resume() {
    let fleet = Fleet::new();
    let (shared, own) = (
        fleet.files(&[1]),
        Files::new(fleet.pki.cert_path(), fleet.pki.key_path()),
    );
    for version in VERSIONS {
        let kind = fleet.resume(&own, &shared, version, None).await;
        assert_eq!(kind, "New", "{version}");
        let kind = fleet.resume(&own, &own, version, None).await;
        assert_eq!(kind, "New", "{version}");
    }
}

/// rustls does not ask for a certificate when a session is resumed: a ticket
/// from a server without client certificates, or with other CAs, would be a way
/// around them.
#[tokio::test]
async fn tickets_stay_within_the_settings_for_client_certificates() {
    let fleet = Fleet::new();
    let open = fleet.files(&[1]);
    let one = open.clone().client_ca(fleet.path("one.crt"));
    let explaining = one.clone().explain_client_auth();
    let other = one.clone().client_ca(fleet.path("other.crt"));
    let (same, another) = ("Reused", "New");
    for (a, b, expected) in [
        (&one, &one, same),
        (&explaining, &explaining, same),
        (&open, &one, another),
        (&open, &explaining, another),
        (&one, &open, another),
        (&one, &other, another),
        (&explaining, &one, another),
        (&one, &explaining, another),
    ] {
        for version in VERSIONS {
            let kind = fleet.resume(a, b, version, Some("one")).await;
            assert_eq!(kind, expected, "{version} {a:?} {b:?}");
        }
    }
}

/// What `explain_client_auth` lets through the handshake is not served by any
/// server of the fleet, resumed or not.
#[tokio::test]
async fn a_session_without_a_certificate_is_no_way_in() {
    let fleet = Fleet::new();
    let strict = fleet.files(&[1]).client_ca(fleet.path("one.crt"));
    let explaining = strict.clone().explain_client_auth();
    let session = fleet.path("session.pem");
    for version in VERSIONS {
        for b in [&explaining, &strict] {
            let (a, b) = (serve(&explaining).await, serve(b).await);
            let answer = s_client(&a, version, "-sess_out", &session, &[]).await;
            assert!(answer.contains("HTTP/1.1 403"), "{answer}");
            let answer = s_client(&b, version, "-sess_in", &session, &[]).await;
            assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
        }
    }
}

//! Client certificates, by the flags of those who asked for them.

use std::fs;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Oneport, ended};
use crate::support::run;

/// A CA and two clients, 1 and 2.
struct Clients {
    directory: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Clients {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "clients' CA");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let clients = Self {
            directory: tempfile::tempdir().unwrap(),
            issuer: Issuer::new(params, key),
        };
        fs::write(clients.path("ca.crt"), certificate.pem()).unwrap();
        for number in [1, 2] {
            clients.issue(number);
        }
        clients
    }

    fn path(&self, name: &str) -> String {
        self.directory
            .path()
            .join(name)
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// Certificate and key in one file.
    fn issue(&self, number: u64) {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.serial_number = Some(SerialNumber::from(number));
        let name = format!("client{number}");
        params
            .distinguished_name
            .push(DnType::CommonName, name.as_str());
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let pem = certificate.pem() + &key.serialize_pem();
        fs::write(self.path(&format!("{name}.pem")), pem).unwrap();
    }

    fn revoke(&self, number: Option<u64>, crl_number: u64) {
        let revoked = number.map(|number| RevokedCertParams {
            serial_number: SerialNumber::from(number),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(2124, 1, 1),
            crl_number: SerialNumber::from(crl_number),
            issuing_distribution_point: None,
            revoked_certs: revoked.into_iter().collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&self.issuer).unwrap();
        fs::write(self.path("clients.crl"), list.pem().unwrap()).unwrap();
    }
}

/// What `/whoami` says of the client, or curl's complaint.
async fn whoami(server: &Oneport, client: Option<&str>) -> Result<Value, String> {
    let (ca, url) = (server.ca(), server.url("https", "/whoami"));
    let mut args = vec!["-sS", "--noproxy", "*", "--cacert", &ca, &url];
    args.extend(client.into_iter().flat_map(|client| ["--cert", client]));
    let curl = run("curl", &args).await;
    if !curl.status.success() {
        return Err(String::from_utf8(curl.stderr).unwrap());
    }
    let whoami: Value = serde_json::from_slice(&curl.stdout).unwrap();
    Ok(whoami["tls"]["client_certificate"].clone())
}

#[tokio::test]
async fn required_optional_and_the_flags_of_others() {
    let clients = Clients::new();
    let (ca, one) = (clients.path("ca.crt"), clients.path("client1.pem"));
    let required = Oneport::start(&["--client-trust-cert", &ca]).await;
    let identity = whoami(&required, Some(&one)).await.unwrap();
    assert_eq!(identity["subject"], "CN=client1");
    assert_eq!(
        identity["names"],
        serde_json::json!(["DNS:localhost", "IP:127.0.0.1"])
    );
    assert_eq!(identity["serial"], "01");
    let complaint = whoami(&required, None).await.unwrap_err();
    assert!(complaint.contains("certificate required"), "{complaint}");
    let log = required.stopped().await;
    for part in [
        "client certificates are trusted from this CA",
        "subject=\"CN=clients' CA\"",
        "issuer=\"CN=clients' CA\"",
        "serial=",
        "expires=",
        "sha256=",
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }

    let optional = Oneport::start(&["--client-ca", &ca, "--client-auth", "optional"]).await;
    assert!(
        optional.report.contains("clients may have a certificate"),
        "{}",
        optional.report
    );
    assert_eq!(whoami(&optional, None).await.unwrap(), Value::Null);
    assert_eq!(whoami(&optional, Some(&one)).await.unwrap()["serial"], "01");
}

#[tokio::test]
async fn plaintext_beside_client_certificates_has_to_be_meant() {
    let clients = Clients::new();
    let ca = clients.path("ca.crt");
    let flags = [
        "--listen",
        "127.0.0.1:0",
        "--client-ca",
        &ca,
        "--allow-plaintext",
    ];
    let (code, _, stderr) = ended(&flags).await;
    assert_eq!(code, 2);
    assert!(
        stderr.contains("--plaintext-without-client-cert"),
        "{stderr}"
    );
    let server = Oneport::start(&[&flags[..], &["--plaintext-without-client-cert"]].concat()).await;
    assert_eq!(server.status("http", "/healthz", &[]).await, "200");
    assert!(whoami(&server, None).await.is_err());
}

/// The system's store is what the variables say.
#[tokio::test]
async fn the_system_root_store() {
    let clients = Clients::new();
    let (ca, one) = (clients.path("ca.crt"), clients.path("client1.pem"));
    let home = tempfile::tempdir().unwrap();
    let flags = [
        "--listen",
        "127.0.0.1:0",
        "--client-trust-system-root-store",
    ];
    let mut command = crate::process::command(&home, &flags);
    command.env("SSL_CERT_FILE", &ca);
    let server = Oneport::started(home, command).await;
    assert_eq!(whoami(&server, Some(&one)).await.unwrap()["serial"], "01");
    assert!(whoami(&server, None).await.is_err());
}

#[tokio::test]
async fn a_list_of_revoked_certificates_is_reloaded() {
    let clients = Clients::new();
    clients.revoke(None, 1);
    let (ca, crl) = (clients.path("ca.crt"), clients.path("clients.crl"));
    let flags = ["--client-ca", &ca, "--client-crl", &crl, "--no-watch"];
    let server = Oneport::start(&flags).await;
    let client = |number| clients.path(&format!("client{number}.pem"));
    for number in [1, 2] {
        assert!(
            whoami(&server, Some(&client(number))).await.is_ok(),
            "{number}"
        );
    }
    clients.revoke(Some(1), 2);
    server.signal("HUP").await;
    let complaint = loop {
        // A signal is not acknowledged: the deadline is that of the whole test.
        if let Err(complaint) = whoami(&server, Some(&client(1))).await {
            break complaint;
        }
    };
    assert!(complaint.contains("revoked"), "{complaint}");
    assert!(whoami(&server, Some(&client(2))).await.is_ok());
    // It said to give the client a certificate of a CA that is known, which it has.
    let log = server.stopped().await;
    let remedy = "remedy=\"the client's certificate was revoked (--client-crl)";
    assert!(log.contains(remedy), "{log}");
}

#[tokio::test]
async fn tls_min() {
    let server = Oneport::start(&["--tls-min", "1.3"]).await;
    assert!(
        server.report.contains("TLS 1.3: HTTP/2"),
        "{}",
        server.report
    );
    let (ca, url) = (server.ca(), server.url("https", "/healthz"));
    let common = ["-sS", "--noproxy", "*", "--cacert", &ca, &url];
    let new = run("curl", &[&common[..], &["--tlsv1.3"]].concat()).await;
    assert!(new.status.success());
    let old = run("curl", &[&common[..], &["--tls-max", "1.2"]].concat()).await;
    assert!(!old.status.success());
}

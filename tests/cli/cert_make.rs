//! `oneport cert ca`, `server`, `client`, `self-signed`: what is in them, and
//! what OpenSSL and rustls say.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;

use crate::certs::Certs;

const KEY_TYPES: [&str; 6] = [
    "ecdsa-p256",
    "ecdsa-p384",
    "rsa-2048",
    "rsa-3072",
    "rsa-4096",
    "ed25519",
];

fn chain(certs: &Certs, name: &str) -> Vec<CertificateDer<'static>> {
    let certificates = CertificateDer::pem_file_iter(certs.path(name)).unwrap();
    certificates.map(Result::unwrap).collect()
}

fn roots(certs: &Certs, name: &str) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(chain(certs, name).swap_remove(0)).unwrap();
    Arc::new(roots)
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// As rustls' clients verify it.
pub(crate) fn webpki(
    certs: &Certs,
    trust: &str,
    file: &str,
    name: &str,
) -> Result<(), rustls::Error> {
    let verifier = WebPkiServerVerifier::builder_with_provider(roots(certs, trust), provider());
    let verifier = verifier.build().unwrap();
    let chain = chain(certs, file);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let verified = verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], UnixTime::now());
    verified.map(drop)
}

/// As rustls' servers verify it.
fn webpki_client(certs: &Certs, trust: &str, file: &str) -> Result<(), rustls::Error> {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(certs, trust), provider());
    let verifier = verifier.build().unwrap();
    let chain = chain(certs, file);
    let verified = verifier.verify_client_cert(&chain[0], &chain[1..], UnixTime::now());
    verified.map(drop)
}

#[tokio::test]
async fn one_command_makes_a_ca_and_a_server_certificate() {
    let certs = Certs::new();
    let said = certs.made("server 127.1.2.3 *.dev.test Dev.Test.").await;
    assert!(said.contains("oneport --cert server.crt --key server.key\n"));
    assert!(said.contains("curl --cacert ca.crt https://localhost:3000/whoami\n"));
    assert!(said.contains("There was no CA (ca.crt), so one was made."));
    assert_eq!(
        certs.names(),
        ["ca.crt", "ca.key", "server.crt", "server.key"]
    );

    for name in ["localhost", "www.dev.test", "dev.test"] {
        let options = format!("-purpose sslserver -verify_hostname {name}");
        let verify = format!("verify -x509_strict {options} -CAfile ca.crt server.crt");
        assert_eq!(certs.openssl_says(&verify).await, "server.crt: OK\n");
        webpki(&certs, "ca.crt", "server.crt", name).unwrap();
    }
    for ip in ["127.0.0.1", "::1", "127.1.2.3"] {
        let verify = format!("verify -x509_strict -verify_ip {ip} -CAfile ca.crt server.crt");
        assert_eq!(certs.openssl_says(&verify).await, "server.crt: OK\n");
        webpki(&certs, "ca.crt", "server.crt", ip).unwrap();
    }
    assert!(webpki(&certs, "ca.crt", "server.crt", "other.test").is_err());
    assert_eq!(chain(&certs, "server.crt")[1..], chain(&certs, "ca.crt"));

    let text = certs.openssl_says("x509 -in ca.crt -noout -text").await;
    for line in [
        "Version: 3 (0x2)",
        "CA:TRUE, pathlen:0",
        "Certificate Sign, CRL Sign",
        "X509v3 Subject Key Identifier",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    let text = certs.openssl_says("x509 -in server.crt -noout -text").await;
    for line in [
        "Version: 3 (0x2)",
        "CA:FALSE",
        "TLS Web Server Authentication",
        "Digital Signature\n",
        "X509v3 Subject Key Identifier",
        "X509v3 Authority Key Identifier",
        "NIST CURVE: P-256",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    // 128 bits, positive, and of its own each time.
    let serial = certs
        .openssl_says("x509 -in server.crt -noout -serial")
        .await;
    let other = certs.openssl_says("x509 -in ca.crt -noout -serial").await;
    assert_eq!(serial.trim().len(), "serial=".len() + 32, "{serial}");
    assert_ne!(serial, other);
}

#[tokio::test]
async fn every_type_of_key() {
    for key_type in KEY_TYPES {
        let certs = Certs::new();
        let made = certs.made(&format!("server --key-type {key_type}")).await;
        assert_eq!(
            made.contains("Browsers do not accept"),
            key_type == "ed25519"
        );
        certs
            .made(&format!("client a b --key-type {key_type}"))
            .await;
        certs
            .made(&format!("self-signed --key-type {key_type}"))
            .await;
        for verify in [
            "-purpose sslserver -CAfile ca.crt server.crt",
            "-purpose sslclient -CAfile ca4clients.crt a.crt",
            "-purpose sslclient -CAfile ca4clients.crt b.crt",
            "-purpose sslserver -CAfile serverSS.crt serverSS.crt",
        ] {
            certs
                .openssl_says(&format!("verify -x509_strict {verify}"))
                .await;
        }
        webpki(&certs, "ca.crt", "server.crt", "localhost").unwrap();
        webpki(&certs, "serverSS.crt", "serverSS.crt", "localhost").unwrap();
        webpki_client(&certs, "ca4clients.crt", "a.crt").unwrap();
        webpki_client(&certs, "ca4clients.crt", "b.crt").unwrap();

        for key in ["ca.key", "server.key", "a.key", "serverSS.key"] {
            assert!(certs.text(key).starts_with("-----BEGIN PRIVATE KEY-----\n"));
            let public = certs.openssl_says(&format!("pkey -in {key} -pubout")).await;
            let certificate = key.replace(".key", ".crt");
            let of = format!("x509 -in {certificate} -noout -pubkey");
            assert_eq!(public, certs.openssl_says(&of).await);
        }
        let usage = certs
            .openssl_says("x509 -in server.crt -noout -ext keyUsage")
            .await;
        let rsa = key_type.starts_with("rsa");
        assert_eq!(usage.contains("Key Encipherment"), rsa, "{usage}");
        // The server itself takes them.
        for name in ["server", "serverSS"] {
            let (cert, key) = (certs.path(name).with_extension("crt"), certs.path(name));
            oneport::tls::load(cert, key.with_extension("key")).unwrap();
        }
    }
}

#[tokio::test]
async fn clients_have_a_ca_of_their_own() {
    let certs = Certs::new();
    let said = certs.made("client").await;
    assert!(
        said.contains("oneport --cert server.crt --key server.key --client-ca ca4clients.crt\n")
    );
    assert!(said.contains("curl --cert client1.crt --key client1.key --cacert ca.crt "));
    certs.made("client client2 alice@example.com --san alice@example.com --san spiffe://a.test/x --san 192.0.2.1").await;
    certs.made("server").await;
    let made = "alice@example.com.crt alice@example.com.key ca.crt ca.key ca4clients.crt \
                ca4clients.key client1.crt client1.key client2.crt client2.key server.crt \
                server.key";
    assert_eq!(certs.names().join(" "), made);
    for client in ["client1.crt", "client2.crt", "alice@example.com.crt"] {
        webpki_client(&certs, "ca4clients.crt", client).unwrap();
        certs
            .openssl_says(&format!(
                "verify -purpose sslclient -CAfile ca4clients.crt {client}"
            ))
            .await;
        // A client's certificate is not a server's.
        assert!(webpki(&certs, "ca4clients.crt", client, "192.0.2.1").is_err());
    }
    assert!(webpki_client(&certs, "ca.crt", "server.crt").is_err());
    let text = certs
        .openssl_says("x509 -in alice@example.com.crt -noout -text")
        .await;
    for line in [
        "Subject: CN = alice@example.com",
        "TLS Web Client Authentication",
        "email:alice@example.com, URI:spiffe://a.test/x, IP Address:192.0.2.1",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
}

#[tokio::test]
async fn names_that_are_none() {
    let certs = Certs::new();
    let table = [
        (
            "server https://a.test",
            "expected a host name or an IP address",
        ),
        ("server a.test:443", "expected a host name or an IP address"),
        ("server *.test", "two labels"),
        ("server 0.0.0.0", "no client connects to 0.0.0.0"),
        ("self-signed a_b/c", "expected a host name"),
        ("client ../x", "the name of files"),
        ("client ca", "have this name"),
        ("client a A", "named twice"),
        ("client --san :", "email address"),
        ("server --days 0", "0"),
        ("server --key-type dsa", "ecdsa-p256"),
        ("show", "FILE|HOST:PORT"),
        ("show ca.crt --server-name", "--server-name"),
    ];
    for (args, expected) in table {
        let ended = certs.cert(args).await;
        assert_eq!(ended.code, 2, "{args}: {}", ended.err);
        assert!(ended.err.contains(expected), "{args}: {}", ended.err);
    }
    assert_eq!(certs.names(), [""; 0]);
}

#[tokio::test]
async fn as_json() {
    let certs = Certs::new();
    let made = certs.json("server a.test").await;
    let files = made["made"].as_array().unwrap();
    let names: Vec<_> = files
        .iter()
        .map(|file| file["file"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["ca.key", "ca.crt", "server.key", "server.crt"]);
    assert_eq!(files[3]["certificate"]["names"][3], "a.test");
    assert_eq!(
        made["next"][0]["command"],
        "oneport --cert server.crt --key server.key"
    );
    let key = certs.text("server.key");
    let secret = key.lines().nth(1).unwrap();
    assert!(!made.to_string().contains(secret));
}

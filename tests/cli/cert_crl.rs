//! `oneport cert crl`: who is revoked, and that nobody is forgotten.

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use std::sync::Arc;

use crate::certs::Certs;

const VERIFY: &str = "verify -purpose sslclient -CAfile ca4clients.crt -CRLfile ca4clients.crl \
                      -crl_check";

/// Whether OpenSSL and rustls, which must agree, accept a client.
async fn accepted(certs: &Certs, client: &str) -> bool {
    let (accepted, said) = certs.openssl(&format!("{VERIFY} {client}")).await;
    assert!(accepted || said.contains("certificate revoked"), "{said}");

    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(certs.path("ca4clients.crt")).unwrap();
    roots.add(ca).unwrap();
    let list = CertificateRevocationListDer::from_pem_file(certs.path("ca4clients.crl")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .with_crls([list])
        .enforce_revocation_expiration()
        .build()
        .unwrap();
    let own = CertificateDer::from_pem_file(certs.path(client)).unwrap();
    let verified = verifier.verify_client_cert(&own, &[], UnixTime::now());
    assert_eq!(verified.is_ok(), accepted, "{client}: {verified:?}");
    accepted
}

async fn number(certs: &Certs) -> String {
    let said = certs
        .openssl_says("crl -in ca4clients.crl -noout -crlnumber")
        .await;
    said.trim().to_owned()
}

#[tokio::test]
async fn revoked_clients_stay_revoked() {
    let certs = Certs::new();
    certs.made("client client1 client2 client3").await;
    // An empty list first: everybody is accepted.
    let said = certs.made("crl").await;
    assert!(said.contains("list 01 of 0 certificate(s)"), "{said}");
    assert!(said.contains("--client-ca ca4clients.crt --client-crl ca4clients.crl"));
    assert!(accepted(&certs, "client1.crt").await);

    certs.made("crl --revoke client1.crt").await;
    assert!(!accepted(&certs, "client1.crt").await);
    assert!(accepted(&certs, "client2.crt").await);

    // By its number, in any of the usual ways.
    let serial = certs
        .openssl_says("x509 -in client2.crt -noout -serial")
        .await;
    let serial = serial
        .trim()
        .strip_prefix("serial=")
        .unwrap()
        .to_lowercase();
    certs.made(&format!("crl --revoke 0x{serial}")).await;
    assert!(!accepted(&certs, "client1.crt").await);
    assert!(!accepted(&certs, "client2.crt").await);
    assert!(accepted(&certs, "client3.crt").await);

    // Twice is once, and keeps its date.
    let shown = certs.json("show ca4clients.crl").await;
    let said = certs
        .made("crl --revoke client1.crt --revoke client1.crt")
        .await;
    assert!(said.contains("was revoked before"), "{said}");
    let renewed = certs.json("show ca4clients.crl").await;
    let revoked = |shown: &serde_json::Value| shown["revocation_lists"][0]["revoked"].clone();
    assert_eq!(revoked(&shown), revoked(&renewed));
    assert_eq!(revoked(&shown).as_array().unwrap().len(), 2);
    assert_eq!(number(&certs).await, "crlNumber=0x04");
    assert_eq!(certs.names().len(), 9, "{:?}", certs.names());

    let text = certs
        .openssl_says("crl -in ca4clients.crl -noout -text -CAfile ca4clients.crt")
        .await;
    assert!(text.contains("verify OK"), "{text}");
    assert!(text.contains("Version 2") && text.contains("Authority Key Identifier"));
}

#[tokio::test]
async fn numbers_go_on() {
    let certs = Certs::new();
    certs.made("client").await;
    // The byte that DER puts in front of 0x80, and the carry into a second one.
    for expected in 1..=257_u32 {
        if expected % 64 > 1 {
            continue;
        }
        if expected > 1 {
            openssl_list(&certs, expected - 1).await;
        }
        certs.made("crl --days 7").await;
        let number = number(&certs).await;
        let number = number.strip_prefix("crlNumber=0x").unwrap();
        assert_eq!(u32::from_str_radix(number, 16).unwrap(), expected);
    }
}

/// A list of the CA by openssl, with this number and one entry with a reason.
async fn openssl_list(certs: &Certs, number: u32) {
    certs.write("number", &format!("{number:04X}\n"));
    certs.write(
        "index",
        "R\t350101000000Z\t250101000000Z,keyCompromise\t1234\tunknown\t/CN=x\n",
    );
    certs.write(
        "ca.cnf",
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n\
         default_crl_days=30\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n",
    );
    certs
        .openssl_says(
            "ca -config ca.cnf -gencrl -keyfile ca4clients.key -cert ca4clients.crt \
             -out ca4clients.crl",
        )
        .await;
}

/// Lists of the seeds' scripts, made by `openssl ca -gencrl`, are carried on.
#[tokio::test]
async fn a_list_by_openssl_is_carried_on() {
    let certs = Certs::new();
    certs.made("client").await;
    openssl_list(&certs, 65_535).await;
    certs.made("crl --revoke client1.crt").await;
    assert_eq!(number(&certs).await, "crlNumber=0x010000");
    let text = certs
        .openssl_says("crl -in ca4clients.crl -noout -text")
        .await;
    for line in [
        "Serial Number: 1234",
        "Jan  1 00:00:00 2025 GMT",
        "Key Compromise",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    assert!(!accepted(&certs, "client1.crt").await);
}

#[tokio::test]
async fn what_is_not_this_cas_is_not_revoked() {
    let certs = Certs::new();
    certs.made("ca --for clients --name Twin").await;
    certs.made("client").await;
    certs.made("server").await;
    // The same name, another key.
    certs.made("ca --for clients --name Twin --out twin").await;
    certs.made("client --out twin").await;
    certs.made("crl --out twin").await;
    std::fs::copy(certs.path("twin/ca4clients.crl"), certs.path("twin.crl")).unwrap();
    certs.write("text", "no list");

    let before = certs.names();
    let table = [
        ("--revoke server.crt", "has signed it, and this list is of"),
        (
            "--revoke twin/client1.crt",
            "has signed it, and this list is of",
        ),
        ("--revoke ca4clients.crt", "it is the CA itself"),
        (
            "--revoke client1.key",
            "holds a private key and no certificate",
        ),
        ("--revoke nothing.crt", "there is no such file"),
        ("--revoke 0", "not a serial number"),
        ("--revoke client1.crt --revoke server.crt", "has signed it"),
        ("--crl twin.crl", "another CA has signed it"),
        ("--crl client1.crt", "not a list of revoked certificates"),
        ("--crl text", "not a list of revoked certificates"),
        (
            "--ca ca.crt --ca-key ca4clients.key",
            "does not belong to the CA",
        ),
    ];
    for (args, expected) in table {
        let ended = certs.cert(&format!("crl {args}")).await;
        assert_eq!(
            (ended.code, ended.out.as_str()),
            (4, ""),
            "{args}: {}",
            ended.err
        );
        assert!(ended.err.contains(expected), "{args}: {}", ended.err);
    }
    assert_eq!(certs.names(), before);
}

/// Both read list N and write list N+1: the second would forget whom the first
/// has revoked.
#[tokio::test]
async fn two_at_once_forget_nobody() {
    let certs = Certs::new();
    let clients: Vec<_> = (1..=6).map(|n| format!("client{n}")).collect();
    certs.made(&format!("client {}", clients.join(" "))).await;
    let revocations: Vec<_> = clients
        .iter()
        .map(|name| format!("crl --revoke {name}.crt"))
        .collect();
    let all = revocations.iter().map(|args| certs.made(args));
    futures_util::future::join_all(all).await;
    assert_eq!(number(&certs).await, "crlNumber=0x06");
    for client in clients {
        assert!(!accepted(&certs, &format!("{client}.crt")).await);
    }
}

//! Whom a configuration from files lets in, by the client certificate.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oneport::tls::Files;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use support::Pki;

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn write(pki: &Pki, name: &str, content: &str) -> PathBuf {
    let path = pki.directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn files(pki: &Pki, client_ca: &Path) -> Files {
    Files::new(pki.cert_path(), pki.key_path()).client_ca(client_ca)
}

/// Shakes hands in memory with this certificate of a client.
fn handshake(
    pki: &Pki,
    server: Arc<ServerConfig>,
    chain: &[&Certificate],
    key: &KeyPair,
) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(pki.ca.clone()).unwrap();
    let chain: Vec<CertificateDer<'static>> = chain.iter().map(|it| it.der().clone()).collect();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
    client.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut unread = &bytes[..];
        while !unread.is_empty() {
            server.read_tls(&mut unread).unwrap();
            server.process_new_packets()?;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut unread = &bytes[..];
        while !unread.is_empty() {
            client.read_tls(&mut unread).unwrap();
            client.process_new_packets().unwrap();
        }
    }
    Ok(())
}

/// A client's self-signed certificate as `--client-ca` is to let in that one
/// client. To webpki it is a trust anchor as any other, and of those it does not
/// ask whether they are CAs: whoever had the key could sign a certificate with
/// somebody else's name, and get in as them.
#[test]
fn a_pinned_client_cannot_make_certificates_for_others() {
    let pki = Pki::new();
    let (key, other_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let params = named("bob");
    let bob = params.self_signed(&key).unwrap();
    let pinned = write(&pki, "bob.crt", &bob.pem());
    let bob_as_ca = Issuer::new(params, &key);
    let alice = named("alice").signed_by(&other_key, &bob_as_ca).unwrap();

    let server = || files(&pki, &pinned).load().unwrap().current();
    handshake(&pki, server(), &[&bob], &key).unwrap();
    for chain in [&[&alice][..], &[&alice, &bob]] {
        let outcome = handshake(&pki, server(), chain, &other_key);
        assert!(outcome.is_err(), "bob got in as alice");
    }
}

struct Ca {
    issuer: Issuer<'static, KeyPair>,
    path: PathBuf,
}

impl Ca {
    fn new(pki: &Pki) -> Self {
        let mut params = named("a CA of clients");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let path = write(pki, "clients.crt", &params.self_signed(&key).unwrap().pem());
        Self {
            issuer: Issuer::new(params, key),
            path,
        }
    }

    fn client(&self, serial: u64) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = named("carol");
        params.serial_number = Some(serial.into());
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn crl(&self, number: u64, revoked: &[u64]) -> String {
        let revoked = revoked.iter().map(|&serial| RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2025, 1, 1),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2025, 1, number as u8),
            next_update: date_time_ymd(2100, 1, 1),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

/// webpki looks into the first list of a CA and no other: whoever put the new
/// list behind the old one, in the same file or another, revoked nothing.
#[test]
fn of_two_lists_of_a_ca_the_newer_one_counts() {
    let pki = Pki::new();
    let ca = Ca::new(&pki);
    let (good, good_key) = ca.client(1);
    let (revoked, revoked_key) = ca.client(2);
    let (old, new) = (ca.crl(1, &[]), ca.crl(2, &[2]));
    let one = write(&pki, "old.crl", &old);
    let other = write(&pki, "new.crl", &new);
    let both = write(&pki, "both.crl", &format!("{old}{new}"));
    let reversed = write(&pki, "reversed.crl", &format!("{new}{old}"));
    for crls in [
        vec![&one, &other],
        vec![&other, &one],
        vec![&both],
        vec![&reversed],
    ] {
        let files = crls
            .iter()
            .fold(files(&pki, &ca.path), |files, crl| files.client_crl(crl));
        let server = || files.load().unwrap().current();
        handshake(&pki, server(), &[&good], &good_key).unwrap();
        let outcome = handshake(&pki, server(), &[&revoked], &revoked_key);
        assert!(outcome.is_err(), "a revoked client got in, lists: {crls:?}");
    }
}

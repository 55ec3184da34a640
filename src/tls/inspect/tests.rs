use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;

use super::{Expiry, client_ca, server_chain};
use crate::tls::TlsConfigError;
use crate::tls::provider::provider;

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn ca(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

fn chain(
    chain: &[CertificateDer<'static>],
    now: SystemTime,
    expiry: Expiry,
) -> Result<(), TlsConfigError> {
    server_chain(Path::new("x.pem"), chain, now, expiry)
}

/// In seconds: the first and the last one belong to it (RFC 5280 4.1.2.5).
#[test]
fn validity_includes_both_ends() {
    let mut leaf = params("localhost");
    leaf.not_before = date_time_ymd(2020, 1, 1);
    leaf.not_after = date_time_ymd(2020, 3, 31);
    let leaf = [leaf.self_signed(&key()).unwrap().der().clone()];
    let first = UNIX_EPOCH + Duration::from_secs(1_577_836_800);
    let last = UNIX_EPOCH + Duration::from_secs(1_585_612_800);
    let ms = Duration::from_millis(1);
    for now in [first, last, last + 999 * ms] {
        chain(&leaf, now, Expiry::Refuse).unwrap();
    }
    let early = chain(&leaf, first - ms, Expiry::Refuse);
    assert!(
        matches!(early, Err(TlsConfigError::NotYetValid { .. })),
        "{early:?}"
    );
    let late = chain(&leaf, last + 1000 * ms, Expiry::Refuse);
    assert!(
        matches!(late, Err(TlsConfigError::Expired { .. })),
        "{late:?}"
    );
    for now in [UNIX_EPOCH, first - ms, last + 1000 * ms] {
        chain(&leaf, now, Expiry::Accept).unwrap();
        client_ca(Path::new("x.pem"), &leaf, now, Expiry::Accept).unwrap();
        client_ca(Path::new("x.pem"), &leaf, now, Expiry::Refuse).unwrap_err();
    }
}

/// OpenSSL does not try an issuer whose key has another id, even if it made the
/// signature.
#[test]
fn an_issuer_with_another_key_id_is_a_stranger() {
    let root_key = key();
    let mut renamed = ca("root");
    renamed.key_identifier_method = rcgen::KeyIdMethod::PreSpecified(vec![7; 20]);
    let renamed = renamed.self_signed(&root_key).unwrap();
    let root = ca("root").self_signed(&root_key).unwrap();
    let issuer = Issuer::new(ca("root"), root_key);
    let mut leaf = params("localhost");
    leaf.use_authority_key_identifier_extension = true;
    let leaf = leaf.signed_by(&key(), &issuer).unwrap();

    let now = SystemTime::now();
    let good = [leaf.der().clone(), root.der().clone()];
    chain(&good, now, Expiry::Refuse).unwrap();
    let bad = [leaf.der().clone(), renamed.der().clone()];
    let error = chain(&bad, now, Expiry::Refuse);
    assert!(
        matches!(error, Err(TlsConfigError::Stranger { position: 2, .. })),
        "{error:?}"
    );
}

/// Why a leaf that somebody else signed is refused as a client CA, and one that
/// signed itself is not: asked is webpki, whom a pinned leaf lets in.
#[test]
fn pinned_leaves() {
    let issuer = Issuer::new(ca("client CA"), key());
    let signed = params("client").signed_by(&key(), &issuer).unwrap();
    let own = params("client").self_signed(&key()).unwrap();
    for (leaf, works) in [(signed.der(), false), (own.der(), true)] {
        let mut roots = RootCertStore::empty();
        roots.add(leaf.clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let verifier = verifier.build().unwrap();
        let verified = verifier.verify_client_cert(leaf, &[], UnixTime::now());
        assert_eq!(verified.is_ok(), works, "{verified:?}");

        let now = SystemTime::now();
        let error = client_ca(
            Path::new("x.pem"),
            std::slice::from_ref(leaf),
            now,
            Expiry::Refuse,
        );
        match works {
            true => error.unwrap(),
            false => assert!(
                matches!(error, Err(TlsConfigError::LeafAsClientCa { .. })),
                "{error:?}"
            ),
        }
    }
}

//! Certificates with and without faults.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::tls::provider;

pub(super) fn ca(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub(super) fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "leaf");
    params
}

fn key_of(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::try_from(key.serialize_der()).unwrap()
}

/// With the chain leaf, then `others`.
pub(super) fn signed(
    params: CertificateParams,
    ca: &CertifiedIssuer<'static, KeyPair>,
    others: &[CertificateDer<'static>],
) -> CertifiedKey {
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, ca).unwrap().der().clone();
    let chain = [&[leaf], others].concat();
    CertifiedKey::from_der(chain, key_of(&key), &provider()).unwrap()
}

pub(super) fn self_signed(params: CertificateParams) -> CertifiedKey {
    let key = KeyPair::generate().unwrap();
    let leaf = params.self_signed(&key).unwrap().der().clone();
    CertifiedKey::from_der(vec![leaf], key_of(&key), &provider()).unwrap()
}

/// For localhost and example.com, with its CA behind it.
pub(super) fn good() -> CertifiedKey {
    let ca = ca("root");
    let names = ["localhost", "*.example.com", "127.0.0.1"];
    signed(params(&names), &ca, &[ca.der().clone()])
}

pub(super) fn server(certified: CertifiedKey) -> ServerConfig {
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
}

//! tls-alpn-01 (RFC 8737).

use std::sync::Arc;

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::{ClientHello, NoServerSessionStorage};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use sha2::{Digest, Sha256};

use super::ChallengeError;
use crate::tls;

/// RFC 8737 6.2.
const ACME_TLS_1: &[u8] = b"acme-tls/1";

/// "The ClientHello [..] MUST contain an ALPN extension with the single protocol
/// name `acme-tls/1`" (RFC 8737 3).
pub(super) fn is_validation(hello: &ClientHello<'_>) -> bool {
    let Some(mut offered) = hello.alpn() else {
        return false;
    };
    offered.next() == Some(ACME_TLS_1) && offered.next().is_none()
}

/// Shows the CA one certificate: self-signed, for this domain alone, with the
/// SHA-256 of the key authorization in the critical extension
/// `id-pe-acmeIdentifier`. No client certificate is asked for, whatever others
/// need, and no session is kept.
pub(super) fn config(
    domain: &str,
    key_authorization: &str,
) -> Result<ServerConfig, ChallengeError> {
    let failed = |error: rcgen::Error| ChallengeError::Certificate(error.into());
    let mut params = CertificateParams::new([domain.to_owned()]).map_err(failed)?;
    params.distinguished_name = DistinguishedName::new();
    let digest = Sha256::digest(key_authorization);
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(&digest)];
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.self_signed(&key).map_err(failed)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());

    let failed = |error: rustls::Error| ChallengeError::Certificate(error.into());
    let provider = tls::provider();
    let key = provider.key_provider.load_private_key(key.into());
    // Not by `with_single_cert`: rustls would look whether the key is the
    // certificate's, and its parser takes no critical extension it does not know.
    let shown = CertifiedKey::new(vec![certificate.der().clone()], key.map_err(failed)?);
    let shown = SingleCertAndKey::from(shown);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    config.alpn_protocols = vec![ACME_TLS_1.to_vec()];
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

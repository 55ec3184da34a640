//! The server certificate of the development certificate.

use std::sync::Arc;

use pem::{EncodeConfig, LineEnding, Pem};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use time::{Duration, OffsetDateTime};

use super::GenerateError;
use super::authority::Authority;
use super::directory::{Directory, SERVER_CERT, SERVER_KEY};
use super::names::Names;
use crate::tls::describe::CertificateSummary;
use crate::tls::file::Role;
use crate::tls::files::belong_together;
use crate::tls::provider;

/// Browsers refuse server certificates that are valid for more than 398 days.
pub(super) const LIFETIME: Duration = Duration::days(90);

/// A certificate with less than this left is replaced, so that a server that
/// starts now can run for a week.
const RENEW_BEFORE: Duration = Duration::days(7);

/// Clocks of other machines and containers may be behind ours.
const CLOCK_SKEW: Duration = Duration::hours(1);

/// A server certificate with the CA's after it, and the key.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// From a moment ago until `lifetime` from now.
pub(super) fn validity(
    now: OffsetDateTime,
    lifetime: Duration,
) -> (OffsetDateTime, OffsetDateTime) {
    (now - CLOCK_SKEW, now + lifetime)
}

impl Leaf {
    /// The kept certificate, if its key and `ca` belong to it.
    pub(super) fn kept(
        directory: &Directory,
        ca: &CertificateDer<'static>,
    ) -> Result<Option<Self>, GenerateError> {
        let certificates = directory.read(SERVER_CERT, Role::Certificate)?;
        let keys = directory.read(SERVER_KEY, Role::Key)?;
        let (Some(certificates), Some(keys)) = (certificates, keys) else {
            return Ok(None);
        };
        let (Ok(chain), Ok(key)) = (certificates.chain(), keys.key()) else {
            return Ok(None);
        };
        let whole =
            chain.len() == 2 && chain[1] == *ca && belong_together(&chain[0], key.clone_key());
        if !whole {
            return Ok(None);
        }
        directory.protect(SERVER_KEY)?;
        Ok(Some(Self { chain, key }))
    }

    pub(super) fn issue(
        directory: &Directory,
        authority: &Authority,
        names: &Names,
    ) -> Result<Self, GenerateError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params(names)?.signed_by(&key, &authority.issuer)?;
        let chain = vec![certificate.der().clone(), authority.certificate.clone()];
        let pem: String = chain.iter().map(encode).collect();
        // A reader without the lock may see the new key with the old
        // certificate for a moment. It can tell, and a pair that a crash left
        // like this is replaced on the next start.
        directory.write(SERVER_KEY, Role::Key, &key.serialize_pem())?;
        directory.write(SERVER_CERT, Role::Certificate, &pem)?;
        Ok(Self {
            chain,
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }

    /// Whether a client that trusts the CA would accept the certificate for
    /// each of the names, now and for a while to come.
    ///
    /// Asks the verifier that rustls' clients use, instead of having a second
    /// opinion on signatures, dates, purposes and names.
    pub(super) fn lasts_for(&self, names: &Names) -> bool {
        let mut roots = RootCertStore::empty();
        if roots.add(self.chain[1].clone()).is_err() {
            return false;
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        let Ok(verifier) = verifier else { return false };
        let now = UnixTime::now();
        let later = now.as_secs() + RENEW_BEFORE.unsigned_abs().as_secs();
        let later = UnixTime::since_unix_epoch(std::time::Duration::from_secs(later));
        names.server_names().all(|name| {
            [now, later].into_iter().all(|at| {
                verifier
                    .verify_server_cert(&self.chain[0], &[], &name, &[], at)
                    .is_ok()
            })
        })
    }

    pub(super) fn names(&self) -> Vec<String> {
        CertificateSummary::from_der(&self.chain[0])
            .map(|summary| summary.names)
            .unwrap_or_default()
    }
}

fn params(names: &Names) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    (params.not_before, params.not_after) = validity(OffsetDateTime::now_utc(), LIFETIME);
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "oneport development");
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params.subject_alt_names = names.subject_alt_names()?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn encode(certificate: &CertificateDer<'static>) -> String {
    pem::encode_config(
        &Pem::new("CERTIFICATE", certificate.to_vec()),
        EncodeConfig::new().set_line_ending(LineEnding::LF),
    )
}

//! The certificate authority of the development certificate.

use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData,
};
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use super::directory::{CA_CERT, CA_KEY, Directory};
use super::{GenerateError, leaf};
use crate::tls::describe::CertificateSummary;
use crate::tls::file::Role;
use crate::tls::files::belong_together;

/// Long enough that trusting it is done once.
const LIFETIME: Duration = Duration::days(3650);

/// A certificate that signs others, and its key.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) issuer: Issuer<'static, KeyPair>,
}

/// The kept CA certificate, if it can sign a leaf made today.
pub(super) fn certificate(
    directory: &Directory,
) -> Result<Option<CertificateDer<'static>>, GenerateError> {
    let Some(contents) = directory.read(CA_CERT, Role::Certificate)? else {
        return Ok(None);
    };
    let Some(certificate) = contents.chain().ok().map(|mut chain| chain.swap_remove(0)) else {
        return Ok(None);
    };
    // No leaf may outlive its CA.
    let last_day = leaf::LIFETIME.whole_days() + 1;
    let now = SystemTime::now();
    let good = CertificateSummary::from_der(&certificate).is_ok_and(|summary| {
        summary.is_ca && summary.not_before <= now && summary.days_left(now) >= last_day
    });
    Ok(good.then_some(certificate))
}

impl Authority {
    /// The kept CA with its key; nothing where either cannot be used.
    pub(super) fn kept(directory: &Directory) -> Result<Option<Self>, GenerateError> {
        let Some(certificate) = certificate(directory)? else {
            return Ok(None);
        };
        let Some(contents) = directory.read(CA_KEY, Role::Key)? else {
            return Ok(None);
        };
        let Ok(key) = contents.key() else {
            return Ok(None);
        };
        if !belong_together(&certificate, key.clone_key()) {
            return Ok(None);
        }
        let Ok(key) = KeyPair::try_from(&key) else {
            return Ok(None);
        };
        let Ok(issuer) = Issuer::from_ca_cert_der(&certificate, key) else {
            return Ok(None);
        };
        directory.protect(CA_KEY)?;
        Ok(Some(Self {
            certificate,
            issuer,
        }))
    }

    pub(super) fn create(directory: &Directory) -> Result<Self, GenerateError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let params = params(&key);
        let certificate = params.self_signed(&key)?;
        // The key first: a certificate without key is in the way of nothing,
        // and both are made anew if we are stopped here.
        directory.write(CA_KEY, Role::Key, &key.serialize_pem())?;
        directory.write(CA_CERT, Role::Certificate, &certificate.pem())?;
        Ok(Self {
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        })
    }
}

fn params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    (params.not_before, params.not_after) = leaf::validity(OffsetDateTime::now_utc(), LIFETIME);
    // Signs leaves, not further CAs.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "oneport development");
    // Each CA has a name of its own: trust stores that hold two CAs of the same
    // name may try the wrong one.
    let id = Sha256::digest(key.subject_public_key_info());
    params.distinguished_name.push(
        DnType::CommonName,
        format!(
            "oneport development CA {:02x}{:02x}{:02x}{:02x}",
            id[0], id[1], id[2], id[3]
        ),
    );
    params
}

impl From<rcgen::Error> for GenerateError {
    fn from(error: rcgen::Error) -> Self {
        Self::Issue(error.into())
    }
}

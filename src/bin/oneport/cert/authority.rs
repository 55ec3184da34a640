//! A CA: made, or read from its two files.

use std::path::{Path, PathBuf};

use oneport::tls::describe::CertificateSummary;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData,
};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};
use x509_parser::extensions::ParsedExtension;

use super::args::{SignerArgs, Signs};
use super::error::CertError;
use super::files::within;
use super::key::{self, KeyType};
use super::{issue, read};

/// A certificate that signs others, and its key.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) issuer: Issuer<'static, KeyPair>,
    pub(super) not_after: OffsetDateTime,
}

/// Where a CA is kept.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) cert: PathBuf,
    pub(super) key: PathBuf,
    /// Somebody has named it, so that it has to be there.
    pub(super) named: bool,
}

impl Signs {
    pub(super) fn file_names(self) -> (&'static str, &'static str) {
        match self {
            Self::Clients => ("ca4clients.crt", "ca4clients.key"),
            Self::Servers => ("ca.crt", "ca.key"),
        }
    }
}

impl Place {
    pub(super) fn of(signs: Signs, dir: &Path) -> Self {
        let (cert, key) = signs.file_names();
        Self {
            cert: within(dir, cert),
            key: within(dir, key),
            named: false,
        }
    }

    pub(super) fn given(signs: Signs, dir: &Path, given: &SignerArgs) -> Self {
        Self::of(signs, dir).or(given.ca.as_deref(), given.ca_key.as_deref())
    }

    /// With what was named instead.
    pub(super) fn or(self, cert: Option<&Path>, key: Option<&Path>) -> Self {
        let named = cert.is_some() || key.is_some();
        let beside = cert.map(|cert| cert.with_extension("key"));
        Self {
            cert: cert.map_or(self.cert, Path::to_path_buf),
            key: key.map(Path::to_path_buf).or(beside).unwrap_or(self.key),
            named,
        }
    }
}

impl Authority {
    /// Made in memory. Without a name it has one of its own: trust stores that
    /// hold two CAs of the same name may try the wrong one.
    pub(super) fn create(
        signs: Signs,
        name: Option<&str>,
        days: u16,
        key: KeyType,
    ) -> Result<Self, CertError> {
        let key = key.generate()?;
        let mut params = CertificateParams::default();
        let not_after = issue::valid_for(&mut params, days)?;
        // Signs leaves, not further CAs.
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let id = params.key_identifier(&key);
        let number: String = id
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let name = match (name, signs) {
            (Some(name), _) => name.to_owned(),
            (None, Signs::Clients) => format!("oneport client CA {number}"),
            (None, Signs::Servers) => format!("oneport CA {number}"),
        };
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key)?.der().clone();
        Ok(Self {
            certificate,
            issuer: Issuer::new(params, key),
            not_after,
        })
    }

    /// Read, and found fit to sign.
    pub(super) fn read(place: &Place) -> Result<Self, CertError> {
        let certificate = read::certificate(&place.cert)?;
        let key = key::read(&place.key)?;
        let parsed = read::parse(&certificate)?;
        let unfit = |what: String| CertError::Ca {
            path: place.cert.clone(),
            what,
        };
        if *parsed.public_key().subject_public_key.data != *key.der_bytes() {
            return Err(CertError::CaMismatch {
                certificate: place.cert.clone(),
                key: place.key.clone(),
            });
        }
        if !parsed.is_ca() {
            return Err(unfit(
                "it is not a CA (no basicConstraints CA:TRUE), and clients accept nothing that it \
                 signs; make a CA: `oneport cert ca`"
                    .to_owned(),
            ));
        }
        let usage =
            parsed
                .iter_extensions()
                .find_map(|extension| match extension.parsed_extension() {
                    ParsedExtension::KeyUsage(usage) => Some(usage.key_cert_sign()),
                    _ => None,
                });
        if usage == Some(false) {
            return Err(unfit("its keyUsage is without keyCertSign".to_owned()));
        }
        let not_after = parsed.validity().not_after.to_datetime();
        if not_after <= OffsetDateTime::now_utc() {
            let day = not_after.date();
            return Err(unfit(format!(
                "it expired on {day}; make another (`oneport cert ca --force`), and have clients \
                 trust that"
            )));
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;
        Ok(Self {
            certificate,
            issuer,
            not_after,
        })
    }

    pub(super) fn summary(&self) -> Result<CertificateSummary, CertError> {
        issue::summary(&self.certificate)
    }

    /// Until when something signed now may be valid: no longer than its CA.
    pub(super) fn limit(&self, days: u16) -> OffsetDateTime {
        let asked = OffsetDateTime::now_utc() + Duration::days(days.into());
        asked.min(self.not_after)
    }

    /// Whether this CA has signed it, by name and by signature.
    pub(super) fn has_signed(&self, signed: &Signed<'_>) -> Result<bool, CertError> {
        let parsed = read::parse(&self.certificate)?;
        let key = &parsed.public_key().subject_public_key.data;
        Ok(parsed.subject().as_raw() == signed.issuer && verifies(key, signed))
    }
}

/// The parts of a signed thing.
#[derive(Debug)]
pub(super) struct Signed<'a> {
    /// The name of the signer, as DER.
    pub(super) issuer: &'a [u8],
    pub(super) message: &'a [u8],
    pub(super) signature: &'a [u8],
}

/// Whether the holder of this key has signed it, in whatever way.
pub(super) fn verifies(key: &[u8], signed: &Signed<'_>) -> bool {
    let provider = oneport::tls::provider();
    let mut ways = provider.signature_verification_algorithms.all.iter();
    ways.any(|way| {
        way.verify_signature(key, signed.message, signed.signature)
            .is_ok()
    })
}

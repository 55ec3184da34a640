//! A certificate revocation list (RFC 5280 5).

use std::path::Path;

use oneport::tls::TlsConfigError;
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
};
use time::{Duration, OffsetDateTime};
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Extension};
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};

use crate::cert::authority::{Authority, Signed};
use crate::cert::error::CertError;
use crate::cert::{read, show};

/// Numbers have at most 20 octets (RFC 5280 5.2.3).
const MAX_NUMBER: usize = 20;

/// What is to be signed: which list it is, and who is on it.
#[derive(Debug)]
pub(super) struct List {
    /// Big endian.
    pub(super) number: Vec<u8>,
    revoked: Vec<RevokedCertParams>,
}

/// When the list after this one is due.
pub(super) fn due(days: u16) -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::days(days.into())
}

impl List {
    /// The first one, empty.
    pub(super) fn new() -> Self {
        Self {
            number: vec![1],
            revoked: Vec::new(),
        }
    }

    /// The one that comes after the one in the file.
    pub(super) fn read(path: &Path, authority: &Authority) -> Result<Self, CertError> {
        let unfit = |what: &str| CertError::Crl {
            path: path.into(),
            what: what.to_owned(),
        };
        const NO_LIST: &str = "it is not a list of revoked certificates; restore it, or move it \
                               away to begin one in which nothing is revoked";
        let der = match show::crl_of(path) {
            // In these words it is no certificate, and nobody expects one here.
            Err(
                CertError::Unknown { .. }
                | CertError::Load(
                    TlsConfigError::Empty { .. } | TlsConfigError::NoCertificate { .. },
                ),
            ) => None,
            read => read?,
        };
        let der = der.ok_or_else(|| unfit(NO_LIST))?;
        let (_, old) = CertificateRevocationList::from_der(&der).map_err(|_| unfit(NO_LIST))?;
        let signed = Signed {
            issuer: old.issuer().as_raw(),
            message: old.tbs_cert_list.as_ref(),
            signature: &old.signature_value.data,
        };
        if !authority.has_signed(&signed)? {
            return Err(unfit(
                "another CA has signed it; name this one's list by --crl, or that one's CA by --ca",
            ));
        }
        // A list for a part of the certificates, or of changes only.
        if old.extensions().iter().any(|extension| extension.critical) {
            return Err(unfit(
                "it has critical extensions, which only the tool that made it understands",
            ));
        }
        let number = match old.crl_number() {
            Some(number) => (number + 1_u8).to_bytes_be(),
            None => vec![1],
        };
        if number.len() > MAX_NUMBER {
            return Err(unfit("there is no larger number than its"));
        }
        let entries = old.iter_revoked_certificates().map(entry);
        let revoked = entries
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| unfit("it has critical extensions in its entries"))?;
        Ok(Self { number, revoked })
    }

    pub(super) fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Revokes a certificate now. Returns whether it was not revoked before.
    pub(super) fn add(&mut self, serial: Vec<u8>) -> bool {
        let serial = SerialNumber::from(serial);
        let known = |revoked: &RevokedCertParams| {
            trimmed(revoked.serial_number.as_ref()) == trimmed(serial.as_ref())
        };
        if self.revoked.iter().any(known) {
            return false;
        }
        self.revoked.push(RevokedCertParams {
            serial_number: serial,
            revocation_time: OffsetDateTime::now_utc(),
            reason_code: None,
            invalidity_date: None,
        });
        true
    }

    /// The list as DER.
    pub(super) fn signed_by(&self, authority: &Authority, days: u16) -> Result<Vec<u8>, CertError> {
        let params = CertificateRevocationListParams {
            this_update: OffsetDateTime::now_utc(),
            next_update: due(days),
            crl_number: SerialNumber::from(self.number.clone()),
            issuing_distribution_point: None,
            revoked_certs: self.revoked.clone(),
            key_identifier_method: key_identifier(authority)?,
        };
        let signed = params.signed_by(&authority.issuer)?.der().to_vec();
        // A name that comes out otherwise, or a number: nobody would be refused.
        let (_, parsed) = CertificateRevocationList::from_der(&signed)
            .map_err(|_| CertError::Issue(rcgen::Error::CouldNotParseCertificate))?;
        let ca = read::parse(&authority.certificate)?;
        let same = |(made, asked): (&RevokedCertificate<'_>, &RevokedCertParams)| {
            trimmed(made.raw_serial()) == trimmed(asked.serial_number.as_ref())
        };
        let faithful = parsed.issuer().as_raw() == ca.subject().as_raw()
            && parsed.iter_revoked_certificates().count() == self.revoked.len()
            && parsed
                .iter_revoked_certificates()
                .zip(&self.revoked)
                .all(same);
        match faithful {
            true => Ok(signed),
            false => Err(CertError::Usage(
                "the CA's name cannot be repeated here, and servers would not find the CA of the \
                 list; use the tool that made the CA"
                    .to_owned(),
            )),
        }
    }
}

/// As rcgen takes it. The CA's own key identifier, which is not always the one
/// that rcgen would calculate.
fn key_identifier(authority: &Authority) -> Result<KeyIdMethod, CertError> {
    let ca = read::parse(&authority.certificate)?;
    let known = ca
        .iter_extensions()
        .find_map(
            |extension: &X509Extension<'_>| match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
                _ => None,
            },
        );
    Ok(known.map_or(KeyIdMethod::Sha256, KeyIdMethod::PreSpecified))
}

/// Nothing for an entry that is not to be understood.
fn entry(old: &RevokedCertificate<'_>) -> Option<RevokedCertParams> {
    if old.extensions().iter().any(|extension| extension.critical) {
        return None;
    }
    Some(RevokedCertParams {
        serial_number: SerialNumber::from(old.raw_serial().to_vec()),
        revocation_time: old.revocation_date.to_datetime(),
        reason_code: old.reason_code().and_then(|(_, code)| reason(code.0)),
        invalidity_date: old.invalidity_date().map(|(_, date)| date.to_datetime()),
    })
}

/// CRLReason (RFC 5280 5.3.1).
fn reason(code: u8) -> Option<RevocationReason> {
    Some(match code {
        1 => RevocationReason::KeyCompromise,
        2 => RevocationReason::CaCompromise,
        3 => RevocationReason::AffiliationChanged,
        4 => RevocationReason::Superseded,
        5 => RevocationReason::CessationOfOperation,
        6 => RevocationReason::CertificateHold,
        8 => RevocationReason::RemoveFromCrl,
        9 => RevocationReason::PrivilegeWithdrawn,
        10 => RevocationReason::AaCompromise,
        _ => return None,
    })
}

/// Without zeros that do not change the number.
fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

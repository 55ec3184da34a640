//! What one certificate says.

use oneport::tls::describe::CertificateSummary;
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use std::time::SystemTime;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};

use super::algorithms::{self, Algorithm};
use crate::cert::error::CertError;
use crate::cert::{issue, read};

#[derive(Clone, Debug)]
pub(super) struct Certificate {
    pub(super) der: CertificateDer<'static>,
    pub(super) summary: CertificateSummary,
    /// Email addresses and URIs.
    pub(super) other_names: Vec<String>,
    pub(super) not_before: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
    pub(super) days_left: i64,
    pub(super) key: Algorithm,
    pub(super) signature: Algorithm,
    /// Of its key, as DER.
    pub(super) public_key: Vec<u8>,
    /// How many CAs there may be below it.
    pub(super) path_length: Option<u32>,
    pub(super) usages: Vec<&'static str>,
    /// Nothing where every purpose is allowed.
    pub(super) purposes: Option<Vec<String>>,
    pub(super) self_issued: bool,
}

impl Certificate {
    pub(super) fn new(der: &CertificateDer<'static>) -> Result<Self, CertError> {
        let parsed = read::parse(der)?;
        let summary = issue::summary(der)?;
        let mut certificate = Self {
            days_left: summary.days_left(SystemTime::now()),
            summary,
            other_names: other_names(&parsed),
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            key: algorithms::key(parsed.public_key()),
            signature: algorithms::signature(&parsed.signature_algorithm),
            public_key: parsed.public_key().raw.to_vec(),
            path_length: None,
            usages: Vec::new(),
            purposes: None,
            self_issued: parsed.subject().as_raw() == parsed.issuer().as_raw(),
            der: der.clone(),
        };
        for extension in parsed.iter_extensions() {
            match extension.parsed_extension() {
                ParsedExtension::BasicConstraints(constraints) => {
                    certificate.path_length = constraints.path_len_constraint;
                }
                ParsedExtension::KeyUsage(usage) => certificate.usages = usages(usage),
                ParsedExtension::ExtendedKeyUsage(usage) => {
                    certificate.purposes = Some(purposes(usage));
                }
                _ => {}
            }
        }
        Ok(certificate)
    }

    /// DNS names, addresses, and the others.
    pub(super) fn names(&self) -> Vec<&str> {
        let names = self.summary.names.iter().chain(&self.other_names);
        names.map(String::as_str).collect()
    }

    pub(super) fn allows(&self, purpose: &str) -> bool {
        match &self.purposes {
            Some(purposes) => purposes.iter().any(|p| p == purpose || p == ANY),
            None => true,
        }
    }

    pub(super) fn json(&self) -> Value {
        let summary = &self.summary;
        json!({
            "subject": summary.subject,
            "issuer": summary.issuer,
            "names": self.names(),
            "version": summary.version,
            "serial": summary.serial,
            "not_before": rfc3339(self.not_before),
            "not_after": rfc3339(self.not_after),
            "days_left": self.days_left,
            "key": self.key.words,
            "signature": self.signature.words,
            "ca": summary.is_ca,
            "path_length": self.path_length,
            "self_issued": self.self_issued,
            "key_usage": self.usages,
            "extended_key_usage": self.purposes,
            "sha256": summary.sha256,
        })
    }
}

pub(super) const TLS_SERVER: &str = "TLS server";
pub(super) const TLS_CLIENT: &str = "TLS client";
const ANY: &str = "any";

/// RFC 5280 4.2.1.3.
fn usages(usage: &KeyUsage) -> Vec<&'static str> {
    let all = [
        (usage.digital_signature(), "digital signature"),
        (usage.non_repudiation(), "content commitment"),
        (usage.key_encipherment(), "key encipherment"),
        (usage.data_encipherment(), "data encipherment"),
        (usage.key_agreement(), "key agreement"),
        (usage.key_cert_sign(), "certificate signing"),
        (usage.crl_sign(), "CRL signing"),
    ];
    let on = all.into_iter().filter(|(on, _)| *on);
    on.map(|(_, name)| name).collect()
}

/// RFC 5280 4.2.1.12.
fn purposes(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let all = [
        (usage.any, ANY),
        (usage.server_auth, TLS_SERVER),
        (usage.client_auth, TLS_CLIENT),
        (usage.code_signing, "code signing"),
        (usage.email_protection, "email"),
        (usage.time_stamping, "time stamping"),
        (usage.ocsp_signing, "OCSP signing"),
    ];
    let on = all.into_iter().filter(|(on, _)| *on);
    let known = on.map(|(_, name)| name.to_owned());
    let other = usage.other.iter().map(|purpose| purpose.to_id_string());
    known.chain(other).collect()
}

fn other_names(parsed: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = parsed.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
                Some(name.escape_debug().to_string())
            }
            _ => None,
        })
        .collect()
}

/// As in RFC 3339, in UTC.
pub(super) fn rfc3339(time: OffsetDateTime) -> String {
    words(time, 'T', "Z")
}

/// For people, in UTC.
pub(super) fn moment(time: OffsetDateTime) -> String {
    words(time, ' ', " UTC")
}

fn words(time: OffsetDateTime, between: char, end: &str) -> String {
    let (date, (hour, minute, second)) = (time.date(), time.to_hms());
    format!("{date}{between}{hour:02}:{minute:02}:{second:02}{end}")
}

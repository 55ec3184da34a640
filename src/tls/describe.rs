//! What a certificate says about itself, for people and for logs.
//!
//! [`leaf`] and [`chain`] read a file, [`CertificateSummary::from_der`] takes a
//! certificate that is already there; [`crls`] and [`CrlSummary`] do the same for
//! certificate revocation lists. Nothing is verified: the summary of a
//! forged certificate is as good as that of a real one.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::X509Certificate;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

pub use super::crl::{CrlSummary, MalformedCrl};

use super::TlsConfigError;
use super::file::Role;
use super::pem::Contents;
use super::{crl, distinguished_name};

/// Summarises the first certificate of a file, which is the server's own.
///
/// # Errors
///
/// As [`chain`].
pub fn leaf(path: impl AsRef<Path>) -> Result<CertificateSummary, TlsConfigError> {
    let path = path.as_ref();
    let mut chain = chain(path)?;
    // `chain` is an error when it is empty.
    Ok(chain.swap_remove(0))
}

/// Summarises every certificate of a file, in the order of the file.
///
/// # Errors
///
/// When the file cannot be read, or is not a certificate file.
pub fn chain(path: impl AsRef<Path>) -> Result<Vec<CertificateSummary>, TlsConfigError> {
    let path = path.as_ref();
    let chain = Contents::read(path, Role::Certificate)?.chain()?;
    let summaries = chain.iter().enumerate().map(|(index, certificate)| {
        CertificateSummary::from_der(certificate).map_err(|source| {
            TlsConfigError::MalformedCertificate {
                path: path.into(),
                position: index + 1,
                source,
            }
        })
    });
    summaries.collect()
}

/// Summarises every certificate revocation list (CRL) of a file, PEM or DER.
///
/// ```no_run
/// for crl in oneport::tls::describe::crls("ca4clients.crl")? {
///     println!("{crl}");
/// }
/// # Ok::<(), oneport::tls::TlsConfigError>(())
/// ```
///
/// # Errors
///
/// When the file cannot be read, holds no CRL, or one that cannot be used.
pub fn crls(path: impl AsRef<Path>) -> Result<Vec<CrlSummary>, TlsConfigError> {
    crl::summaries(path.as_ref())
}

/// What a certificate says about itself.
///
/// Displays in one line: subject, names, issuer, last day, fingerprint. Text
/// from the certificate is shown with its control characters escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateSummary {
    /// The name of the holder, such as `CN=localhost` or `O=Example\, Inc., CN=a`:
    /// in the order of the certificate, escaped as in RFC 4514 2.4.
    pub subject: String,
    /// The name of the CA that signed, in the same form.
    pub issuer: String,
    /// The DNS names and IP addresses it is valid for (subject alternative
    /// names, RFC 5280 4.2.1.6), in its order.
    pub names: Vec<String>,
    /// The serial number, upper-case hexadecimal as `openssl x509 -serial`.
    pub serial: String,
    /// The X.509 version: 3, or 1 for what old recipes make.
    pub version: u32,
    /// Whether it may sign other certificates (RFC 5280 4.2.1.9).
    pub is_ca: bool,
    /// The first moment it is valid.
    pub not_before: SystemTime,
    /// The last moment it is valid.
    pub not_after: SystemTime,
    /// SHA-256 of the DER, as `openssl x509 -fingerprint -sha256`:
    /// 32 upper-case bytes with colons between.
    pub sha256: String,
    expires_on: String,
}

impl CertificateSummary {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    ///
    /// When it is not an X.509 certificate.
    pub fn from_der(certificate: &CertificateDer<'_>) -> Result<Self, MalformedCertificate> {
        let parsed = parse(certificate)?;
        Ok(Self {
            subject: name(parsed.subject()),
            issuer: name(parsed.issuer()),
            names: names(&parsed),
            serial: hex(strip_sign(parsed.raw_serial()), ""),
            version: parsed.version().0 + 1,
            is_ca: parsed.is_ca(),
            not_before: system_time(parsed.validity().not_before),
            not_after: system_time(parsed.validity().not_after),
            sha256: sha256(certificate),
            expires_on: date(parsed.validity().not_after),
        })
    }

    /// The last day it is valid, in UTC, as `2030-01-31`.
    #[must_use]
    pub fn expires_on(&self) -> &str {
        &self.expires_on
    }

    /// How many whole days it is still valid at `now`; negative once it has
    /// expired.
    #[must_use]
    pub fn days_left(&self, now: SystemTime) -> i64 {
        const DAY: i64 = 24 * 60 * 60;
        let whole = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        let seconds = match self.not_after.duration_since(now) {
            Ok(left) => whole(left.as_secs()),
            // Rounded away from zero: any moment too late is a day too late.
            Err(over) => {
                let over = over.duration();
                -whole(over.as_secs() + u64::from(over.subsec_nanos() > 0))
            }
        };
        seconds.div_euclid(DAY)
    }
}

impl fmt::Display for CertificateSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = match &self.names[..] {
            [] => "no names".into(),
            names => names.join(", "),
        };
        write!(
            f,
            "{} ({names}), issued by {}, valid until {}, SHA-256 {}",
            self.subject, self.issuer, self.expires_on, self.sha256
        )
    }
}

/// Bytes that were to be a certificate are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedCertificate {
    detail: String,
}

impl fmt::Display for MalformedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected an X.509 certificate in DER, the parser says: {}",
            self.detail
        )
    }
}

impl Error for MalformedCertificate {}

/// Exactly one certificate.
pub(super) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, MalformedCertificate> {
    let malformed = |detail: String| MalformedCertificate { detail };
    let (rest, parsed) =
        x509_parser::parse_x509_certificate(der).map_err(|error| malformed(error.to_string()))?;
    if !rest.is_empty() {
        return Err(malformed(format!("{} bytes too many", rest.len())));
    }
    Ok(parsed)
}

pub(super) fn name(name: &X509Name<'_>) -> String {
    distinguished_name::text(name)
}

/// Whose certificate it is: the subject, or where that is empty, as with some
/// public CAs, the first name.
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub(super) fn holder(certificate: &X509Certificate<'_>) -> String {
    let subject = name(certificate.subject());
    if !subject.is_empty() {
        return subject;
    }
    let first = names(certificate).into_iter().next();
    first.unwrap_or_else(|| "without a name".into())
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(printable(name)),
            GeneralName::IPAddress(octets) => address(octets).map(|address| address.to_string()),
            _ => None,
        })
        .collect()
}

/// 4 or 16 octets (RFC 5280 4.2.1.6).
pub(super) fn address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(Ipv4Addr::from(octets).into());
    }
    let octets = <[u8; 16]>::try_from(octets).ok()?;
    Some(Ipv6Addr::from(octets).into())
}

/// A subject with a line break in it must not forge a line of a log.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // Or change what is seen of the rest of the line.
        let invisible = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if c.is_control() || invisible {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// The zero byte before a number whose first bit is set is DER's, not the
/// number's (X.690 8.3).
fn strip_sign(serial: &[u8]) -> &[u8] {
    match serial {
        [0, rest @ ..] if !rest.is_empty() => rest,
        serial => serial,
    }
}

/// As `openssl x509 -fingerprint -sha256`.
pub(super) fn sha256(certificate: &CertificateDer<'_>) -> String {
    hex(&Sha256::digest(certificate), ":")
}

fn hex(bytes: &[u8], separator: &str) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    digits.join(separator)
}

pub(super) fn system_time(time: ASN1Time) -> SystemTime {
    let seconds = Duration::from_secs(time.timestamp().unsigned_abs());
    let time = if time.timestamp() < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(seconds)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(seconds)
    };
    // Out of the platform's range: Windows has no time before 1601.
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

pub(super) fn date(time: ASN1Time) -> String {
    let time = time.to_datetime();
    format!(
        "{:04}-{:02}-{:02}",
        time.year(),
        u8::from(time.month()),
        time.day()
    )
}

//! Certificate revocation lists (CRLs, RFC 5280 5) in a PEM or DER file.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::time::SystemTime;

use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{CertificateRevocationList, ParsedExtension, X509Version};

use super::file::{self, Kinds, Role};
use super::pem::{detail, is_pem, without_mark};
use super::{Found, TlsConfigError, describe};

/// The lists in a file, of which there is at least one, in its order.
///
/// An outdated one is no error: rustls goes by it as long as nobody asks for
/// `enforce_revocation_expiration`, and a list that is a day late still keeps
/// out whom it names. Whoever loads it can tell by
/// [`CrlSummary::is_outdated`].
pub(super) fn crls(
    path: &Path,
    kinds: Kinds,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsConfigError> {
    let content = file::read(path, Role::ClientCrl, kinds)?;
    let content = without_mark(&content);
    let crls = if is_pem(content) {
        let crls = CertificateRevocationListDer::pem_slice_iter(content);
        crls.collect::<Result<Vec<_>, _>>()
            .map_err(|error| TlsConfigError::MalformedPem {
                path: path.into(),
                detail: detail(&error),
            })?
    } else if parse(content).is_ok() {
        vec![content.to_vec().into()]
    } else {
        Vec::new()
    };
    if crls.is_empty() {
        return Err(TlsConfigError::NoCrl {
            path: path.into(),
            found: Found::new(content),
        });
    }
    for (index, crl) in crls.iter().enumerate() {
        check(path, index + 1, crl)?;
    }
    Ok(crls)
}

pub(super) fn summaries(path: &Path) -> Result<Vec<CrlSummary>, TlsConfigError> {
    let crls = crls(path, Kinds::Regular)?;
    let summaries = crls.iter().enumerate().map(|(index, crl)| {
        CrlSummary::from_der(crl).map_err(|error| malformed(path, index + 1, error))
    });
    summaries.collect()
}

/// Whether it is what rustls (webpki) can use.
fn check(path: &Path, position: usize, crl: &[u8]) -> Result<(), TlsConfigError> {
    let parsed = parse(crl).map_err(|error| malformed(path, position, error))?;
    let has = |wanted: fn(&ParsedExtension<'_>) -> bool| {
        let mut extensions = parsed.extensions().iter();
        extensions.any(|extension| wanted(extension.parsed_extension()))
    };
    let indirect = has(
        |it| matches!(it, ParsedExtension::IssuingDistributionPoint(point) if point.indirect_crl),
    );
    let delta = parsed
        .extensions()
        .iter()
        .any(|extension| extension.oid.to_id_string() == DELTA_CRL_INDICATOR);
    let found = if parsed.version() != Some(X509Version::V2) {
        // What `openssl ca -gencrl` makes of a configuration without
        // `crl_extensions`, which is the one it comes with.
        "of version 1"
    } else if parsed.next_update().is_none() {
        "without a day of the next update"
    } else if delta {
        "a delta, and not the whole list"
    } else if indirect {
        "a list of several CAs"
    } else {
        return Ok(());
    };
    Err(TlsConfigError::UnsupportedCrl {
        path: path.into(),
        position,
        found,
    })
}

/// RFC 5280 5.2.4.
const DELTA_CRL_INDICATOR: &str = "2.5.29.27";

fn malformed(path: &Path, position: usize, source: MalformedCrl) -> TlsConfigError {
    TlsConfigError::MalformedCrl {
        path: path.into(),
        position,
        source,
    }
}

/// Exactly one list.
pub(super) fn parse(der: &[u8]) -> Result<CertificateRevocationList<'_>, MalformedCrl> {
    let malformed = |detail: String| MalformedCrl { detail };
    let (rest, parsed) =
        x509_parser::parse_x509_crl(der).map_err(|error| malformed(error.to_string()))?;
    if !rest.is_empty() {
        return Err(malformed(format!("{} bytes too many", rest.len())));
    }
    Ok(parsed)
}

/// More for a newer list of the same CA: when it was made, then its number
/// (RFC 5280 5.2.3).
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub(super) fn age(crl: &[u8]) -> (i64, Vec<u8>) {
    let Ok(parsed) = parse(crl) else {
        return (i64::MIN, Vec::new());
    };
    let number = parsed.crl_number().map(|number| number.to_bytes_be());
    let number = number.unwrap_or_default();
    let length = [number.len() as u8].to_vec();
    (parsed.last_update().timestamp(), [length, number].concat())
}

/// What a certificate revocation list says about itself.
///
/// Displays in one line: issuer, number of revoked certificates, days.
///
/// ```no_run
/// use std::time::SystemTime;
///
/// for crl in oneport::tls::describe::crls("ca4clients.crl")? {
///     if crl.is_outdated(SystemTime::now()) {
///         eprintln!("{crl}: make it again");
///     }
/// }
/// # Ok::<(), oneport::tls::TlsConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrlSummary {
    /// The name of the CA, such as `CN=MyLocalCA4Clients`.
    pub issuer: String,
    /// How many certificates are revoked.
    pub revoked: usize,
    /// When it was made.
    pub this_update: SystemTime,
    /// When the next one is made, at the latest.
    pub next_update: Option<SystemTime>,
    this_day: String,
    next_day: Option<String>,
}

impl CrlSummary {
    /// Reads a list in DER.
    ///
    /// # Errors
    ///
    /// When it is not a certificate revocation list.
    pub fn from_der(crl: &CertificateRevocationListDer<'_>) -> Result<Self, MalformedCrl> {
        let parsed = parse(crl)?;
        Ok(Self {
            issuer: describe::name(parsed.issuer()),
            revoked: parsed.iter_revoked_certificates().count(),
            this_update: describe::system_time(parsed.last_update()),
            next_update: parsed.next_update().map(describe::system_time),
            this_day: describe::date(parsed.last_update()),
            next_day: parsed.next_update().map(describe::date),
        })
    }

    /// Whether the next list should have been there at `now`.
    #[must_use]
    pub fn is_outdated(&self, now: SystemTime) -> bool {
        self.next_update.is_some_and(|next| next < now)
    }

    /// The day of [`next_update`](Self::next_update), in UTC, as `2030-01-31`.
    #[must_use]
    pub fn next_update_on(&self) -> Option<&str> {
        self.next_day.as_deref()
    }
}

impl fmt::Display for CrlSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} revoked by {}, made on {}",
            self.revoked, self.issuer, self.this_day
        )?;
        match &self.next_day {
            Some(day) => write!(f, ", next list by {day}"),
            None => Ok(()),
        }
    }
}

/// Bytes that were to be a certificate revocation list are none.
///
/// ```
/// use oneport::tls::describe::CrlSummary;
///
/// let error = CrlSummary::from_der(&vec![0x30, 0x00].into()).unwrap_err();
/// assert!(error.to_string().starts_with("expected an X.509 certificate revocation list"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedCrl {
    detail: String,
}

impl fmt::Display for MalformedCrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected an X.509 certificate revocation list in DER, the parser says: {}",
            self.detail
        )
    }
}

impl Error for MalformedCrl {}

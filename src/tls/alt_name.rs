//! The names of a certificate's holder.

use std::fmt;
use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;

use super::describe::{MalformedCertificate, address, parse, printable};

/// A subject alternative name (RFC 5280 4.2.1.6). Displays as `DNS:a.example`,
/// as `openssl x509 -ext subjectAltName` does. Control characters are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AltName {
    /// A host name, perhaps with a wildcard.
    Dns(String),
    /// An address for mail.
    Email(String),
    /// An address of a host.
    Ip(IpAddr),
    /// Such as a SPIFFE id.
    Uri(String),
}

/// Those of a certificate, in its order; those of other kinds are left out.
pub(super) fn alt_names(
    certificate: &CertificateDer<'_>,
) -> Result<Vec<AltName>, MalformedCertificate> {
    let parsed = parse(certificate)?;
    let Ok(Some(extension)) = parsed.subject_alternative_name() else {
        return Ok(Vec::new());
    };
    let names = extension.value.general_names.iter();
    let names = names.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(AltName::Dns(printable(name))),
        GeneralName::RFC822Name(name) => Some(AltName::Email(printable(name))),
        GeneralName::IPAddress(octets) => address(octets).map(AltName::Ip),
        GeneralName::URI(uri) => Some(AltName::Uri(printable(uri))),
        _ => None,
    });
    Ok(names.collect())
}

impl fmt::Display for AltName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{name}"),
            Self::Email(address) => write!(f, "email:{address}"),
            Self::Ip(address) => write!(f, "IP:{address}"),
            Self::Uri(uri) => write!(f, "URI:{uri}"),
        }
    }
}

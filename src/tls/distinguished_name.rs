//! Names of holders and issuers, as text that stands for one name only.

use std::fmt::Write;

use x509_parser::asn1_rs::{Any, BmpString, Tag};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::x509::X509Name;

use super::describe::printable;

/// `C=DE, O=Example\, Inc., CN=a.example`: in the order of the certificate, with
/// the escapes of RFC 4514 2.4. Without them a client whose organization is `x,
/// CN=admin` would look like one with two attributes.
pub(super) fn text(name: &X509Name<'_>) -> String {
    let parts = name.iter().map(|part| {
        let attributes = part.iter().map(|attribute| {
            let kind = attribute.attr_type();
            let kind = match oid2abbrev(kind, oid_registry()) {
                Ok(abbreviation) => abbreviation.to_owned(),
                Err(_) => kind.to_id_string(),
            };
            format!("{kind}={}", value(attribute.attr_value()))
        });
        attributes.collect::<Vec<_>>().join(" + ")
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// What is no text is written in hexadecimal (RFC 4514 2.4).
fn value(value: &Any<'_>) -> String {
    let text = match value.tag() {
        Tag::BmpString => BmpString::try_from(value.clone())
            .ok()
            .map(|it| it.string()),
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::T61String
        | Tag::NumericString
        | Tag::VisibleString
        | Tag::GeneralString => std::str::from_utf8(value.data).ok().map(str::to_owned),
        _ => None,
    };
    match text {
        Some(text) => escaped(&text),
        None => value.data.iter().fold("#".to_owned(), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02X}");
            hex
        }),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (index, c) in text.chars().enumerate() {
        let special = match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => true,
            '#' => index == 0,
            ' ' => index == 0 || index == last,
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(c);
    }
    printable(&out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};

    use crate::tls::describe::CertificateSummary;

    fn subject(parts: Vec<(DnType, DnValue)>) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in parts {
            params.distinguished_name.push(kind, value);
        }
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        CertificateSummary::from_der(made.der()).unwrap().subject
    }

    fn of(kind: DnType, text: &str) -> (DnType, DnValue) {
        (kind, DnValue::Utf8String(text.to_owned()))
    }

    /// Who compared subjects took the one for the other.
    #[test]
    fn one_attribute_does_not_look_like_two() {
        use DnType::{CommonName, OrganizationName};
        let two = subject(vec![of(OrganizationName, "x"), of(CommonName, "admin")]);
        assert_eq!(two, "O=x, CN=admin");
        let one = subject(vec![of(OrganizationName, "x, CN=admin")]);
        assert_eq!(one, "O=x\\, CN=admin");
    }

    #[test]
    fn signs_are_escaped() {
        for (text, shown) in [
            ("M\u{fc}ller GmbH", "CN=M\u{fc}ller GmbH"),
            ("a+b;<c>\"\\", "CN=a\\+b\\;\\<c\\>\\\"\\\\"),
            ("# a ", "CN=\\# a\\ "),
            (" ", "CN=\\ "),
            ("a\nb", "CN=a\\nb"),
            ("a\\nb", "CN=a\\\\nb"),
            // Shown from right to left, it would end in `gpj.`.
            ("\u{202e}jpg.", "CN=\\u{202e}jpg."),
        ] {
            assert_eq!(subject(vec![of(DnType::CommonName, text)]), shown);
        }
    }
}

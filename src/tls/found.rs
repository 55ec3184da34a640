//! What a file holds that should have held something else.

use std::fmt;
use std::path::Path;

use rustls::pki_types::PrivateKeyDer;
use x509_parser::prelude::{FromDer, X509CertificationRequest};

use super::error::Shell;
use super::{crl, describe};

/// What was found in a file in the place of a certificate or a key, or a key of
/// another kind than expected.
///
/// Displays as a few words with an article, such as `a certificate request` or
/// `an RSA key with 1024 bits`. It never contains any of the file's content but
/// the labels of its PEM sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Binary,
    /// Without PEM around it, named as [`name`] does.
    Der(&'static str),
    /// In words.
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    Key(String),
    Pkcs12,
    /// PEM sections, named as [`name`] does, each once.
    Sections(Vec<String>),
    Text,
    Utf16,
}

impl Found {
    pub(super) fn new(content: &[u8]) -> Self {
        let sections = sections(content);
        Self(if !sections.is_empty() {
            Kind::Sections(sections)
        } else if content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff") {
            Kind::Utf16
        } else if is_pkcs12(content) {
            Kind::Pkcs12
        } else if std::str::from_utf8(content).is_ok_and(|text| !text.contains('\0')) {
            Kind::Text
        } else {
            der(content).map_or(Kind::Binary, Kind::Der)
        })
    }

    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    pub(super) fn key(kind: &super::key_kind::KeyKind) -> Self {
        Self(Kind::Key(kind.to_string()))
    }

    pub(super) fn is_pkcs12(&self) -> bool {
        self.0 == Kind::Pkcs12
    }

    /// Whether it is an encrypted key without PEM around it.
    pub(super) fn is_encrypted_der(&self) -> bool {
        self.0 == Kind::Der(ENCRYPTED_KEY)
    }

    /// What to do about it, where that is known.
    pub(super) fn remedy(&self, path: &Path) -> Option<String> {
        let path = Shell(path);
        let has = |name: &str| match &self.0 {
            Kind::Sections(sections) => sections.iter().any(|section| section == name),
            Kind::Der(found) => *found == name,
            _ => false,
        };
        let form = match self.0 {
            Kind::Der(_) => " -inform DER",
            _ => "",
        };
        Some(match &self.0 {
            Kind::Pkcs12 => format!(
                "convert it to a file that serves as both certificate and key: \
                 `(umask 077; openssl pkcs12 -in {path} -nodes -out combined.pem)`"
            ),
            Kind::Utf16 => "save it again as ASCII or UTF-8, without changing the text".into(),
            _ if has(OPENSSH_KEY) => {
                format!("convert a copy of it: `ssh-keygen -p -N '' -m PKCS8 -f {path}`")
            }
            _ if has(REQUEST) => {
                "a CA must sign the request first; use the certificate it sends back".into()
            }
            _ if has(PKCS7) => {
                format!(
                    "convert it: `openssl pkcs7{form} -print_certs -in {path} -out fullchain.pem`"
                )
            }
            _ if has(OPENSSL_CERTIFICATE) => {
                format!("convert it: `openssl x509 -in {path} -out plain.crt`")
            }
            _ if has(PUBLIC_KEY) => {
                "name the file with the private key that it is the other half of".into()
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Binary => f.write_str("binary data of an unknown kind"),
            Kind::Der(name) => f.write_str(name),
            #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
            Kind::Key(words) => f.write_str(words),
            Kind::Pkcs12 => f.write_str("a PKCS#12 bundle (.p12, .pfx)"),
            Kind::Sections(sections) => f.write_str(&sections.join(" and ")),
            Kind::Text => f.write_str("text without any PEM section"),
            Kind::Utf16 => f.write_str("text in UTF-16"),
        }
    }
}

const CERTIFICATE: &str = "a certificate";
const CRL: &str = "a certificate revocation list";
const ENCRYPTED_KEY: &str = "an encrypted private key";
const OPENSSH_KEY: &str = "an OpenSSH private key";
const OPENSSL_CERTIFICATE: &str = "a certificate in OpenSSL's own format";
const PKCS7: &str = "a PKCS#7 bundle";
const PRIVATE_KEY: &str = "a private key";
const PUBLIC_KEY: &str = "a public key";
const REQUEST: &str = "a certificate request";

/// How many different sections are named before the list is cut off.
const MAX_NAMED: usize = 4;

fn sections(content: &[u8]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in content.split(|&byte| byte == b'\n' || byte == b'\r') {
        let label = line
            .trim_ascii_end()
            .strip_prefix(b"-----BEGIN ")
            .and_then(|rest| rest.strip_suffix(b"-----"));
        let Some(label) = label else { continue };
        let name = name(label);
        if names.len() < MAX_NAMED && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Labels as in RFC 7468 and in OpenSSL's `pem.h`.
fn name(label: &[u8]) -> String {
    match label {
        b"CERTIFICATE" => CERTIFICATE,
        b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => REQUEST,
        b"DH PARAMETERS" => "Diffie-Hellman parameters",
        b"EC PARAMETERS" => "elliptic curve parameters",
        b"ENCRYPTED PRIVATE KEY" => ENCRYPTED_KEY,
        b"EC PRIVATE KEY" | b"PRIVATE KEY" | b"RSA PRIVATE KEY" => PRIVATE_KEY,
        b"OPENSSH PRIVATE KEY" => OPENSSH_KEY,
        b"PKCS7" | b"CMS" => PKCS7,
        b"PUBLIC KEY" | b"RSA PUBLIC KEY" => PUBLIC_KEY,
        b"TRUSTED CERTIFICATE" | b"X509 CERTIFICATE" => OPENSSL_CERTIFICATE,
        b"X509 CRL" => CRL,
        other => {
            let label: String = String::from_utf8_lossy(other).chars().take(40).collect();
            return format!("a PEM section {label:?}");
        }
    }
    .into()
}

/// `PFX ::= SEQUENCE { version INTEGER {v3(3)}, authSafe SEQUENCE .. }`
/// (RFC 7292 4).
fn is_pkcs12(content: &[u8]) -> bool {
    body(content).is_some_and(|body| body.starts_with(&[0x02, 0x01, 0x03, 0x30]))
}

fn der(content: &[u8]) -> Option<&'static str> {
    let sequence = body(content)?;
    // `EncryptedPrivateKeyInfo` (RFC 5958 3) and `ContentInfo` (RFC 5652 3)
    // begin with an object identifier, the former inside another SEQUENCE.
    let algorithm = body(sequence).unwrap_or_default();
    Some(if describe::parse(content).is_ok() {
        CERTIFICATE
    } else if crl::parse(content).is_ok() {
        CRL
    } else if X509CertificationRequest::from_der(content).is_ok_and(|(rest, _)| rest.is_empty()) {
        REQUEST
    } else if sequence.starts_with(SIGNED_DATA) {
        PKCS7
    } else if [PKCS5, PKCS12_PBE]
        .iter()
        .any(|id| algorithm.starts_with(id))
    {
        ENCRYPTED_KEY
    } else if PrivateKeyDer::try_from(content).is_ok() {
        PRIVATE_KEY
    } else {
        return None;
    })
}

/// The object identifier 1.2.840.113549.1.7.2 (RFC 5652 5.1).
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

/// An object identifier below 1.2.840.113549.1.5: encryption by a password
/// (RFC 8018 A).
const PKCS5: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05";

/// An object identifier below 1.2.840.113549.1.12.1 (RFC 7292 C).
const PKCS12_PBE: &[u8] = b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";

/// What follows the head of a SEQUENCE (X.690 8.1), which ends where the file
/// does or earlier.
fn body(content: &[u8]) -> Option<&[u8]> {
    match content {
        [0x30, length, rest @ ..] if *length <= 0x80 => Some(rest),
        [0x30, 0x81, _, rest @ ..] => Some(rest),
        [0x30, 0x82, _, _, rest @ ..] => Some(rest),
        [0x30, 0x83, _, _, _, rest @ ..] => Some(rest),
        _ => None,
    }
}

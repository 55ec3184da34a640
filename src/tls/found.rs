//! What a file holds that should have held something else.

use std::fmt;
use std::path::Path;

use super::error::Shell;

/// What was found in a file in the place of a certificate or a key.
///
/// Displays as a few words with an article, such as `a certificate request`.
/// It never contains any of the file's content but the labels of its PEM
/// sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Binary,
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
            Kind::Binary
        })
    }

    pub(super) fn is_pkcs12(&self) -> bool {
        self.0 == Kind::Pkcs12
    }

    /// What to do about it, where that is known.
    pub(super) fn remedy(&self, path: &Path) -> Option<String> {
        let path = Shell(path);
        let has = |name: &str| match &self.0 {
            Kind::Sections(sections) => sections.iter().any(|section| section == name),
            _ => false,
        };
        Some(match &self.0 {
            Kind::Pkcs12 => format!(
                "convert it to a file that serves as both certificate and key: \
                 `openssl pkcs12 -in {path} -nodes -out combined.pem`"
            ),
            Kind::Utf16 => "save it again as ASCII or UTF-8, without changing the text".into(),
            _ if has(OPENSSH_KEY) => {
                format!("convert a copy of it: `ssh-keygen -p -N '' -m PKCS8 -f {path}`")
            }
            _ if has(REQUEST) => {
                "a CA must sign the request first; use the certificate it sends back".into()
            }
            _ if has(PKCS7) => {
                format!("convert it: `openssl pkcs7 -print_certs -in {path} -out fullchain.pem`")
            }
            _ if has(OPENSSL_CERTIFICATE) => {
                format!("convert it: `openssl x509 -in {path} -out server.crt`")
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Binary => f.write_str("binary data of an unknown kind"),
            Kind::Pkcs12 => f.write_str("a PKCS#12 bundle (.p12, .pfx)"),
            Kind::Sections(sections) => f.write_str(&sections.join(" and ")),
            Kind::Text => f.write_str("text without any PEM section"),
            Kind::Utf16 => f.write_str("text in UTF-16"),
        }
    }
}

const OPENSSH_KEY: &str = "an OpenSSH private key";
const OPENSSL_CERTIFICATE: &str = "a certificate in OpenSSL's own format";
const PKCS7: &str = "a PKCS#7 bundle";
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
        b"CERTIFICATE" => "a certificate",
        b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => REQUEST,
        b"DH PARAMETERS" => "Diffie-Hellman parameters",
        b"EC PARAMETERS" => "elliptic curve parameters",
        b"ENCRYPTED PRIVATE KEY" => "an encrypted private key",
        b"EC PRIVATE KEY" | b"PRIVATE KEY" | b"RSA PRIVATE KEY" => "a private key",
        b"OPENSSH PRIVATE KEY" => OPENSSH_KEY,
        b"PKCS7" | b"CMS" => PKCS7,
        b"PUBLIC KEY" | b"RSA PUBLIC KEY" => "a public key",
        b"TRUSTED CERTIFICATE" | b"X509 CERTIFICATE" => OPENSSL_CERTIFICATE,
        b"X509 CRL" => "a certificate revocation list",
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
    let body = match content {
        [0x30, length, rest @ ..] if *length <= 0x80 => rest,
        [0x30, 0x81, _, rest @ ..] => rest,
        [0x30, 0x82, _, _, rest @ ..] => rest,
        [0x30, 0x83, _, _, _, rest @ ..] => rest,
        _ => return false,
    };
    body.starts_with(&[0x02, 0x01, 0x03, 0x30])
}

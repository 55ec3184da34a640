//! The certificates and keys in a PEM or DER file.

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::{self, PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::x509::X509Version;

use super::file::{self, Kinds, Role};
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
use super::key_kind::KeyKind;
use super::{Found, TlsConfigError, describe};

/// Everything of use in one file, in the order of the file.
#[derive(Debug)]
pub(super) struct Contents {
    path: PathBuf,
    role: Role,
    certificates: Vec<CertificateDer<'static>>,
    keys: Vec<PrivateKeyDer<'static>>,
    encrypted_key: bool,
    found: Found,
}

impl Contents {
    /// Reads a regular file.
    pub(super) fn read(path: &Path, role: Role) -> Result<Self, TlsConfigError> {
        Self::read_kinds(path, role, Kinds::Regular)
    }

    pub(super) fn read_kinds(
        path: &Path,
        role: Role,
        kinds: Kinds,
    ) -> Result<Self, TlsConfigError> {
        let content = file::read(path, role, kinds)?;
        let content = without_mark(&content);
        let mut contents = Self {
            path: path.into(),
            role,
            certificates: Vec::new(),
            keys: Vec::new(),
            encrypted_key: false,
            found: Found::new(content),
        };
        if is_pem(content) {
            contents.add_pem(content)?;
        } else {
            contents.add_der(content);
        }
        Ok(contents)
    }

    /// The certificates, of which there is at least one.
    pub(super) fn certificates(&self) -> Result<&[CertificateDer<'static>], TlsConfigError> {
        let path = || self.path.clone();
        if !self.certificates.is_empty() {
            return Ok(&self.certificates);
        }
        Err(if self.encrypted_key || !self.keys.is_empty() {
            TlsConfigError::KeyInsteadOfCertificate {
                path: path(),
                role: self.role,
            }
        } else {
            TlsConfigError::NoCertificate {
                path: path(),
                role: self.role,
                found: self.found.clone(),
            }
        })
    }

    /// The chain as it is to be sent, the server's own certificate first.
    pub(super) fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
        let path = || self.path.clone();
        for (index, certificate) in self.certificates()?.iter().enumerate() {
            let parsed = describe::parse(certificate).map_err(|source| {
                TlsConfigError::MalformedCertificate {
                    path: path(),
                    position: index + 1,
                    source,
                }
            })?;
            // Only the server's own: an old root at the end of a chain may be
            // of version 1, and clients do not look at it.
            if index == 0 && parsed.version() != X509Version::V3 {
                return Err(TlsConfigError::ObsoleteVersion {
                    path: path(),
                    version: parsed.version().0 + 1,
                });
            }
        }
        Ok(self.certificates.clone())
    }

    /// The one private key.
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, TlsConfigError> {
        let path = self.path.clone();
        match &self.keys[..] {
            [key] => match KeyKind::of_private(key) {
                Some(kind) if !kind.signs() => Err(TlsConfigError::UnsupportedKeyKind {
                    path,
                    found: Found::key(&kind),
                }),
                _ => Ok(key.clone_key()),
            },
            [] if self.encrypted_key => Err(TlsConfigError::EncryptedKey { path }),
            [] if !self.certificates.is_empty() => {
                Err(TlsConfigError::CertificateInsteadOfKey { path })
            }
            [] => Err(TlsConfigError::NoKey {
                path,
                found: self.found.clone(),
            }),
            keys => Err(TlsConfigError::SeveralKeys {
                path,
                count: keys.len(),
            }),
        }
    }

    fn add_pem(&mut self, content: &[u8]) -> Result<(), TlsConfigError> {
        self.encrypted_key = contains(content, b"-----BEGIN ENCRYPTED PRIVATE KEY-----");
        // The older form: a header inside an ordinary section (RFC 1421 4.6.1.1),
        // which makes the base64 that follows unreadable to a strict parser.
        let old_encryption = contains(content, b"Proc-Type: 4,ENCRYPTED");
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(content) {
            match section {
                Ok((SectionKind::Certificate, der)) => self.certificates.push(der.into()),
                Ok((SectionKind::PrivateKey, der)) => {
                    self.keys.push(PrivateKeyDer::Pkcs8(der.into()));
                }
                Ok((SectionKind::RsaPrivateKey, der)) => {
                    self.keys.push(PrivateKeyDer::Pkcs1(der.into()));
                }
                Ok((SectionKind::EcPrivateKey, der)) => {
                    self.keys.push(PrivateKeyDer::Sec1(der.into()));
                }
                Ok(_) => {}
                Err(pem::Error::Base64Decode(_)) if old_encryption => self.encrypted_key = true,
                Err(error) => {
                    return Err(TlsConfigError::MalformedPem {
                        path: self.path.clone(),
                        detail: detail(&error),
                    });
                }
            }
        }
        Ok(())
    }

    fn add_der(&mut self, content: &[u8]) {
        if self.found.is_pkcs12() {
            // It begins like a PKCS#8 key.
        } else if self.found.is_encrypted_der() {
            self.encrypted_key = true;
        } else if describe::parse(content).is_ok() {
            self.certificates.push(content.to_vec().into());
        } else if let Ok(key) = PrivateKeyDer::try_from(content) {
            self.keys.push(key.clone_key());
        }
    }
}

/// In words, where the original prints byte arrays as numbers. Without any of the
/// content, which may be a key.
pub(super) fn detail(error: &pem::Error) -> String {
    match error {
        // All of the section is taken for its label where it is on one line.
        pem::Error::MissingSectionEnd { end_marker } if contains(end_marker, b"-----") => {
            "a section is on one line, its line breaks are missing".into()
        }
        pem::Error::MissingSectionEnd { end_marker } => match label(end_marker) {
            Some(label) => format!("the line `-----END {label}-----` is missing"),
            None => "the line that ends a section is missing".into(),
        },
        pem::Error::IllegalSectionStart { .. } => {
            "a line begins with `-----BEGIN` and does not end with `-----`".into()
        }
        pem::Error::Base64Decode(_) => "a section is not base64".into(),
        other => other.to_string(),
    }
}

/// A label, if it is one as they are in use (RFC 7468 4): in a broken file it may be
/// all of a key, with a hyphen less in front of it.
fn label(marker: &[u8]) -> Option<&str> {
    let plain = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b' ';
    let is_label = marker.len() <= 32 && marker.iter().all(plain);
    is_label.then(|| std::str::from_utf8(marker).ok())?
}

/// Windows editors put a UTF-8 byte order mark before the first line.
pub(super) fn without_mark(content: &[u8]) -> &[u8] {
    content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content)
}

pub(super) fn is_pem(content: &[u8]) -> bool {
    contains(content, b"-----BEGIN ")
}

fn contains(content: &[u8], text: &[u8]) -> bool {
    content.windows(text.len()).any(|window| window == text)
}

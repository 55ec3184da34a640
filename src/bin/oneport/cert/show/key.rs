//! What is said of a private key: its kind, never the key.

use std::path::Path;

use rcgen::{KeyPair, PublicKeyData};
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::algorithms;
use super::certificate::Certificate;
use super::content::KeyContent;

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) words: String,
    /// Its public part, as DER.
    public: Option<Vec<u8>>,
}

impl Key {
    pub(super) fn new(content: &KeyContent) -> Self {
        let KeyContent::Plain(key) = content else {
            return Self {
                words: "private key, encrypted with a passphrase (a server cannot ask for it: \
                        `openssl pkey -in FILE -out server.key`)"
                    .to_owned(),
                public: None,
            };
        };
        let format = match key {
            PrivateKeyDer::Pkcs1(_) => "PKCS#1",
            PrivateKeyDer::Sec1(_) => "SEC1",
            _ => "PKCS#8",
        };
        let public = KeyPair::try_from(key)
            .ok()
            .map(|pair| pair.subject_public_key_info());
        let kind = public.as_deref().and_then(|der| {
            let (_, info) = SubjectPublicKeyInfo::from_der(der).ok()?;
            Some(algorithms::key(&info).words)
        });
        let kind = kind.unwrap_or_else(|| "of a kind that cannot be used here".to_owned());
        Self {
            words: format!("private key, {kind} ({format})"),
            public,
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({ "what": self.words })
    }
}

/// What is wrong if a file holds both, and they are not of one another.
pub(super) fn mismatch(keys: &[Key], certificates: &[Certificate]) -> Option<String> {
    let ([key], [own, ..]) = (keys, certificates) else {
        return None;
    };
    let public = key.public.as_ref()?;
    (*public != own.public_key)
        .then(|| "The private key does not belong to the first certificate.".to_owned())
}

/// Who else may read it.
#[cfg(unix)]
pub(super) fn exposed(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o007 != 0).then(|| {
        let quoted = crate::startup::quoted(path);
        format!("Every user of this machine has access to the key: `chmod 600 {quoted}`.")
    })
}

#[cfg(not(unix))]
pub(super) fn exposed(_: &Path) -> Option<String> {
    None
}

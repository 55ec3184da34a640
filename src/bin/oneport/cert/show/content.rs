//! What is in a file, in whatever of the usual forms.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use oneport::tls::TlsConfigError;
use oneport::tls::describe;
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::revocation_list::CertificateRevocationList;

use crate::cert::error::CertError;

/// More than any chain or bundle of CAs has; as the server that is to use them.
const LIMIT: u64 = 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) keys: Vec<KeyContent>,
    /// Revocation lists, as DER.
    pub(super) lists: Vec<Vec<u8>>,
}

#[derive(Debug)]
pub(super) enum KeyContent {
    /// With a passphrase.
    Encrypted,
    Plain(PrivateKeyDer<'static>),
}

pub(super) fn file(path: &Path) -> Result<Contents, CertError> {
    // Whether it is a file of a sensible size, and in words, what else is in it.
    let fault = match describe::chain(path) {
        Err(
            error @ (TlsConfigError::Empty { .. }
            | TlsConfigError::NotRegular { .. }
            | TlsConfigError::TooLarge { .. }
            | TlsConfigError::Unreadable { .. }),
        ) => return Err(error.into()),
        Err(TlsConfigError::NotFound { .. }) => {
            let name = path.display();
            return Err(CertError::Port(format!(
                "there is no file {name}; to see what a server shows, name its port too, such as \
                 {}:443",
                match path.components().count() {
                    1 => name.to_string(),
                    _ => "localhost".to_owned(),
                }
            )));
        }
        other => other.err(),
    };
    let content = fs::read(path).map_err(|source| CertError::Read {
        path: path.into(),
        source,
    })?;
    let contents = Contents::new(&content);
    match (contents.is_empty(), fault) {
        (true, Some(error)) => Err(error.into()),
        (true, None) => Err(unknown(&path.display().to_string())),
        (false, _) => Ok(contents),
    }
}

pub(super) fn stdin() -> Result<Contents, CertError> {
    let name = "standard input";
    let mut content = Vec::new();
    let mut stdin = io::stdin().lock().take(LIMIT);
    stdin
        .read_to_end(&mut content)
        .map_err(|source| CertError::Read {
            path: name.into(),
            source,
        })?;
    let contents = Contents::new(&content);
    match contents.is_empty() {
        true => Err(unknown(name)),
        false => Ok(contents),
    }
}

fn unknown(name: &str) -> CertError {
    CertError::Unknown {
        name: name.to_owned(),
        what: "nothing that is known here".to_owned(),
    }
}

impl Contents {
    fn new(content: &[u8]) -> Self {
        let mut contents = Self::default();
        let begins = b"-----BEGIN ";
        if content.windows(begins.len()).any(|window| window == begins) {
            contents.add_pem(content);
        } else {
            contents.add_der(content);
        }
        contents
    }

    fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.keys.is_empty() && self.lists.is_empty()
    }

    fn add_pem(&mut self, content: &[u8]) {
        let text = String::from_utf8_lossy(content);
        let old_encryption = text.contains("Proc-Type: 4,ENCRYPTED");
        if old_encryption || text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            self.keys.push(KeyContent::Encrypted);
        }
        // After what cannot be decoded there may be more.
        let sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(content);
        for (kind, der) in sections.filter_map(Result::ok) {
            match kind {
                SectionKind::Certificate => self.certificates.push(der.into()),
                SectionKind::PrivateKey => self.add_key(PrivateKeyDer::Pkcs8(der.into())),
                SectionKind::RsaPrivateKey => self.add_key(PrivateKeyDer::Pkcs1(der.into())),
                SectionKind::EcPrivateKey => self.add_key(PrivateKeyDer::Sec1(der.into())),
                SectionKind::Crl => self.lists.push(der),
                _ => {}
            }
        }
    }

    fn add_der(&mut self, content: &[u8]) {
        if matches!(X509Certificate::from_der(content), Ok(([], _))) {
            self.certificates.push(content.to_vec().into());
        } else if matches!(CertificateRevocationList::from_der(content), Ok(([], _))) {
            self.lists.push(content.to_vec());
        } else if let Ok(key) = PrivateKeyDer::try_from(content) {
            // It is told by its first bytes alone.
            if rcgen::KeyPair::try_from(&key).is_ok() {
                self.add_key(key.clone_key());
            }
        }
    }

    fn add_key(&mut self, key: PrivateKeyDer<'static>) {
        self.keys.push(KeyContent::Plain(key));
    }
}

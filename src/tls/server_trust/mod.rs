//! Which servers a client trusts, and who the client says that it is.

mod danger;
mod judges;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error, RootCertStore};

use self::danger::{AnyCertificate, AnyName};
use self::judges::Judges;
use super::file::Role;
use super::files::certify;
use super::pem::Contents;
use super::provider::provider;
use super::{TlsConfigError, describe};

/// Everything that server certificates are judged by.
#[derive(Debug)]
pub(crate) struct ServerTrust {
    anchors: RootCertStore,
    /// Trusted when the server itself shows them.
    exact: Vec<CertificateDer<'static>>,
    /// Judge besides.
    others: Vec<Arc<dyn ServerCertVerifier>>,
}

impl ServerTrust {
    pub(crate) fn new() -> Self {
        Self {
            anchors: RootCertStore::empty(),
            exact: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Trusts the certificates of a file: CAs for whatever they sign, and each of
    /// them when the server itself shows it.
    ///
    /// A leaf is no anchor: to webpki it would be one like any other, and its
    /// holder could sign certificates for every name.
    pub(crate) fn add_file(&mut self, path: &Path) -> Result<(), TlsConfigError> {
        let contents = Contents::read(path, Role::ServerCa)?;
        for (index, certificate) in contents.certificates()?.iter().enumerate() {
            let parsed = describe::parse(certificate).map_err(|source| {
                TlsConfigError::MalformedCertificate {
                    path: path.into(),
                    position: index + 1,
                    source,
                }
            })?;
            // Version 1 does not tell CAs from others; what another has issued is no
            // root.
            let old_root = parsed.version().0 != V3 && parsed.issuer() == parsed.subject();
            if parsed.is_ca() || old_root {
                let added = self.anchors.add(certificate.clone());
                added.map_err(|source| TlsConfigError::Refused {
                    path: path.into(),
                    source,
                })?;
            }
            self.exact.push(certificate.clone());
        }
        Ok(())
    }

    /// Trusts the system's CAs: those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name,
    /// or else those of the operating system. Returns what could not be read.
    pub(crate) fn add_system(&mut self) -> Vec<rustls_native_certs::Error> {
        let found = rustls_native_certs::load_native_certs();
        // What a system has among its roots that rustls cannot read is no
        // reason not to start.
        self.anchors.add_parsable_certificates(found.certs);
        found.errors
    }

    /// Asks the operating system about each certificate.
    #[cfg(feature = "platform-verifier")]
    pub(crate) fn add_platform(&mut self) -> Result<(), Error> {
        let verifier = rustls_platform_verifier::Verifier::new(provider())?;
        self.others.push(Arc::new(verifier));
        Ok(())
    }

    /// Whether no certificate would be accepted.
    pub(crate) fn is_empty(&self) -> bool {
        self.anchors.is_empty() && self.exact.is_empty() && self.others.is_empty()
    }

    pub(crate) fn verifier(self) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let mut judges = Vec::new();
        if !self.anchors.is_empty() {
            let anchors = Arc::new(self.anchors);
            let webpki = WebPkiServerVerifier::builder_with_provider(anchors, provider()).build();
            let webpki: Arc<dyn ServerCertVerifier> =
                webpki.map_err(|error| Error::General(error.to_string()))?;
            judges.push(webpki);
        }
        judges.extend(self.others);
        Ok(Arc::new(Judges::new(self.exact, judges)))
    }

    /// Takes a certificate that is for other names as well.
    pub(crate) fn verifier_for_any_name(self) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        Ok(Arc::new(AnyName(self.verifier()?)))
    }

    /// Takes every certificate, for every name.
    pub(crate) fn verifier_of_nothing() -> Arc<dyn ServerCertVerifier> {
        Arc::new(AnyCertificate::default())
    }
}

/// As it is encoded (RFC 5280 4.1.2.1).
const V3: u32 = 2;

/// The certificate of a client and its key, once it is known that they belong
/// together.
pub(crate) fn identity(cert: &Path, key: &Path) -> Result<SingleCertAndKey, TlsConfigError> {
    let contents = Contents::read(cert, Role::Certificate)?;
    // Of any version, unlike a server's: it has to name nobody.
    let chain = contents.certificates()?.to_vec();
    let private_key = match cert == key {
        true => contents.key()?,
        false => Contents::read(key, Role::Key)?.key()?,
    };
    let certified: CertifiedKey = certify(chain, private_key, cert, key)?;
    Ok(certified.into())
}

/// Where `SSL_CERT_FILE` or `SSL_CERT_DIR` lead instead of to the system's CAs.
pub(crate) fn system_redirected() -> Option<PathBuf> {
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(std::env::var_os);
    named.into_iter().flatten().next().map(PathBuf::from)
}

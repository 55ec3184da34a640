//! The certificate the port serves with: the user's own, or one made here.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use oneport::tls::describe::{self, CertificateSummary};
use oneport::tls::generate::{DevelopmentCertificate, GenerateError};
use oneport::tls::{Files, TlsConfig, TlsConfigError};

use crate::args::{CertificateArgs, OwnCertificate};
use crate::listen_addr::ListenAddr;

/// A certificate in use: what the server needs, and what people want to know.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) config: TlsConfig,
    pub(crate) summary: CertificateSummary,
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
    /// What a client has to trust: the development CA, or the certificate
    /// itself, since only the user knows which CA signed it.
    pub(crate) trust: PathBuf,
    pub(crate) development: bool,
}

/// Why there is no usable certificate.
#[derive(Debug)]
pub(crate) enum CertificateError {
    Generate(GenerateError),
    Load(TlsConfigError),
}

impl Certificate {
    /// Loads the files, or makes (or finds) the development certificate for
    /// this listener. Reads and writes files: call it before serving.
    pub(crate) fn obtain(
        args: CertificateArgs,
        listen: &ListenAddr,
        bound: SocketAddr,
    ) -> Result<Self, CertificateError> {
        let CertificateArgs {
            own,
            client_cas,
            explain_client_cert,
        } = args;
        let config = |cert: &Path, key: &Path| {
            let mut files = client_cas
                .iter()
                .fold(Files::new(cert, key), Files::client_ca);
            if explain_client_cert {
                files = files.explain_client_auth();
            }
            files.load()
        };
        match own {
            OwnCertificate::Files { cert, key } => Ok(Self {
                config: config(&cert, &key)?,
                summary: describe::leaf(&cert)?,
                trust: cert.clone(),
                cert,
                key,
                development: false,
            }),
            OwnCertificate::Development { dir, mut names } => {
                names.extend(own_names(listen, bound));
                let made = DevelopmentCertificate::load_or_create(dir.as_deref(), &names)?;
                Ok(Self {
                    config: match client_cas.is_empty() {
                        // As they were under the directory's lock.
                        true => made.tls_config()?,
                        false => config(&made.cert_path(), &made.key_path())?,
                    },
                    summary: made.summary().clone(),
                    cert: made.cert_path(),
                    key: made.key_path(),
                    trust: made.ca_path(),
                    development: true,
                })
            }
        }
    }
}

/// What clients may call this listener, besides localhost and its addresses.
fn own_names(listen: &ListenAddr, bound: SocketAddr) -> Vec<String> {
    let name = listen.name().map(str::to_owned);
    // Nobody connects to 0.0.0.0 or [::] by that address.
    let ip = bound.ip().to_canonical();
    let ip = (!ip.is_unspecified()).then(|| ip.to_string());
    name.into_iter().chain(ip).collect()
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generate(error) => error.fmt(f),
            Self::Load(error) => error.fmt(f),
        }
    }
}

impl Error for CertificateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Generate(error) => error.source(),
            Self::Load(error) => error.source(),
        }
    }
}

impl From<GenerateError> for CertificateError {
    fn from(error: GenerateError) -> Self {
        Self::Generate(error)
    }
}

impl From<TlsConfigError> for CertificateError {
    fn from(error: TlsConfigError) -> Self {
        Self::Load(error)
    }
}

//! What a configuration is made of, and how.

use std::path::Path;
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig, SupportedProtocolVersion};

use super::client_trust::{ClientTrust, digest_of_nobody};
use super::named::{Named, UnknownNames};
use crate::tls::loaded::{ClientCertificates, Loaded};
use crate::tls::provider::{provider, ticketer};
use crate::tls::{TlsConfig, TlsConfigError};

/// The oldest version of TLS that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MinimumVersion {
    /// TLS 1.2 (RFC 5246) and 1.3.
    #[default]
    Tls12,
    /// TLS 1.3 (RFC 8446) only.
    Tls13,
}

/// How a client hears what is wrong with its certificate.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::tls) enum ClientFaults {
    #[default]
    Alert,
    Explain,
}

/// Everything that was read, before it is a configuration.
#[derive(Debug)]
pub(in crate::tls) struct Parts {
    /// The first is for unknown names.
    pub(in crate::tls) certificates: Vec<CertifiedKey>,
    pub(in crate::tls) unknown_names: UnknownNames,
    pub(in crate::tls) minimum_version: MinimumVersion,
    pub(in crate::tls) client_trust: Option<ClientTrust>,
    pub(in crate::tls) faults: ClientFaults,
}

impl Parts {
    /// One certificate, and everything else as it is by default.
    #[cfg(feature = "generate")]
    pub(in crate::tls) fn new(certificate: CertifiedKey) -> Self {
        Self {
            certificates: vec![certificate],
            unknown_names: UnknownNames::default(),
            minimum_version: MinimumVersion::default(),
            client_trust: None,
            faults: ClientFaults::default(),
        }
    }

    /// `path` is what the error is about, if rustls refuses the whole.
    pub(in crate::tls) fn assemble(self, path: &Path) -> Result<TlsConfig, TlsConfigError> {
        let refused = |source| TlsConfigError::Refused {
            path: path.into(),
            source,
        };
        let named = Arc::new(Named::new(self.certificates, self.unknown_names));
        let version = self.minimum_version;
        let serve = |verifier| config(verifier, named.clone(), version);
        let mut loaded = match self.client_trust {
            None => {
                let config = serve(WebPkiClientVerifier::no_client_auth()).map_err(refused)?;
                let mut loaded = Loaded::new(config.into(), ClientCertificates::Unknown);
                loaded.sessions.judged_by = Some(digest_of_nobody());
                loaded
            }
            Some(trust) => {
                trust.log();
                let verifier = trust.verifier()?;
                let mut loaded = match self.faults {
                    ClientFaults::Alert => Loaded::judging(verifier, serve),
                    ClientFaults::Explain => Loaded::explaining(verifier, serve),
                }
                .map_err(refused)?;
                loaded.sessions.judged_by = Some(trust.digest());
                loaded
            }
        };
        if self.unknown_names == UnknownNames::Refuse {
            loaded.refused_name = Some(Arc::new(move |name| named.refuses(name)));
        }
        Ok(loaded.into())
    }
}

fn config(
    verifier: Arc<dyn ClientCertVerifier>,
    named: Arc<Named>,
    minimum: MinimumVersion,
) -> Result<ServerConfig, Error> {
    let versions: &[&SupportedProtocolVersion] = match minimum {
        MinimumVersion::Tls12 => &[&TLS13, &TLS12],
        MinimumVersion::Tls13 => &[&TLS13],
    };
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(named);
    config.ticketer = ticketer()?;
    Ok(config)
}

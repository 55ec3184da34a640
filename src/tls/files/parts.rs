//! What a configuration is made of, and how.

use std::path::Path;
use std::sync::Arc;

use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ProducesTickets, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig, SupportedProtocolVersion};
use sha2::{Digest, Sha256};

use super::client_trust::{ClientTrust, digest_of_nobody};
use super::named::{Named, UnknownNames};
use crate::tls::loaded::{ClientCertificates, Loaded};
use crate::tls::provider::{self, provider};
use crate::tls::ticket_secrets::Secrets;
use crate::tls::{TlsConfig, TlsConfigError, ticketer};

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
    /// Those that other servers have too.
    pub(in crate::tls) ticket_secrets: Option<Secrets>,
    /// In place of the certificates.
    pub(in crate::tls) resolver: Option<Arc<dyn ResolvesServerCert>>,
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
            ticket_secrets: None,
            resolver: None,
        }
    }

    /// `path` is what the error is about, if rustls refuses the whole.
    pub(in crate::tls) fn assemble(self, path: &Path) -> Result<TlsConfig, TlsConfigError> {
        let refused = |source| TlsConfigError::Refused {
            path: path.into(),
            source,
        };
        let chains = self.certificates.iter().map(|it| it.cert.clone()).collect();
        let named = Arc::new(Named::new(self.certificates, self.unknown_names));
        let refuses_names = self.unknown_names == UnknownNames::Refuse && self.resolver.is_none();
        let resolver = self.resolver.unwrap_or_else(|| named.clone());
        let version = self.minimum_version;
        let judged_by = match &self.client_trust {
            None => digest_of_nobody(),
            Some(trust) => trust.digest(),
        };
        let ticketer = match &self.ticket_secrets {
            None => provider::ticketer(),
            Some(secrets) => ticketer::ticketer(secrets, &judged_by),
        };
        let ticketer = ticketer.map_err(refused)?;
        let serve = |verifier| config(verifier, resolver.clone(), ticketer.clone(), version);
        let mut loaded = match self.client_trust {
            None => {
                let config = serve(WebPkiClientVerifier::no_client_auth()).map_err(refused)?;
                Loaded::new(config.into(), ClientCertificates::Unknown)
            }
            Some(trust) => {
                trust.log();
                let verifier = trust.verifier()?;
                match self.faults {
                    ClientFaults::Alert => Loaded::judging(verifier, serve),
                    ClientFaults::Explain => Loaded::explaining(verifier, serve),
                }
                .map_err(refused)?
            }
        };
        if let (Some(explaining), Some(secrets)) = (&mut loaded.explaining, &self.ticket_secrets) {
            // Apart from all others in the fleet too: its clients may have no
            // certificate, and only those who explain as well look again.
            let apart = Sha256::digest([&b"explaining"[..], &judged_by].concat());
            let ticketer = ticketer::ticketer(secrets, &apart.into()).map_err(refused)?;
            Arc::make_mut(explaining).ticketer = ticketer;
        }
        loaded.chains = chains;
        loaded.sessions.judged_by = Some(judged_by);
        loaded.sessions.shared_tickets = self.ticket_secrets.is_some();
        if refuses_names {
            loaded.refused_name = Some(Arc::new(move |name| named.refuses(name)));
        }
        Ok(loaded.into())
    }
}

fn config(
    verifier: Arc<dyn ClientCertVerifier>,
    resolver: Arc<dyn ResolvesServerCert>,
    ticketer: Arc<dyn ProducesTickets>,
    minimum: MinimumVersion,
) -> Result<ServerConfig, Error> {
    let versions: &[&SupportedProtocolVersion] = match minimum {
        MinimumVersion::Tls12 => &[&TLS13, &TLS12],
        MinimumVersion::Tls13 => &[&TLS13],
    };
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(resolver);
    config.ticketer = ticketer;
    Ok(config)
}

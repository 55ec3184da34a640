//! From settings to TLS configurations.

use std::ops::RangeInclusive;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::version::{TLS12, TLS13};

use super::ConnectorBuilder;
use super::asked::Asked;
use super::builder::Certificates;
use super::builder_error::ConnectorError;
use super::roots::Roots;
use crate::tls::{MinimumVersion, ServerTrust, identity, provider, system_redirected};

/// The same but for ALPN.
#[derive(Debug)]
pub(super) struct Configs {
    /// For `https`.
    pub(super) http: Arc<ClientConfig>,
    /// Without HTTP/2, for `wss`.
    pub(super) http1: Arc<ClientConfig>,
}

impl ConnectorBuilder {
    pub(super) fn configs(&self) -> Result<Configs, ConnectorError> {
        let mut config = match &self.tls_config {
            Some(config) => {
                self.check_alone()?;
                (**config).clone()
            }
            None => self.config()?,
        };
        config.client_auth_cert_resolver = Arc::new(Asked(config.client_auth_cert_resolver));
        match (&self.alpn, &self.tls_config) {
            (Some(alpn), _) => config.alpn_protocols.clone_from(alpn),
            (None, Some(_)) => {}
            (None, None) => config.alpn_protocols = vec![H2.to_vec(), HTTP1.to_vec()],
        }
        let mut lengths = config.alpn_protocols.iter().map(Vec::len);
        if let Some(length) = lengths.find(|length| !ALPN.contains(length)) {
            return Err(ConnectorError::Protocol { length });
        }
        let mut http1 = config.clone();
        http1.alpn_protocols.retain(|protocol| protocol != H2);
        if http1.alpn_protocols.is_empty() && !config.alpn_protocols.is_empty() {
            http1.alpn_protocols.push(HTTP1.to_vec());
        }
        Ok(Configs {
            http: config.into(),
            http1: http1.into(),
        })
    }

    /// Without ALPN.
    fn config(&self) -> Result<ClientConfig, ConnectorError> {
        let versions = match self.minimum_version.unwrap_or_default() {
            MinimumVersion::Tls12 => &[&TLS13, &TLS12][..],
            MinimumVersion::Tls13 => &[&TLS13],
        };
        let verifier = self.verifier()?;
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        Ok(match &self.identity {
            Some((cert, key)) => config.with_client_cert_resolver(Arc::new(identity(cert, key)?)),
            None => config.with_no_client_auth(),
        })
    }

    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, ConnectorError> {
        let mut trust = ServerTrust::new();
        for path in &self.cas {
            trust.add_file(path)?;
        }
        if self.certificates == Certificates::Any {
            return Ok(ServerTrust::verifier_of_nothing());
        }
        let mut redirected = None;
        match self.roots.unwrap_or_default() {
            Roots::None => {}
            #[cfg(feature = "platform-verifier")]
            Roots::Platform if self.certificates == Certificates::ForAnyName => {
                // Not every system looks at the name last.
                return Err(ConnectorError::Conflict {
                    one: "danger_accept_invalid_hostnames",
                    other: "Roots::Platform",
                });
            }
            #[cfg(feature = "platform-verifier")]
            Roots::Platform => trust.add_platform()?,
            Roots::System => {
                redirected = system_redirected();
                for error in trust.add_system() {
                    tracing::warn!(%error, "some of the system's CAs cannot be read");
                }
            }
        }
        if trust.is_empty() {
            return Err(ConnectorError::NothingTrusted { path: redirected });
        }
        Ok(match self.certificates {
            Certificates::ForAnyName => trust.verifier_for_any_name()?,
            _ => trust.verifier()?,
        })
    }

    /// A configuration of the caller's says it all.
    fn check_alone(&self) -> Result<(), ConnectorError> {
        let other = if !self.cas.is_empty() {
            "ca"
        } else if self.roots.is_some() {
            "roots"
        } else if self.identity.is_some() {
            "identity"
        } else if self.minimum_version.is_some() {
            "minimum_version"
        } else {
            match self.certificates {
                Certificates::Valid => return Ok(()),
                Certificates::ForAnyName => "danger_accept_invalid_hostnames",
                Certificates::Any => "danger_accept_invalid_certs",
            }
        };
        Err(ConnectorError::Conflict {
            one: "tls_config",
            other,
        })
    }
}

/// Bytes of a protocol's name, RFC 7301 3.1. rustls panics at an empty one.
const ALPN: RangeInclusive<usize> = 1..=255;

/// RFC 9113 11.1, RFC 7301 6.
const H2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

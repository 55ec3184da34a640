//! Whether a client would accept what a server shows.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::SystemTime;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};

use super::ProbeError;
use crate::diagnose::ServerCertificateFault;
use crate::tls::describe::CertificateSummary;
use crate::tls::{client_files, provider, self_check};

/// The CAs of some files, or else the system's.
#[derive(Debug)]
pub(super) struct Trust {
    /// None: the system's, which are read when a server shows something.
    given: Option<Vec<CertificateDer<'static>>>,
    roots: OnceLock<RootCertStore>,
}

impl Trust {
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, ProbeError> {
        let mut given = Vec::new();
        for path in paths {
            given.extend(client_files::trusted(path)?);
        }
        Ok(Self {
            given: (!paths.is_empty()).then_some(given),
            roots: OnceLock::new(),
        })
    }

    pub(super) fn is_of_system(&self) -> bool {
        self.given.is_none()
    }

    /// Each thing for which a client would refuse this chain.
    pub(super) fn faults(
        &self,
        chain: &[CertificateDer<'static>],
        name: &ServerName<'_>,
        now: SystemTime,
    ) -> Vec<ServerCertificateFault> {
        let (Some(leaf), Some(summary)) = (chain.first(), summary(chain)) else {
            return vec![ServerCertificateFault::Refused];
        };
        let mut faults = Vec::new();
        // At a time when it is valid, so that its dates hide nothing else.
        let at = now.clamp(
            summary.not_before,
            summary.not_after.max(summary.not_before),
        );
        if now > at {
            faults.push(ServerCertificateFault::Expired);
        } else if now < at {
            faults.push(ServerCertificateFault::NotYetValid);
        }
        if !self_check::covers(leaf, name) {
            faults.push(ServerCertificateFault::WrongName);
        }
        // Whoever was given this very certificate trusts it.
        if !self
            .given
            .as_ref()
            .is_some_and(|given| given.contains(leaf))
        {
            faults.extend(self.verify(chain, at).err().map(|error| fault(&error)));
        }
        faults.dedup();
        faults
    }

    fn verify(&self, chain: &[CertificateDer<'static>], at: SystemTime) -> Result<(), Error> {
        let [leaf, others @ ..] = chain else {
            return Err(Error::NoCertificatesPresented);
        };
        let since = at.duration_since(SystemTime::UNIX_EPOCH);
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(leaf)?,
            self.roots(),
            others,
            UnixTime::since_unix_epoch(since.unwrap_or_default()),
            provider().signature_verification_algorithms.all,
        )
    }

    /// SSL_CERT_FILE and SSL_CERT_DIR are honoured.
    fn roots(&self) -> &RootCertStore {
        self.roots.get_or_init(|| {
            let mut roots = RootCertStore::empty();
            // Old machines have some that no verifier takes.
            roots.add_parsable_certificates(match &self.given {
                Some(given) => given.clone(),
                None => rustls_native_certs::load_native_certs().certs,
            });
            roots
        })
    }
}

fn summary(chain: &[CertificateDer<'static>]) -> Option<CertificateSummary> {
    CertificateSummary::from_der(chain.first()?).ok()
}

fn fault(error: &Error) -> ServerCertificateFault {
    use CertificateError::{
        Expired, ExpiredContext, NotValidYet, NotValidYetContext, UnknownIssuer,
    };
    match error {
        Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            ServerCertificateFault::Expired
        }
        Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => {
            ServerCertificateFault::NotYetValid
        }
        Error::InvalidCertificate(UnknownIssuer) => ServerCertificateFault::UnknownIssuer,
        _ => ServerCertificateFault::Refused,
    }
}

//! Whether a client would accept what a server shows.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error};

use super::ProbeError;
use crate::client::Roots;
use crate::diagnose::ServerCertificateFault;
use crate::tls::describe::CertificateSummary;
use crate::tls::{ServerTrust, self_check};

/// The CAs of some files, and those of the system, which are read when a server
/// shows something.
#[derive(Debug)]
pub(super) struct Trust {
    roots: Roots,
    given: Mutex<ServerTrust>,
    verifier: OnceLock<Result<Arc<dyn ServerCertVerifier>, Error>>,
}

impl Trust {
    pub(super) fn read(paths: &[PathBuf], roots: Roots) -> Result<Self, ProbeError> {
        let mut given = ServerTrust::new();
        for path in paths {
            given.add_file(path)?;
        }
        Ok(Self {
            roots,
            given: Mutex::new(given),
            verifier: OnceLock::new(),
        })
    }

    pub(super) fn has_system(&self) -> bool {
        self.roots != Roots::None
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
        faults.extend(
            self.verify(chain, name, at)
                .err()
                .and_then(|error| fault(&error)),
        );
        faults.dedup();
        faults
    }

    fn verify(
        &self,
        chain: &[CertificateDer<'static>],
        name: &ServerName<'_>,
        at: SystemTime,
    ) -> Result<(), Error> {
        let [leaf, others @ ..] = chain else {
            return Err(Error::NoCertificatesPresented);
        };
        let at = at.duration_since(SystemTime::UNIX_EPOCH);
        let at = UnixTime::since_unix_epoch(at.unwrap_or_default());
        let verifier = self.verifier.get_or_init(|| self.build());
        let verifier = verifier.as_ref().map_err(Clone::clone)?;
        verifier.verify_server_cert(leaf, others, name, &[], at)?;
        Ok(())
    }

    fn build(&self) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let mut trust = std::mem::replace(&mut *given, ServerTrust::new());
        match self.roots {
            Roots::None => {}
            #[cfg(feature = "platform-verifier")]
            Roots::Platform => trust.add_platform()?,
            Roots::System => {
                for error in trust.add_system() {
                    tracing::debug!(%error, "some of the system's CAs cannot be read");
                }
            }
        }
        trust.verifier()
    }
}

fn summary(chain: &[CertificateDer<'static>]) -> Option<CertificateSummary> {
    CertificateSummary::from_der(chain.first()?).ok()
}

/// None for what is looked at by itself.
fn fault(error: &Error) -> Option<ServerCertificateFault> {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, Revoked, UnknownIssuer,
    };
    Some(match error {
        Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => return None,
        // Of another one in the chain.
        Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            ServerCertificateFault::Expired
        }
        Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => {
            ServerCertificateFault::NotYetValid
        }
        Error::InvalidCertificate(Revoked) => ServerCertificateFault::Revoked,
        Error::InvalidCertificate(UnknownIssuer) => ServerCertificateFault::UnknownIssuer,
        _ => ServerCertificateFault::Refused,
    })
}

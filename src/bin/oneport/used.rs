//! The certificates in use, for people.

use std::path::PathBuf;
use std::time::SystemTime;

use oneport::tls::describe::CertificateSummary;
use oneport::tls::self_check::Report;

/// In days, as in the self-check.
const SOON: i64 = 14;

/// One of them.
#[derive(Debug)]
pub(crate) struct Used {
    pub(crate) summary: CertificateSummary,
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Used {
    pub(crate) fn log(&self) {
        tracing::info!("serving with {}: {}", self.cert.display(), self.summary);
    }
}

/// The names of all of them, each once.
pub(crate) fn names(used: &[Used]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in used.iter().flat_map(|used| &used.summary.names) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// The self-check sees the certificates that its own client is given. Of two for the
/// same names (RSA beside ECDSA) that is one, and nobody would miss the renewal of
/// the other.
pub(crate) fn warn_of_unseen(used: &[Used], report: &Report) {
    let seen: Vec<_> = report.names().iter().flat_map(|name| &name.leaf).collect();
    for Used { summary, cert, .. } in used {
        let is_seen = seen.iter().any(|leaf| leaf.sha256 == summary.sha256);
        if !is_seen && summary.days_left(SystemTime::now()) < SOON {
            let (day, cert) = (summary.expires_on(), cert.display());
            tracing::warn!("the certificate in {cert} is only valid until {day}; renew it");
        }
    }
}

//! Which client certificates are trusted: CAs, the system's CAs, revocation.

use std::cmp::Reverse;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{Error, RootCertStore};
use sha2::{Digest, Sha256};

use super::pins::{Pins, is_pin};
use crate::tls::TlsConfigError;
use crate::tls::crl::{self, CrlSummary};
use crate::tls::describe::CertificateSummary;
use crate::tls::provider::provider;

/// Whether a client needs a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuth {
    /// A client without one is served too. One that is sent has to be good, and
    /// the application finds it in
    /// [`TlsInfo::client_identity`](crate::TlsInfo::client_identity).
    Optional,
    /// Only clients with a certificate are served.
    #[default]
    Required,
}

/// Everything that client certificates are judged by.
#[derive(Debug)]
pub(in crate::tls) struct ClientTrust {
    pub(in crate::tls) auth: ClientAuth,
    /// With the file each is from.
    pub(in crate::tls) cas: Vec<(PathBuf, CertificateDer<'static>)>,
    pub(in crate::tls) system: Vec<CertificateDer<'static>>,
    pub(in crate::tls) crls: Vec<(PathBuf, CertificateRevocationListDer<'static>)>,
}

impl ClientTrust {
    /// What judges client certificates.
    pub(in crate::tls) fn verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, TlsConfigError> {
        let mut roots = RootCertStore::empty();
        let mut pinned = RootCertStore::empty();
        let mut pins = Vec::new();
        for (path, ca) in &self.cas {
            let store = match is_pin(ca) {
                true => {
                    pins.push(ca.clone());
                    &mut pinned
                }
                false => &mut roots,
            };
            store.add(ca.clone()).map_err(refused(path))?;
        }
        // What a system has among its roots that rustls cannot read is no
        // reason not to start.
        roots.add_parsable_certificates(self.system.iter().cloned());
        if pins.is_empty() {
            return self.verifier_by(roots);
        }
        let of_pins = self.verifier_by(pinned)?;
        let of_others = match roots.is_empty() {
            true => None,
            false => Some(self.verifier_by(roots)?),
        };
        Ok(Arc::new(Pins::new(pins, of_pins, of_others)))
    }

    fn verifier_by(
        &self,
        roots: RootCertStore,
    ) -> Result<Arc<dyn ClientCertVerifier>, TlsConfigError> {
        let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .with_crls(self.crls_newest_first());
        if self.auth == ClientAuth::Optional {
            builder = builder.allow_unauthenticated();
        }
        if !self.system.is_empty() {
            // The public CAs' lists are not here.
            builder = builder.allow_unknown_revocation_status();
            // Browsers and others choose their certificate by these names: a
            // hundred of them are kilobytes in every handshake.
            builder = builder.clear_root_hint_subjects();
        }
        let path = self.crls.first().map(|(path, _)| path);
        let path = path.or(self.cas.first().map(|(path, _)| path)).cloned();
        let verifier = builder.build().map_err(|error| TlsConfigError::Refused {
            path: path.unwrap_or_default(),
            source: Error::General(error.to_string()),
        })?;
        Ok(verifier)
    }

    /// webpki looks into the first list of a CA that it comes to, and into no
    /// other: an old one that is still there must not hide the new one.
    fn crls_newest_first(&self) -> Vec<CertificateRevocationListDer<'static>> {
        let mut crls: Vec<_> = self.crls.iter().map(|(_, crl)| crl.clone()).collect();
        crls.sort_by_cached_key(|crl| Reverse(crl::age(crl)));
        crls
    }

    /// The same for what is judged alike: sessions may be resumed between two
    /// configurations if they have this in common.
    pub(in crate::tls) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update([self.auth as u8]);
        let mut add = |kind: &[u8], ders: Vec<&[u8]>| {
            let mut ders = ders;
            // The order in a file says nothing.
            ders.sort_unstable();
            ders.dedup();
            digest.update(kind);
            digest.update((ders.len() as u64).to_be_bytes());
            for der in ders {
                digest.update(Sha256::digest(der));
            }
        };
        add(b"ca", self.cas.iter().map(|(_, ca)| &ca[..]).collect());
        add(b"system", self.system.iter().map(|ca| &ca[..]).collect());
        add(b"crl", self.crls.iter().map(|(_, crl)| &crl[..]).collect());
        digest.finalize().into()
    }

    /// One line of the log for each trusted certificate and each list; the
    /// system's are counted.
    pub(in crate::tls) fn log(&self) {
        let mut listed = Vec::new();
        for (path, crl) in &self.crls {
            let Ok(crl) = CrlSummary::from_der(crl) else {
                continue;
            };
            let (file, by) = (path.display(), crl.next_update_on().unwrap_or("any day"));
            tracing::info!(%file, "client certificates: {crl}");
            if crl.is_outdated(SystemTime::now()) {
                tracing::warn!(
                    %file,
                    "this list of revoked client certificates was to be replaced by {by}: what was \
                     revoked since then is still accepted; `oneport cert crl` renews it"
                );
            }
            listed.push(crl.issuer);
        }
        for (path, der) in &self.cas {
            let Ok(ca) = CertificateSummary::from_der(der) else {
                continue;
            };
            let file = path.display();
            tracing::info!(
                %file,
                subject = ca.subject,
                issuer = ca.issuer,
                serial = ca.serial,
                expires = ca.expires_on(),
                sha256 = ca.sha256,
                "{}", match is_pin(der) {
                    true => "this client certificate is trusted, and none that is signed by it",
                    false => "client certificates are trusted from this CA",
                }
            );
            if !listed.is_empty() && !listed.contains(&ca.subject) && self.system.is_empty() {
                tracing::warn!(
                    %file,
                    "no list of revoked client certificates is from {}: as there are lists, its \
                     clients are refused; add its list with --client-crl",
                    ca.subject
                );
            }
        }
        if !self.system.is_empty() {
            let count = self.system.len();
            tracing::info!(
                count,
                "client certificates are trusted from the system's CAs"
            );
        }
    }
}

/// Of a configuration that asks no client for a certificate.
pub(in crate::tls) fn digest_of_nobody() -> [u8; 32] {
    Sha256::digest(b"no client certificates").into()
}

fn refused(path: &std::path::Path) -> impl Fn(Error) -> TlsConfigError {
    move |source| TlsConfigError::Refused {
        path: path.into(),
        source,
    }
}

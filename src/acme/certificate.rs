//! A certificate with its key: what is served, kept, and received from a CA.

use std::sync::Arc;
use std::time::SystemTime;

use pem::{EncodeConfig, LineEnding, Pem};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::tls::describe::CertificateSummary;
use crate::tls::provider;

#[derive(Clone, Debug)]
pub(super) struct Certificate {
    pub(super) certified: Arc<CertifiedKey>,
    pub(super) summary: CertificateSummary,
}

impl Certificate {
    /// From PEM: the chain, the server's own certificate first, and its key, in
    /// any order.
    ///
    /// # Errors
    ///
    /// Why not, in words.
    pub(super) fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|error| format!("no key: {error}"))?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        Self::new(chain.map_err(|error| error.to_string())?, key)
    }

    /// From a CA's answer, for a key that was made for it.
    pub(super) fn issued(chain: &str, key: PrivateKeyDer<'static>) -> Result<Self, String> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
        Self::new(chain.map_err(|error| error.to_string())?, key)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, String> {
        let own = chain.first().ok_or("no certificate")?;
        let summary = CertificateSummary::from_der(own).map_err(|error| error.to_string())?;
        let certified = CertifiedKey::from_der(chain, key, &provider())
            .map_err(|error| format!("the key is not the certificate's: {error}"))?;
        Ok(Self {
            certified: Arc::new(certified),
            summary,
        })
    }

    /// Why it cannot be served for these domains.
    pub(super) fn fault(&self, domains: &[String], now: SystemTime) -> Option<String> {
        let expired = || format!("it expired on {}", self.summary.expires_on());
        let fault = self.is_for_others(domains);
        fault.or_else(|| self.is_expired(now).then(expired))
    }

    /// Which of the domains it is not for.
    pub(super) fn is_for_others(&self, domains: &[String]) -> Option<String> {
        let names = &self.summary.names;
        let missing = domains.iter().find(|domain| !names.contains(domain))?;
        Some(format!("it is for {}, not for {missing}", names.join(", ")))
    }

    pub(super) fn is_expired(&self, now: SystemTime) -> bool {
        now > self.summary.not_after
    }

    pub(super) fn validity(&self) -> (SystemTime, SystemTime) {
        (self.summary.not_before, self.summary.not_after)
    }

    /// The chain as it is kept: each certificate as PEM.
    pub(super) fn chain_pem(&self) -> String {
        let lines = EncodeConfig::new().set_line_ending(LineEnding::LF);
        let certificates = self.certified.cert.iter();
        certificates
            .map(|der| pem::encode_config(&Pem::new("CERTIFICATE", der.to_vec()), lines))
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use std::time::Duration;

    use super::*;

    /// A self-signed one for a.example.org, and its key, in PEM.
    fn made() -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["a.example.org".to_owned()]).unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn one_file_holds_both_and_comes_back_as_it_was() {
        let (chain, key) = made();
        let read = Certificate::from_pem(format!("{key}{chain}").as_bytes()).unwrap();
        let kept = format!("{key}{}", read.chain_pem());
        let again = Certificate::from_pem(kept.as_bytes()).unwrap();
        assert_eq!(again.summary, read.summary);
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let ((chain, key), (other, _)) = (made(), made());
        for (pem, hint) in [
            (String::new(), "no key"),
            (key.clone(), "no certificate"),
            (chain.clone(), "no key"),
            (format!("{key}{other}"), "not the certificate's"),
            (format!("{key}{}", &chain[..chain.len() / 2]), ""),
        ] {
            let why = Certificate::from_pem(pem.as_bytes()).unwrap_err();
            assert!(why.contains(hint), "{hint}: {why}");
        }
    }

    #[test]
    fn names_and_expiry_are_looked_at() {
        let (chain, key) = made();
        let read = Certificate::from_pem(format!("{key}{chain}").as_bytes()).unwrap();
        let now = SystemTime::now();
        let (a, b) = ("a.example.org".to_owned(), "b.example.org".to_owned());
        assert_eq!(read.fault(std::slice::from_ref(&a), now), None);
        let why = read.fault(&[a.clone(), b], now).unwrap();
        assert!(why.contains("not for b.example.org"), "{why}");
        let late = read.summary.not_after + Duration::from_secs(1);
        assert!(read.fault(&[a], late).unwrap().contains("expired"));
    }
}

//! Several certificates, chosen by the server name that a client asks for.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::tls::describe::CertificateSummary;

/// What a client gets that asks for a name of none of the certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownNames {
    /// The first certificate, as nginx and HAProxy do it. The client will not
    /// like it, and says which names it is for; and what does not check names,
    /// such as a health check, is served.
    #[default]
    Default,
    /// The alert `unrecognized_name` (RFC 6066 3), and no certificate: who asks
    /// does not learn which names there are. A client that names nobody, as it
    /// does when it connects to an address, gets the first certificate.
    Refuse,
}

/// Certificates by the names they are for.
#[derive(Debug)]
pub(super) struct Named {
    /// For who asks for no name, or for an unknown one.
    first: Option<Arc<CertifiedKey>>,
    /// Lower-case names, `*.example.com` included, with their certificates in
    /// the order in which they were given.
    by_name: HashMap<String, Vec<Arc<CertifiedKey>>>,
    unknown: UnknownNames,
}

impl Named {
    /// The first is for who asks for no name, or for an unknown one.
    pub(super) fn new(certificates: Vec<CertifiedKey>, unknown: UnknownNames) -> Self {
        let certificates: Vec<_> = certificates.into_iter().map(Arc::new).collect();
        let mut named = Self {
            first: certificates.first().cloned(),
            by_name: HashMap::new(),
            unknown,
        };
        // Of one certificate there is nothing to choose.
        if certificates.len() > 1 || unknown == UnknownNames::Refuse {
            for certified in certificates {
                named.add(certified);
            }
        }
        named
    }

    fn add(&mut self, certified: Arc<CertifiedKey>) {
        let summary = certified.cert.first();
        let summary = summary.and_then(|leaf| CertificateSummary::from_der(leaf).ok());
        for name in summary.map(|summary| summary.names).unwrap_or_default() {
            let name = name.to_ascii_lowercase();
            self.by_name
                .entry(name)
                .or_default()
                .push(certified.clone());
        }
    }

    /// Whether a handshake for this name is to be refused.
    pub(super) fn refuses(&self, server_name: &str) -> bool {
        self.unknown == UnknownNames::Refuse && self.find(server_name).is_none()
    }

    /// The certificates for a name, if there is more than one in all: its own, else those of the wildcard for it,
    /// which stands for one label (RFC 9525 6.3).
    fn find(&self, name: &str) -> Option<&[Arc<CertifiedKey>]> {
        if self.by_name.is_empty() {
            return None;
        }
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let found = self.by_name.get(&name).or_else(|| {
            let (_, domain) = name.split_once('.')?;
            self.by_name.get(&format!("*.{domain}"))
        })?;
        Some(found)
    }
}

impl ResolvesServerCert for Named {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name();
        let Some(certificates) = name.and_then(|name| self.find(name)) else {
            return match name.is_some_and(|name| self.refuses(name)) {
                true => None,
                false => self.first.clone(),
            };
        };
        // An RSA certificate beside an ECDSA one for the same name is for
        // clients that know nothing newer.
        let signs = |certified: &&Arc<CertifiedKey>| {
            let schemes = hello.signature_schemes();
            certified.key.choose_scheme(schemes).is_some()
        };
        let usable = certificates.iter().find(signs);
        usable.or(certificates.first()).cloned()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use rustls::pki_types::PrivateKeyDer;

    use super::*;
    use crate::tls::provider::provider;

    fn certified(names: &[&str]) -> CertifiedKey {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        CertifiedKey::from_der(vec![made.cert.der().clone()], key, &provider()).unwrap()
    }

    fn named(unknown: UnknownNames) -> Named {
        let certificates = vec![
            certified(&["a.test"]),
            certified(&["*.B.test", "b.test"]),
            certified(&["x.b.test"]),
        ];
        Named::new(certificates, unknown)
    }

    fn found(named: &Named, name: &str) -> Option<Vec<String>> {
        let certified = named.find(name)?.first()?;
        Some(
            CertificateSummary::from_der(&certified.cert[0])
                .unwrap()
                .names,
        )
    }

    #[test]
    fn own_names_go_before_wildcards_and_case_does_not_matter() {
        let named = named(UnknownNames::Default);
        assert_eq!(found(&named, "A.test").unwrap(), ["a.test"]);
        assert_eq!(found(&named, "x.b.test.").unwrap(), ["x.b.test"]);
        assert_eq!(found(&named, "y.b.test").unwrap(), ["*.B.test", "b.test"]);
        assert_eq!(found(&named, "b.test").unwrap(), ["*.B.test", "b.test"]);
        assert!(found(&named, "z.y.b.test").is_none(), "one label only");
        assert!(found(&named, "test").is_none());
        assert!(found(&named, "").is_none());
    }

    #[test]
    fn unknown_names_are_refused_only_where_that_was_asked() {
        let (lenient, strict) = (named(UnknownNames::Default), named(UnknownNames::Refuse));
        for (name, refused) in [("a.test", false), ("y.b.test", false), ("c.test", true)] {
            assert!(!lenient.refuses(name));
            assert_eq!(strict.refuses(name), refused, "{name:?}");
        }
    }
}

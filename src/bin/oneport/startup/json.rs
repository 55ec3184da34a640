//! The report as one line of JSON.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::Startup;
use crate::certificate::Certificates;
use crate::self_check;
use crate::used::Used;
use crate::workers::Workers;

impl Startup<'_> {
    pub(super) fn json(&self) -> Value {
        let scheme = |on: bool, scheme| on.then(|| self.url(scheme));
        let certificates = self.certificates.map(described).unwrap_or_default();
        json!({
            "event": "listening",
            "version": env!("CARGO_PKG_VERSION"),
            "address": self.bound.to_string(),
            "https": scheme(self.policy.serves_tls(), "https"),
            "http": scheme(self.serves_plaintext_here(), "http"),
            "plaintext_for": self.policy.to_string(),
            "tls_versions": self.tls_versions(),
            "client_certificate": self.client_certificate(),
            "workers": self.workers.map(Workers::count),
            "root": self.root.map(|root| root.display().to_string()),
            "certificate": certificates.first(),
            "certificates": certificates,
            "acme": self.certificates.map(|it| &it.domains),
            "self_check": self.certificates.and_then(|it| it.checked.as_ref()).map(self_check::json),
        })
    }
}

fn described(certificates: &Certificates) -> Vec<Value> {
    let one = |used: &Used| {
        json!({
            "subject": used.summary.subject,
            "issuer": used.summary.issuer,
            "names": used.summary.names,
            "expires_on": used.summary.expires_on(),
            "days_left": used.summary.days_left(SystemTime::now()),
            "sha256": used.summary.sha256,
            "file": used.cert.display().to_string(),
            "trust": certificates.trust.as_ref().map(|trust| trust.display().to_string()),
            "development": certificates.are_development(),
        })
    };
    certificates.used.iter().map(one).collect()
}

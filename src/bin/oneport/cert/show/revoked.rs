//! What a list of revoked certificates says.

use serde_json::{Value, json};
use time::OffsetDateTime;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use super::certificate::rfc3339;
use crate::cert::crl::hex;
use crate::cert::error::CertError;

#[derive(Clone, Debug)]
pub(super) struct Revoked {
    pub(super) issuer: String,
    pub(super) number: Option<String>,
    pub(super) this_update: OffsetDateTime,
    pub(super) next_update: Option<OffsetDateTime>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) serial: String,
    pub(super) date: OffsetDateTime,
    pub(super) reason: Option<String>,
}

impl Revoked {
    pub(super) fn new(der: &[u8]) -> Result<Self, CertError> {
        let (_, list) = CertificateRevocationList::from_der(der)
            .map_err(|_| CertError::Issue(rcgen::Error::CouldNotParseCertificate))?;
        let entries = list.iter_revoked_certificates().map(|entry| Entry {
            serial: hex(entry.raw_serial()),
            date: entry.revocation_date.to_datetime(),
            reason: entry.reason_code().map(|(_, code)| code.to_string()),
        });
        Ok(Self {
            // A name with a line break in it must not forge a line.
            issuer: list.issuer().to_string().escape_debug().to_string(),
            number: list.crl_number().map(|number| hex(&number.to_bytes_be())),
            this_update: list.last_update().to_datetime(),
            next_update: list.next_update().map(|time| time.to_datetime()),
            entries: entries.collect(),
        })
    }

    pub(super) fn problem(&self) -> Option<String> {
        let due = self.next_update?;
        (due < OffsetDateTime::now_utc()).then(|| {
            format!(
                "The list was to be replaced on {}: nginx and whatever else asks OpenSSL refuse \
                 every client. Renew it: `oneport cert crl`.",
                due.date()
            )
        })
    }

    pub(super) fn json(&self) -> Value {
        let entry = |entry: &Entry| {
            json!({
                "serial": entry.serial,
                "date": rfc3339(entry.date),
                "reason": entry.reason,
            })
        };
        json!({
            "issuer": self.issuer,
            "number": self.number,
            "this_update": rfc3339(self.this_update),
            "next_update": self.next_update.map(rfc3339),
            "revoked": self.entries.iter().map(entry).collect::<Vec<_>>(),
        })
    }
}

//! What is logged: one line for each outcome.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::failure::Failure;
use crate::tls::describe::CertificateSummary;

pub(super) fn served(certificate: &CertificateSummary, due: SystemTime, now: SystemTime) {
    let names = certificate.names.join(", ");
    let (issuer, day) = (&certificate.issuer, certificate.expires_on());
    let renewal = match due.duration_since(now) {
        Ok(wait) => format!("is to be renewed in {}", roughly(wait)),
        Err(_) => "is to be renewed now".to_owned(),
    };
    tracing::info!(
        "the certificate for {names}, issued by {issuer} and valid until {day}, is served from now \
         on and {renewal}"
    );
}

pub(super) fn suggested(domains: &[String], due: SystemTime, now: SystemTime) {
    let wait = due.duration_since(now).unwrap_or_default();
    let names = domains.join(", ");
    tracing::debug!(
        "the CA suggests to renew the certificate for {names} in {}",
        roughly(wait)
    );
}

pub(super) fn failed(
    domains: &[String],
    old: Option<&CertificateSummary>,
    failure: &Failure,
    pause: Duration,
) {
    let (names, pause) = (domains.join(", "), roughly(pause));
    if matches!(failure, Failure::Busy) {
        tracing::debug!("{names}: {failure}; looked at again in {pause}");
        return;
    }
    match old {
        _ if matches!(failure, Failure::DueAtOnce) => {
            tracing::warn!("{names}: {failure}; next attempt in {pause}");
        }
        Some(old) => tracing::warn!(
            "the certificate for {names} was not renewed: {failure}; the old one, valid until {}, \
             stays in use; next attempt in {pause}",
            old.expires_on()
        ),
        None => tracing::warn!(
            "there is no certificate for {names} yet, and TLS clients cannot be served: {failure}; \
             next attempt in {pause}"
        ),
    }
}

pub(super) fn not_kept(path: &Path, error: &io::Error) {
    tracing::warn!(
        "the new certificate is served, but was not kept in {}: {error}; after a restart another one \
         is ordered, and CAs limit how many: make the directory writable",
        path.display()
    );
}

/// In the unit that people would say it in.
fn roughly(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (seconds, text) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7200, "2 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(roughly(Duration::from_secs(seconds)), text);
        }
    }
}

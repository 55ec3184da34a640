//! Why a question over TLS got no answer in HTTP.

use std::error::Error as StdError;
use std::io;

use rustls::AlertDescription;

use super::answer::Answer;
use super::plaintext::first_line;
use super::setting::Setting;
use super::tls::Seen;
use super::wire::Heard;
use crate::diagnose::{Certainty, Diagnosis, End, Spoke, diagnose_alert, diagnose_first_bytes};
use crate::mismatch::{CertificateFault, Mismatch};

/// What to make of a question that got no answer in HTTP.
pub(super) fn failure(
    setting: &Setting,
    seen: &Seen,
    late: bool,
    outer: &Heard,
    inner: &Heard,
    error: Option<&(dyn StdError + Send + Sync)>,
) -> Answer {
    if let Some(diagnosis) = seen.alert.and_then(|alert| explained(setting, seen, alert)) {
        return Answer::Refused(diagnosis);
    }
    let end = match late {
        true => End::TimedOut,
        // It was closed after what was read, or hyper would read on.
        false if outer.end() == End::Open => End::Eof,
        false => outer.end(),
    };
    if seen.version.is_some() {
        let heard = inner.bytes();
        if !heard.is_empty() {
            return Answer::Other(first_line(&heard));
        }
        if late {
            return Answer::Silent;
        }
        if seen.is_asked {
            return Answer::Refused(own_certificate(setting));
        }
        return Answer::Closed;
    }
    let heard = outer.bytes();
    if heard.is_empty() {
        return if late { Answer::Silent } else { Answer::Closed };
    }
    match diagnose_first_bytes(Spoke::Tls, &heard, end) {
        Some(diagnosis) => Answer::Refused(diagnosis),
        None if late => Answer::Silent,
        None => Answer::Other(match error {
            Some(error) => format!("a TLS handshake that fails: {error}"),
            None => first_line(&heard),
        }),
    }
}

/// What an alert means at this point of the handshake.
fn explained(setting: &Setting, seen: &Seen, alert: AlertDescription) -> Option<Diagnosis> {
    let diagnosis = diagnose_alert(alert.into());
    let is_about_certificate = diagnosis.as_ref().is_some_and(|diagnosis| {
        matches!(
            diagnosis.mismatch(),
            Some(Mismatch::ClientCertificate(fault)) if fault != CertificateFault::Missing
        )
    });
    match alert {
        // A version and a cipher suite were agreed upon before the server asked:
        // this is TLS 1.2's way to say that it wants a certificate.
        AlertDescription::HandshakeFailure if seen.is_asked => Some(own_certificate(setting)),
        // Whoever has shown none has shown no bad one.
        _ if is_about_certificate && seen.is_asked && setting.identity.is_none() => {
            Some(own_certificate(setting))
        }
        _ => diagnosis,
    }
}

/// The client's certificate is what the server has hung up about, or its lack.
fn own_certificate(setting: &Setting) -> Diagnosis {
    let fault = match setting.identity.is_some() {
        true => CertificateFault::Refused,
        false => CertificateFault::Missing,
    };
    Diagnosis::new(Mismatch::ClientCertificate(fault), Certainty::MostLikely)
}

/// The alert that an error is about, however deep it is wrapped.
pub(super) fn alert(error: &(dyn StdError + 'static)) -> Option<AlertDescription> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::AlertReceived(alert)) = error.downcast_ref() {
            return Some(*alert);
        }
        // Its `source` is that of what is in it.
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if let Some(rustls::Error::AlertReceived(alert)) =
            inner.and_then(|inner| inner.downcast_ref())
        {
            return Some(*alert);
        }
        next = error.source();
    }
    None
}

//! What a server's fatal alert says to the client.

use super::cause::Cause;
use super::diagnosis::{Certainty, Diagnosis};
use crate::mismatch::{CertificateFault, Mismatch};

/// What is wrong, from the description of the fatal TLS alert that a client
/// received (RFC 8446 6, RFC 5246 7.2).
///
/// With rustls it is `u8::from` of the `AlertDescription` in
/// `rustls::Error::AlertReceived`. None for the alerts that have no one cause
/// which a user could do something about, such as 47 (illegal_parameter).
///
/// ```
/// use oneport::client::diagnose_alert;
///
/// let diagnosis = diagnose_alert(116).unwrap();
/// assert!(diagnosis.to_string().contains("requires a client certificate"));
/// assert_eq!(diagnose_alert(47), None);
/// ```
#[must_use]
pub fn diagnose_alert(description: u8) -> Option<Diagnosis> {
    use Certainty::{Certain, MostLikely, Possible};
    use CertificateFault::{Expired, Missing, Refused, Revoked, UnknownIssuer};

    let own = |fault| Cause::Mismatch(Mismatch::ClientCertificate(fault));
    let (cause, certainty) = match description {
        // handshake_failure: also a TLS 1.2 server's answer to a client without
        // a certificate (RFC 5246 7.4.6).
        40 => (Cause::NoCommonParameters, Possible),
        // bad_certificate: Go and Java send it to TLS 1.2 clients without one.
        42 => (own(Refused), MostLikely),
        43 => (own(Refused), Certain), // unsupported_certificate
        44 => (own(Revoked), Certain), // certificate_revoked
        // certificate_expired: rustls sends it for one that is not valid yet.
        45 => (own(Expired), MostLikely),
        46 => (own(Refused), Certain),       // certificate_unknown
        48 => (own(UnknownIssuer), Certain), // unknown_ca
        // access_denied: after "a valid certificate or PSK".
        49 => (own(Refused), MostLikely),
        70 | 71 => (Cause::NoCommonParameters, Certain), // protocol_version, insufficient_security
        // internal_error: Go's servers, so Caddy, without a certificate for the name.
        80 => (Cause::UnknownServerName, Possible),
        // close_notify; user_canceled, as from a server that no longer waits.
        0 | 90 => (Cause::ClosedInHandshake, Possible),
        112 => (Cause::UnknownServerName, Certain), // unrecognized_name
        116 => (own(Missing), Certain),             // certificate_required
        120 => (Cause::NoCommonProtocol, Certain),  // no_application_protocol
        _ => return None,
    };
    Some(Diagnosis::new(cause, certainty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_has_its_slug_or_none() {
        let named: Vec<_> = (0..=255)
            .filter_map(|alert| {
                let found = diagnose_alert(alert)?;
                Some((alert, found.cause().slug(), found.certainty()))
            })
            .collect();
        use Certainty::{Certain, MostLikely, Possible};
        let expected = [
            (0, "closed-in-handshake", Possible),
            (40, "no-common-tls-parameters", Possible),
            (42, "client-certificate-refused", MostLikely),
            (43, "client-certificate-refused", Certain),
            (44, "client-certificate-revoked", Certain),
            (45, "client-certificate-expired", MostLikely),
            (46, "client-certificate-refused", Certain),
            (48, "client-certificate-unknown-issuer", Certain),
            (49, "client-certificate-refused", MostLikely),
            (70, "no-common-tls-parameters", Certain),
            (71, "no-common-tls-parameters", Certain),
            (80, "unknown-server-name", Possible),
            (90, "closed-in-handshake", Possible),
            (112, "unknown-server-name", Certain),
            (116, "client-certificate-missing", Certain),
            (120, "no-common-protocol", Certain),
        ];
        assert_eq!(named, expected);
    }
}

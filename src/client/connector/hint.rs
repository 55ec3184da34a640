//! Which of the connector's options a cause is about.

use crate::diagnose::{Cause, ServerCertificateFault};
use crate::mismatch::{CertificateFault, Mismatch};

/// The sentence is for users of any client; this is for those of a connector.
pub(super) fn hint(cause: Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::Mismatch(Mismatch::ClientCertificate(CertificateFault::Missing)) => {
            "pass a client certificate: Connector::builder().identity(cert, key)"
        }
        Cause::Mismatch(Mismatch::ClientCertificate(_)) => {
            "pass another client certificate: Connector::builder().identity(cert, key)"
        }
        Cause::NoCommonParameters => {
            "the minimum TLS version: Connector::builder().minimum_version(..)"
        }
        Cause::NoCommonProtocol => "the protocols: Connector::builder().alpn([..])",
        Cause::ServerCertificate(ServerCertificateFault::UnknownIssuer) => {
            "trust its CA, or the certificate itself: Connector::builder().ca(path)"
        }
        _ => return None,
    })
}

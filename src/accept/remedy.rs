//! What to do about a failed handshake.

use std::io;

use super::agree::UnknownName;
use rustls::{AlertDescription, Error, PeerIncompatible};

/// In words for the log, where rustls' error says enough.
pub(super) fn remedy(source: &io::Error) -> Option<&'static str> {
    let source = source.get_ref()?;
    if source.is::<UnknownName>() {
        return Some("let the client ask for a name that a certificate here is for, or add one");
    }
    let error = source.downcast_ref::<Error>()?;
    Some(match error {
        Error::PeerIncompatible(
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => {
            "the client offers only obsolete versions (SSL 3, TLS 1.0 or 1.1, or none that is enabled here): update it"
        }
        Error::PeerIncompatible(
            PeerIncompatible::NoCipherSuitesInCommon
            | PeerIncompatible::NoEcPointFormatsInCommon
            | PeerIncompatible::NoKxGroupsInCommon
            | PeerIncompatible::NoSignatureSchemesInCommon
            | PeerIncompatible::EcPointsExtensionRequired
            | PeerIncompatible::NamedGroupsExtensionRequired
            | PeerIncompatible::SignatureAlgorithmsExtensionRequired
            | PeerIncompatible::ExtendedMasterSecretExtensionRequired,
        ) => "the client offers only obsolete algorithms: update it",
        // What rustls says where a resolver has none.
        Error::General(text) if text == "no server certificate chain resolved" => {
            "there is no certificate for the name that the client asks for; with ACME it may be on its way"
        }
        Error::NoApplicationProtocol => {
            "the client's ALPN list has none of this server's protocols: let it offer h2 or http/1.1"
        }
        Error::NoCertificatesPresented => {
            "give the client a certificate and its key; --explain-client-cert tells it so"
        }
        Error::InvalidCertificate(_) => {
            "give the client a certificate from a CA that --client-ca names; --explain-client-cert tells it why"
        }
        Error::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::UnsupportedCertificate,
        ) => {
            "the client does not accept this server's certificate: let it trust the CA that issued it, or use a certificate for the name that it asks for"
        }
        _ => return None,
    })
}

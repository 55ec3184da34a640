//! Client certificates that are trusted by themselves.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use x509_parser::prelude::X509Version;

use crate::tls::describe;

/// Whether a trusted certificate is a client's own: it lets in whom it is for,
/// and nobody else. Version 1 does not tell CAs from others.
pub(super) fn is_pin(trusted: &CertificateDer<'_>) -> bool {
    let parsed = describe::parse(trusted);
    parsed.is_ok_and(|it| it.version() == X509Version::V3 && !it.is_ca())
}

/// Trusts CAs, and some clients by their certificates.
///
/// webpki does not ask whether a trust anchor is a CA (RFC 5280 6.1.1 leaves
/// that to whoever trusts it). With the certificates of clients among the others,
/// each of those clients could sign certificates in everybody's name.
#[derive(Debug)]
pub(super) struct Pins {
    pins: Vec<CertificateDer<'static>>,
    /// Judges who has one of them.
    of_pins: Arc<dyn ClientCertVerifier>,
    /// Judges everybody else. None: nobody else gets in.
    of_others: Option<Arc<dyn ClientCertVerifier>>,
    hints: Vec<DistinguishedName>,
}

impl Pins {
    pub(super) fn new(
        pins: Vec<CertificateDer<'static>>,
        of_pins: Arc<dyn ClientCertVerifier>,
        of_others: Option<Arc<dyn ClientCertVerifier>>,
    ) -> Self {
        let hints = of_others.as_deref().map(|it| it.root_hint_subjects());
        // Without hints, clients send what they have.
        let hints = match hints {
            Some([]) => Vec::new(),
            hints => [of_pins.root_hint_subjects(), hints.unwrap_or_default()].concat(),
        };
        Self {
            pins,
            of_pins,
            of_others,
            hints,
        }
    }
}

impl ClientCertVerifier for Pins {
    fn client_auth_mandatory(&self) -> bool {
        self.of_pins.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if self.pins.iter().any(|pin| pin == own) {
            return self.of_pins.verify_client_cert(own, &[], now);
        }
        match &self.of_others {
            Some(verifier) => verifier.verify_client_cert(own, others, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.of_pins.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.of_pins.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.of_pins.supported_verify_schemes()
    }
}

//! Client certificates that are judged after the handshake, so that the client
//! can be told what is wrong with its own.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ProducesTickets, ServerConfig, ServerSessionMemoryCache};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConnection,
    SignatureScheme,
};

use crate::mismatch::CertificateFault;

/// Lets every client through the handshake, with any certificate or none; only
/// that it holds the certificate's key is still proved. [`fault_of`] judges.
#[derive(Debug)]
pub(super) struct Postponed(pub(super) Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Postponed {
    fn offer_client_auth(&self) -> bool {
        self.0.offer_client_auth()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.0.requires_raw_public_keys()
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Its sessions are its own, whatever `build` shares: it gives them to clients
/// without a certificate too, and rustls does not ask for one when a session is
/// resumed. In the strict configuration such a session would be a way around it.
pub(super) fn keep_sessions_apart(config: &mut ServerConfig) {
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS_MOST);
    config.ticketer = Arc::new(NoTickets);
}

/// As many as rustls keeps by default (`ServerConfig::session_storage`) for each
/// of four servers; one is up to a few KiB with its client's certificates.
const SESSIONS_MOST: usize = 1024;

/// Then rustls keeps its sessions itself.
#[derive(Debug)]
struct NoTickets;

impl ProducesTickets for NoTickets {
    fn enabled(&self) -> bool {
        false
    }

    fn lifetime(&self) -> u32 {
        0
    }

    fn encrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn decrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// What the verifier has against the client of this connection, resumed
/// sessions included: their certificates are judged again, now.
pub(super) fn fault_of(
    verifier: &dyn ClientCertVerifier,
    connection: &ServerConnection,
) -> Option<CertificateFault> {
    let Some([leaf, intermediates @ ..]) = connection.peer_certificates() else {
        return verifier
            .client_auth_mandatory()
            .then_some(CertificateFault::Missing);
    };
    let verified = verifier.verify_client_cert(leaf, intermediates, UnixTime::now());
    let error = verified.err()?;
    tracing::debug!(%error, "the client certificate is not accepted");
    Some(match error {
        Error::InvalidCertificate(error) => fault_in(&error),
        _ => CertificateFault::Refused,
    })
}

fn fault_in(error: &CertificateError) -> CertificateFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            CertificateFault::Expired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateFault::NotYetValid
        }
        CertificateError::Revoked => CertificateFault::Revoked,
        // A CA that was made anew under the same name signs with another key.
        CertificateError::BadSignature | CertificateError::UnknownIssuer => {
            CertificateFault::UnknownIssuer
        }
        _ => CertificateFault::Refused,
    }
}

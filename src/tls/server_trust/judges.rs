//! Several ways for a server's certificate to be trusted.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::tls::describe;
use crate::tls::provider::provider;

/// Trusts what one of several judges trusts, and some certificates themselves.
#[derive(Debug)]
pub(super) struct Judges {
    exact: Vec<CertificateDer<'static>>,
    judges: Vec<Arc<dyn ServerCertVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Judges {
    pub(super) fn new(
        exact: Vec<CertificateDer<'static>>,
        judges: Vec<Arc<dyn ServerCertVerifier>>,
    ) -> Self {
        Self {
            exact,
            judges,
            algorithms: provider().signature_verification_algorithms,
        }
    }
}

impl ServerCertVerifier for Judges {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.exact.iter().any(|exact| exact == own) {
            return verify_exact(own, name, now);
        }
        let mut fault = CertificateError::UnknownIssuer.into();
        for judge in &self.judges {
            match judge.verify_server_cert(own, others, name, ocsp, now) {
                Ok(verified) => return Ok(verified),
                // It says more than that somebody else does not know the CA.
                Err(error) if is_unknown_issuer(&fault) => fault = error,
                Err(_) => {}
            }
        }
        // To webpki it is a CA's certificate in the wrong place; to the user, one
        // that is not trusted yet (it would be by itself, above).
        match fault {
            Error::InvalidCertificate(CertificateError::Other(_)) if is_ca(own) => {
                Err(CertificateError::UnknownIssuer.into())
            }
            fault => Err(fault),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Whether a certificate that is trusted by itself is for this server, now. That
/// the server has its key is proved by the handshake.
fn verify_exact(
    own: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, Error> {
    let parsed = describe::parse(own).map_err(|_| CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now > parsed.validity().not_after.timestamp() {
        return Err(CertificateError::Expired.into());
    }
    if now < parsed.validity().not_before.timestamp() {
        return Err(CertificateError::NotValidYet.into());
    }
    verify_server_name(&ParsedCertificate::try_from(own)?, name)?;
    Ok(ServerCertVerified::assertion())
}

/// As `openssl req -x509` makes them, for servers too.
fn is_ca(own: &CertificateDer<'_>) -> bool {
    describe::parse(own).is_ok_and(|parsed| parsed.is_ca())
}

fn is_unknown_issuer(error: &Error) -> bool {
    *error == Error::InvalidCertificate(CertificateError::UnknownIssuer)
}

//! The CA to trust and the certificate to show, in each library's own types.

use std::error::Error;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_tungstenite::Connector;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The certificate and the key of the client, as PEM.
pub struct Identity {
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
}

pub fn ca() -> Result<Vec<u8>> {
    Ok(std::fs::read(std::env::var("ONEPORT_CA")?)?)
}

pub fn identity() -> Result<Option<Identity>> {
    let Ok(certificate) = std::env::var("ONEPORT_CERT") else {
        return Ok(None);
    };
    Ok(Some(Identity {
        certificate: std::fs::read(certificate)?,
        key: std::fs::read(std::env::var("ONEPORT_KEY")?)?,
    }))
}

pub fn rustls() -> Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&ca()?)?)?;
    let builder = rustls::ClientConfig::builder().with_root_certificates(roots);
    Ok(match identity()? {
        Some(Identity { certificate, key }) => builder.with_client_auth_cert(
            vec![CertificateDer::from_pem_slice(&certificate)?],
            PrivateKeyDer::from_pem_slice(&key)?,
        )?,
        None => builder.with_no_client_auth(),
    })
}

pub fn rustls_connector() -> Result<Connector> {
    Ok(Connector::Rustls(Arc::new(rustls()?)))
}

pub fn native_connector() -> Result<Connector> {
    let mut builder = native_tls::TlsConnector::builder();
    builder.add_root_certificate(native_tls::Certificate::from_pem(&ca()?)?);
    if let Some(Identity { certificate, key }) = identity()? {
        builder.identity(native_tls::Identity::from_pkcs8(&certificate, &key)?);
    }
    Ok(Connector::NativeTls(builder.build()?))
}

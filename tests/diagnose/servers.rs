//! Servers that are no oneport, and trust in those that have a certificate.

use std::sync::Arc;

use oneport::Mode;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::clients::Trust;
use crate::support::{Pki, Server, hello, listen, told};

/// When a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    First,
    Second,
}

/// Says the same to everybody, then closes. Returns its port.
pub(crate) async fn says(words: &'static [u8], when: Speaks) -> u16 {
    let listener = listen().await;
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                if when == Speaks::Second {
                    let _ = tcp.read(&mut [0; 4096]).await;
                }
                let _ = tcp.write_all(words).await;
                drain(tcp).await;
            });
        }
    });
    port
}

/// tokio-rustls alone. What is no handshake is answered with its alert, which
/// arrives.
pub(crate) async fn bare_tls(config: Arc<rustls::ServerConfig>) -> u16 {
    let listener = listen().await;
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let acceptor = TlsAcceptor::from(config.clone());
            tokio::spawn(async move {
                match acceptor.accept(tcp).into_fallible().await {
                    Ok(mut tls) => {
                        let _ = tls.read(&mut [0; 4096]).await;
                        let _ = tls.shutdown().await;
                    }
                    Err((_, tcp)) => drain(tcp).await,
                }
            });
        }
    });
    port
}

/// Without this the kernel may reset the connection, and the answer is lost.
async fn drain(mut tcp: TcpStream) {
    let _ = tcp.shutdown().await;
    while tcp.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {}
}

/// A oneport that wants a certificate from a CA that nobody here has one of.
pub(crate) async fn mutual_tls(pki: &Pki) -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(pki.ca.clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            pki.chain.clone(),
            PrivateKeyDer::try_from(pki.key.clone()).unwrap(),
        )
        .unwrap();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, Arc::new(tls), tower::service_fn(hello))
            .mode(Mode::TlsOnly)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// A server's configuration for this name only, and trust in it.
pub(crate) fn certificate_for(name: &str) -> (Arc<rustls::ServerConfig>, Trust) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let der = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(vec![certificate.der().clone()], der.into())
    .unwrap();
    let trust = trust(certificate.der(), certificate.pem());
    (Arc::new(config), trust)
}

/// In the CA that made the server's certificate.
pub(crate) fn trust_in(pki: &Pki) -> Trust {
    let pem = std::fs::read_to_string(pki.ca_path()).unwrap();
    trust(&pki.ca, pem)
}

fn trust(ca: &CertificateDer<'static>, pem: String) -> Trust {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.clone()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(roots)
    .with_no_client_auth();
    Trust {
        pem,
        config: Arc::new(config),
    }
}

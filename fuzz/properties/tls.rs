//! Both ends of TLS, made once.

use std::sync::{Arc, LazyLock};

use oneport::tls::TlsConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::TlsConnector;

struct Pair {
    server: TlsConfig,
    clients: Vec<Arc<ClientConfig>>,
}

static PAIR: LazyLock<Pair> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let server = ServerConfig::builder_with_provider(oneport::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    Pair {
        server: TlsConfig::from(Arc::new(server)),
        clients: OFFERS
            .map(|offer| client(certificate.clone(), offer))
            .to_vec(),
    }
});

/// By ALPN; both versions of TLS are among them.
const OFFERS: [&[&str]; 5] = [
    &[],
    &["h2"],
    &["http/1.1"],
    &["h2", "http/1.1"],
    &["http/1.0"],
];

fn client(ca: CertificateDer<'static>, offer: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(ca).unwrap();
    let version = match offer {
        ["http/1.1"] => &rustls::version::TLS12,
        _ => &rustls::version::TLS13,
    };
    let mut client = ClientConfig::builder_with_provider(oneport::tls::provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = offer.iter().map(|it| it.as_bytes().to_vec()).collect();
    Arc::new(client)
}

pub fn server() -> TlsConfig {
    PAIR.server.clone()
}

/// A client, and what ALPN will choose.
pub fn connector(which: usize) -> (TlsConnector, Option<&'static str>) {
    let which = which % OFFERS.len();
    let connector = TlsConnector::from(PAIR.clients[which].clone());
    (connector, OFFERS[which].first().copied())
}

pub fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

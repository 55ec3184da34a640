//! A server with a certificate from Pebble, and its clients.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use oneport::Mode;
use oneport::acme::{Acme, Driver};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_rustls::client::TlsStream;

use crate::pebble::Pebble;
use crate::support::{Server, hello, listen, told, within};

pub(crate) const DOMAIN: &str = "a.example.test";

/// What everybody would ask this CA for.
pub(crate) fn acme(pebble: &Pebble, cache: &Path) -> Acme {
    Acme::new([DOMAIN])
        .accept_terms()
        .email("admin@example.test")
        .directory(pebble.directory())
        .root(pebble.root())
        .cache(cache)
        .backoff(Duration::from_millis(300), Duration::from_secs(1))
}

/// A running driver. Aborted when dropped.
pub(crate) struct Running(JoinHandle<Infallible>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) fn run(mut driver: Driver) -> Running {
    Running(tokio::spawn(async move { driver.run().await }))
}

/// Serves `hello` on this listener, with what the driver has.
pub(crate) async fn serve(listener: TcpListener, driver: &Driver, mode: Mode) -> Server {
    let (tls, challenges) = (driver.tls_config(), driver.challenges().clone());
    Server::start(|unused, signal| {
        drop(unused);
        oneport::serve_dual(listener, tls, tower::service_fn(hello))
            .mode(mode)
            .acme(&challenges)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// A listener, and its address: the CA has to know it before it is started.
pub(crate) async fn port() -> (TcpListener, SocketAddr) {
    let listener = listen().await;
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// Trusts this root alone, and remembers sessions.
pub(crate) fn client(root: &str) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(root.as_bytes()).unwrap();
    roots.add(root).unwrap();
    let provider = Arc::new(ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

pub(crate) async fn connect(
    addr: SocketAddr,
    client: &Arc<rustls::ClientConfig>,
    name: &'static str,
) -> io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(addr).await?;
    let connector = tokio_rustls::TlsConnector::from(client.clone());
    let name = ServerName::try_from(name).unwrap();
    within(connector.connect(name, tcp)).await
}

/// The certificate that a fresh client of this root gets.
pub(crate) async fn shown(addr: SocketAddr, root: &str) -> io::Result<CertificateDer<'static>> {
    let tls = connect(addr, &client(root), DOMAIN).await?;
    Ok(tls.get_ref().1.peer_certificates().unwrap()[0].clone())
}

/// Waits for the first certificate; how long it took.
pub(crate) async fn until_served(addr: SocketAddr, root: &str) -> Duration {
    let begun = Instant::now();
    until("a certificate is served", async || {
        shown(addr, root).await.is_ok()
    })
    .await;
    begun.elapsed()
}

/// Looks every 20 ms, for 40 seconds.
pub(crate) async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is().await {
        assert!(begun.elapsed() < Duration::from_secs(40), "never: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

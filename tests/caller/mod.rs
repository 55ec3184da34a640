//! TLS clients: rustls, and `openssl s_client`.
#![allow(dead_code, missing_debug_implementations, unreachable_pub)] // each test file uses its part

use std::io;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;

use oneport::Mode;
use oneport::tls::TlsConfig;
use oneport::tls::describe::CertificateSummary;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, ClientConfig, Error, HandshakeKind, NamedGroup, ProtocolVersion,
    RootCertStore, SupportedProtocolVersion,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::service_fn;

use crate::authority::{Authority, Issued};
use crate::support::{Server, hello, told, within};

pub const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Both versions, each alone.
pub const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// [`hello`] under this configuration.
pub async fn serve(tls: &TlsConfig, mode: Mode) -> Server {
    let tls = tls.clone();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, service_fn(hello))
            .mode(mode)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// What a client is made from.
#[derive(Clone)]
pub struct Setup {
    roots: RootCertStore,
    identity: Option<(Vec<CertificateDer<'static>>, Arc<PrivateKeyDer<'static>>)>,
    versions: Vec<&'static SupportedProtocolVersion>,
    alpn: Vec<Vec<u8>>,
    provider: CryptoProvider,
}

impl Setup {
    /// TLS 1.3 and 1.2, HTTP/1.1, no certificate.
    pub fn trusting(ca: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(ca.der.clone()).unwrap();
        Self {
            roots,
            identity: None,
            versions: VERSIONS.to_vec(),
            alpn: vec![b"http/1.1".to_vec()],
            provider: rustls::crypto::ring::default_provider(),
        }
    }

    /// With this client certificate.
    pub fn showing(self, client: &Issued) -> Self {
        self.showing_chain(client, &[])
    }

    pub fn showing_chain(mut self, client: &Issued, intermediates: &[&Authority]) -> Self {
        let mut chain = vec![client.der.clone()];
        chain.extend(intermediates.iter().map(|ca| ca.der.clone()));
        self.identity = Some((chain, Arc::new(client.private_key())));
        self
    }

    pub fn speaking(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    pub fn offering(mut self, alpn: &[&str]) -> Self {
        self.alpn = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    pub fn provided_by(mut self, provider: CryptoProvider) -> Self {
        self.provider = provider;
        self
    }

    /// A client of its own, without sessions.
    pub fn caller(&self) -> Caller {
        let builder = ClientConfig::builder_with_provider(Arc::new(self.provider.clone()))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(self.roots.clone());
        let mut config = match &self.identity {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols.clone_from(&self.alpn);
        Caller(TlsConnector::from(Arc::new(config)))
    }
}

/// A client. It keeps its sessions, and resumes them.
#[derive(Clone)]
pub struct Caller(TlsConnector);

/// What came of a connection with one request.
#[derive(Debug)]
pub struct Call {
    /// The server's certificate; of a resumed session that of its beginning.
    pub serial: String,
    pub resumed: bool,
    pub version: ProtocolVersion,
    pub group: Option<NamedGroup>,
    /// The response, head and body.
    pub answer: String,
}

impl Call {
    #[track_caller]
    pub fn served(self) -> Self {
        assert!(self.answer.starts_with("HTTP/1.1 200 "), "{self:?}");
        self
    }
}

impl Caller {
    /// Asks localhost.
    pub async fn call(&self, addr: SocketAddr) -> Result<Call, Error> {
        self.call_as("localhost", addr).await
    }

    /// Connects, by this server name, sends [`REQUEST`] and reads to the end.
    pub async fn call_as(&self, name: &str, addr: SocketAddr) -> Result<Call, Error> {
        let mut tls = self.connect(name, addr).await.map_err(of_tls)?;
        // In TLS 1.3 the server's alert may come after the client's handshake:
        // it is read, whatever became of the writing.
        let _ = tls.write_all(REQUEST).await;
        let mut answer = Vec::new();
        within(tls.read_to_end(&mut answer)).await.map_err(of_tls)?;
        let session = tls.get_ref().1;
        Ok(Call {
            serial: serial(&session.peer_certificates().unwrap()[0]),
            resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
            version: session.protocol_version().unwrap(),
            group: session.negotiated_key_exchange_group().map(|it| it.name()),
            answer: String::from_utf8(answer).unwrap(),
        })
    }

    pub async fn connect(&self, name: &str, addr: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(addr).await?;
        let name = name.to_owned().try_into().unwrap();
        within(self.0.connect(name, tcp)).await
    }

    /// The alert that the server refuses it with.
    #[track_caller]
    pub fn refused(&self, addr: SocketAddr) -> impl Future<Output = AlertDescription> + use<'_> {
        let place = std::panic::Location::caller();
        async move {
            match self.call(addr).await {
                Err(Error::AlertReceived(alert)) => alert,
                other => panic!("{place}: no alert: {other:?}"),
            }
        }
    }
}

pub fn serial(certificate: &CertificateDer<'_>) -> String {
    CertificateSummary::from_der(certificate).unwrap().serial
}

fn of_tls(error: io::Error) -> Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(error) => Error::clone(error),
        None => panic!("the connection broke without an alert: {error}"),
    }
}

/// What `openssl s_client` prints, errors included, when it sends [`REQUEST`].
pub async fn s_client(addr: SocketAddr, options: &[&str]) -> String {
    let addr = addr.to_string();
    let mut child = tokio::process::Command::new("openssl")
        .args(["s_client", "-ign_eof", "-connect", &addr])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the openssl command is needed for this test");
    let mut stdin = child.stdin.take().unwrap();
    // It may have failed already.
    let _ = stdin.write_all(REQUEST).await;
    drop(stdin);
    let output = within(child.wait_with_output()).await.unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}

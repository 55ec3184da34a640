//! A server on 127.0.0.1 and a certificate that its clients can trust.
#![allow(
    dead_code,
    missing_debug_implementations,
    unreachable_pub,
    clippy::unwrap_used
)] // each test file uses its part

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use oneport::{ConnInfo, Drained};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A CA made for one test, and a leaf for localhost.
pub struct Pki {
    pub ca: CertificateDer<'static>,
    pub chain: Vec<CertificateDer<'static>>,
    pub key: Vec<u8>,
    pub directory: tempfile::TempDir,
}

impl Pki {
    pub fn new() -> Self {
        let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        ca.distinguished_name
            .push(rcgen::DnType::CommonName, "oneport test CA");
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let ca_certificate = ca.self_signed(&ca_key).unwrap();
        let issuer = rcgen::Issuer::new(ca, ca_key);
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let leaf = rcgen::CertificateParams::new(names).unwrap();
        let leaf_key = rcgen::KeyPair::generate().unwrap();
        let leaf_certificate = leaf.signed_by(&leaf_key, &issuer).unwrap();

        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.crt"), ca_certificate.pem()).unwrap();
        std::fs::write(directory.path().join("server.crt"), leaf_certificate.pem()).unwrap();
        std::fs::write(
            directory.path().join("server.key"),
            leaf_key.serialize_pem(),
        )
        .unwrap();
        Self {
            ca: ca_certificate.der().clone(),
            chain: vec![leaf_certificate.der().clone()],
            key: leaf_key.serialize_der(),
            directory,
        }
    }

    pub fn ca_path(&self) -> PathBuf {
        self.directory.path().join("ca.crt")
    }

    pub fn cert_path(&self) -> PathBuf {
        self.directory.path().join("server.crt")
    }

    pub fn key_path(&self) -> PathBuf {
        self.directory.path().join("server.key")
    }

    /// Without ALPN: oneport fills it in.
    pub fn server_config(&self) -> rustls::ServerConfig {
        let key = PrivateKeyDer::try_from(self.key.clone()).unwrap();
        rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .unwrap()
    }

    pub fn tls(&self) -> Arc<rustls::ServerConfig> {
        Arc::new(self.server_config())
    }

    pub fn client_config(&self, alpn: &[&str]) -> Arc<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.ca.clone()).unwrap();
        let mut config = rustls::ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    /// A TLS stream to `addr`.
    pub async fn connect(
        &self,
        addr: SocketAddr,
        alpn: &[&str],
    ) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(addr).await?;
        let name = ServerName::try_from("localhost").unwrap();
        tokio_rustls::TlsConnector::from(self.client_config(alpn))
            .connect(name, tcp)
            .await
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A running server, to be shut down or dropped.
pub struct Server {
    pub addr: SocketAddr,
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<io::Result<Drained>>,
}

impl Server {
    /// Binds 127.0.0.1:0 and runs what `serve` makes of it.
    pub async fn start<S, F>(serve: S) -> Self
    where
        S: FnOnce(TcpListener, oneshot::Receiver<()>) -> F,
        F: Future<Output = io::Result<Drained>> + Send + 'static,
    {
        let listener = listen().await;
        let addr = listener.local_addr().unwrap();
        let (shutdown, signal) = oneshot::channel();
        let task = tokio::spawn(serve(listener, signal));
        Self {
            addr,
            shutdown,
            task,
        }
    }

    /// [`hello`] in dual mode.
    pub async fn dual(pki: &Pki) -> Self {
        Self::with_mode(pki, oneport::Mode::Dual).await
    }

    /// [`hello`] in this mode.
    pub async fn with_mode(pki: &Pki, mode: oneport::Mode) -> Self {
        let tls = pki.tls();
        Self::start(|listener, signal| {
            oneport::serve_dual(listener, tls, tower::service_fn(hello))
                .mode(mode)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await
    }

    /// [`hello`] over plaintext only; TLS clients are told so in HTTP.
    pub async fn answering_tls(pki: &Pki) -> Self {
        let tls = pki.tls();
        Self::start(|listener, signal| {
            oneport::serve_dual(listener, tls, tower::service_fn(hello))
                .mode(oneport::Mode::PlaintextOnly)
                .answer_tls_with_http()
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await
    }

    /// Signals the shutdown and waits for its outcome.
    pub async fn shut_down(self) -> io::Result<Drained> {
        self.shutdown.send(()).unwrap();
        within(self.task).await.unwrap()
    }

    /// Signals the shutdown.
    pub fn begin_shut_down(self) -> JoinHandle<io::Result<Drained>> {
        self.shutdown.send(()).unwrap();
        self.task
    }
}

/// A listener on 127.0.0.1 with TCP_NODELAY.
pub async fn listen() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    socket2::SockRef::from(&listener)
        .set_tcp_nodelay(true)
        .unwrap();
    listener
}

/// Completes when told to, or when the teller is gone.
pub async fn told(signal: oneshot::Receiver<()>) {
    let _ = signal.await;
}

/// Answers with the transport, the HTTP version, the method and the body.
pub async fn hello(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let transport = match request.extensions().get::<ConnInfo>() {
        Some(info) if info.is_tls() => "tls",
        Some(_) => "plaintext",
        None => "no ConnInfo",
    };
    let (version, method) = (request.version(), request.method().clone());
    let body = match request.into_body().collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        Err(error) => error.to_string(),
    };
    let answer = format!("{transport} {version:?} {method} {body}\n");
    Ok(Response::new(answer.into()))
}

/// Fails a test that would hang.
pub async fn within<F: Future>(future: F) -> F::Output {
    let most = Duration::from_secs(30);
    timeout(most, future).await.expect("done within 30 s")
}

/// Sends `bytes`, then reads to the end.
pub async fn exchange(addr: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut tcp = TcpStream::connect(addr).await.unwrap();
    tcp.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    within(tcp.read_to_end(&mut answer)).await.unwrap();
    answer
}

/// Runs a command to its end without blocking the runtime.
pub async fn run(program: &str, arguments: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).kill_on_drop(true);
    within(command.output())
        .await
        .unwrap_or_else(|error| panic!("{program} is needed: {error}"))
}

/// As [`run`], with what it printed as text, which must have succeeded.
pub async fn output_of(program: &str, arguments: &[&str]) -> String {
    let output = run(program, arguments).await;
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

/// What curl shows, headers included, of `https://localhost/` on this server.
pub async fn curl_over_tls(pki: &Pki, server: &Server, options: &[&str]) -> String {
    let ca = pki.ca_path();
    let url = format!("https://localhost:{}/", server.addr.port());
    let mut arguments = vec![
        "-sS",
        "-i",
        "--cacert",
        ca.to_str().unwrap(),
        "--max-time",
        "10",
    ];
    arguments.extend(options);
    arguments.push(&url);
    output_of("curl", &arguments).await
}

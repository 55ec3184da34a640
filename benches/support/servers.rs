//! The servers that are compared: ours in each mode, and the limit, which is
//! hyper and tokio-rustls with nothing in between.
//!
//! All answer alike, with the same hyper settings, TLS configuration and
//! listener options, one task per connection.

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Read};
use std::path::Path;
use std::process::exit;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use oneport::{Limits, Mode};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The answer to every request.
pub const BODY: &str = "hello\n";

/// For a request head, and for an idle connection: longer than it takes to
/// count what thousands of them hold. For all deadlines before it too: tokio
/// wakes itself (a system call) for one that is before all that are pending.
const IDLE: Duration = Duration::from_secs(60);

/// Which server.
#[derive(Clone, Copy, Debug)]
pub enum Server {
    /// `oneport::serve_dual`.
    Dual,
    /// hyper on the accepted socket: plaintext.
    Hyper,
    /// The same with HTTP/2, by prior knowledge.
    HyperH2c,
    /// `oneport::serve_plaintext`: refuses TLS.
    PlaintextOnly,
    /// hyper on tokio-rustls on the accepted socket: TLS.
    Rustls,
    /// `oneport::serve_dual` with `Mode::TlsOnly`: refuses plaintext.
    TlsOnly,
}

impl FromStr for Server {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "dual" => Ok(Self::Dual),
            "hyper" => Ok(Self::Hyper),
            "hyper-h2c" => Ok(Self::HyperH2c),
            "plaintext-only" => Ok(Self::PlaintextOnly),
            "rustls" => Ok(Self::Rustls),
            "tls-only" => Ok(Self::TlsOnly),
            _ => Err(format!(
                "{name}: dual, hyper, hyper-h2c, plaintext-only, rustls or tls-only"
            )),
        }
    }
}

impl Server {
    /// A process's whole work: writes its certificate to a file and its address
    /// to the standard output, does `asked` for each byte of the standard input,
    /// and ends the process with it. On a current-thread runtime.
    ///
    /// # Errors
    ///
    /// The file's and the sockets'.
    pub fn run_with_stdin(
        self,
        ca: &Path,
        asked: impl Fn() + Send + 'static,
    ) -> Result<(), Box<dyn Error>> {
        let (certificate, tls) = tls();
        std::fs::write(ca, &certificate)?;
        self.counted(tls, asked)
    }

    /// Without the making of the certificate, which gathers entropy by the
    /// clock: `benches/instructions` counts in the function of this name.
    #[inline(never)]
    fn counted(
        self,
        tls: Arc<rustls::ServerConfig>,
        asked: impl Fn() + Send + 'static,
    ) -> Result<(), Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let listener = listen().await;
            println!("{}", listener.local_addr()?);
            std::thread::spawn(move || {
                loop {
                    match io::stdin().read(&mut [0]) {
                        Ok(1..) => asked(),
                        // The script has closed the pipe.
                        ended => exit(i32::from(ended.is_err())),
                    }
                }
            });
            Ok(self.run(listener, tls).await?)
        })
    }

    /// Serves until the listener breaks.
    pub async fn run(
        self,
        listener: TcpListener,
        tls: Arc<rustls::ServerConfig>,
    ) -> io::Result<()> {
        let app = tower::service_fn(hello);
        let mut limits = Limits::default();
        limits.sniff = IDLE;
        // Silent connections are counted by the thousand.
        limits.undecided = Some(usize::MAX);
        limits.handshake = IDLE;
        limits.first_request = IDLE;
        limits.request_head = IDLE;
        let server = match self {
            Self::Hyper => return bare_hyper(listener).await,
            Self::HyperH2c => return bare_h2c(listener).await,
            Self::Rustls => return bare_rustls(listener, tls.into()).await,
            Self::PlaintextOnly => oneport::serve_plaintext(listener, app),
            Self::Dual => oneport::serve_dual(listener, tls, app),
            Self::TlsOnly => oneport::serve_dual(listener, tls, app).mode(Mode::TlsOnly),
        };
        let drained = server.limits(limits).await?;
        Err(io::Error::other(format!("the server ended: {drained:?}")))
    }
}

async fn bare_hyper(listener: TcpListener) -> io::Result<()> {
    loop {
        let (tcp, _) = listener.accept().await?;
        tokio::spawn(serve(tcp));
    }
}

/// The settings are those of `oneport::serve`.
async fn bare_h2c(listener: TcpListener) -> io::Result<()> {
    loop {
        let (tcp, _) = listener.accept().await?;
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(100)
            .initial_stream_window_size(256 * 1024)
            .initial_connection_window_size(1024 * 1024)
            .max_frame_size(16 * 1024)
            .max_header_list_size(16 * 1024)
            .max_send_buf_size(64 * 1024)
            .keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10))
            .enable_connect_protocol()
            .serve_connection(TokioIo::new(tcp), service_fn(hello));
        tokio::spawn(connection);
    }
}

async fn bare_rustls(listener: TcpListener, tls: TlsAcceptor) -> io::Result<()> {
    loop {
        let (tcp, _) = listener.accept().await?;
        let handshake = tls.accept(tcp);
        tokio::spawn(async move {
            if let Ok(stream) = handshake.await {
                serve(stream).await;
            }
        });
    }
}

/// The settings are those of `oneport::serve`.
async fn serve<I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(io: I) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .half_close(true)
        .max_header_size(64 * 1024)
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(io), service_fn(hello))
        .with_upgrades();
    // How a connection ended is not what is measured.
    let _ = connection.await;
}

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from(BODY)))
}

/// A listener on 127.0.0.1 with TCP_NODELAY: accepted sockets inherit it.
///
/// # Panics
///
/// When there is no loopback interface.
pub async fn listen() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("127.0.0.1");
    socket2::SockRef::from(&listener)
        .set_tcp_nodelay(true)
        .expect("TCP_NODELAY");
    listener
}

/// A self-signed P-256 certificate for localhost, and a configuration with it.
///
/// # Panics
///
/// Never: all inputs are constant.
pub fn tls() -> (CertificateDer<'static>, Arc<rustls::ServerConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("valid names");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("PKCS#8");
    let mut config = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has both versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("the key is the certificate's");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (certificate, Arc::new(config))
}

/// aws-lc-rs, as in the binary, where that feature is on, else ring. ring asks
/// the kernel for each few random bytes: nine system calls per handshake.
pub fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc-rs"))]
    let provider = rustls::crypto::ring::default_provider();
    Arc::new(provider)
}

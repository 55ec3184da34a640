//! Two servers for the client examples to connect to: one that speaks TLS only,
//! one that speaks plaintext only.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::path::PathBuf;

use oneport::Mode;
use oneport::serve::App;
use oneport::tls::generate::DevelopmentCertificate;
use tokio::net::TcpListener;
use tower::BoxError;

pub(crate) struct TwoPorts {
    pub(crate) tls: u16,
    pub(crate) plaintext: u16,
    /// The CA that a client has to trust.
    pub(crate) ca: PathBuf,
}

/// Serves until the process ends.
pub(crate) async fn start<A, K>(app: A) -> Result<TwoPorts, BoxError>
where
    A: App<SocketAddr, K>,
    K: Send + 'static,
{
    let certificate = DevelopmentCertificate::load_or_create(None, &[])?;
    let (tls, tls_port) = listener().await?;
    let (plaintext, plaintext_port) = listener().await?;
    let tls_only =
        oneport::serve_dual(tls, certificate.tls_config()?, app.clone()).mode(Mode::TlsOnly);
    tokio::spawn(tls_only.into_future());
    tokio::spawn(oneport::serve_plaintext(plaintext, app).into_future());
    Ok(TwoPorts {
        tls: tls_port,
        plaintext: plaintext_port,
        ca: certificate.ca_path(),
    })
}

async fn listener() -> Result<(TcpListener, u16), BoxError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    socket2::SockRef::from(&listener).set_tcp_nodelay(true)?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

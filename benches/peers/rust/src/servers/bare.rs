//! The limit: hyper and tokio-rustls with nothing in between.

use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::settings;
use crate::Result;
use crate::app::answer;

/// One HTTP version on the accepted socket.
pub async fn plaintext<F>(listener: TcpListener, serve: fn(TcpStream) -> F) -> Result
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let (tcp, _) = listener.accept().await?;
        tokio::spawn(serve(tcp));
    }
}

/// TLS on the accepted socket; ALPN decides on the HTTP version.
pub async fn tls(listener: TcpListener, config: Arc<ServerConfig>) -> Result {
    let acceptor = TlsAcceptor::from(config);
    loop {
        let (tcp, _) = listener.accept().await?;
        let handshake = acceptor.accept(tcp);
        tokio::spawn(async move {
            match handshake.await {
                // Boxed: a connection is not to be as large as what it never is.
                Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                    Box::pin(http2(stream)).await;
                }
                Ok(stream) => http1(stream).await,
                Err(_) => {}
            }
        });
    }
}

/// How a connection ended is not what is measured.
pub async fn http1<I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(io: I) {
    let _ = settings::http1()
        .serve_connection(TokioIo::new(io), service_fn(answer))
        .with_upgrades()
        .await;
}

/// Likewise.
pub async fn http2<I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(io: I) {
    let _ = settings::http2()
        .serve_connection(TokioIo::new(io), service_fn(answer))
        .await;
}

//! One port for both as one writes it in an afternoon: MSG_PEEK, a boxed stream,
//! hyper-util's `auto`. No deadline before the first request.

use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::settings;
use crate::Result;
use crate::app::answer;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Serves both.
pub async fn run(listener: TcpListener, config: Arc<ServerConfig>) -> Result {
    let acceptor = TlsAcceptor::from(config);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    settings::auto(&mut builder);
    let builder = Arc::new(builder);
    loop {
        let (tcp, _) = listener.accept().await?;
        let (acceptor, builder) = (acceptor.clone(), builder.clone());
        tokio::spawn(async move {
            if let Ok(stream) = either(tcp, acceptor).await {
                let io = TokioIo::new(stream);
                let _ = builder
                    .serve_connection_with_upgrades(io, service_fn(answer))
                    .await;
            }
        });
    }
}

async fn either(tcp: TcpStream, acceptor: TlsAcceptor) -> std::io::Result<Box<dyn Stream>> {
    let mut first = [0];
    tcp.peek(&mut first).await?;
    // A TLS record of type handshake (RFC 8446 5.1).
    if first == [0x16] {
        return Ok(Box::new(acceptor.accept(tcp).await?));
    }
    Ok(Box::new(tcp))
}

//! oneport in each of its modes.

use std::sync::Arc;

use oneport::{Limits, Mode};
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tower::service_fn;

use super::settings::IDLE;
use crate::Result;
use crate::app::answer;

/// TLS and plaintext, or TLS only.
pub async fn dual(listener: TcpListener, tls: Arc<ServerConfig>, mode: Mode) -> Result {
    let server = oneport::serve_dual(listener, tls, service_fn(answer));
    let drained = server.mode(mode).limits(limits()).await?;
    Err(format!("the server ended: {drained:?}").into())
}

/// Plaintext only.
pub async fn plaintext(listener: TcpListener) -> Result {
    let server = oneport::serve_plaintext(listener, service_fn(answer));
    let drained = server.limits(limits()).await?;
    Err(format!("the server ended: {drained:?}").into())
}

/// Alike, so that none of them ends what is held on purpose.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.sniff = IDLE;
    limits.handshake = IDLE;
    limits.first_request = IDLE;
    limits.request_head = IDLE;
    limits.keep_alive_idle = IDLE;
    limits.connections = 20_000;
    limits
}

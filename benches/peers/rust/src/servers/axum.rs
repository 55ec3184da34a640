//! What users of axum have: its own server, axum-server with rustls, and
//! axum-server-dual-protocol on top of that. The app is a plain service, without
//! a Router: the server is what is measured.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum_server_dual_protocol::axum_server as axum_server_07;
use http::{Request, Response};
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tower::make::Shared;
use tower::service_fn;

use super::settings;
use crate::Result;
use crate::app::answer;

/// `axum::serve`: plaintext. hyper's settings cannot be changed there.
pub async fn serve(listener: TcpListener) -> Result {
    Ok(axum::serve(listener, Shared::new(service_fn(boxed))).await?)
}

/// axum-server: TLS.
pub async fn server(listener: TcpListener, tls: Arc<ServerConfig>) -> Result {
    let tls = axum_server::tls_rustls::RustlsConfig::from_config(tls);
    let mut server = axum_server::from_tcp_rustls(listener.into_std()?, tls)?;
    settings::auto(server.http_builder());
    Ok(server.serve(Shared::new(service_fn(answer))).await?)
}

/// axum-server-dual-protocol: both on one port.
pub async fn dual_protocol(listener: TcpListener, tls: Arc<ServerConfig>) -> Result {
    let tls = axum_server_07::tls_rustls::RustlsConfig::from_config(tls);
    let listener = listener.into_std()?;
    let mut server = axum_server_dual_protocol::from_tcp_dual_protocol(listener, tls);
    settings::auto(server.http_builder());
    Ok(server.serve(Shared::new(service_fn(answer))).await?)
}

async fn boxed(request: Request<Body>) -> std::result::Result<Response<Body>, Infallible> {
    Ok(answer(request).await?.map(Body::new))
}

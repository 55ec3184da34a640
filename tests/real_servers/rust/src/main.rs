//! `oneport-rust-servers plain PORT` or `tls PORT CERT KEY`: axum-server, as its
//! documentation has it.

use axum::Router;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use axum_server::tls_rustls::RustlsConfig;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let app = Router::new()
        .route("/", get(async || "axum-server\n"))
        .route("/ws", get(websocket))
        .into_make_service();
    match arguments[..] {
        ["plain", port] => axum_server::bind(address(port)).serve(app).await,
        ["tls", port, cert, key] => {
            rustls::crypto::ring::default_provider()
                .install_default()
                .expect("the first");
            let tls = RustlsConfig::from_pem_file(cert, key).await;
            let tls = tls.expect("a certificate and its key");
            axum_server::bind_rustls(address(port), tls).serve(app).await
        }
        _ => panic!("plain PORT, or tls PORT CERT KEY"),
    }
    .expect("served");
}

fn address(port: &str) -> std::net::SocketAddr {
    ([127, 0, 0, 1], port.parse().expect("a port")).into()
}

async fn websocket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |mut socket: WebSocket| {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
    })
}

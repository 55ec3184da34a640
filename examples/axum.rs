//! An axum Router over TLS and plaintext on one port: `axum::serve(listener,
//! app)` with another name and a certificate.
//!
//! ```sh
//! cargo run --example axum --features generate,ring
//! curl http://localhost:3000/
//! curl --insecure https://localhost:3000/
//! ```
#![allow(clippy::print_stdout)] // an example talks to its user

use std::error::Error;

use axum::{Extension, Router, routing::get};
use oneport::tls::generate::DevelopmentCertificate;
use oneport::{ConnInfo, Drained};
use tokio::net::TcpListener;

async fn hello(Extension(info): Extension<ConnInfo>) -> String {
    let scheme = if info.is_tls() { "https" } else { "http" };
    format!("hello {} over {scheme}\n", info.peer())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr = std::env::args()
        .nth(1)
        .unwrap_or("127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(addr).await?;
    socket2::SockRef::from(&listener).set_tcp_nodelay(true)?;
    println!("listening on {}", listener.local_addr()?);

    let certificate = DevelopmentCertificate::load_or_create(None, &[])?;
    let app = Router::new().route("/", get(hello));
    let drained = oneport::serve_dual(listener, certificate.tls_config()?, app)
        .with_graceful_shutdown(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    if let Drained::Aborted(n) = drained {
        println!("{n} connections were cut off");
    }
    Ok(())
}

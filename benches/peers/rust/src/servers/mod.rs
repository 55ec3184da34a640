//! The servers by name. All have the same hyper settings as far as they let
//! them be set, the same TLS configuration, a TCP_NODELAY listener and a
//! current-thread runtime.

mod axum;
mod bare;
mod naive;
mod ours;
mod settings;

use std::io::{self, Read};
use std::path::Path;
use std::process::exit;

use oneport::Mode;
use tokio::net::TcpListener;

use crate::{Result, tls};

/// Serves until the standard input ends, which ends the process.
pub async fn run(server: &str, directory: &Path) -> Result {
    let tls = tls::server(directory)?;
    std::thread::spawn(|| {
        let ended = io::stdin().read_to_end(&mut Vec::new());
        exit(i32::from(ended.is_err()));
    });
    // "-documented": the listener as the documentation has it.
    let listener = match server.ends_with("-documented") {
        true => TcpListener::bind("127.0.0.1:0").await?,
        false => nodelay_listener().await?,
    };
    println!("{}", listener.local_addr()?);
    match server {
        "axum-serve" => axum::serve(listener).await,
        "axum-server" | "axum-server-documented" => axum::server(listener, tls).await,
        "dual-protocol" | "dual-protocol-documented" => axum::dual_protocol(listener, tls).await,
        "hyper" => bare::plaintext(listener, bare::http1).await,
        "hyper-h2c" => bare::plaintext(listener, bare::http2).await,
        "naive-peek" => naive::run(listener, tls).await,
        "oneport" | "oneport-documented" => ours::dual(listener, tls, Mode::Dual).await,
        "oneport-plaintext" => ours::plaintext(listener).await,
        "oneport-tls" => ours::dual(listener, tls, Mode::TlsOnly).await,
        "tokio-rustls" => bare::tls(listener, tls).await,
        _ => Err(format!("{server}: unknown server").into()),
    }
}

/// Accepted sockets inherit the listener's TCP_NODELAY.
async fn nodelay_listener() -> Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    socket2::SockRef::from(&listener).set_tcp_nodelay(true)?;
    Ok(listener)
}

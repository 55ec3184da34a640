//! The bare `Acceptor` under tungstenite: WS and WSS on one port, no HTTP
//! server at all.
//!
//! ```sh
//! cargo run --example acceptor_tungstenite --features generate,ring
//! curl -i http://localhost:3000/     # no WebSocket handshake: tungstenite says so
//! ```
#![allow(clippy::print_stdout)] // an example talks to its user

use std::error::Error;

use futures_util::{SinkExt, StreamExt};
use oneport::Acceptor;
use oneport::tls::generate::DevelopmentCertificate;
use tokio::net::{TcpListener, TcpStream};

async fn echo(acceptor: Acceptor, tcp: TcpStream, peer: std::net::SocketAddr) {
    // Sniffs, shakes hands or refuses, all with deadlines.
    let accepted = match acceptor.accept(tcp, peer).await {
        Ok(accepted) => accepted,
        Err(error) => return println!("{peer}: {error}"),
    };
    let scheme = if accepted.info.is_tls() { "wss" } else { "ws" };
    let mut socket = match tokio_tungstenite::accept_async(accepted.stream).await {
        Ok(socket) => socket,
        Err(error) => return println!("{peer}: {error}"),
    };
    println!("{peer}: {scheme}");
    while let Some(Ok(message)) = socket.next().await {
        let is_data = message.is_text() || message.is_binary();
        if is_data && socket.send(message).await.is_err() {
            break;
        }
    }
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
    // Only HTTP/1.1 can be upgraded here, so only that is offered.
    let mut config = (*certificate.tls_config()?.current()).clone();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = Acceptor::new(config);
    loop {
        match listener.accept().await {
            Ok((tcp, peer)) => {
                tokio::spawn(echo(acceptor.clone(), tcp, peer));
            }
            Err(error) => println!("accept: {error}"),
        }
    }
}

//! tokio-tungstenite on `client::Connector`: what it says at a port of the
//! wrong mode, and that it works at the right one.
//!
//! ```sh
//! cargo run --example client_tungstenite --features client,generate,ring
//! ```
#![allow(clippy::print_stdout)] // an example talks to its user

mod two_ports;

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::any;
use futures_util::{SinkExt, StreamExt};
use oneport::client::{Connector, diagnose};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.next().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}
use tower::BoxError;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let upgrade = any(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo) });
    let ports = two_ports::start(axum::Router::new().route("/", upgrade)).await?;
    let connector = Connector::builder().ca(&ports.ca).build()?;

    for (scheme, port) in [
        ("wss", ports.plaintext),
        ("ws", ports.tls),
        ("wss", ports.tls),
        ("ws", ports.plaintext),
    ] {
        let url = format!("{scheme}://localhost:{port}/");
        match said(&connector, &url).await {
            Ok(echoed) => println!("{url}\n  works: {echoed}"),
            // What the connector says is in there; and where it could connect,
            // the refusal is in tungstenite's error.
            Err(error) => match diagnose(&*error) {
                Some(diagnosis) => println!("{url}\n  {diagnosis}"),
                None => println!("{url}\n  {error}"),
            },
        }
    }
    Ok(())
}

async fn said(connector: &Connector, url: &str) -> Result<Message, BoxError> {
    let stream = connector.connect(url).await?;
    let (mut socket, _) = client_async(url, stream).await?;
    socket.send("hello".into()).await?;
    let echoed = socket.next().await.ok_or("no echo")??;
    socket.close(None).await?;
    Ok(echoed)
}

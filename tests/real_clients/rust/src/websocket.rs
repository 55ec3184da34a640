//! tokio-tungstenite: one word, there and back.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

use crate::Answer;

pub async fn echo(url: &str, connector: Connector) -> Answer {
    let (mut socket, _) = connect_async_tls_with_config(url, None, false, Some(connector)).await?;
    socket.send(Message::text("the same word")).await?;
    let echoed = socket.next().await.ok_or("closed without an echo")??;
    socket.close(None).await?;
    Ok(echoed.into_text()?.to_string())
}

//! Connections that are held without a word. Afterwards each has to answer.

use tokio::task::JoinSet;

use super::client::{Client, Stream, request};
use super::kept::{AT_ONCE, all, open};
use super::{Outcome, Run, Workload};
use crate::Result;

/// Nothing was ever sent; the handshake, where there is TLS, comes afterwards.
pub async fn silent(client: Client, workload: &Workload) -> Result<Run> {
    let mut sockets = Vec::with_capacity(workload.connections);
    while sockets.len() < workload.connections {
        sockets.push(client.tcp().await?);
    }
    Ok(Box::pin(async move {
        let mut streams = Vec::with_capacity(sockets.len());
        for tcp in sockets {
            streams.push(client.shake_hands(tcp).await?.0);
        }
        Ok(Outcome::of(asked(streams).await?.len()))
    }))
}

/// Each has had one request.
pub async fn idle(client: Client, workload: &Workload) -> Result<Run> {
    let streams = asked(open(&client, workload.connections).await?).await?;
    Ok(Box::pin(async move {
        Ok(Outcome::of(asked(streams).await?.len()))
    }))
}

/// Each has one more answer.
async fn asked(mut streams: Vec<Box<dyn Stream>>) -> Result<Vec<Box<dyn Stream>>> {
    let mut done = Vec::with_capacity(streams.len());
    while !streams.is_empty() {
        let mut tasks = JoinSet::new();
        for mut stream in streams.drain(..streams.len().min(AT_ONCE)) {
            tasks.spawn(async move { request(&mut stream).await.map(|()| stream) });
        }
        done.extend(all(tasks).await?);
    }
    Ok(done)
}

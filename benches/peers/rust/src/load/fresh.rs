//! A new connection for every request; the client closes, with TLS without a
//! word, as many do.

use std::time::{Duration, Instant};

use rustls::HandshakeKind;
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;

use super::client::{Client, REQUEST, answer, request, send};
use super::kept::all;
use super::{Outcome, Run, Workload};
use crate::Result;

/// Each client has one connection at a time.
pub fn many(clients: Vec<Client>, workload: &Workload) -> Result<Run> {
    let each = workload.each();
    Ok(Box::pin(async move {
        let operations = each * clients.len();
        connections(clients, each).await?;
        Ok(Outcome::of(operations))
    }))
}

/// Each client has its own tickets, and some to begin with. A server may send
/// its tickets after its answer, to a client that has left: then the next
/// handshake is a full one. One in fifty is let pass.
pub async fn resumed(workload: &Workload) -> Result<Run> {
    let mut clients = Vec::new();
    for _ in 0..workload.connections {
        let client = workload.tls_with(b"http/1.1", true)?;
        request(&mut client.connect().await?).await?;
        clients.push(client);
    }
    let each = workload.each();
    Ok(Box::pin(async move {
        let operations = each * clients.len();
        let kinds = connections(clients, each).await?;
        let full = kinds
            .iter()
            .filter(|kind| **kind != Some(HandshakeKind::Resumed));
        match full.count() {
            few if few * 50 <= operations => Ok(Outcome::of(operations)),
            full => Err(format!("{full} of {operations} handshakes were full ones").into()),
        }
    }))
}

/// How each connection began.
async fn connections(clients: Vec<Client>, each: usize) -> Result<Vec<Option<HandshakeKind>>> {
    let mut tasks = JoinSet::new();
    for client in clients {
        tasks.spawn(async move {
            let mut kinds = Vec::with_capacity(each);
            for _ in 0..each {
                let (mut stream, kind) = client.connect_and_tell().await?;
                request(&mut stream).await?;
                kinds.push(kind);
            }
            Ok(kinds)
        });
    }
    Ok(all(tasks).await?.concat())
}

/// From before the connect to the first byte of the answer, one connection after
/// the other. Fewer than asked for where the server takes long.
pub fn first_byte(client: Client, workload: &Workload) -> Result<Run> {
    const LONGEST: Duration = Duration::from_secs(1);
    const FEWEST: usize = 10;
    let count = workload.count;
    Ok(Box::pin(async move {
        let begun = Instant::now();
        let mut samples = Vec::with_capacity(count);
        while samples.len() < FEWEST || samples.len() < count && begun.elapsed() < LONGEST {
            let start = Instant::now();
            let mut stream = client.connect().await?;
            send(&mut stream, REQUEST).await?;
            let mut buffer = [0; 2048];
            let filled = stream.read(&mut buffer).await?;
            samples.push(start.elapsed());
            answer(&mut stream, &mut buffer, filled).await?;
        }
        Ok(Outcome {
            operations: samples.len(),
            samples,
            ..Outcome::default()
        })
    }))
}

//! A new connection for every request; the client closes, with TLS without a
//! word, as many do.

use std::time::{Duration, Instant};

use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use super::client::{Client, REQUEST, answer, request};
use super::kept::all;
use super::{Outcome, Run, Workload};
use crate::Result;

/// Each client has one connection at a time.
pub fn many(clients: Vec<Client>, workload: &Workload) -> Result<Run> {
    Ok(of_kind(clients, workload.each(), HandshakeKind::Full))
}

/// Each client has its own tickets, and one to begin with.
pub async fn resumed(workload: &Workload) -> Result<Run> {
    let mut clients = Vec::new();
    for _ in 0..workload.connections {
        let client = workload.tls_with(b"http/1.1", true)?;
        request(&mut client.connect().await?).await?;
        clients.push(client);
    }
    Ok(of_kind(clients, workload.each(), HandshakeKind::Resumed))
}

fn of_kind(clients: Vec<Client>, each: usize, kind: HandshakeKind) -> Run {
    Box::pin(async move {
        let operations = each * clients.len();
        let mut tasks = JoinSet::new();
        for client in clients {
            tasks.spawn(async move {
                for _ in 0..each {
                    request(&mut client.connect_as(kind).await?).await?;
                }
                Ok(())
            });
        }
        all(tasks).await?;
        Ok(Outcome::of(operations))
    })
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
            stream.write_all(REQUEST).await?;
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

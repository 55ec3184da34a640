//! Requests on connections that are kept: opened before the measurement.

use tokio::task::JoinSet;

use super::client::{Client, Stream, large_request, request};
use super::{Outcome, Run, Workload};
use crate::Result;

/// So many connections are opened, or asked, at a time.
pub const AT_ONCE: usize = 32;

/// Small requests, one in flight per connection.
pub async fn small(client: Client, workload: &Workload) -> Result<Run> {
    let each = workload.each();
    let mut streams = open(&client, workload.connections).await?;
    // What happens once per connection (tickets) is not a request's cost.
    for stream in &mut streams {
        request(stream).await?;
    }
    Ok(Box::pin(async move {
        let operations = each * streams.len();
        let mut tasks = JoinSet::new();
        for mut stream in streams {
            tasks.spawn(async move {
                for _ in 0..each {
                    request(&mut stream).await?;
                }
                // Kept until all are done: no close is measured.
                Ok(stream)
            });
        }
        all(tasks).await?;
        Ok(Outcome::of(operations))
    }))
}

/// Large bodies, one after the other.
pub async fn large(client: Client, workload: &Workload) -> Result<Run> {
    let each = workload.count;
    let mut stream = client.connect().await?;
    request(&mut stream).await?;
    Ok(Box::pin(async move {
        let mut buffer = vec![0; 256 * 1024];
        for _ in 0..each {
            large_request(&mut stream, &mut buffer).await?;
        }
        Ok(Outcome::of(each))
    }))
}

/// So many connections, a few at a time.
pub async fn open(client: &Client, count: usize) -> Result<Vec<Box<dyn Stream>>> {
    let mut streams = Vec::with_capacity(count);
    while streams.len() < count {
        let mut tasks = JoinSet::new();
        for _ in 0..AT_ONCE.min(count - streams.len()) {
            let client = client.clone();
            tasks.spawn(async move { client.connect().await });
        }
        streams.extend(all(tasks).await?);
    }
    Ok(streams)
}

/// What all tasks return, or the first error.
pub async fn all<T: Send + 'static>(mut tasks: JoinSet<Result<T>>) -> Result<Vec<T>> {
    let mut done = Vec::with_capacity(tasks.len());
    while let Some(ended) = tasks.join_next().await {
        done.push(ended??);
    }
    Ok(done)
}

//! Connections that are held without a word. Afterwards each has to answer.

use super::client::{Client, Stream, request};
use super::kept::open;
use super::{Outcome, Run, Workload};
use crate::Result;

/// Nothing was ever sent.
pub async fn silent(client: Client, workload: &Workload) -> Result<Run> {
    Ok(still_there(open(&client, workload.connections).await?))
}

/// Each has had one request.
pub async fn idle(client: Client, workload: &Workload) -> Result<Run> {
    let mut streams = open(&client, workload.connections).await?;
    for stream in &mut streams {
        request(stream).await?;
    }
    Ok(still_there(streams))
}

fn still_there(mut streams: Vec<Box<dyn Stream>>) -> Run {
    Box::pin(async move {
        for stream in &mut streams {
            request(stream).await?;
        }
        Ok(Outcome::of(streams.len()))
    })
}

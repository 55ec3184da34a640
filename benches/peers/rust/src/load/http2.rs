//! HTTP/2: a few connections, some requests in flight on each.

use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinSet;

use super::client::Client;
use super::kept::{all, open};
use super::{Outcome, Run, Workload};
use crate::Result;
use crate::app::BODY;

const IN_FLIGHT: usize = 8;

/// Small requests; ALPN or prior knowledge decide on the version.
pub async fn requests(client: Client, workload: &Workload) -> Result<Run> {
    let each = (workload.each() / IN_FLIGHT).max(1);
    let mut connections = Vec::new();
    for stream in open(&client, workload.connections).await? {
        let io = TokioIo::new(stream);
        let (mut send, connection) = handshake(TokioExecutor::new(), io).await?;
        tokio::spawn(connection);
        request(&mut send).await?;
        connections.push(send);
    }
    Ok(Box::pin(async move {
        let mut tasks = JoinSet::new();
        for send in &connections {
            for _ in 0..IN_FLIGHT {
                let mut send = send.clone();
                tasks.spawn(async move {
                    for _ in 0..each {
                        request(&mut send).await?;
                    }
                    Ok(())
                });
            }
        }
        let operations = each * tasks.len();
        all(tasks).await?;
        Ok(Outcome::of(operations))
    }))
}

async fn request(send: &mut SendRequest<Empty<bytes::Bytes>>) -> Result {
    let request = Request::get("http://localhost/").body(Empty::new())?;
    send.ready().await?;
    let response = send.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    match status.as_u16() == 200 && body == BODY {
        true => Ok(()),
        false => Err(format!("not the right answer: {status}, {body:?}").into()),
    }
}

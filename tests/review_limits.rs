//! Limits of zero.
#![allow(clippy::unwrap_used)] // a test

mod support;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use oneport::Limits;
use support::{Server, told, within};
use tokio::net::TcpStream;
use tower::service_fn;

/// h2 gives a stream no capacity then, so that every answer with a body hung until it was
/// reset for a `write_stall` of which the client knew nothing. (0 counts as 1 elsewhere,
/// and the command refuses it.)
#[tokio::test]
async fn nothing_is_kept_of_http_2_responses() {
    let mut limits = Limits::default();
    limits.http2_send_bytes = 0;
    let server = Server::start(|listener, signal| {
        oneport::serve_plaintext(listener, service_fn(support::hello))
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let io = TokioIo::new(TcpStream::connect(server.addr).await.unwrap());
    let (mut send, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://a/").body(Full::<Bytes>::default());
    let answer = within(send.send_request(request.unwrap())).await.unwrap();
    let body = within(answer.into_body().collect()).await;
    assert!(!body.unwrap().to_bytes().is_empty());
}

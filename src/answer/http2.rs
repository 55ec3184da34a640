//! The answer to HTTP/2 with prior knowledge (h2c, gRPC).

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::refusal::AnyBody;
use super::{BoxError, Refusal, Result, Sent};
use crate::nursery::Nursery;

/// So much of a request's body is read before it is answered: an earlier answer
/// ends in RST_STREAM, which several clients report instead of the answer.
const BODY_MOST: usize = 16 * 1024 * 1024;
/// A streaming call sends no end of body before it has an answer.
const BODY_PAUSE: Duration = Duration::from_millis(250);
const STREAMS_MOST: u32 = 16;
/// From the answer to GOAWAY. hyper writes GOAWAY and PING ahead of what else
/// it has to write, and Python's h2 (httpx) fails on a PING behind a GOAWAY
/// before it hands out an answer that it has read together with them.
const GOAWAY_PAUSE: Duration = Duration::from_millis(100);

/// Answers the requests that arrive until the first answer is out, then says
/// GOAWAY(NO_ERROR) and half-closes. Never GOAWAY(HTTP_1_1_REQUIRED): Python's
/// grpcio 1.85.1 aborts its whole process on that.
pub(crate) async fn http2<I>(io: &mut I, refusal: &Refusal) -> Result
where
    I: AsyncRead + AsyncWrite + Unpin + Send,
{
    // A body that trickles must leave time for the answer.
    let bodies_until = Instant::now() + refusal.budget / 4;
    let answered = Arc::new(AtomicBool::new(false));
    let announce = answered.clone();
    let refusal = refusal.clone();
    let on_request = move |request: http::Request<Incoming>| {
        let answered = announce.clone();
        let refusal = refusal.clone();
        async move {
            let (parts, mut body) = request.into_parts();
            if parts.headers.get(http::header::EXPECT).is_none() {
                let _ = timeout_at(bodies_until, await_body(&mut body)).await;
            }
            let response = refusal.answer(parts, body).await;
            Ok::<_, Infallible>(response.map(|body| Announced { body, answered }))
        }
    };
    let streams = Nursery::default();
    let connection = http2::Builder::new(streams.spawner())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MOST)
        .serve_connection(TokioIo::new(io), service_fn(on_request));
    let mut connection = pin!(connection);
    let mut goaway = pin!(None);
    let mut winding_down = false;
    poll_fn(|cx| {
        loop {
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(ended);
            }
            let ended = streams.poll(cx);
            if answered.load(Ordering::Relaxed) && goaway.is_none() {
                goaway.set(Some(sleep(GOAWAY_PAUSE)));
            }
            let due = goaway.as_mut().as_pin_mut();
            if !winding_down && due.is_some_and(|due| due.poll(cx).is_ready()) {
                winding_down = true;
                connection.as_mut().graceful_shutdown();
            } else if !ended {
                return Poll::Pending;
            }
        }
    })
    .await?;
    Ok(Sent::HalfClosed)
}

/// Reads the body to its end, its pause, or [`BODY_MOST`].
async fn await_body(body: &mut Incoming) {
    let mut read = 0;
    while read < BODY_MOST {
        match timeout(BODY_PAUSE, body.frame()).await {
            Ok(Some(Ok(frame))) => read += frame.data_ref().map_or(0, Bytes::len),
            _ => return,
        }
    }
}

/// A body that tells when it has been handed to the connection.
struct Announced {
    body: AnyBody,
    answered: Arc<AtomicBool>,
}

impl Body for Announced {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.answered.store(true, Ordering::Relaxed);
    }
}

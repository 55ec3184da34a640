//! The answer to HTTP/2 with prior knowledge (h2c, gRPC).

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    let streams = Streams::default();
    let connection = http2::Builder::new(streams.clone())
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
            let progressed = streams.poll(cx);
            if answered.load(Ordering::Relaxed) && goaway.is_none() {
                goaway.set(Some(sleep(GOAWAY_PAUSE)));
            }
            let due = goaway.as_mut().as_pin_mut();
            if !winding_down && due.is_some_and(|due| due.poll(cx).is_ready()) {
                winding_down = true;
                connection.as_mut().graceful_shutdown();
            } else if !progressed {
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

/// hyper's executor for the streams of one refused connection: they run inside
/// the connection's own future, so that nothing outlives it and nothing is
/// spawned.
#[derive(Clone, Default)]
struct Streams(Arc<Mutex<Vec<Stream>>>);

type Stream = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Streams {
    /// Whether a stream ended or came, so that the connection has news.
    fn poll(&self, cx: &mut Context<'_>) -> bool {
        let mut streams = self.take();
        let before = streams.len();
        streams.retain_mut(|stream| stream.as_mut().poll(cx).is_pending());
        let ended = streams.len() != before;
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let came = !queue.is_empty();
        queue.append(&mut streams);
        ended || came
    }

    fn take(&self) -> Vec<Stream> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *queue)
    }
}

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.push(Box::pin(stream));
    }
}

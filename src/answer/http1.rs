//! The answer to an HTTP/1 request.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::gate::Gate;
use super::literal::say;
use super::{Late, Refusal, Result, Sent, bad_request, late, websocket};

/// Answers one request and half-closes. The request's body is not read: the
/// caller drains it after FIN.
pub(crate) async fn http1<I>(io: &mut I, refusal: &Refusal) -> Result
where
    I: AsyncRead + AsyncWrite + Unpin + Send,
{
    // The rest of the budget is for the answer.
    let head = refusal.budget / 2;
    // After a request for an upgrade (or CONNECT) hyper ends without FIN, as if
    // the upgrade had taken place.
    let upgrade = AtomicBool::new(false);
    let opened = AtomicBool::new(false);
    let opened = &opened;
    // Whether hyper has made out a request.
    let understood = AtomicBool::new(false);
    let service = service_fn(|request: http::Request<Incoming>| {
        understood.store(true, Ordering::Relaxed);
        if request.extensions().get::<OnUpgrade>().is_some() {
            upgrade.store(true, Ordering::Relaxed);
        }
        async move {
            let (parts, body) = request.into_parts();
            let response = refusal.answer(parts, body).await;
            if response.extensions().get::<websocket::Opened>().is_some() {
                opened.store(true, Ordering::Relaxed);
            }
            Ok::<_, Infallible>(response)
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .half_close(true)
        // As for a request that is served.
        .max_header_size(64 * 1024)
        .serve_connection(TokioIo::new(Gate::new(io, &understood)), service)
        .await;
    match served {
        Err(error) if error.is_timeout() => {
            late(io, Late::Head(head), Some(refusal.mismatch)).await
        }
        // A malformed head, one that is too large, or one without an end.
        _ if !understood.load(Ordering::Relaxed) => {
            say(io, &bad_request::answer(refusal.mismatch)).await
        }
        Ok(()) if opened.load(Ordering::Relaxed) => {
            say(io, &websocket::close(refusal.mismatch.sentence())).await
        }
        Ok(()) if upgrade.into_inner() => Ok(Sent::Open),
        Ok(()) => Ok(Sent::HalfClosed),
        Err(error) => Err(error.into()),
    }
}

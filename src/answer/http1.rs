//! The answer to an HTTP/1 request.

use std::convert::Infallible;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::explain::explain;
use super::{Result, Sent};
use crate::mismatch::Mismatch;

/// Answers one request and half-closes. The request's body is not read: the
/// caller drains it after FIN.
pub(crate) async fn http1<I>(io: &mut I, mismatch: Mismatch, head: Duration) -> Result
where
    I: AsyncRead + AsyncWrite + Unpin + Send,
{
    let service = service_fn(|request: http::Request<Incoming>| async move {
        let (parts, _body) = request.into_parts();
        Ok::<_, Infallible>(explain(&parts, mismatch))
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .keep_alive(false)
        .half_close(true)
        // As for a request that is served.
        .max_header_size(64 * 1024)
        .serve_connection(TokioIo::new(io), service)
        .await;
    match served {
        Ok(()) => Ok(Sent::HalfClosed),
        // hyper has answered what it could not parse.
        Err(error) if error.is_parse() => Ok(Sent::Open),
        Err(error) => Err(error.into()),
    }
}

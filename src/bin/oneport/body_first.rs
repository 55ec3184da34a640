//! Reads a request's body before it is answered by what does not read it.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{Version, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use tokio::time::timeout;

/// What is longer than this is answered before its end.
const MOST: usize = 64 * 1024;
/// As is what pauses for this long.
const PAUSE: Duration = Duration::from_millis(250);

/// HTTP/2 cannot answer a request before its body has arrived without an
/// RST_STREAM behind the answer, which is correct (RFC 9113 8.1) and makes curl
/// 7.88 report "Stream error in the HTTP/2 framing layer" instead of the
/// answer. So a short body, which is about to arrive anyway, is read first. A
/// client that asks before it sends (`Expect: 100-continue`) is answered at
/// once, and HTTP/1 does not need this.
pub(crate) async fn body_first(request: Request, next: Next) -> Response {
    let asks = request.headers().contains_key(header::EXPECT);
    if request.version() != Version::HTTP_2 || asks || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, mut body) = request.into_parts();
    let mut read = 0;
    while read < MOST {
        match timeout(PAUSE, body.frame()).await {
            Ok(Some(Ok(frame))) => read += frame.data_ref().map_or(0, |data| data.len()),
            _ => break,
        }
    }
    let response = next.run(Request::from_parts(parts, Body::empty())).await;
    drop(body);
    response
}

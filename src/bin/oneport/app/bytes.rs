//! `/bytes?n=`: that many bytes, made while they are sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::RawQuery;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};

use super::{text, visit::number_in};

/// 10 GiB: enough for any measurement, and an end to a forgotten client.
const MOST: u64 = 10 * 1024 * 1024 * 1024;
/// How much is handed to hyper at once. A multiple of 256, the pattern's period.
const CHUNK: usize = 64 * 1024;

pub(super) async fn bytes(RawQuery(query): RawQuery) -> Response {
    let n = match number_in(query.as_deref(), "n") {
        Some(n) if n <= MOST => n,
        _ => {
            let sentence = format!("Say how many, up to {MOST}: /bytes?n=1000");
            return text(StatusCode::BAD_REQUEST, sentence);
        }
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Body::new(Pattern::new(n))).into_response()
}

/// A body whose byte at offset `i` is `i mod 256`.
///
/// Every chunk is the same allocation, so a response costs one chunk however
/// long it is and however slowly it is read.
struct Pattern {
    chunk: Bytes,
    left: u64,
}

impl Pattern {
    fn new(length: u64) -> Self {
        let chunk = (0..=u8::MAX).cycle().take(CHUNK).collect();
        Self {
            chunk,
            left: length,
        }
    }
}

impl HttpBody for Pattern {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let length = usize::try_from(self.left).map_or(CHUNK, |left| left.min(CHUNK));
        self.left -= length as u64;
        Poll::Ready(Some(Ok(Frame::data(self.chunk.slice(..length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn the_pattern_goes_on_over_chunks() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7] {
            let body = Pattern::new(length as u64);
            assert_eq!(body.size_hint().exact(), Some(length as u64));
            let bytes = body.collect().await.expect("no error").to_bytes();
            assert_eq!(bytes.len(), length);
            assert!(bytes.iter().enumerate().all(|(at, byte)| *byte == at as u8));
        }
    }
}

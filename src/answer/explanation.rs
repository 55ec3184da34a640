//! The body of an explanation.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

/// The body of [`Explain`](crate::Explain)'s responses: whole, in memory, of
/// known length.
#[derive(Clone, Debug, Default)]
pub struct Explanation(Full<Bytes>);

impl From<String> for Explanation {
    fn from(text: String) -> Self {
        Self(Full::from(text))
    }
}

impl Body for Explanation {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

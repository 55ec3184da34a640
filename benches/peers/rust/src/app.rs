//! The answer, the same in every Rust server: six bytes, or 64 MiB for `/large`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};

/// The usual answer.
pub const BODY: &str = "hello\n";
/// The length of the large one, which repeats `PIECE`.
pub const LARGE: u64 = 64 * 1024 * 1024;

/// 64 KiB in which no two neighbouring pages are alike.
pub static PIECE: LazyLock<Bytes> = LazyLock::new(|| {
    let bytes = (0..64 * 1024_u32).map(|at| (at.wrapping_mul(31) ^ (at >> 8)) as u8);
    bytes.collect()
});

/// For `service_fn`, whatever the type of the request's body.
pub async fn answer<B>(request: Request<B>) -> Result<Response<Answer>, Infallible> {
    let left = match request.uri().path() {
        "/large" => LARGE,
        _ => BODY.len() as u64,
    };
    Ok(Response::new(Answer { left }))
}

/// The body: its length is known.
pub struct Answer {
    left: u64,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match self.left {
            0 => return Poll::Ready(None),
            short if short == BODY.len() as u64 => Bytes::from_static(BODY.as_bytes()),
            _ => PIECE.clone(),
        };
        self.left -= piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

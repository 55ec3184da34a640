//! The body of a request that is refused.

use std::pin::pin;
use std::time::Duration;

use bytes::Buf;
use http::request::Parts;
use http::{Version, header};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::timeout;

/// Many clients read no answer before they have sent their body, and a
/// connection that is closed in the middle of it destroys the answer: it ends
/// in RST. So this much is read.
const HTTP1_MOST: usize = 16 * 1024 * 1024;
/// The client can be told to stop by RST_STREAM.
const HTTP2_MOST: usize = 64 * 1024;
const TIME_MOST: Duration = Duration::from_secs(2);
/// A streaming call sends no end of body before it has an answer.
const PAUSE_MOST: Duration = Duration::from_millis(250);

/// What is still to be read of a request's body.
pub(super) struct Unread<B> {
    body: B,
    most: usize,
}

/// None if nothing should be read before the answer.
pub(super) fn unread<B: Body>(request: &Parts, body: B) -> Option<Unread<B>> {
    // It waits for permission, and reading would give it.
    let asks = request.headers.contains_key(header::EXPECT);
    let most = match request.version {
        Version::HTTP_2 => HTTP2_MOST,
        _ => HTTP1_MOST,
    };
    (!asks && !body.is_end_stream()).then_some(Unread { body, most })
}

impl<B: Body> Unread<B> {
    /// Reads to the end, to a pause, or as far as is sensible.
    pub(super) async fn read(self) {
        let mut body = pin!(self.body);
        let mut left = self.most;
        let reading = async {
            while let Ok(Some(Ok(frame))) = timeout(PAUSE_MOST, body.frame()).await {
                let length = frame.data_ref().map_or(0, Buf::remaining);
                match left.checked_sub(length) {
                    Some(rest) => left = rest,
                    None => break,
                }
            }
        };
        // In time or not, the answer follows.
        let _ = timeout(TIME_MOST, reading).await;
    }
}

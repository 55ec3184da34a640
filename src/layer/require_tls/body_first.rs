//! The body of a request that is refused, where the answer cannot go first.

use std::pin::pin;
use std::time::Duration;

use bytes::Buf;
use http::request::Parts;
use http::{Version, header};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::timeout;

/// hyper answers ahead of the end of a request's body with RST_STREAM behind
/// the answer, which several clients report instead of it. So this much is read
/// first. (Over HTTP/1 the answer goes first, and the server lingers.)
const LENGTH_MOST: usize = 16 * 1024 * 1024;
const TIME_MOST: Duration = Duration::from_secs(2);
/// A streaming call sends no end of body before it has an answer.
const PAUSE_MOST: Duration = Duration::from_millis(250);

/// Whether the request's body should be read before the answer.
pub(super) fn is_due<B: Body>(request: &Parts, body: &B) -> bool {
    // It waits for permission, and reading would give it.
    let asks = request.headers.contains_key(header::EXPECT);
    // hyper gives up a connection whose request asked for an upgrade, and then
    // nobody is left who could linger. Java's HttpClient asks for h2c.
    let upgrade = request.headers.contains_key(header::UPGRADE);
    let first = request.version == Version::HTTP_2 || upgrade;
    first && !asks && !body.is_end_stream()
}

/// Reads to the end, to a pause, or as far as is sensible.
pub(super) async fn read<B: Body>(body: B) {
    let mut body = pin!(body);
    let mut length = 0;
    let reading = async {
        while length < LENGTH_MOST {
            match timeout(PAUSE_MOST, body.frame()).await {
                Ok(Some(Ok(frame))) => length += frame.data_ref().map_or(0, Buf::remaining),
                _ => break,
            }
        }
    };
    // In time or not, the answer follows.
    let _ = timeout(TIME_MOST, reading).await;
}

//! The answer to one connection too many.

use tokio::io::{AsyncRead, AsyncWrite};

use super::Result;
use super::literal::{response, say};

/// RFC 9110 15.6.4, with Retry-After (10.2.3) in seconds.
pub(crate) async fn full<I>(io: &mut I, most: usize) -> Result
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let sentence = format!(
        "This server takes at most {most} connections from one address: close some, or try again later."
    );
    let first_line = "HTTP/1.1 503 Service Unavailable";
    let extra = format!("X-Error: {sentence}\r\nCache-Control: no-store\r\nRetry-After: 5\r\n");
    let answer = response(
        first_line,
        &extra,
        "too-many-connections",
        &format!("{sentence}\n"),
    );
    say(io, answer.as_bytes()).await
}

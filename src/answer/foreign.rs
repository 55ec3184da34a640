//! The answer to what is neither TLS nor HTTP.

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::{Result, Sent};
use crate::foreign::Foreign;
use crate::mismatch::Mismatch;

/// Text gets an HTTP 400 that a person at the other end can read; binary gets
/// nothing: bytes that it cannot read would only confuse it more.
pub(crate) async fn foreign<I>(io: &mut I, foreign: Foreign) -> Result
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    if foreign.is_text() {
        let mismatch = Mismatch::Foreign(foreign);
        let sentence = mismatch.sentence();
        let answer = format!(
            "HTTP/1.1 400 Bad Request\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {}\r\n\
             Oneport-Mismatch: {}\r\n\
             Connection: close\r\n\
             \r\n\
             {sentence}\n",
            sentence.len() + 1,
            mismatch.slug(),
        );
        io.write_all(answer.as_bytes()).await?;
        io.flush().await?;
    }
    Ok(Sent::Open)
}

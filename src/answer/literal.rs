//! HTTP answers that hyper cannot give, because there is no request.

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::{Result, Sent};

/// A whole response in text; `extra` are header lines.
pub(super) fn response(first_line: &str, extra: &str, slug: &str, body: &str) -> String {
    format!(
        "{first_line}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\n\
         {extra}\
         Oneport-Mismatch: {slug}\r\n\
         Connection: close\r\n\
         \r\n\
         {body}",
        body.len(),
    )
}

/// Writes the whole of an answer.
pub(super) async fn say<I: AsyncWrite + Unpin>(io: &mut I, answer: &[u8]) -> Result {
    io.write_all(answer).await?;
    io.flush().await?;
    Ok(Sent::Open)
}

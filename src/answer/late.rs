//! The answer to a request whose head does not come to an end.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::{Result, Sent};
use crate::mismatch::Mismatch;

/// RFC 9110 15.5.9. hyper ends such a connection without a word.
///
/// Who would have been refused anyway is told why, too.
pub(crate) async fn late<I>(io: &mut I, after: Duration, refused: Option<Mismatch>) -> Result
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let sentence = format!(
        "This request did not arrive in time: its head has to be complete within {after:?}."
    );
    let why = refused.map_or(String::new(), |mismatch| format!("{mismatch}\n"));
    let length = sentence.len() + 1 + why.len();
    let answer = format!(
        "HTTP/1.1 408 {sentence}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         X-Error: {sentence}\r\n\
         Oneport-Mismatch: request-timeout\r\n\
         Cache-Control: no-store\r\n\
         Connection: close\r\n\
         \r\n\
         {sentence}\n{why}",
    );
    io.write_all(answer.as_bytes()).await?;
    io.flush().await?;
    Ok(Sent::Open)
}

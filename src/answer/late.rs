//! The answer to a request whose head does not come to an end.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::Result;
use super::literal::{response, say};
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
    let first_line = format!("HTTP/1.1 408 {sentence}");
    let extra = format!("X-Error: {sentence}\r\nCache-Control: no-store\r\n");
    let body = format!("{sentence}\n{why}");
    let answer = response(&first_line, &extra, "request-timeout", &body);
    say(io, answer.as_bytes()).await
}

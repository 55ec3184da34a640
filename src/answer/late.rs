//! The answer to a request that does not come to an end.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::Result;
use super::literal::{response, say};
use crate::mismatch::Mismatch;

/// What did not come in time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Late {
    /// The next byte of the body.
    #[cfg(feature = "serve")]
    Body(Duration),
    /// The whole head.
    Head(Duration),
}

/// RFC 9110 15.5.9. hyper ends such a connection without a word.
///
/// Who would have been refused anyway is told why, too.
pub(crate) async fn late<I>(io: &mut I, late: Late, refused: Option<Mismatch>) -> Result
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let sentence = match late {
        #[cfg(feature = "serve")]
        Late::Body(most) => format!(
            "This request did not arrive in time: nothing more came of its body for {most:?}."
        ),
        Late::Head(most) => format!(
            "This request did not arrive in time: its head has to be complete within {most:?}."
        ),
    };
    let why = refused.map_or(String::new(), |mismatch| format!("{mismatch}\n"));
    let first_line = format!("HTTP/1.1 408 {sentence}");
    let extra = format!("X-Error: {sentence}\r\nCache-Control: no-store\r\n");
    let body = format!("{sentence}\n{why}");
    let answer = response(&first_line, &extra, "request-timeout", &body);
    say(io, answer.as_bytes()).await
}

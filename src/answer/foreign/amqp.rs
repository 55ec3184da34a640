//! AMQP. Its own refusal is the header of a version that the server speaks
//! (AMQP 1.0 2.2), and this one speaks none.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::bad_request;
use crate::mismatch::Mismatch;

/// Version 1.0 clients show a header that they do not know: qpid-proton quotes
/// the whole text. The clients of 0-9-1 take it for a frame, and complain of
/// its size; at an early end they say that the protocol is not supported.
pub(super) async fn answer<I>(io: &mut I, mismatch: Mismatch) -> io::Result<Vec<u8>>
where
    I: AsyncRead + Unpin,
{
    let mut header = [0; 6];
    io.read_exact(&mut header).await?;
    Ok(match header {
        // The name, a protocol id, the major version. Id 1 is 0-8 to 0-10.
        [.., 0 | 2 | 3, 1] => bad_request::answer(mismatch),
        _ => Vec::new(),
    })
}

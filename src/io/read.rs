//! Reading without holding a buffer.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// As much as one read takes: hyper's own first buffer is as large.
const CHUNK: usize = 8 * 1024;

/// Appends to `bytes` what one read yields; 0 is the end of the stream.
///
/// The buffer lives on the stack and only for the read itself: while the
/// client is silent, nothing is held for it. `read_buf` into an empty `Vec`
/// would hold its capacity for as long as the client says nothing.
///
/// # Cancel safety
///
/// Cancel safe: what was read is in `bytes`.
pub(crate) async fn read_some<R>(io: &mut R, bytes: &mut Vec<u8>) -> io::Result<usize>
where
    R: AsyncRead + Unpin,
{
    poll_fn(|cx| poll_read_some(Pin::new(io), cx, bytes)).await
}

/// [`read_some`] as a poll.
// Kept out of line: the stack buffer must not become part of a future.
#[inline(never)]
pub(crate) fn poll_read_some<R: AsyncRead>(
    io: Pin<&mut R>,
    cx: &mut Context<'_>,
    bytes: &mut Vec<u8>,
) -> Poll<io::Result<usize>> {
    let mut stack = [const { MaybeUninit::uninit() }; CHUNK];
    let mut chunk = ReadBuf::uninit(&mut stack);
    ready!(io.poll_read(cx, &mut chunk))?;
    bytes.extend_from_slice(chunk.filled());
    Poll::Ready(Ok(chunk.filled().len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn nothing_is_held_while_the_client_is_silent() {
        let (mut client, mut server) = tokio::io::duplex(64 * 1024);
        let mut bytes = Vec::new();
        {
            let mut reading = Box::pin(read_some(&mut server, &mut bytes));
            let waker = std::task::Waker::noop();
            let pending = reading.as_mut().poll(&mut Context::from_waker(waker));
            assert!(pending.is_pending());
            assert!(size_of_val(&*reading) < 64, "the buffer is in the future");
        }
        assert_eq!(bytes.capacity(), 0);
        client.write_all(&[7; 20_000]).await.expect("in memory");
        assert_eq!(
            read_some(&mut server, &mut bytes).await.expect("in memory"),
            CHUNK
        );
        assert_eq!(bytes, [7; CHUNK]);
    }
}

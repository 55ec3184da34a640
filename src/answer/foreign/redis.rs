//! Redis: an error for every command.

use std::io;
use std::time::Duration;

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
    copy_buf, sink,
};
use tokio::time::timeout;

/// A client introduces itself with several commands, at once or one after the
/// other. redis-py and ioredis pass over the error of the first ones, and at an
/// end before the last one's say that the connection was closed.
const COMMANDS_MOST: usize = 16;
/// From an error to the next command.
const PAUSE: Duration = Duration::from_secs(1);
/// Of a line all but the first word may be cut: `*` or `$` with a number, or an
/// inline command.
const LINE_MOST: u64 = 1024;

/// RESP, "Simple errors".
pub(super) async fn converse<I>(io: &mut I, sentence: &str) -> io::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let error = format!("-ERR {sentence}\r\n");
    let mut io = BufReader::with_capacity(1024, io);
    // The rest of the first command is under way.
    io.write_all(error.as_bytes()).await?;
    io.flush().await?;
    for command in 0..COMMANDS_MOST {
        match timeout(PAUSE, skip(&mut io)).await {
            Ok(Ok(())) => {}
            // It has left, or has nothing to say.
            _ => break,
        }
        if command > 0 {
            io.write_all(error.as_bytes()).await?;
            io.flush().await?;
        }
    }
    Ok(())
}

/// One command: an array of bulk strings, or a line.
async fn skip<R: AsyncBufRead + Unpin>(io: &mut R) -> io::Result<()> {
    let mut first = line(io).await?;
    while first.trim_ascii().is_empty() {
        first = line(io).await?;
    }
    for _ in 0..count(&first, b'*') {
        // With its line end.
        let length = count(&line(io).await?, b'$').saturating_add(2);
        if copy_buf(&mut (&mut *io).take(length), &mut sink()).await? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

async fn line<R: AsyncBufRead + Unpin>(io: &mut R) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    match io.take(LINE_MOST).read_until(b'\n', &mut line).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line),
    }
}

/// The number behind this mark; 0 if there is none.
fn count(line: &[u8], mark: u8) -> u64 {
    let digits = line.strip_prefix(&[mark]).map(<[u8]>::trim_ascii);
    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

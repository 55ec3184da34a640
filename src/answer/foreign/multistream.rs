//! libp2p: multistream-select 1.0, in which every protocol is "na".

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

const HEADER: &[u8] = b"\x13/multistream/1.0.0\n";
/// "Not available".
const NA: &[u8] = b"\x03na\n";
/// A client proposes its protocols one after the other, such as TLS and Noise,
/// and says which there were after the last `na`. At an end before that it says
/// that the stream was closed.
const PROPOSALS_MOST: usize = 16;
/// From a `na` to the next proposal.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn converse<I>(io: &mut I) -> io::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let mut header = [0; HEADER.len()];
    io.read_exact(&mut header).await?;
    // The first proposal is under way with the header, or follows ours.
    io.write_all(&[HEADER, NA].concat()).await?;
    io.flush().await?;
    for proposal in 0..PROPOSALS_MOST {
        match timeout(PAUSE, skip(io)).await {
            Ok(Ok(())) => {}
            // It has left, or has none left.
            _ => break,
        }
        if proposal > 0 {
            io.write_all(NA).await?;
            io.flush().await?;
        }
    }
    Ok(())
}

/// One message: its length, then so many bytes. No protocol has a name of 128
/// bytes, for which the length would take a second byte.
async fn skip<I: AsyncRead + Unpin>(io: &mut I) -> io::Result<()> {
    for _ in 0..io.read_u8().await? {
        io.read_u8().await?;
    }
    Ok(())
}

//! A ClientHello in the format of SSL 2.0.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// A fatal `protocol_version`, RFC 5246 7.2.2, in a record of TLS 1.0 (E.1).
const PROTOCOL_VERSION: [u8; 7] = [21, 3, 1, 0, 2, 2, 70];

/// A client that offers SSL 3.0 or TLS in it expects TLS records back (RFC 5246
/// E.2). Java then says "protocol_version" instead of "terminated". What offers
/// SSL 2.0 alone would not understand.
pub(super) async fn answer<I>(io: &mut I) -> io::Result<Vec<u8>>
where
    I: AsyncRead + Unpin,
{
    let mut head = [0; 5];
    io.read_exact(&mut head).await?;
    // A length, the type, the version.
    Ok(match head {
        [_, _, _, 3, _] => PROTOCOL_VERSION.to_vec(),
        _ => Vec::new(),
    })
}

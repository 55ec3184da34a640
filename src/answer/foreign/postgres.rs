//! PostgreSQL: no encryption, then an ErrorResponse.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The codes that stand where a StartupMessage has its version ("Message
/// Formats").
const CANCEL: u32 = 0x04d2_162e;
const SSL: u32 = 0x04d2_162f;
const GSSENC: u32 = 0x04d2_1630;

/// A client asks for GSSAPI, for SSL, and begins.
const MESSAGES_MOST: usize = 3;

/// Says `N` to whoever asks for encryption, and the sentence to whoever begins.
///
/// An ErrorResponse is never the answer to the former: libpq does not show it,
/// because anybody may have sent it ("SSL Session Encryption"). After `N` a
/// client that insists on SSL leaves, with words of its own.
pub(super) async fn converse<I>(io: &mut I, sentence: &str) -> io::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    for _ in 0..MESSAGES_MOST {
        let mut head = [0; 8];
        if let Err(error) = io.read_exact(&mut head).await {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof => Ok(()),
                _ => Err(error),
            };
        }
        let [_, _, _, _, code @ ..] = head;
        match u32::from_be_bytes(code) {
            // Whether there was anything to cancel is never said.
            CANCEL => return Ok(()),
            SSL | GSSENC => io.write_all(b"N").await?,
            _ => {
                io.write_all(&error_response(sentence)).await?;
                return io.flush().await;
            }
        }
        io.flush().await?;
    }
    Ok(())
}

/// "Error and Notice Message Fields": severity, as the client's language would
/// have it and as it is; the SQLSTATE; the message.
///
/// 57P03 is `cannot_connect_now`: with it pg_isready says that the server
/// rejects connections, and libpq goes on to the next host of its list. With
/// any other pg_isready says that it accepts them.
fn error_response(sentence: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C57P03\0M{sentence}\0\0");
    let length = fields.len() as u32 + 4;
    [b"E", &length.to_be_bytes()[..], fields.as_bytes()].concat()
}

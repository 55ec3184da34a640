//! Reading a ClientHello, without a word to the client.

use std::fmt;
use std::io;

use rustls::server::{Accepted, AcceptedAlert, Acceptor};
use tokio::io::AsyncRead;

use crate::io::read_some;

/// A whole ClientHello.
pub(crate) struct Hello {
    pub(crate) accepted: Accepted,
    /// What arrived behind it and is not in rustls' buffer yet.
    pub(crate) rest: Vec<u8>,
}

/// Why there is none.
pub(crate) enum NoHello {
    /// The stream ended or broke.
    Io(io::Error),
    /// rustls refuses it; the alert is not sent, and there may be none.
    Refused(rustls::Error, AcceptedAlert),
    /// It is longer than rustls keeps, which has no alert for that.
    TooLong(io::Error),
}

/// Reads until the ClientHello is whole, `prefix` first. It may span several
/// records and segments (post-quantum key shares exceed one MTU); rustls caps
/// it at 64 KiB, and buffers by bytes received, not by the length field.
pub(crate) async fn read_hello<I>(io: &mut I, prefix: Vec<u8>) -> Result<Hello, NoHello>
where
    I: AsyncRead + Unpin,
{
    let mut acceptor = Acceptor::default();
    let mut bytes = prefix;
    loop {
        let mut unread = &bytes[..];
        while !unread.is_empty() {
            // Takes a part: rustls' buffer holds one record, and has to be
            // looked at before more fits in.
            acceptor.read_tls(&mut unread).map_err(NoHello::TooLong)?;
            match acceptor.accept() {
                Ok(Some(accepted)) => {
                    let rest = unread.to_vec();
                    return Ok(Hello { accepted, rest });
                }
                Ok(None) => {}
                Err((error, alert)) => return Err(NoHello::Refused(error, alert)),
            }
        }
        bytes.clear();
        if read_some(io, &mut bytes).await.map_err(NoHello::Io)? == 0 {
            return Err(NoHello::Io(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

impl fmt::Debug for NoHello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) | Self::TooLong(error) => error.fmt(f),
            Self::Refused(error, _) => error.fmt(f),
        }
    }
}

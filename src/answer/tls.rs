//! The answer to a ClientHello on a plaintext-only port.

use rustls::server::Acceptor as HelloReader;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::{Result, Sent};
use crate::io::read_some;
use crate::mismatch::Mismatch;

/// Consumes the whole ClientHello, then says in HTTP/1.0 what is wrong.
///
/// Go prints "server gave HTTP response to HTTPS client" for it, Java
/// "plaintext connection?", OpenSSL "wrong version number"; no TLS alert names
/// the problem to anybody. Answering before the hello is consumed lost the
/// answer in Java (9 of 24).
pub(crate) async fn tls<I>(io: &mut I, mismatch: Mismatch) -> Result
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    // What is no proper hello, or ends early, is answered all the same.
    let _ = consume_hello(io).await;
    let sentence = mismatch.sentence();
    let length = sentence.len() + 1;
    let answer = format!(
        "HTTP/1.0 400 {sentence}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         Oneport-Mismatch: {}\r\n\
         Connection: close\r\n\
         \r\n\
         {sentence}\n",
        mismatch.slug(),
    );
    io.write_all(answer.as_bytes()).await?;
    io.flush().await?;
    Ok(Sent::Open)
}

async fn consume_hello<I: AsyncRead + Unpin>(io: &mut I) -> Result {
    let mut reader = HelloReader::default();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if read_some(io, &mut bytes).await? == 0 {
            return Ok(Sent::Open);
        }
        let mut unread = &bytes[..];
        while !unread.is_empty() {
            reader.read_tls(&mut unread)?;
        }
        match reader.accept() {
            Ok(None) => {}
            Ok(Some(_)) => return Ok(Sent::Open),
            // The alert is dropped unsent.
            Err((error, _alert)) => return Err(error.into()),
        }
    }
}

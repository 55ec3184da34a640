//! The answer to a ClientHello on a plaintext-only port.

use tokio::io::{AsyncRead, AsyncWrite};

use super::Result;
use super::literal::{response, say};
use crate::mismatch::Mismatch;
use crate::tls::read_hello;

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
    let _ = read_hello(io, Vec::new()).await;
    let sentence = mismatch.sentence();
    let first_line = format!("HTTP/1.0 400 {sentence}");
    let answer = response(&first_line, "", mismatch.slug(), &format!("{sentence}\n"));
    say(io, answer.as_bytes()).await
}

//! HTTP/1.1 400, for what resembles HTTP and for text of no known protocol.

use crate::mismatch::Mismatch;

/// Text is what a person at the other end can read, in `nc` as in a log.
pub(super) fn answer(mismatch: Mismatch) -> Vec<u8> {
    let sentence = mismatch.sentence();
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\n\
         Oneport-Mismatch: {}\r\n\
         Connection: close\r\n\
         \r\n\
         {sentence}\n",
        sentence.len() + 1,
        mismatch.slug(),
    );
    answer.into_bytes()
}

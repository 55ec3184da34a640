//! HTTP/1.1 400, for what resembles HTTP and for text of no known protocol.

use super::literal::response;
use crate::mismatch::Mismatch;

/// Text is what a person at the other end can read, in `nc` as in a log.
pub(super) fn answer(mismatch: Mismatch) -> Vec<u8> {
    let body = format!("{mismatch}\n");
    response("HTTP/1.1 400 Bad Request", "", mismatch.slug(), &body).into_bytes()
}

//! LDAP: the result of the client's first operation, with the sentence.
//!
//! Not a Notice of Disconnection (RFC 4511 4.4.1): OpenLDAP's clients do not
//! show its text.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// `unwillingToPerform`, RFC 4511 A.2. After `protocolError` libldap's users
/// try again with version 2, after `unavailable` with another server.
const UNWILLING: u8 = 53;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const ENUMERATED: u8 = 0x0a;
const OCTETS: u8 = 0x04;

/// RFC 4511 4.1.9: an LDAPResult without a matched DN, under the id of the
/// client's message: without it no client would take it for an answer.
pub(super) async fn answer<I>(io: &mut I, sentence: &str) -> io::Result<Vec<u8>>
where
    I: AsyncRead + Unpin,
{
    let (id, operation) = operation(io).await?;
    let result = [
        element(ENUMERATED, &[UNWILLING]),
        element(OCTETS, b""),
        element(OCTETS, sentence.as_bytes()),
    ];
    let response = match operation {
        0x60 => 0x61, // bind, 4.2
        0x63 => 0x65, // search, 4.5: its SearchResultDone
        _ => 0x78,    // extended, 4.12
    };
    let message = [element(INTEGER, &[id]), element(response, &result.concat())];
    Ok(element(SEQUENCE, &message.concat()))
}

/// The message id and the tag of the operation, from where the sniffer has
/// seen them: behind a length of one byte or of five.
async fn operation<I: AsyncRead + Unpin>(io: &mut I) -> io::Result<(u8, u8)> {
    let mut head = [0; 6];
    io.read_exact(&mut head).await?;
    if head[1] < 0x80 {
        return Ok((head[4], head[5]));
    }
    let mut rest = [0; 4];
    io.read_exact(&mut rest).await?;
    Ok((rest[2], rest[3]))
}

/// Tag, length, content (X.690 8.1): less than 128 bytes of it, or less than 256.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    if content.len() >= 0x80 {
        element.push(0x81);
    }
    element.push(content.len() as u8);
    element.extend_from_slice(content);
    element
}

//! MQTT: a CONNACK that refuses.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The type of packet, MQTT 5.0 3.2.1.
const CONNACK: u8 = 0x20;
/// "Server unavailable", MQTT 3.1.1 3.2.2.3. After 1, "unacceptable protocol
/// version", clients try an older one.
const UNAVAILABLE_3: u8 = 3;
/// "Server unavailable", MQTT 5.0 3.2.2.2.
const UNAVAILABLE_5: u8 = 0x88;
/// The property, MQTT 5.0 3.2.2.3.9.
const REASON_STRING: u8 = 0x1f;

/// Version 5 has room for the sentence. A client that limits packets to less
/// than a hundred bytes should not be sent it; its limit is not looked for.
pub(super) async fn answer<I>(io: &mut I, sentence: &str) -> io::Result<Vec<u8>>
where
    I: AsyncRead + Unpin,
{
    if version(io).await? != 5 {
        return Ok(vec![CONNACK, 2, 0, UNAVAILABLE_3]);
    }
    let text = sentence.as_bytes();
    let string = [
        &[REASON_STRING],
        &(text.len() as u16).to_be_bytes()[..],
        text,
    ]
    .concat();
    let refusal = [&[0, UNAVAILABLE_5], &length(&string)[..], &string].concat();
    Ok([&[CONNACK], &length(&refusal)[..], &refusal].concat())
}

/// A Variable Byte Integer of one or two bytes, MQTT 5.0 1.5.5.
fn length(of: &[u8]) -> Vec<u8> {
    match of.len() {
        length @ ..0x80 => vec![length as u8],
        length => vec![length as u8 | 0x80, (length >> 7) as u8],
    }
}

/// The protocol version of a CONNECT, behind its length and a name that the
/// sniffer knows (MQTT 3.1.1 3.1).
async fn version<I: AsyncRead + Unpin>(io: &mut I) -> io::Result<u8> {
    io.read_u8().await?;
    while io.read_u8().await? >= 0x80 {}
    for _ in 0..io.read_u16().await? {
        io.read_u8().await?;
    }
    // The top bit says that the client is a bridge between brokers.
    Ok(io.read_u8().await? & 0x7f)
}

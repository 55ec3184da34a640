//! SSH: an identification and a disconnect message.
//!
//! OpenSSH shows no line of text before an identification, and says only
//! "Connection closed" where no message follows it.

/// RFC 4253 4.2.
const IDENTIFICATION: &[u8] = b"SSH-2.0-oneport\r\n";
/// `SSH_MSG_DISCONNECT`, RFC 4253 11.1 and 12.
const DISCONNECT: u8 = 1;
/// `SSH_DISCONNECT_PROTOCOL_ERROR`.
const PROTOCOL_ERROR: u32 = 2;
/// Packets are filled up to a multiple of this, with at least four bytes
/// (RFC 4253 6).
const BLOCK: usize = 8;

/// Before the keys are exchanged a packet is not encrypted and has no MAC.
pub(super) fn answer(sentence: &str) -> Vec<u8> {
    let mut payload = vec![DISCONNECT];
    payload.extend_from_slice(&PROTOCOL_ERROR.to_be_bytes());
    payload.extend_from_slice(&(sentence.len() as u32).to_be_bytes());
    payload.extend_from_slice(sentence.as_bytes());
    payload.extend_from_slice(&0_u32.to_be_bytes()); // of no language

    // The lengths of the packet and of the padding count as well.
    let unfilled = 4 + 1 + payload.len();
    let padding = 4 + (BLOCK - (unfilled + 4) % BLOCK) % BLOCK;
    let length = (unfilled + padding - 4) as u32;
    let mut answer = IDENTIFICATION.to_vec();
    answer.extend_from_slice(&length.to_be_bytes());
    answer.push(padding as u8);
    answer.append(&mut payload);
    answer.resize(answer.len() + padding, 0);
    answer
}

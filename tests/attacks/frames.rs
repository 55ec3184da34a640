//! HTTP/2 frames by hand (RFC 9113 4.1), and a connection that sends them.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// RFC 9113 7.
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

/// RFC 9113 3.4.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header block, all of it indexed or short literals without Huffman
/// (RFC 7541): `GET` or `POST` of this path, over http, of the authority `a`.
pub(crate) fn block(post: bool, path: &str) -> Vec<u8> {
    let mut block = vec![if post { 0x83 } else { 0x82 }, 0x86];
    // `:path` and `:authority` by their names' indices, not to be kept.
    for (index, value) in [(4, path), (1, "a")] {
        block.extend([index, u8::try_from(value.len()).unwrap()]);
        block.extend(value.as_bytes());
    }
    block
}

pub(crate) fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        stream,
        &block(false, path),
    )
}

/// The n-th stream of a client.
pub(crate) fn stream(n: usize) -> u32 {
    u32::try_from(n * 2 + 1).unwrap()
}

/// What came back until the server's end.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) frames: usize,
    pub(crate) resets: usize,
    /// The code of the last GOAWAY.
    pub(crate) goaway: Option<u32>,
}

/// A client's end of an HTTP/2 connection.
pub(crate) struct Raw<I> {
    write: WriteHalf<I>,
    reading: JoinHandle<Seen>,
}

impl<I: AsyncRead + AsyncWrite + Send + 'static> Raw<I> {
    /// Sends the preface and these SETTINGS, and reads whatever comes.
    pub(crate) async fn begin(io: I, settings: &[(u16, u32)]) -> Self {
        let (read, mut write) = tokio::io::split(io);
        let mut payload = Vec::new();
        for (id, value) in settings {
            payload.extend(id.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        let begin = [PREFACE, &frame(SETTINGS, 0, 0, &payload)].concat();
        write.write_all(&begin).await.unwrap();
        let reading = tokio::spawn(read_all(read));
        Self { write, reading }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.write.write_all(bytes).await?;
        self.write.flush().await
    }

    /// Sends what `of` makes for each number, some hundred at once, until all are
    /// sent or the server has ended the connection; whether it has.
    pub(crate) async fn flood(&mut self, count: usize, of: impl Fn(usize) -> Vec<u8>) -> bool {
        for begin in (0..count).step_by(200) {
            let some: Vec<u8> = (begin..count.min(begin + 200)).flat_map(&of).collect();
            if self.send(&some).await.is_err() || self.reading.is_finished() {
                return true;
            }
        }
        false
    }

    /// What came until the server ended the connection, within this time; None
    /// if it did not.
    pub(crate) async fn ended(self, within: Duration) -> Option<Seen> {
        let seen = timeout(within, self.reading).await.ok()?;
        Some(seen.unwrap())
    }
}

async fn read_all<I: AsyncRead>(mut read: ReadHalf<I>) -> Seen {
    let mut seen = Seen::default();
    let mut head = [0; 9];
    // A reset ends it as well.
    while read.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        if read.read_exact(&mut payload).await.is_err() {
            break;
        }
        seen.frames += 1;
        match head[3] {
            RST_STREAM => seen.resets += 1,
            GOAWAY => seen.goaway = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap())),
            _ => {}
        }
    }
    seen
}

//! A client that costs little: requests made in advance, no HTTP parser. It
//! checks every answer.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::Result;
use crate::app::{BODY, LARGE, PIECE};

pub const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LARGE_REQUEST: &[u8] = b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Fixed: where the kernel adjusts it, a reader of large bodies lets its window
/// close more than ten times as often, each time at the sender's expense.
const RECEIVE_BUFFER: u32 = 2 * 1024 * 1024;

/// A connection with or without TLS.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects, in one of both ways.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    tls: Option<TlsConnector>,
}

impl Client {
    pub fn new(address: SocketAddr, tls: Option<Arc<ClientConfig>>) -> Self {
        let tls = tls.map(TlsConnector::from);
        Self { address, tls }
    }

    /// A connection, its handshake done.
    pub async fn connect(&self) -> Result<Box<dyn Stream>> {
        Ok(self.connect_and_tell().await?.0)
    }

    /// Also how its handshake was, where there was one.
    pub async fn connect_and_tell(&self) -> Result<(Box<dyn Stream>, Option<HandshakeKind>)> {
        self.shake_hands(self.tcp().await?).await
    }

    /// The socket alone: nothing is sent.
    pub async fn tcp(&self) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        let tcp = socket.connect(self.address).await?;
        tcp.set_nodelay(true)?;
        Ok(tcp)
    }

    /// What comes after the connect, where there is TLS.
    pub async fn shake_hands(
        &self,
        tcp: TcpStream,
    ) -> Result<(Box<dyn Stream>, Option<HandshakeKind>)> {
        let Some(tls) = &self.tls else {
            return Ok((Box::new(tcp), None));
        };
        let name = ServerName::try_from("localhost")?;
        let stream = tls.connect(name, tcp).await?;
        let kind = stream.get_ref().1.handshake_kind();
        Ok((Box::new(stream), kind))
    }
}

/// One request; the answer has to be the right one, and nothing after it.
pub async fn request(stream: &mut dyn Stream) -> Result {
    send(stream, REQUEST).await?;
    answer(stream, &mut [0; 2048], 0).await
}

/// Flushed: TLS may keep what it was given, where the task has used up its turn.
pub async fn send(stream: &mut dyn Stream, request: &[u8]) -> Result {
    stream.write_all(request).await?;
    Ok(stream.flush().await?)
}

/// The rest of an answer of which some is read.
pub async fn answer(stream: &mut dyn Stream, buffer: &mut [u8], mut filled: usize) -> Result {
    loop {
        if let Some((head, length)) = head(&buffer[..filled])? {
            if length != BODY.len() as u64 || filled > head + BODY.len() {
                return Err(wrong(&buffer[..filled]));
            }
            if filled == head + BODY.len() {
                let right = &buffer[head..filled] == BODY.as_bytes();
                return right.then_some(()).ok_or_else(|| wrong(&buffer[..filled]));
            }
        }
        match stream.read(&mut buffer[filled..]).await? {
            0 => return Err(format!("ended after {filled} bytes of an answer").into()),
            n => filled += n,
        }
    }
}

/// One request for the large body, of which every byte is checked.
pub async fn large_request(stream: &mut dyn Stream, buffer: &mut [u8]) -> Result {
    send(stream, LARGE_REQUEST).await?;
    let mut filled = 0;
    let (head, length) = loop {
        if let Some(found) = head(&buffer[..filled])? {
            break found;
        }
        match stream.read(&mut buffer[filled..]).await? {
            0 => return Err("ended within the head".into()),
            n => filled += n,
        }
    };
    if length != LARGE {
        return Err(format!("{length} bytes instead of {LARGE}").into());
    }
    let mut at = check_large(0, &buffer[head..filled])?;
    while at < LARGE {
        match stream.read(buffer).await? {
            0 => return Err(format!("ended after {at} bytes").into()),
            n => at = check_large(at, &buffer[..n])?,
        }
    }
    Ok(())
}

/// Where the body goes on.
fn check_large(mut at: u64, mut bytes: &[u8]) -> Result<u64> {
    while !bytes.is_empty() {
        let expected = &PIECE[at as usize % PIECE.len()..];
        let (now, rest) = bytes.split_at(bytes.len().min(expected.len()));
        if now != &expected[..now.len()] || at + now.len() as u64 > LARGE {
            return Err(format!("a wrong byte after {at}").into());
        }
        at += now.len() as u64;
        bytes = rest;
    }
    Ok(at)
}

/// The length of a complete head, and the Content-Length. An error unless the
/// status is 200.
fn head(bytes: &[u8]) -> Result<Option<(usize, u64)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    if !bytes.starts_with(b"HTTP/1.1 200 ") {
        return Err(wrong(bytes));
    }
    let length = bytes[..end].split(|b| *b == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(b"content-length:".len())?;
        if !name.eq_ignore_ascii_case(b"content-length:") {
            return None;
        }
        std::str::from_utf8(value).ok()?.trim().parse().ok()
    });
    let length = length.ok_or_else(|| wrong(bytes))?;
    Ok(Some((end + 4, length)))
}

fn wrong(answer: &[u8]) -> Box<dyn std::error::Error + Send + Sync> {
    let answer = String::from_utf8_lossy(&answer[..answer.len().min(300)]);
    format!("not the right answer: {answer:?}").into()
}

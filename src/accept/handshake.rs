//! From a ClientHello to decrypted bytes with a verdict.

use std::io;
use std::time::Duration;

use rustls::server::{Accepted as Hello, Acceptor as HelloReader};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::server::{StartHandshake, TlsStream};

use super::Acceptor;
use super::error::{AcceptError, Stage};
use super::info::{ConnInfo, TlsInfo, Transport};
use super::sniffed::Sniffed;
use super::stream::Stream;
use crate::io::read_some;
use crate::sniff::{Protocol, Status, sniff};
use crate::tls::TlsConfig;

/// Shakes hands, then waits for the first decrypted bytes.
///
/// rustls reads the prefix from memory and everything after it from the bare
/// socket, so nothing wraps the socket below TLS. tokio-rustls'
/// `LazyConfigAcceptor` is not used: on garbage it has already written an alert
/// when it hands the stream back (rustls/tokio-rustls#146).
pub(super) async fn handshake<I>(
    acceptor: &Acceptor,
    config: &TlsConfig,
    sniffed: Sniffed<I>,
) -> Result<Stream<I>, AcceptError>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let limits = acceptor.limits();
    let Sniffed {
        mut io,
        prefix,
        origin,
        ..
    } = sniffed;

    let deadline = Instant::now() + limits.handshake;
    let in_time = |_| late(Stage::Handshake, limits.handshake);
    let hello = match timeout_at(deadline, read_hello(&mut io, prefix))
        .await
        .map_err(in_time)?
    {
        Ok(hello) => hello,
        Err(source) => {
            // An alert is on the wire: let it arrive.
            acceptor.linger().close(io).await;
            let server_name = None;
            return Err(AcceptError::Handshake {
                source,
                server_name,
            });
        }
    };
    let server_name = hello.client_hello().server_name().map(str::to_owned);
    let accept = StartHandshake::from_parts(hello, io).into_stream(config.current());
    let mut tls = match timeout_at(deadline, accept.into_fallible())
        .await
        .map_err(in_time)?
    {
        Ok(tls) => tls,
        Err((source, io)) => {
            acceptor.linger().close(io).await;
            return Err(AcceptError::Handshake {
                source,
                server_name,
            });
        }
    };

    let deadline = Instant::now() + limits.first_request;
    let mut decrypted = Vec::new();
    let verdict = timeout_at(deadline, first_request(&mut tls, &mut decrypted))
        .await
        .map_err(|_| late(Stage::FirstRequest, limits.first_request))?;
    let Some(info) = TlsInfo::of(tls.get_ref().1) else {
        return Err(AcceptError::Io(io::ErrorKind::InvalidData.into()));
    };
    match verdict.map_err(AcceptError::Io)? {
        Protocol::Http1 if info.alpn.as_deref() == Some(b"h2") => {
            // RFC 9113 3.4: a connection error, never a fall-back to HTTP/1.
            acceptor.linger().close(tls).await;
            Err(AcceptError::NotHttpInTls { foreign: None })
        }
        Protocol::Http1 => {
            let transport = Transport::Tls(info);
            let info = ConnInfo::new(origin, transport, http::Version::HTTP_11);
            Ok(Stream::tls(decrypted, tls, info))
        }
        Protocol::Http2 => {
            if info.alpn.as_deref().is_some_and(|alpn| alpn != b"h2") {
                // Believe the bytes.
                tracing::debug!(peer = %origin.peer, "ALPN did not choose h2, but the client speaks it");
            }
            let transport = Transport::Tls(info);
            let info = ConnInfo::new(origin, transport, http::Version::HTTP_2);
            Ok(Stream::tls(decrypted, tls, info))
        }
        verdict => {
            acceptor.linger().close(tls).await;
            let foreign = match verdict {
                Protocol::Foreign(foreign) => Some(foreign),
                _ => Some(crate::Foreign::Unknown),
            };
            Err(AcceptError::NotHttpInTls { foreign })
        }
    }
}

fn late(stage: Stage, after: Duration) -> AcceptError {
    AcceptError::Deadline { stage, after }
}

/// Reads until the ClientHello is whole. It may span several records and
/// segments (post-quantum key shares exceed one MTU); rustls caps it at 64 KiB.
/// What follows it stays in rustls' buffer.
///
/// # Errors
///
/// rustls' verdict on what is no proper ClientHello, after its alert was
/// written; or the stream's own error.
async fn read_hello<I>(io: &mut I, prefix: Vec<u8>) -> io::Result<Hello>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let mut reader = HelloReader::default();
    let mut bytes = prefix;
    loop {
        let mut unread = &bytes[..];
        while !unread.is_empty() {
            // Takes a few KiB at a time.
            reader.read_tls(&mut unread)?;
        }
        match reader.accept() {
            Ok(Some(hello)) => return Ok(hello),
            Ok(None) => {}
            Err((error, mut alert)) => {
                let mut bytes = Vec::new();
                alert.write_all(&mut bytes)?;
                io.write_all(&bytes).await?;
                io.flush().await?;
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
        bytes.clear();
        if read_some(io, &mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Reads decrypted bytes until their verdict.
async fn first_request<I>(tls: &mut TlsStream<I>, bytes: &mut Vec<u8>) -> io::Result<Protocol>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        if read_some(tls, bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Status::Complete(protocol) = sniff(bytes) {
            return Ok(protocol);
        }
    }
}

//! The handshake itself: from a ClientHello to a TLS stream.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::ClientHello;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::server::{StartHandshake, TlsStream};

use super::Acceptor;
use super::error::{AcceptError, Stage};
use super::handshake::late;
use crate::io::Corked;
use crate::tls::{Hello, Loaded, NoHello, read_hello};

/// Shakes hands, or lets the client know why not.
///
/// rustls reads the prefix from memory and everything after it from the socket,
/// so nothing replays bytes below TLS; [`Corked`] lets session tickets leave
/// with the first response. tokio-rustls'
/// `LazyConfigAcceptor` is not used: on garbage it has already written an alert
/// when it hands the stream back (rustls/tokio-rustls#146).
pub(super) async fn agree<I>(
    acceptor: &Acceptor,
    config: &Loaded,
    mut io: I,
    prefix: Vec<u8>,
) -> Result<TlsStream<Corked<I>>, AcceptError>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let limit = acceptor.settings().limits.handshake;
    let deadline = Instant::now() + limit;
    let in_time = |_| late(Stage::Handshake, limit);

    let reading = timeout_at(deadline, read_hello(&mut io, prefix)).await;
    let hello = reading.map_err(in_time)?;
    let challenge = hello.as_ref().ok().and_then(|hello| {
        let hello = hello.accepted.client_hello();
        acme_challenge(acceptor, &hello)
    });
    let (source, server_name, io) = match hello {
        Ok(Hello { accepted, .. })
            if challenge.is_none() && config.refuses(accepted.client_hello().server_name()) =>
        {
            let server_name = accepted.client_hello().server_name().map(str::to_owned);
            let saying = timeout_at(deadline, say_unrecognized(&mut io)).await;
            (saying.map_err(in_time)?, server_name, io)
        }
        Ok(Hello { accepted, rest }) => {
            let server_name = accepted.client_hello().server_name().map(str::to_owned);
            let start = StartHandshake::from_parts(accepted, Corked::new(io));
            let server = challenge.as_ref().unwrap_or(config.server()).clone();
            let accept = start.into_stream_with(server, |connection| {
                // A few KiB at most: they fit into the buffer.
                let mut rest = &rest[..];
                while !rest.is_empty() && connection.read_tls(&mut rest).is_ok() {}
            });
            let accepting = timeout_at(deadline, accept.into_fallible()).await;
            match accepting.map_err(in_time)? {
                Ok(mut tls) => {
                    tls.get_mut().0.uncork();
                    if challenge.is_some() {
                        // The CA has seen what it came for.
                        acceptor.settings().linger.close(tls).await;
                        return Err(AcceptError::AcmeChallenge);
                    }
                    return Ok(tls);
                }
                Err((source, mut io)) => {
                    // The alert may be held.
                    io.uncork();
                    let _ = timeout_at(deadline, io.flush()).await;
                    (source, server_name, io.into_inner())
                }
            }
        }
        Err(failure) => {
            let saying = timeout_at(deadline, say_why(&mut io, failure)).await;
            (saying.map_err(in_time)?, None, io)
        }
    };
    // An alert is on the wire: let it arrive.
    acceptor.settings().linger.close_second(io).await;
    Err(AcceptError::Handshake {
        source,
        server_name,
    })
}

/// The configuration for a CA that validates an expected domain (RFC 8737).
#[cfg(feature = "acme")]
fn acme_challenge(acceptor: &Acceptor, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
    let challenges = acceptor.settings().challenges.as_ref()?;
    challenges.config_for(hello)
}

#[cfg(not(feature = "acme"))]
fn acme_challenge(_: &Acceptor, _: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
    None
}

/// The stream's own error, or rustls' words after its alert was written, or ours
/// where it has none: `decode_error` (RFC 8446 6.2), for a hello that is too long.
async fn say_why<I: AsyncWrite + Unpin>(io: &mut I, failure: NoHello) -> io::Error {
    let mut bytes = Vec::new();
    let error = match failure {
        NoHello::Io(error) => return error,
        NoHello::Refused(error, mut alert) => {
            // Writing to memory cannot fail.
            let _ = alert.write_all(&mut bytes);
            io::Error::new(io::ErrorKind::InvalidData, error)
        }
        NoHello::TooLong(error) => error,
    };
    if bytes.is_empty() {
        bytes = vec![0x15, 3, 3, 0, 2, 2, 50];
    }
    // A client that is gone needs none.
    let _ = io.write_all(&bytes).await;
    let _ = io.flush().await;
    error
}

/// A fatal alert `unrecognized_name` (RFC 6066 3; 112 in RFC 8446 6). rustls
/// would send `access_denied`, which says nothing of the name.
async fn say_unrecognized<I: AsyncWrite + Unpin>(io: &mut I) -> io::Error {
    let _ = io.write_all(&[0x15, 3, 3, 0, 2, 2, 112]).await;
    let _ = io.flush().await;
    io::Error::new(io::ErrorKind::InvalidData, UnknownName)
}

/// No certificate is for the server name, and unknown names are refused.
#[derive(Debug)]
pub(super) struct UnknownName;

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no certificate here is for this server name")
    }
}

impl std::error::Error for UnknownName {}

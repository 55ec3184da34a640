//! From a ClientHello to decrypted bytes with a verdict.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::ClientHello;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::server::{StartHandshake, TlsStream};

use super::error::{AcceptError, Stage};
use super::refuse::refuse;
use super::sniffed::Sniffed;
use super::stream::Stream;
use super::{Accepted, Acceptor};
use crate::conn_info::TlsInfo;
use crate::foreign::Foreign;
use crate::io::{Corked, poll_read_some};
use crate::mismatch::Mismatch;
use crate::sniff::{Protocol, Status, is_request_begun, sniff};
use crate::tls::{Hello, NoHello, TlsConfig, read_hello};

/// What came of a handshake.
pub(crate) enum Handshaken<I> {
    /// A stream to be served.
    Accepted(Accepted<I>),
    /// A client to be told why not, inside TLS.
    Refused(Refused<I>),
}

/// A client that is refused after its handshake.
pub(crate) struct Refused<I> {
    sniffed: Box<Sniffed<TlsStream<Corked<I>>>>,
    mismatch: Mismatch,
}

impl<I> Refused<I>
where
    I: AsyncRead + AsyncWrite + Unpin + Send,
{
    pub(crate) async fn answer(self, acceptor: &Acceptor) -> AcceptError {
        refuse(acceptor, *self.sniffed, self.mismatch).await
    }
}

/// Shakes hands, then waits for the first decrypted bytes. With a mismatch
/// given, nothing is accepted.
pub(super) async fn handshake<I>(
    acceptor: &Acceptor,
    config: &TlsConfig,
    sniffed: Sniffed<I>,
    mismatch: Option<Mismatch>,
) -> Result<Handshaken<I>, AcceptError>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let Sniffed {
        io,
        prefix,
        origin,
        proxy,
        ..
    } = sniffed;
    let config = config.load();
    let mut tls = agree(acceptor, config.server(), io, prefix).await?;
    // Before anything is read: what is said of the client is not of its choice.
    let mismatch = mismatch.or_else(|| {
        config
            .fault_of(tls.get_ref().1)
            .map(Mismatch::ClientCertificate)
    });
    let mut decrypted = Vec::new();
    let protocol = first_request(acceptor, &mut tls, &mut decrypted).await?;
    let Some(info) = TlsInfo::of(tls.get_ref().1) else {
        return Err(AcceptError::Io(io::ErrorKind::InvalidData.into()));
    };
    let alpn_is_h2 = info.alpn.as_deref().map(|alpn| alpn == b"h2");
    let mismatch = match protocol {
        Protocol::Http1 if alpn_is_h2 == Some(true) => {
            // A connection error (RFC 9113 3.4), never a fall-back.
            acceptor.settings().linger.close(tls).await;
            return Err(AcceptError::AlpnMismatch);
        }
        Protocol::Http2 if alpn_is_h2 == Some(false) => {
            // Believe the bytes. (Without ALPN this is prior knowledge.)
            tracing::debug!(peer = %origin.peer, "HTTP/2, although ALPN did not choose it");
            mismatch
        }
        Protocol::Http1 | Protocol::Http2 => mismatch,
        Protocol::Foreign(foreign) => Some(Mismatch::Foreign(foreign)),
        Protocol::Tls => Some(Mismatch::Foreign(Foreign::Unknown)),
    };
    let sniffed = Sniffed {
        io: tls,
        prefix: decrypted,
        protocol,
        origin,
        tls: Some(info),
        proxy,
    };
    if let Some(mismatch) = mismatch {
        let sniffed = Box::new(sniffed);
        return Ok(Handshaken::Refused(Refused { sniffed, mismatch }));
    }
    let info = sniffed.info();
    let stream = Stream::tls(sniffed.prefix, sniffed.io, info.clone());
    Ok(Handshaken::Accepted(Accepted { stream, info }))
}

/// The handshake itself.
///
/// rustls reads the prefix from memory and everything after it from the socket,
/// so nothing replays bytes below TLS; [`Corked`] lets session tickets leave
/// with the first response. tokio-rustls'
/// `LazyConfigAcceptor` is not used: on garbage it has already written an alert
/// when it hands the stream back (rustls/tokio-rustls#146).
async fn agree<I>(
    acceptor: &Acceptor,
    config: &Arc<ServerConfig>,
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
    let (source, server_name, io) = match reading.map_err(in_time)? {
        Ok(Hello { accepted, rest }) => {
            let server_name = accepted.client_hello().server_name().map(str::to_owned);
            let challenge = challenge(acceptor, &accepted.client_hello());
            let start = StartHandshake::from_parts(accepted, Corked::new(io));
            let config = challenge.as_ref().unwrap_or(config).clone();
            let accept = start.into_stream_with(config, |connection| {
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

/// The configuration for a CA that validates an expected domain.
fn challenge(acceptor: &Acceptor, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
    #[cfg(feature = "acme")]
    return (acceptor.settings().challenges.as_ref())?.config_for(hello);
    #[cfg(not(feature = "acme"))]
    {
        let _ = (acceptor, hello);
        None
    }
}

fn late(stage: Stage, after: Duration) -> AcceptError {
    AcceptError::Deadline { stage, after }
}

/// The stream's own error, or rustls' words after its alert was written.
async fn say_why<I: AsyncWrite + Unpin>(io: &mut I, failure: NoHello) -> io::Error {
    match failure {
        NoHello::Io(error) => error,
        NoHello::Refused(error, mut alert) => {
            let mut bytes = Vec::new();
            // Writing to memory cannot fail; a client that is gone needs none.
            let _ = alert.write_all(&mut bytes);
            let _ = io.write_all(&bytes).await;
            let _ = io.flush().await;
            io::Error::new(io::ErrorKind::InvalidData, error)
        }
    }
}

/// Reads decrypted bytes until their verdict.
async fn first_request<I>(
    acceptor: &Acceptor,
    tls: &mut TlsStream<Corked<I>>,
    decrypted: &mut Vec<u8>,
) -> Result<Protocol, AcceptError>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let limit = acceptor.settings().limits.first_request;
    let reading = async {
        loop {
            match read_decrypted(tls, decrypted).await {
                Ok(0) => {
                    // It may still want its tickets, and close_notify for its
                    // own (RFC 8446 6.1): without, the end is a truncation.
                    let _ = tls.shutdown().await;
                    break Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(_) => {}
                Err(error) => break Err(error),
            }
            if let Status::Complete(protocol) = sniff(decrypted) {
                break Ok(protocol);
            }
        }
    };
    let Ok(read) = timeout(limit, reading).await else {
        match is_request_begun(decrypted) && tls.get_ref().1.alpn_protocol() != Some(b"h2") {
            true => acceptor.say_late(tls, limit).await,
            false => acceptor.say_goodbye(tls).await,
        }
        return Err(late(Stage::FirstRequest, limit));
    };
    read.map_err(|error| match error.kind() {
        // Browsers connect in advance; health checks stop after the handshake.
        io::ErrorKind::UnexpectedEof => AcceptError::Closed {
            received: decrypted.len(),
        },
        // The client's alert: in TLS 1.3 it may refuse us this late.
        io::ErrorKind::InvalidData => AcceptError::Handshake {
            source: error,
            server_name: tls.get_ref().1.server_name().map(str::to_owned),
        },
        _ => AcceptError::Io(error),
    })
}

/// As `read_some`, but what is held leaves before it waits: a client that says
/// nothing after the handshake may still want its session tickets.
async fn read_decrypted<I>(
    tls: &mut TlsStream<Corked<I>>,
    decrypted: &mut Vec<u8>,
) -> io::Result<usize>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    poll_fn(|cx| {
        let read = poll_read_some(Pin::new(tls), cx, decrypted);
        if read.is_pending() {
            let sent = Pin::new(tls.get_mut().0).poll_flush(cx);
            if let Poll::Ready(Err(error)) = sent {
                return Poll::Ready(Err(error));
            }
        }
        read
    })
    .await
}

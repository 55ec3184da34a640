//! From a ClientHello to decrypted bytes with a verdict.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::agree::agree;
use super::error::{AcceptError, Stage};
use super::refuse::refuse;
use super::sniffed::Sniffed;
use super::stream::Stream;
use super::{Accepted, Acceptor};
use crate::answer::Late;
use crate::conn_info::TlsInfo;
use crate::count;
use crate::foreign::Foreign;
use crate::io::{Corked, poll_read_some};
use crate::mismatch::Mismatch;
use crate::sniff::{Protocol, Status, is_request_begun, sniff};
use crate::tls::TlsConfig;

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
    let mut tls = agree(acceptor, &config, io, prefix).await?;
    // Before anything is read: what is said of the client is not of its choice.
    let fault = config.fault_of(tls.get_ref().1);
    let mismatch = mismatch.or(fault.map(Mismatch::ClientCertificate));
    let mut decrypted = Vec::new();
    let protocol = first_request(acceptor, &mut tls, &mut decrypted).await?;
    let Some(mut info) = TlsInfo::of(tls.get_ref().1) else {
        return Err(AcceptError::Io(io::ErrorKind::InvalidData.into()));
    };
    if fault.is_some() {
        // Whoever explains must not take the client for whom it says it is.
        info.client_identity = None;
    }
    let alpn_is_h2 = info.alpn.as_deref().map(|alpn| alpn == b"h2");
    if alpn_is_h2 == Some(true) && protocol != Protocol::Http2 {
        // A connection error (RFC 9113 3.4), never a fall-back.
        acceptor.settings().linger.close(tls).await;
        return Err(AcceptError::AlpnMismatch);
    }
    let mismatch = match protocol {
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

pub(super) fn late(stage: Stage, after: Duration) -> AcceptError {
    count::limit(stage.limit());
    AcceptError::Deadline { stage, after }
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
            true => acceptor.say_late(tls, Late::Head(limit)).await,
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

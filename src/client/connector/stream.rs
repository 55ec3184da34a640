//! The one stream type of both modes.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::error::ConnectError;
use super::handshake::{Shaken, Tls};
use super::info::{ConnectionInfo, ConnectionTls};
use super::pending::unread_alert;
use super::target::Target;
use super::verdict;
use crate::diagnose::{Cause, Certainty, Diagnosis, End, Spoke, diagnose_first_bytes};
use crate::io::MaybeTls;
use crate::mismatch::Mismatch;

/// A client's connection, plaintext or over TLS.
///
/// It is a tokio stream, and what hyper, hyper-util's client and tonic want of
/// one. Vectored writes reach the socket. `shutdown` sends close_notify where there
/// is TLS, then FIN.
///
/// Where the server has said why it breaks the connection (an alert about the
/// client's certificate; an alert, or the banner of another protocol, in answer to
/// plaintext), the `io::Error` is made of a [`ConnectError`], and
/// [`ConnectError::find_in`] finds it.
pub struct ClientStream {
    // The TLS side is boxed: rustls' state is 1 KiB.
    io: MaybeTls<TcpStream, Box<Tls>>,
    info: ConnectionInfo,
    /// Until the first byte was read, or it is known before that the server has let
    /// the client in.
    fresh: bool,
    target: Target,
}

impl ClientStream {
    pub(super) fn plaintext(target: Target, tcp: TcpStream) -> Result<Self, ConnectError> {
        Self::new(target, MaybeTls::Plaintext(tcp), None, true)
    }

    pub(super) fn tls(target: Target, shaken: Shaken) -> Result<Self, ConnectError> {
        let info = ConnectionTls::of(shaken.tls.get_ref().1, shaken.client);
        Self::new(target, MaybeTls::Tls(shaken.tls), info, shaken.unjudged)
    }

    fn new(
        target: Target,
        io: MaybeTls<TcpStream, Box<Tls>>,
        tls: Option<ConnectionTls>,
        fresh: bool,
    ) -> Result<Self, ConnectError> {
        let tcp = socket(&io);
        // They fail where the other end has reset the connection meanwhile.
        let addresses = tcp.peer_addr().and_then(|it| Ok((it, tcp.local_addr()?)));
        let (peer, local) =
            addresses.map_err(|error| ConnectError::connect(&target, error.into()))?;
        Ok(Self {
            io,
            info: ConnectionInfo::new(peer, local, tls),
            fresh,
            target,
        })
    }

    /// What is known of the connection.
    #[must_use]
    pub fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// The socket, for its options.
    ///
    /// Reading from it or writing to it would break the connection.
    #[must_use]
    pub fn get_ref(&self) -> &TcpStream {
        socket(&self.io)
    }

    /// The server's reason, where it has given one.
    fn explain_read(&self, error: io::Error) -> io::Error {
        let Some(tls) = self.info.tls() else {
            return error;
        };
        let ended = self.fresh && is_end(&error);
        let diagnosis = match ended {
            true => verdict::of_end(&error, tls.client_certificate),
            false => verdict::of_error(&error, tls.client_certificate),
        };
        // Other alerts mean other things in the midst of a connection.
        match diagnosis.filter(is_about_client) {
            Some(diagnosis) => ConnectError::tls(&self.target, Some(diagnosis), error).into(),
            None => error,
        }
    }

    /// The same for a write, which fails when the server's reason is there already.
    fn explain_write(&mut self, error: io::Error) -> io::Error {
        let unread = match &mut self.io {
            MaybeTls::Plaintext(_) => None,
            MaybeTls::Tls(tls) => unread_alert(tls),
        };
        let error = unread.unwrap_or(error);
        self.explain_read(error)
    }
}

fn socket(io: &MaybeTls<TcpStream, Box<Tls>>) -> &TcpStream {
    match io {
        MaybeTls::Plaintext(tcp) => tcp,
        MaybeTls::Tls(tls) => tls.get_ref().0.get_ref(),
    }
}

fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let ends = [
        BrokenPipe,
        ConnectionAborted,
        ConnectionReset,
        UnexpectedEof,
    ];
    ends.contains(&error.kind())
}

fn is_about_client(diagnosis: &Diagnosis) -> bool {
    matches!(diagnosis.mismatch(), Some(Mismatch::ClientCertificate(_)))
}

/// What a plaintext server's first bytes mean, if they are no HTTP at all: TLS
/// records, or another protocol. hyper would call them a malformed response.
fn not_http(received: &[u8]) -> Option<Diagnosis> {
    let diagnosis = match received {
        // A response, and HTTP/2 frames.
        [] | [b'H' | 0, ..] => None,
        _ => diagnose_first_bytes(Spoke::Plaintext, received, End::Open),
    };
    diagnosis.filter(|diagnosis| {
        let cause = diagnosis.cause();
        let foreign = matches!(cause, Cause::NotHttp(_) | Cause::Mismatch(_));
        foreign && diagnosis.certainty() == Certainty::Certain
    })
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, buf));
        if let Err(error) = read {
            return Poll::Ready(Err(self.explain_read(error)));
        }
        if self.fresh {
            let received = &buf.filled()[before..];
            let diagnosis = match self.info.tls() {
                None => not_http(received),
                Some(_) => None,
            };
            if let Some(diagnosis) = diagnosis {
                buf.set_filled(before);
                let error = io::ErrorKind::InvalidData.into();
                let error = ConnectError::tls(&self.target, Some(diagnosis), error);
                return Poll::Ready(Err(error.into()));
            }
            self.fresh = received.is_empty();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        written.map_err(|error| self.explain_write(error))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        written.map_err(|error| self.explain_write(error))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        flushed.map_err(|error| self.explain_write(error))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(cx);
        shut.map_err(|error| self.explain_write(error))
    }
}

/// What is known of it; nothing of keys.
impl fmt::Debug for ClientStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ClientStream");
        debug.field("target", &format_args!("{}", self.target));
        debug.field("info", &self.info).finish()
    }
}

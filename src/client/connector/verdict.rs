//! What a server thinks of this client.

use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::{CertificateError, ClientConnection, Error};
use tokio::io::{AsyncRead, ReadBuf};

use super::handshake::Tls;
use super::info::ClientCertificate;
use crate::diagnose::{Cause, Certainty, Diagnosis, ServerCertificateFault, diagnose_alert};
use crate::mismatch::{CertificateFault, Mismatch};

/// Waits for the first that a TLS 1.3 server says after the handshake: a session
/// ticket, data, or the alert that is the error then.
///
/// # Cancel safety
///
/// Cancel safe: what arrived is in the session.
pub(super) async fn first_word(tls: &mut Tls) -> io::Result<()> {
    poll_fn(|cx| {
        let (io, session) = tls.get_mut();
        // Some of it may have come with the server's part of the handshake.
        while !has_spoken(session)? {
            let mut socket = Polled { io, cx };
            match session.read_tls(&mut socket) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    })
    .await
}

fn has_spoken(session: &mut ClientConnection) -> io::Result<bool> {
    let state = session.process_new_packets().map_err(invalid)?;
    if state.peer_has_closed() && state.plaintext_bytes_to_read() == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(session.tls13_tickets_received() > 0 || state.plaintext_bytes_to_read() > 0)
}

/// The socket as rustls reads it, which takes what it has room for. A buffer in
/// between would hold the rest, and rustls takes nothing behind close_notify.
struct Polled<'a, 'b, I> {
    io: &'a mut I,
    cx: &'a mut Context<'b>,
}

impl<I: AsyncRead + Unpin> Read for Polled<'_, '_, I> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut buf = ReadBuf::new(buf);
        match Pin::new(&mut *self.io).poll_read(self.cx, &mut buf) {
            Poll::Ready(read) => read.map(|()| buf.filled().len()),
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

/// As tokio-rustls has it.
pub(super) fn invalid(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// What an error of the handshake means, as far as rustls knows.
pub(super) fn of_error(error: &io::Error, client: ClientCertificate) -> Option<Diagnosis> {
    match error.get_ref()?.downcast_ref::<Error>()? {
        Error::AlertReceived(alert) => of_alert((*alert).into(), client),
        Error::InvalidCertificate(fault) => Some(Diagnosis::new(
            Cause::ServerCertificate(fault_in(fault)),
            Certainty::Certain,
        )),
        // It chose what it was not offered, an older version for instance.
        Error::PeerIncompatible(_) => Some(Diagnosis::new(
            Cause::NoCommonParameters,
            Certainty::MostLikely,
        )),
        _ => None,
    }
}

/// What the end of a connection means that ends right after its handshake.
pub(super) fn of_end(error: &io::Error, client: ClientCertificate) -> Option<Diagnosis> {
    if error.get_ref().is_some_and(|inner| inner.is::<Error>()) {
        return of_error(error, client);
    }
    match client {
        ClientCertificate::NotRequested => None,
        ClientCertificate::NotSent => certificate(CertificateFault::Missing, Certainty::MostLikely),
        ClientCertificate::Sent => certificate(CertificateFault::Refused, Certainty::Possible),
    }
}

/// What an alert means, after what is known of the client's certificate (numbers:
/// RFC 8446 6, RFC 5246 7.2).
fn of_alert(alert: u8, client: ClientCertificate) -> Option<Diagnosis> {
    match (client, alert) {
        // Servers of TLS 1.2 have no alert of its own for it.
        (ClientCertificate::NotSent, 42 | 43 | 46 | 116) => {
            certificate(CertificateFault::Missing, Certainty::Certain)
        }
        (ClientCertificate::NotSent, 40 | 49) => {
            certificate(CertificateFault::Missing, Certainty::MostLikely)
        }
        _ => diagnose_alert(alert),
    }
}

fn certificate(fault: CertificateFault, certainty: Certainty) -> Option<Diagnosis> {
    Some(Diagnosis::new(
        Mismatch::ClientCertificate(fault),
        certainty,
    ))
}

fn fault_in(error: &CertificateError) -> ServerCertificateFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ServerCertificateFault::Expired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ServerCertificateFault::NotYetValid
        }
        CertificateError::Revoked => ServerCertificateFault::Revoked,
        // A CA that was made anew under the same name signs with another key.
        CertificateError::BadSignature | CertificateError::UnknownIssuer => {
            ServerCertificateFault::UnknownIssuer
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ServerCertificateFault::WrongName
        }
        _ => ServerCertificateFault::Refused,
    }
}

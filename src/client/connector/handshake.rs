//! The TLS handshake, and what a failed one means.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind, ProtocolVersion};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::asked::Noting;
use super::error::{ConnectError, ConnectStage};
use super::info::ClientCertificate;
use super::pending::unread_alert;
use super::target::Target;
use super::verdict;
use crate::diagnose::{Diagnosis, End, Spoke, diagnose_first_bytes};
use crate::io::{Record, Recorded, read_some};

/// TLS on a socket.
pub(super) type Tls = TlsStream<Recorded<TcpStream>>;

/// What a handshake is made from.
pub(super) struct Handshake<'a> {
    pub(super) target: &'a Target,
    pub(super) name: ServerName<'static>,
    pub(super) config: Arc<ClientConfig>,
    pub(super) limit: Duration,
    /// How long the TCP connection took.
    pub(super) took: Duration,
}

/// A handshake that is over.
pub(super) struct Shaken {
    pub(super) tls: Box<Tls>,
    pub(super) client: ClientCertificate,
    /// The server may yet refuse the client.
    pub(super) unjudged: bool,
}

impl Handshake<'_> {
    pub(super) async fn shake(self, tcp: TcpStream) -> Result<Shaken, ConnectError> {
        let Self { target, limit, .. } = self;
        let began = Instant::now();
        let record = Record::default();
        let io = Recorded::new(tcp, record.clone());
        let handshake = TlsConnector::from(self.config).connect(self.name, io);
        let handshake = Noting::new(handshake.into_fallible());
        let Ok((shaken, client)) = timeout(limit, handshake).await else {
            return Err(late(target, limit, &record.bytes()));
        };
        let mut tls = match shaken {
            Ok(tls) => Box::new(tls),
            Err((error, io)) => {
                let (tcp, bytes) = (io.into_inner(), record.bytes());
                let diagnosis = match verdict::of_error(&error, client) {
                    Some(diagnosis) => Some(diagnosis),
                    None => by_bytes(tcp, bytes, &error).await,
                };
                return Err(ConnectError::tls(target, diagnosis, error));
            }
        };
        let refused = |error| ConnectError::tls(target, verdict::of_end(&error, client), error);
        // Of the two only one may have met a slow name server, or a slow judge.
        let round_trip = self.took.min(began.elapsed());
        let mut unjudged = false;
        if let Some(most) = waits(&tls, client, round_trip) {
            match timeout(most, verdict::first_word(&mut tls)).await {
                Ok(word) => word.map_err(refused)?,
                Err(_) => unjudged = true,
            }
        }
        if let Err(error) = tls.get_mut().0.stop() {
            return Err(refused(unread_alert(&mut tls).unwrap_or(error)));
        }
        Ok(Shaken {
            tls,
            client,
            unjudged,
        })
    }
}

/// How long to wait for the server's judgement of the client. In TLS 1.2 it comes
/// inside the handshake, and who resumes a session was judged before.
fn waits(tls: &Tls, client: ClientCertificate, round_trip: Duration) -> Option<Duration> {
    let session = tls.get_ref().1;
    if session.protocol_version() != Some(ProtocolVersion::TLSv1_3)
        || session.handshake_kind() == Some(HandshakeKind::Resumed)
    {
        return None;
    }
    match client {
        ClientCertificate::NotRequested => None,
        ClientCertificate::NotSent => Some(UNPROVEN),
        ClientCertificate::Sent => Some((round_trip * 2).clamp(PROVEN_LEAST, PROVEN_MOST)),
    }
}

/// Without a certificate it is likely that the server refuses.
const UNPROVEN: Duration = Duration::from_millis(250);

/// With one it most likely does not: about a round trip, and time to verify.
const PROVEN_LEAST: Duration = Duration::from_millis(20);

/// By satellite.
const PROVEN_MOST: Duration = Duration::from_secs(1);

fn late(target: &Target, limit: Duration, received: &[u8]) -> ConnectError {
    match diagnose_first_bytes(Spoke::Tls, received, End::TimedOut) {
        Some(diagnosis) => {
            let error = io::ErrorKind::TimedOut.into();
            ConnectError::tls(target, Some(diagnosis), error)
        }
        None => ConnectError::timeout(target, ConnectStage::Handshake, limit),
    }
}

/// What the server's bytes mean, after a moment in which more of them may come:
/// rustls gives up at the first that it does not like.
async fn by_bytes(mut tcp: TcpStream, mut bytes: Vec<u8>, error: &io::Error) -> Option<Diagnosis> {
    let until = Instant::now() + MORE;
    let mut end = match error.kind() {
        io::ErrorKind::UnexpectedEof => End::Eof,
        // rustls' own verdict.
        io::ErrorKind::InvalidData => End::Open,
        _ => End::Reset,
    };
    loop {
        let diagnosis = diagnose_first_bytes(Spoke::Tls, &bytes, end);
        if diagnosis.is_some() || end != End::Open {
            return diagnosis;
        }
        // Where the record is full, what follows does not follow it.
        end = match bytes.len() >= Record::MOST {
            true => End::TimedOut,
            false => match timeout_at(until, read_some(&mut tcp, &mut bytes)).await {
                Ok(Ok(0)) => End::Eof,
                Ok(Ok(_)) => End::Open,
                Ok(Err(_)) => End::Reset,
                Err(_) => End::TimedOut,
            },
        };
    }
}

/// For the rest of a response's head.
const MORE: Duration = Duration::from_millis(250);

//! The questions over TLS.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, ClientConfig, ProtocolVersion, SignatureScheme, SupportedProtocolVersion,
};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::exchange::{BoxError, Question, Said, by_http1, by_http2};
use super::plaintext::{first_line, proxied};
use super::report::Answer;
use super::setting::Setting;
use super::wire::{Heard, Recorder};
use crate::diagnose::{Certainty, Diagnosis, End, Spoke, diagnose_alert, diagnose_first_bytes};
use crate::io::{Rewind, read_some};
use crate::mismatch::{CertificateFault, Mismatch};
use crate::tls::provider;
use crate::tls::self_check::Witness;

/// How a client begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    pub(super) versions: &'static [&'static SupportedProtocolVersion],
    pub(super) alpn: &'static [&'static [u8]],
}

/// What is to follow the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Http,
    Nothing,
    WebSocket,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Seen {
    /// What the client spoke.
    pub(super) offer: Offer,
    /// Of a handshake that was completed.
    pub(super) version: Option<ProtocolVersion>,
    pub(super) alpn: Option<Vec<u8>>,
    /// What the server ended the connection with.
    pub(super) alert: Option<AlertDescription>,
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// The client was asked for a certificate.
    pub(super) is_asked: bool,
    pub(super) has_identity: bool,
    /// To the request, or to the ClientHello if it came to no more.
    pub(super) answer: Answer,
}

/// While a server that has asked for a certificate may still refuse the client's
/// (TLS 1.3: the client is done before the server is). Short, for it is waited
/// for even if all is well.
const VERDICT: Duration = Duration::from_millis(250);

/// On a connection of its own, unless one is there.
pub(super) async fn ask(
    setting: &Setting,
    tcp: Option<TcpStream>,
    offer: Offer,
    then: Then,
) -> Seen {
    let state = Arc::new(State::new(setting));
    let (outer, inner) = (Heard::default(), Heard::default());
    let asked = converse(setting, tcp, offer, then, &state, &outer, &inner);
    let said = timeout(setting.limit, asked).await.ok();

    let known = state.known();
    let mut seen = Seen {
        offer,
        version: known.version,
        alpn: known.alpn,
        alert: None,
        chain: state.witness.chain(),
        is_asked: state.is_asked.load(Ordering::Relaxed),
        has_identity: setting.identity.is_some(),
        answer: Answer::NotAsked,
    };
    let late = said.is_none();
    let error = match said {
        Some(Ok(None)) => return seen,
        Some(Ok(Some(said))) => {
            seen.answer = said.into();
            return seen;
        }
        Some(Err(error)) => Some(error),
        None => None,
    };
    seen.alert = error.as_ref().and_then(|error| alert(error.as_ref()));
    seen.answer = failure(setting, &seen, late, &outer, &inner, error.as_deref());
    seen
}

/// As [`ask`], behind a PROXY protocol header, for the handshake alone.
pub(super) async fn ask_behind_proxy(setting: &Setting, offer: Offer) -> Seen {
    let tcp = timeout(setting.limit, proxied(setting)).await;
    let tcp = tcp.ok().and_then(Result::ok);
    ask(setting, tcp, offer, Then::Nothing).await
}

async fn converse(
    setting: &Setting,
    tcp: Option<TcpStream>,
    offer: Offer,
    then: Then,
    state: &Arc<State>,
    outer: &Heard,
    inner: &Heard,
) -> Result<Option<Said>, BoxError> {
    let config = config(state, offer)?;
    let tcp = setting.connection(tcp).await?;
    let begun = Instant::now();
    let tls = TlsConnector::from(Arc::new(config));
    let tls = tls.connect(setting.server_name.clone(), Recorder::new(tcp, outer));
    let mut tls = tls.await?;
    let took = begun.elapsed();

    let alpn = {
        let (_, session) = tls.get_ref();
        let alpn = session.alpn_protocol().map(<[u8]>::to_vec);
        state.learn(session.protocol_version(), alpn.clone());
        alpn
    };
    let mut early = Vec::new();
    if state.is_asked.load(Ordering::Relaxed) {
        // Before anything is written: a server that has hung up answers that
        // with a reset, which would take the alert along.
        let patience = VERDICT.max(took * 2).min(setting.limit / 2);
        if let Ok(read) = timeout(patience, read_some(&mut tls, &mut early)).await {
            if read? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }
    if then == Then::Nothing {
        hang_up(tls).await;
        return Ok(None);
    }
    let faults = setting.trust.faults(
        &state.witness.chain(),
        &setting.server_name,
        SystemTime::now(),
    );
    let question = Question {
        authority: setting.authority(true),
        path: setting.path(true, faults.is_empty()),
        is_tls: true,
        is_websocket: then == Then::WebSocket,
    };
    let io = Recorder::new(Rewind::new(early, tls), inner);
    let said = match alpn.as_deref() == Some(b"h2") {
        true => by_http2(io, &question).await?,
        false => by_http1(io, &question).await?,
    };
    Ok(Some(said))
}

/// A close_notify: without it, some servers write a line about a truncated
/// connection into their log.
fn hang_up(mut tls: TlsStream<Recorder<TcpStream>>) -> impl Future<Output = ()> {
    async move {
        let _ = tokio::io::AsyncWriteExt::shutdown(&mut tls).await;
    }
}

fn config(state: &Arc<State>, offer: Offer) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(offer.versions)?
        // What the server shows is judged afterwards.
        .dangerous()
        .with_custom_certificate_verifier(state.witness.clone())
        .with_client_cert_resolver(state.clone());
    config.alpn_protocols = offer.alpn.iter().map(|name| name.to_vec()).collect();
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// What to make of a question that got no answer in HTTP.
fn failure(
    setting: &Setting,
    seen: &Seen,
    late: bool,
    outer: &Heard,
    inner: &Heard,
    error: Option<&(dyn StdError + Send + Sync)>,
) -> Answer {
    if let Some(diagnosis) = seen.alert.and_then(|alert| explained(setting, seen, alert)) {
        return Answer::Refused(diagnosis);
    }
    let end = match late {
        true => End::TimedOut,
        // It was closed after what was read, or hyper would read on.
        false if outer.end() == End::Open => End::Eof,
        false => outer.end(),
    };
    if seen.version.is_some() {
        let heard = inner.bytes();
        if !heard.is_empty() {
            return Answer::Other(first_line(&heard));
        }
        if late {
            return Answer::Silent;
        }
        if seen.is_asked {
            return Answer::Refused(own_certificate(setting));
        }
        return Answer::Closed;
    }
    let heard = outer.bytes();
    if heard.is_empty() {
        return if late { Answer::Silent } else { Answer::Closed };
    }
    match diagnose_first_bytes(Spoke::Tls, &heard, end) {
        Some(diagnosis) => Answer::Refused(diagnosis),
        None if late => Answer::Silent,
        None => Answer::Other(match error {
            Some(error) => format!("a TLS handshake that fails: {error}"),
            None => first_line(&heard),
        }),
    }
}

/// What an alert means at this point of the handshake.
fn explained(setting: &Setting, seen: &Seen, alert: AlertDescription) -> Option<Diagnosis> {
    let diagnosis = diagnose_alert(alert.into());
    let is_about_certificate = diagnosis.as_ref().is_some_and(|diagnosis| {
        matches!(
            diagnosis.mismatch(),
            Some(Mismatch::ClientCertificate(fault)) if fault != CertificateFault::Missing
        )
    });
    match alert {
        // A version and a cipher suite were agreed upon before the server asked:
        // this is TLS 1.2's way to say that it wants a certificate.
        AlertDescription::HandshakeFailure if seen.is_asked => Some(own_certificate(setting)),
        // Whoever has shown none has shown no bad one.
        _ if is_about_certificate && seen.is_asked && setting.identity.is_none() => {
            Some(own_certificate(setting))
        }
        _ => diagnosis,
    }
}

/// The client's certificate is what the server has hung up about, or its lack.
fn own_certificate(setting: &Setting) -> Diagnosis {
    let fault = match setting.identity.is_some() {
        true => CertificateFault::Refused,
        false => CertificateFault::Missing,
    };
    Diagnosis::new(Mismatch::ClientCertificate(fault), Certainty::MostLikely)
}

/// The alert that an error is about, however deep it is wrapped.
fn alert(error: &(dyn StdError + 'static)) -> Option<AlertDescription> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::AlertReceived(alert)) = error.downcast_ref() {
            return Some(*alert);
        }
        // Its `source` is that of what is in it.
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if let Some(rustls::Error::AlertReceived(alert)) =
            inner.and_then(|inner| inner.downcast_ref())
        {
            return Some(*alert);
        }
        next = error.source();
    }
    None
}

/// What is known while a handshake goes on, whenever it is cut off.
#[derive(Debug)]
struct State {
    witness: Arc<Witness>,
    identity: Option<Arc<CertifiedKey>>,
    is_asked: AtomicBool,
    known: Mutex<Known>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    version: Option<ProtocolVersion>,
    alpn: Option<Vec<u8>>,
}

impl State {
    fn new(setting: &Setting) -> Self {
        Self {
            witness: Arc::new(Witness::new(&provider())),
            identity: setting.identity.clone(),
            is_asked: AtomicBool::new(false),
            known: Mutex::default(),
        }
    }

    fn known(&self) -> Known {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn learn(&self, version: Option<ProtocolVersion>, alpn: Option<Vec<u8>>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Known { version, alpn };
    }
}

impl ResolvesClientCert for State {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.is_asked.store(true, Ordering::Relaxed);
        self.identity.clone()
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
}

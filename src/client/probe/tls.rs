//! The questions over TLS.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    AlertDescription, ClientConfig, ProtocolVersion, SignatureScheme, SupportedProtocolVersion,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::answer::Answer;
use super::exchange::{BoxError, Question, Said, by_http1, by_http2};
use super::plaintext::proxied;
use super::setting::Setting;
use super::tls_failure::{alert, failure};
use super::wire::{Heard, Recorder};
use crate::io::{Rewind, read_some};
use crate::tls::provider;
use crate::tls::self_check::Witness;

/// Names of ALPN: RFC 7301 6, RFC 9113 3.2.
pub(super) const H2: &[u8] = b"h2";
pub(super) const HTTP1: &[u8] = b"http/1.1";

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
    let asked = Box::pin(converse(setting, tcp, offer, then, &state, &outer, &inner));
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
    let said = match alpn.as_deref() == Some(H2) {
        true => by_http2(io, &question).await?,
        false => by_http1(io, &question).await?,
    };
    Ok(Some(said))
}

/// A close_notify: without it, some servers write a line about a truncated
/// connection into their log.
async fn hang_up(mut tls: TlsStream<Recorder<TcpStream>>) {
    let _ = tls.shutdown().await;
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

/// What is known while a handshake goes on, whenever it is cut off.
#[derive(Debug)]
struct State {
    witness: Arc<Witness>,
    identity: Option<Arc<SingleCertAndKey>>,
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
    fn resolve(&self, cas: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.is_asked.store(true, Ordering::Relaxed);
        ResolvesClientCert::resolve(self.identity.as_deref()?, cas, schemes)
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
}

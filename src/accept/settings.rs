//! How an acceptor is set up.

use std::sync::Arc;

use http_body::Body;
use hyper::body::Incoming;
use tower_service::Service;

use super::Acceptor;
use crate::answer::{BoxError, Explainer};
#[cfg(feature = "acme")]
use crate::challenge::Challenges;
use crate::conn_info::Home;
use crate::io::Linger;
use crate::limits::Limits;
use crate::policy::{self, Inbound, Mode, Policy, Route};
use crate::proxy::ProxyProtocol;
use crate::sniff::Protocol;
use crate::tls::TlsConfig;

/// What all connections of an acceptor share.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) tls: Option<TlsConfig>,
    pub(super) policy: Arc<dyn Policy>,
    pub(super) limits: Limits,
    pub(super) linger: Linger,
    pub(super) explainer: Explainer,
    pub(super) proxies: Option<ProxyProtocol>,
    pub(super) tls_to_plaintext: TlsToPlaintext,
    plaintext_beside_client_auth: BesideClientAuth,
    /// That of a bare acceptor.
    pub(super) home: Arc<Home>,
    #[cfg(feature = "acme")]
    pub(super) challenges: Option<Challenges>,
}

/// What plaintext gets where TLS clients need a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BesideClientAuth {
    Allow,
    Refuse,
}

impl Settings {
    /// Whether who speaks plaintext would be served without the certificate that
    /// TLS clients need.
    pub(super) fn plaintext_is_a_way_around(&self, inbound: &Inbound) -> bool {
        let refuse = self.plaintext_beside_client_auth == BesideClientAuth::Refuse
            && (self.tls.as_ref()).is_some_and(TlsConfig::is_client_auth_required);
        // Where TLS is not served, nobody needs a certificate.
        let as_tls = Inbound::new(Protocol::Tls, inbound.peer, inbound.tls_available);
        refuse && policy::route(&*self.policy, &as_tls) == Route::Tls
    }
}

/// How a TLS client of a plaintext-only port is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TlsToPlaintext {
    /// In plaintext, in place of a handshake.
    Bare,
    /// In HTTP, after a handshake.
    InTls,
}

impl Acceptor {
    /// Both modes on one port: TLS with this configuration, and plaintext.
    pub fn new(tls: impl Into<TlsConfig>) -> Self {
        Self::with(Some(tls.into()))
    }

    /// No certificate, plaintext only: a TLS client is told so.
    pub fn plaintext_only() -> Self {
        Self::with(None)
    }

    pub(crate) fn with(tls: Option<TlsConfig>) -> Self {
        let limits = Limits::default();
        Self(Arc::new(Settings {
            tls,
            policy: Arc::new(Mode::default()),
            linger: linger_of(&limits),
            limits,
            explainer: Explainer::default(),
            proxies: None,
            tls_to_plaintext: TlsToPlaintext::Bare,
            plaintext_beside_client_auth: BesideClientAuth::Refuse,
            home: Arc::new(Home {
                local: None,
                observer: None,
                log: Arc::default(),
            }),
            #[cfg(feature = "acme")]
            challenges: None,
        }))
    }

    /// Serve this mode to everybody. Default: [`Mode::Dual`].
    pub fn mode(self, mode: Mode) -> Self {
        self.policy(mode)
    }

    /// Choose the route of each connection; see [`Policy`].
    pub fn policy(mut self, policy: impl Policy) -> Self {
        Arc::make_mut(&mut self.0).policy = Arc::new(policy);
        self
    }

    /// Deadlines and bounds.
    pub fn limits(mut self, limits: Limits) -> Self {
        let limits = limits.on_a_clock();
        let inner = Arc::make_mut(&mut self.0);
        inner.linger = linger_of(&limits);
        inner.limits = limits;
        self
    }

    /// Answer refused HTTP requests with this service, in place of [`Explain`].
    ///
    /// It gets the refused request; in its extensions are the
    /// [`Mismatch`](crate::Mismatch) and the [`ConnInfo`](crate::ConnInfo) of the connection,
    /// which ends with the response. Whatever it answers, there is no
    /// `Set-Cookie` on a refusal, no `Strict-Transport-Security` in the clear,
    /// and always an `Oneport-Mismatch` header. If it fails, or takes half of
    /// [`Limits::refusal`], the default explanation is sent.
    ///
    /// [`Explain`]: crate::Explain
    pub fn explain<S, B>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Incoming>, Response = http::Response<B>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Arc::make_mut(&mut self.0).explainer = Explainer::new(service);
        self
    }

    /// Serve plaintext to whom the policy admits, although TLS clients need a
    /// certificate here. Without this call they are refused: mutual TLS means
    /// little on a port that serves the same without any TLS. It is right where
    /// the policy admits only who is trusted by other means, such as
    /// [`AllowPlaintext::loopback`](crate::AllowPlaintext::loopback).
    pub fn plaintext_beside_client_auth(mut self) -> Self {
        let beside = BesideClientAuth::Allow;
        Arc::make_mut(&mut self.0).plaintext_beside_client_auth = beside;
        self
    }

    /// Where TLS is refused ([`Mode::PlaintextOnly`], or by a [`Policy`]) and a
    /// certificate is configured all the same: shake hands with it and answer
    /// in HTTP, 421 with the sentence, in place of a plaintext 400 that few TLS
    /// clients show to their user. The application is never reached over TLS.
    ///
    /// Off by default: it needs a certificate that clients trust. With one
    /// that they do not, browsers show a warning page, and people learn to
    /// click it away.
    pub fn answer_tls_with_http(mut self) -> Self {
        Arc::make_mut(&mut self.0).tls_to_plaintext = TlsToPlaintext::InTls;
        self
    }

    /// Answer these ACME challenges: the CA's tls-alpn-01 validation in its
    /// handshake, where the policy lets it shake hands, without a certificate of
    /// its own and whatever its server name ([`accept`](Self::accept)
    /// then fails with [`AcceptError::AcmeChallenge`](crate::AcceptError::AcmeChallenge)),
    /// http-01 where HTTP is refused. Where HTTP is accepted, the stream is yours, and
    /// so is the answer: see [`Challenges::answer_at`]. ([`Serve`](crate::Serve)
    /// gives it by itself.)
    #[cfg(feature = "acme")]
    pub fn acme(mut self, challenges: &Challenges) -> Self {
        Arc::make_mut(&mut self.0).challenges = Some(challenges.clone());
        self
    }

    /// Expect the PROXY protocol from these peers. Default: from nobody.
    pub fn proxy_protocol(mut self, proxies: ProxyProtocol) -> Self {
        Arc::make_mut(&mut self.0).proxies = Some(proxies);
        self
    }
}

fn linger_of(limits: &Limits) -> Linger {
    Linger::new(limits.lingering, limits.linger, limits.linger_bytes)
}

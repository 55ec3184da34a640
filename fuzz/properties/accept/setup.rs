//! An acceptor of an input's choice, and where its policy leads.

use std::net::SocketAddr;

use oneport::{
    Acceptor, AllowPlaintext, Explain, Foreign, Inbound, Mismatch, Mode, Peer, Policy, Protocol,
    ProxyProtocol, Redirect, Route,
};

use super::super::input::Choices;
use super::super::tls;

/// An acceptor, and what is known of it.
pub struct Setup {
    pub acceptor: Acceptor,
    policy: Policies,
    pub peer: Peer,
    has_tls: bool,
    /// A PROXY header is expected.
    pub proxied: bool,
    /// Who is refused TLS is told so inside TLS.
    pub in_tls: bool,
}

#[derive(Clone, Copy)]
enum Policies {
    AllowPlaintext,
    /// Whatever the bytes are.
    Fixed(Route),
    Mode(Mode),
}

const POLICIES: [Policies; 8] = [
    Policies::Mode(Mode::Dual),
    Policies::Mode(Mode::TlsOnly),
    Policies::Mode(Mode::PlaintextOnly),
    Policies::AllowPlaintext,
    Policies::Fixed(Route::Plaintext),
    Policies::Fixed(Route::Tls),
    Policies::Fixed(Route::Refuse(Mismatch::TlsToPlaintext)),
    Policies::Fixed(Route::Refuse(Mismatch::Foreign(Foreign::Redis))),
];

impl Setup {
    pub fn choose(choices: &mut Choices<'_>) -> Self {
        let policy = choices.of(&POLICIES);
        let bits = choices.byte();
        let (has_tls, in_tls, proxied) = (bits & 1 == 0, bits & 2 != 0, bits & 4 != 0);
        let acceptor = match has_tls {
            true => Acceptor::new(tls::server()),
            false => Acceptor::plaintext_only(),
        };
        let acceptor = match policy {
            Policies::AllowPlaintext => acceptor.policy(AllowPlaintext::loopback()),
            Policies::Fixed(route) => acceptor.policy(move |_: &Inbound| route),
            Policies::Mode(mode) => acceptor.mode(mode),
        };
        let acceptor = match (bits >> 3) & 3 {
            0 | 1 => acceptor,
            2 => acceptor.explain(Explain::new().close_websockets()),
            _ => {
                let redirect = Redirect::to_matching(["localhost", "*.example.org"]).unwrap();
                acceptor.explain(Explain::new().redirect(redirect))
            }
        };
        let acceptor = match in_tls {
            true => acceptor.answer_tls_with_http(),
            false => acceptor,
        };
        let acceptor = match proxied {
            true => acceptor.proxy_protocol(ProxyProtocol::loopback()),
            false => acceptor,
        };
        let address = |ip: [u8; 4]| Peer::from(SocketAddr::from((ip, 1)));
        let peer = match (bits >> 5) & 3 {
            0 | 1 => address([127, 0, 0, 1]),
            2 => address([192, 0, 2, 1]),
            _ => Peer::Unix,
        };
        Self {
            acceptor,
            policy,
            peer,
            has_tls,
            proxied: proxied && peer.is_loopback(),
            in_tls: in_tls && has_tls,
        }
    }

    /// By the documentation of `Route`: what the bytes contradict is a refusal.
    pub fn route(&self, protocol: Protocol) -> Route {
        let inbound = Inbound::new(protocol, self.peer, self.has_tls);
        let wanted = match self.policy {
            Policies::AllowPlaintext => AllowPlaintext::loopback().route(&inbound),
            Policies::Fixed(route) => route,
            Policies::Mode(mode) => mode.route(&inbound),
        };
        match (wanted, protocol) {
            (refusal @ Route::Refuse(_), _) => refusal,
            (_, Protocol::Foreign(foreign)) => Route::Refuse(Mismatch::Foreign(foreign)),
            (Route::Tls, Protocol::Tls) if self.has_tls => Route::Tls,
            (_, Protocol::Tls) => Route::Refuse(Mismatch::TlsToPlaintext),
            (Route::Plaintext, _) => Route::Plaintext,
            _ => Route::Refuse(Mismatch::PlaintextToTls),
        }
    }
}

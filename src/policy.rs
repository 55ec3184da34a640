//! Who is served how: an [`Inbound`] connection to a [`Route`]. Pure.

use std::fmt;

use crate::mismatch::Mismatch;
use crate::network::Network;
use crate::peer::Peer;
use crate::peer_set::PeerSet;
use crate::sniff::Protocol;

/// What is known of a connection when its route is chosen.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Inbound {
    /// What the client's first bytes are.
    pub protocol: Protocol,
    /// Where the client is.
    pub peer: Peer,
    /// Whether a certificate is configured, so that [`Route::Tls`] can be
    /// carried out.
    pub tls_available: bool,
}

impl Inbound {
    /// An inbound connection, for calling a [`Policy`] by hand (in its tests).
    pub fn new(protocol: Protocol, peer: Peer, tls_available: bool) -> Self {
        Self {
            protocol,
            peer,
            tls_available,
        }
    }
}

/// What to do with a connection.
///
/// A route that the bytes contradict is not carried out: [`Plaintext`]
/// (Self::Plaintext) for a ClientHello, or [`Tls`](Self::Tls) for a plaintext
/// request, becomes the refusal that fits.
///
/// [`Plaintext`]: Self::Plaintext
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub enum Route {
    /// Serve it as plaintext HTTP.
    Plaintext,
    /// Explain the mismatch to the client and close.
    Refuse(Mismatch),
    /// Shake hands.
    Tls,
}

/// Chooses the [`Route`] of each connection.
///
/// Implemented by [`Mode`], [`AllowPlaintext`] and by closures. It runs once
/// per connection, on the connection's task, and must not block. Where TLS clients
/// need a certificate it is asked twice about a plaintext connection that it
/// admits: what would TLS from there get?
///
/// ```
/// use oneport::{Inbound, Mode, Policy, Route};
///
/// // As dual mode, but nobody from 192.0.2.0/24 gets in without TLS.
/// let policy = |inbound: &Inbound| {
///     let block: oneport::Network = "192.0.2.0/24".parse().unwrap();
///     match inbound.peer.ip() {
///         Some(ip) if block.contains(ip) => Mode::TlsOnly.route(inbound),
///         _ => Mode::Dual.route(inbound),
///     }
/// };
/// # fn takes(_: impl Policy) {}
/// # takes(policy);
/// ```
pub trait Policy: Send + Sync + 'static {
    /// The route for this connection.
    fn route(&self, inbound: &Inbound) -> Route;
}

impl<F> Policy for F
where
    F: Fn(&Inbound) -> Route + Send + Sync + 'static,
{
    fn route(&self, inbound: &Inbound) -> Route {
        self(inbound)
    }
}

/// Which of the two modes a port serves, to everybody alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// TLS and plaintext. The default.
    #[default]
    Dual,
    /// Plaintext only: a ClientHello is refused with an explanation.
    PlaintextOnly,
    /// TLS only: plaintext is refused with an explanation.
    TlsOnly,
}

impl Policy for Mode {
    fn route(&self, inbound: &Inbound) -> Route {
        match (inbound.protocol, self) {
            (Protocol::Foreign(foreign), _) => Route::Refuse(Mismatch::Foreign(foreign)),
            (Protocol::Http1 | Protocol::Http2, Self::TlsOnly) => {
                Route::Refuse(Mismatch::PlaintextToTls)
            }
            (Protocol::Http1 | Protocol::Http2, _) => Route::Plaintext,
            (Protocol::Tls, Self::PlaintextOnly) => Route::Refuse(Mismatch::TlsToPlaintext),
            (Protocol::Tls, _) if !inbound.tls_available => Route::Refuse(Mismatch::TlsToPlaintext),
            (Protocol::Tls, _) => Route::Tls,
        }
    }
}

/// TLS for everybody, plaintext only for peers in the given networks.
///
/// The match uses the peer's address ([`Inbound::peer`]), IPv4-mapped IPv6 addresses
/// normalised. A Unix socket's client counts as loopback.
///
/// ```
/// use oneport::AllowPlaintext;
///
/// // Container health checks over plaintext, everybody else over TLS.
/// let policy = AllowPlaintext::loopback();
/// let offices = AllowPlaintext::from_networks(["10.1.0.0/16".parse().unwrap()]);
/// # let _ = (policy, offices);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AllowPlaintext(PeerSet);

impl AllowPlaintext {
    /// Plaintext from this machine only: 127.0.0.0/8, ::1, Unix sockets.
    pub fn loopback() -> Self {
        Self(PeerSet::loopback())
    }

    /// Plaintext from these networks only.
    pub fn from_networks(networks: impl IntoIterator<Item = Network>) -> Self {
        Self(PeerSet::from_networks(networks))
    }

    /// Plaintext also from this network.
    pub fn and(self, network: Network) -> Self {
        Self(self.0.and(network))
    }

    /// Plaintext also from this machine.
    pub fn and_loopback(self) -> Self {
        Self(self.0.and_loopback())
    }
}

/// The networks, comma separated: `loopback, 10.1.0.0/16`.
impl fmt::Display for AllowPlaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Policy for AllowPlaintext {
    fn route(&self, inbound: &Inbound) -> Route {
        if self.0.contains(inbound.peer) {
            Mode::Dual.route(inbound)
        } else {
            Mode::TlsOnly.route(inbound)
        }
    }
}

/// Carries a policy's answer over to what the bytes allow; see [`Route`].
#[cfg_attr(not(any(feature = "accept", test)), expect(dead_code))]
pub(crate) fn route(policy: &dyn Policy, inbound: &Inbound) -> Route {
    match (inbound.protocol, policy.route(inbound)) {
        (_, refusal @ Route::Refuse(_)) => refusal,
        (Protocol::Foreign(foreign), _) => Route::Refuse(Mismatch::Foreign(foreign)),
        (Protocol::Http1 | Protocol::Http2, Route::Tls) => Route::Refuse(Mismatch::PlaintextToTls),
        (Protocol::Tls, Route::Plaintext) => Route::Refuse(Mismatch::TlsToPlaintext),
        (Protocol::Tls, Route::Tls) if !inbound.tls_available => {
            Route::Refuse(Mismatch::TlsToPlaintext)
        }
        (_, route) => route,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::Foreign;
    use std::net::SocketAddr;

    fn inbound(protocol: Protocol, peer: &str) -> Inbound {
        let peer: SocketAddr = peer.parse().expect("an address");
        Inbound::new(protocol, peer.into(), true)
    }

    #[test]
    fn modes() {
        let refuse = Route::Refuse;
        let table = [
            (Mode::Dual, Protocol::Http1, Route::Plaintext),
            (Mode::Dual, Protocol::Http2, Route::Plaintext),
            (Mode::Dual, Protocol::Tls, Route::Tls),
            (
                Mode::TlsOnly,
                Protocol::Http1,
                refuse(Mismatch::PlaintextToTls),
            ),
            (
                Mode::TlsOnly,
                Protocol::Http2,
                refuse(Mismatch::PlaintextToTls),
            ),
            (Mode::TlsOnly, Protocol::Tls, Route::Tls),
            (Mode::PlaintextOnly, Protocol::Http1, Route::Plaintext),
            (Mode::PlaintextOnly, Protocol::Http2, Route::Plaintext),
            (
                Mode::PlaintextOnly,
                Protocol::Tls,
                refuse(Mismatch::TlsToPlaintext),
            ),
        ];
        for (mode, protocol, expected) in table {
            let inbound = inbound(protocol, "192.0.2.1:1");
            assert_eq!(mode.route(&inbound), expected, "{mode:?} {protocol:?}");
        }
        let text = Foreign::Text;
        for mode in [Mode::Dual, Mode::TlsOnly, Mode::PlaintextOnly] {
            let inbound = inbound(Protocol::Foreign(text), "192.0.2.1:1");
            assert_eq!(mode.route(&inbound), refuse(Mismatch::Foreign(text)));
        }
    }

    #[test]
    fn plaintext_by_network() {
        let policy = AllowPlaintext::loopback().and("10.0.0.0/8".parse().expect("a network"));
        let table = [
            ("127.0.0.1:1", true),
            ("127.3.2.1:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("[::ffff:10.9.9.9]:1", true),
            ("10.0.0.1:1", true),
            ("11.0.0.1:1", false),
            ("[2001:db8::1]:1", false),
        ];
        for (peer, admitted) in table {
            let inbound = inbound(Protocol::Http1, peer);
            let expected = if admitted {
                Route::Plaintext
            } else {
                Route::Refuse(Mismatch::PlaintextToTls)
            };
            assert_eq!(policy.route(&inbound), expected, "{peer}");
        }
        assert_eq!(policy.to_string(), "loopback, 10.0.0.0/8");
        let unix = Inbound::new(Protocol::Http1, Peer::Unix, true);
        assert_eq!(policy.route(&unix), Route::Plaintext);
        let nets = AllowPlaintext::from_networks(["0.0.0.0/0".parse().expect("a network")]);
        assert_eq!(nets.route(&unix), Route::Refuse(Mismatch::PlaintextToTls));
    }

    /// A closure cannot send a ClientHello into hyper, or a request into rustls.
    #[test]
    fn a_route_that_the_bytes_contradict_is_a_refusal() {
        let plaintext = |_: &Inbound| Route::Plaintext;
        let tls = |_: &Inbound| Route::Tls;
        let hello = inbound(Protocol::Tls, "192.0.2.1:1");
        let request = inbound(Protocol::Http2, "192.0.2.1:1");
        assert_eq!(
            route(&plaintext, &hello),
            Route::Refuse(Mismatch::TlsToPlaintext)
        );
        assert_eq!(
            route(&tls, &request),
            Route::Refuse(Mismatch::PlaintextToTls)
        );
        let no_certificate = Inbound::new(Protocol::Tls, Peer::Unix, false);
        let refusal = Route::Refuse(Mismatch::TlsToPlaintext);
        assert_eq!(route(&tls, &no_certificate), refusal);
        assert_eq!(Mode::Dual.route(&no_certificate), refusal);
    }
}

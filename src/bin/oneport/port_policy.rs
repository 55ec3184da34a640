//! `--allow-plaintext`: who may speak plaintext on this port.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use oneport::{
    AllowPlaintext, Inbound, Mode, Network, NetworkError, Peer, Policy, Protocol, ProxyProtocol,
    Route,
};

/// The addresses that are not routed on the internet: RFC 1918 (IPv4) and RFC
/// 4193 (IPv6). Link-local addresses are not among them.
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// Whom this port serves over TLS, and whom over plaintext.
#[derive(Clone, Debug)]
pub(crate) enum PortPolicy {
    /// The same for everybody.
    Everybody(Mode),
    /// TLS for everybody, plaintext for some.
    PlaintextFor(AllowPlaintext),
}

impl PortPolicy {
    /// Whether this peer is served when it speaks plaintext.
    pub(crate) fn serves_plaintext_to(&self, peer: Peer) -> bool {
        self.route(&Inbound::new(Protocol::Http1, peer, true)) == Route::Plaintext
    }

    /// Whether anybody is served over plaintext.
    pub(crate) fn plaintext_for_some(&self) -> bool {
        !matches!(self, Self::Everybody(Mode::TlsOnly))
    }

    /// Whether anybody is served over TLS.
    pub(crate) fn serves_tls(&self) -> bool {
        !matches!(self, Self::Everybody(Mode::PlaintextOnly))
    }

    /// Whether a stranger on the internet is served over plaintext although
    /// the port serves TLS too.
    pub(crate) fn serves_plaintext_to_strangers(&self) -> bool {
        // Documentation addresses (RFC 5737, RFC 3849) stand for strangers.
        let strangers: [IpAddr; 2] = [
            [192, 0, 2, 1].into(),
            [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into(),
        ];
        let serves = |ip: IpAddr| self.serves_plaintext_to(std::net::SocketAddr::new(ip, 1).into());
        self.serves_tls() && strangers.into_iter().any(serves)
    }
}

impl Policy for PortPolicy {
    fn route(&self, inbound: &Inbound) -> Route {
        match self {
            Self::Everybody(mode) => mode.route(inbound),
            Self::PlaintextFor(networks) => networks.route(inbound),
        }
    }
}

/// `all`, or a list of `loopback`, `private`, networks and addresses.
impl FromStr for PortPolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "all" {
            return Ok(Self::Everybody(Mode::Dual));
        }
        let allowed = peers(
            text,
            AllowPlaintext::from_networks([]),
            AllowPlaintext::and,
            AllowPlaintext::and_loopback,
            "`all` admits everybody and stands alone",
        )?;
        Ok(Self::PlaintextFor(allowed))
    }
}

/// The value of `--proxy-protocol`.
pub(crate) fn proxies(text: &str) -> Result<ProxyProtocol, String> {
    peers(
        text,
        ProxyProtocol::from_networks([]),
        ProxyProtocol::and,
        ProxyProtocol::and_loopback,
        // Then anybody could call itself anybody.
        "name the proxies' addresses or networks",
    )
}

/// A list of `loopback`, `private`, networks and addresses, put together from
/// none; `all` is an error in these words.
fn peers<T>(
    text: &str,
    none: T,
    and: fn(T, Network) -> T,
    and_loopback: fn(T) -> T,
    all: &str,
) -> Result<T, String> {
    let mut peers = none;
    for word in text.split(',').map(str::trim) {
        peers = match word {
            "all" => return Err(all.to_owned()),
            "loopback" => and_loopback(peers),
            "private" => and_loopback(private().into_iter().fold(peers, and)),
            _ => and(peers, network(word)?),
        };
    }
    Ok(peers)
}

/// Whom plaintext is served to.
impl fmt::Display for PortPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody(Mode::Dual | Mode::PlaintextOnly) => f.write_str("everybody"),
            Self::Everybody(_) => f.write_str("nobody"),
            Self::PlaintextFor(networks) => networks.fmt(f),
        }
    }
}

fn private() -> Vec<Network> {
    PRIVATE
        .iter()
        .filter_map(|network| network.parse().ok())
        .collect()
}

fn network(word: &str) -> Result<Network, String> {
    word.parse().map_err(|error| match error {
        NetworkError::NotANetwork => format!(
            "`{word}` is none of all, loopback, private, \
             a network such as 10.1.0.0/16, or an address"
        ),
        other => format!("`{word}` is {other}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn serves(rule: &str, peer: &str) -> bool {
        let policy: PortPolicy = rule.parse().expect(rule);
        let peer = SocketAddr::new(peer.parse().expect(peer), 1);
        policy.serves_plaintext_to(peer.into())
    }

    #[test]
    fn rules() {
        let table = [
            ("all", "192.0.2.1", true),
            ("loopback", "127.0.0.1", true),
            ("loopback", "::1", true),
            ("loopback", "10.0.0.1", false),
            ("private", "127.0.0.1", true),
            ("private", "10.200.0.1", true),
            ("private", "172.31.0.1", true),
            ("private", "172.32.0.1", false),
            ("private", "192.168.9.9", true),
            ("private", "fd00::1", true),
            ("private", "fe80::1", false),
            ("private", "2001:db8::1", false),
            ("loopback,10.1.0.0/16", "10.1.2.3", true),
            ("loopback, 10.1.0.0/16", "127.9.9.9", true),
            ("loopback,10.1.0.0/16", "10.2.0.1", false),
            ("10.1.2.3/16", "10.1.200.1", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ];
        for (rule, peer, expected) in table {
            assert_eq!(serves(rule, peer), expected, "{rule} {peer}");
        }
    }

    #[test]
    fn strangers() {
        for (rule, expected) in [
            ("all", true),
            ("0.0.0.0/0", true),
            ("::/0", true),
            ("loopback", false),
            ("private", false),
        ] {
            let policy: PortPolicy = rule.parse().expect(rule);
            assert_eq!(policy.serves_plaintext_to_strangers(), expected, "{rule}");
        }
        // There the user has asked for nothing else: no warning.
        let only = PortPolicy::Everybody(Mode::PlaintextOnly);
        assert!(!only.serves_plaintext_to_strangers() && !only.serves_tls());
    }

    #[test]
    fn refusals_say_what_to_write() {
        for (rule, remedy) in [
            ("", "none of all, loopback"),
            ("everyone", "none of all, loopback"),
            ("loopback,", "none of all, loopback"),
            ("10.0.0.0/33", "10.1.0.0/16"),
            ("all,loopback", "stands alone"),
            ("loopback,all", "stands alone"),
            ("::ffff:10.0.0.0/104", "write it as IPv4"),
        ] {
            let error = rule.parse::<PortPolicy>().expect_err(rule);
            assert!(error.contains(remedy), "{rule}: {error}");
        }
    }
}

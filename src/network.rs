//! A range of IP addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// A range of IP addresses in CIDR notation (RFC 4632 3.1), or one address.
///
/// ```
/// use oneport::Network;
///
/// let network: Network = "10.1.0.0/16".parse().unwrap();
/// assert!(network.contains("10.1.2.3".parse().unwrap()));
/// let host: Network = "2001:db8::7".parse().unwrap();
/// assert_eq!(host.to_string(), "2001:db8::7/128");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

impl Network {
    /// Whether the address is in the range. An IPv4-mapped IPv6 address
    /// (RFC 4291 2.5.5.2) counts as the IPv4 address it stands for.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.0.contains(&ip.to_canonical())
    }
}

/// Host bits are cleared: `10.1.2.3/16` is `10.1.0.0/16`.
impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let network: IpNet = match text.parse::<IpAddr>() {
            Ok(ip) => ip.into(),
            Err(_) => text.parse().map_err(|_| NetworkError::NotANetwork)?,
        };
        match network {
            // Addresses are compared in their IPv4 form: it would never match.
            IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some() => Err(NetworkError::MappedIpv4),
            network => Ok(Self(network.trunc())),
        }
    }
}

/// One address.
impl From<IpAddr> for Network {
    fn from(ip: IpAddr) -> Self {
        Self(ip.to_canonical().into())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is no [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkError {
    /// An IPv4 range in IPv6 clothes.
    MappedIpv4,
    /// Neither a range nor an address.
    NotANetwork,
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MappedIpv4 => "an IPv4 network in IPv6 clothes: write it as IPv4",
            Self::NotANetwork => "neither a network such as 10.1.0.0/16 nor an address",
        })
    }
}

impl std::error::Error for NetworkError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_network() {
        let table = [
            ("10.1.0.0/16", "10.1.255.255", true),
            ("10.1.0.0/16", "10.2.0.0", false),
            ("10.1.2.3/16", "10.1.0.0", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("2001:db8::/32", "2001:db8:7::1", true),
            ("::/0", "10.1.1.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
        ];
        for (network, ip, expected) in table {
            let network: Network = network.parse().expect(network);
            assert_eq!(
                network.contains(ip.parse().expect(ip)),
                expected,
                "{network} {ip}"
            );
        }
    }

    #[test]
    fn what_is_none() {
        for text in ["", "10.0.0.0/33", "10.0.0", "localhost", "::/129"] {
            assert_eq!(
                text.parse::<Network>(),
                Err(NetworkError::NotANetwork),
                "{text}"
            );
        }
        let mapped = "::ffff:10.0.0.0/104".parse::<Network>();
        assert_eq!(mapped, Err(NetworkError::MappedIpv4));
    }
}

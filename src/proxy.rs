//! The PROXY protocol: who really is at the other end of a proxy's connection.

use std::fmt;
use std::net::SocketAddr;

use proxy_header::{Error, ParseConfig, ProxyHeader};

use crate::network::Network;
use crate::peer::Peer;
use crate::peer_set::PeerSet;

/// Which peers are proxies that begin each connection with a PROXY protocol
/// header, version 1 or 2 (HAProxy's `proxy-protocol.txt`, with nginx, Envoy,
/// AWS and Google load balancers speaking it).
///
/// From those the header is required, and the client's address in it becomes
/// [`ConnInfo::peer`](crate::ConnInfo::peer): what a [`Policy`](crate::Policy)
/// decides by, and what is logged. From everybody else a header is refused: a
/// client could call itself anybody. The header is read before anything else,
/// within [`Limits::sniff`](crate::Limits::sniff).
///
/// ```
/// use oneport::ProxyProtocol;
///
/// let proxies = ProxyProtocol::from_networks(["10.0.0.5".parse().unwrap()]);
/// # fn run(tls: oneport::tls::TlsConfig, proxies: ProxyProtocol) {
/// let acceptor = oneport::Acceptor::new(tls).proxy_protocol(proxies);
/// # }
/// # let _ = |tls| run(tls, proxies);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ProxyProtocol(PeerSet);

impl ProxyProtocol {
    /// The proxy is on this machine: 127.0.0.0/8, ::1, Unix sockets.
    pub fn loopback() -> Self {
        Self(PeerSet::loopback())
    }

    /// The proxies are in these networks.
    pub fn from_networks(networks: impl IntoIterator<Item = Network>) -> Self {
        Self(PeerSet::from_networks(networks))
    }

    /// And in this network.
    pub fn and(self, network: Network) -> Self {
        Self(self.0.and(network))
    }

    /// And on this machine.
    pub fn and_loopback(self) -> Self {
        Self(self.0.and_loopback())
    }

    /// Whether this peer's connections begin with a header.
    pub(crate) fn expected_from(&self, peer: Peer) -> bool {
        self.0.contains(peer)
    }
}

/// The networks, comma separated.
impl fmt::Display for ProxyProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a prefix is, where a header is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// None, or a malformed one.
    Missing,
    /// More bytes are needed.
    Partial,
    /// All of it.
    Whole {
        /// In bytes.
        length: usize,
        /// None if the proxy speaks for itself (its health checks do), or for
        /// a client without an IP address.
        client: Option<SocketAddr>,
    },
}

/// The signature of version 2, and where its length field is.
const V2_SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const V2_LENGTH: usize = 14;

/// Addresses and TLVs of version 2 that are read; the specification asks for
/// 536 bytes with the 16 before them. Version 1 has at most 107.
const V2_MOST: u16 = 520;

/// Reads the header at the beginning of a connection.
pub(crate) fn header(prefix: &[u8]) -> Header {
    const V1: &[u8] = b"PROXY ";
    let begins = |with: &[u8]| core::iter::zip(with, prefix).all(|(a, b)| a == b);
    if !begins(V1) && !begins(V2_SIGNATURE) {
        // The parser wants some bytes before it looks at the first ones.
        return Header::Missing;
    }
    if let (false, Some(&[hi, lo])) = (
        begins(V1),
        prefix
            .get(V2_LENGTH..V2_LENGTH + 2)
            .and_then(<[u8]>::first_chunk),
    ) {
        if u16::from_be_bytes([hi, lo]) > V2_MOST {
            return Header::Missing;
        }
    }
    let config = ParseConfig {
        include_tlvs: false,
        ..ParseConfig::default()
    };
    match ProxyHeader::parse(prefix, config) {
        Ok((header, length)) => Header::Whole {
            length,
            client: header.proxied_address().map(|address| address.source),
        },
        Err(Error::BufferTooShort) => Header::Partial,
        Err(_) => Header::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &[u8] = b"PROXY TCP4 192.0.2.7 192.0.2.1 5000 443\r\n";
    const V2: &[u8] =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\x02\x07\xc0\0\x02\x01\x13\x88\x01\xbb\x03\0\0";

    #[test]
    fn every_prefix_is_partial_until_the_whole() {
        for header_bytes in [V1, V2, b"PROXY TCP6 2001:db8::7 ::1 5000 443\r\n"] {
            for end in 1..header_bytes.len() {
                assert_eq!(header(&header_bytes[..end]), Header::Partial, "{end}");
            }
            let followed = [header_bytes, b"GET / HTTP/1.1\r\n"].concat();
            let Header::Whole { length, client } = header(&followed) else {
                panic!("{:?}", header(&followed));
            };
            assert_eq!(length, header_bytes.len());
            assert_eq!(client.map(|client| client.port()), Some(5000));
        }
    }

    #[test]
    fn a_proxy_that_speaks_for_itself() {
        for own in [
            &b"PROXY UNKNOWN\r\n"[..],
            b"PROXY UNKNOWN ::1 ::1 1 2\r\n",
            b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
        ] {
            let whole = Header::Whole {
                length: own.len(),
                client: None,
            };
            assert_eq!(header(own), whole);
        }
    }

    #[test]
    fn what_is_no_header() {
        for other in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"POST",
            b"PRI * HTTP/2.0\r\n",
            b"\x16\x03\x01",
            b"\r\nGET",
            b"PROXY TCP5 192.0.2.7 192.0.2.1 5000 443\r\n",
            b"PROXY TCP4 here there 5000 443\r\n",
            // As long as it likes: version 2 says so itself.
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
            // Version 3 of the protocol.
            b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c",
        ] {
            assert_eq!(header(other), Header::Missing, "{other:?}");
        }
        let endless = [&b"PROXY TCP4 "[..], &[b'1'; 200]].concat();
        assert_eq!(header(&endless), Header::Missing);
    }
}

//! Who is at the other end of a connection.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// The address of the other end of a connection.
///
/// Displays as `192.0.2.1:50312`, or `unix` for a Unix domain socket, whose
/// clients have no address.
///
/// ```
/// use oneport::Peer;
/// use std::net::SocketAddr;
///
/// // An IPv4 client of a `[::]` listener shows as itself, not as `::ffff:..`.
/// let peer = Peer::from("[::ffff:192.0.2.1]:50312".parse::<SocketAddr>().unwrap());
/// assert_eq!(peer.to_string(), "192.0.2.1:50312");
/// assert!(!peer.is_loopback());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peer {
    /// A TCP client.
    Tcp(SocketAddr),
    /// A client of a Unix domain socket: a process on this machine.
    Unix,
}

impl Peer {
    /// The IP address, unless the peer came through a Unix domain socket.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(addr) => Some(addr.ip()),
            Self::Unix => None,
        }
    }

    /// Whether the peer is on this machine: 127.0.0.0/8, ::1 or a Unix socket.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.ip().is_none_or(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(addr) => addr.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// IPv4-mapped IPv6 addresses (RFC 4291 2.5.5.2) are normalised, so that a
/// rule for `127.0.0.0/8` also meets the IPv4 clients of a `[::]` listener.
impl From<SocketAddr> for Peer {
    fn from(addr: SocketAddr) -> Self {
        Self::Tcp(SocketAddr::new(addr.ip().to_canonical(), addr.port()))
    }
}

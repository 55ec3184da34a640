//! A set of peers: networks, this machine, or both.

use std::fmt;

use crate::network::Network;
use crate::peer::Peer;

/// What `AllowPlaintext` and `ProxyProtocol` are about.
#[derive(Clone, Debug)]
pub(crate) struct PeerSet {
    networks: Vec<Network>,
    loopback: bool,
}

impl PeerSet {
    pub(crate) fn loopback() -> Self {
        Self {
            networks: Vec::new(),
            loopback: true,
        }
    }

    pub(crate) fn from_networks(networks: impl IntoIterator<Item = Network>) -> Self {
        Self {
            networks: networks.into_iter().collect(),
            loopback: false,
        }
    }

    pub(crate) fn and(mut self, network: Network) -> Self {
        self.networks.push(network);
        self
    }

    pub(crate) fn and_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// A Unix socket's client counts as loopback.
    pub(crate) fn contains(&self, peer: Peer) -> bool {
        if self.loopback && peer.is_loopback() {
            return true;
        }
        peer.ip()
            .is_some_and(|ip| self.networks.iter().any(|network| network.contains(ip)))
    }
}

/// Comma separated: `loopback, 10.1.0.0/16`.
impl fmt::Display for PeerSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if self.loopback {
            f.write_str("loopback")?;
            separator = ", ";
        }
        for network in &self.networks {
            write!(f, "{separator}{network}")?;
            separator = ", ";
        }
        Ok(())
    }
}

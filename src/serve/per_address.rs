//! How many connections an address has open.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::Limits;
use crate::peer::Peer;

/// Counts open connections by address. Bounded by the number of them: an
/// address without any is not kept.
pub(super) struct PerAddress {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection's share of its address. It is given back when this is dropped.
pub(super) struct Share {
    per_address: Arc<PerAddress>,
    address: IpAddr,
    crowd: Crowd,
}

/// How many others there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Crowd {
    /// Not too many.
    Fine,
    /// Too many; but few enough to be told.
    Full,
    /// So many that there is no listening to them.
    Flood,
}

impl PerAddress {
    pub(super) fn new(limits: &Limits) -> Option<Arc<Self>> {
        Some(Arc::new(Self {
            most: limits.per_address?.max(1),
            open: Mutex::default(),
        }))
    }

    /// So many at most.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// None for a peer without an address: a Unix socket's.
    pub(super) fn share(self: &Arc<Self>, peer: Peer) -> Option<Share> {
        let address = network(peer.ip()?);
        let mut open = self.lock();
        let open = open.entry(address).or_default();
        *open += 1;
        Some(Share {
            per_address: self.clone(),
            address,
            crowd: match *open {
                open if open <= self.most => Crowd::Fine,
                open if open / 2 <= self.most => Crowd::Full,
                _ => Crowd::Flood,
            },
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// As of its beginning.
    pub(super) fn crowd(&self) -> Crowd {
        self.crowd
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut open = self.per_address.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// An IPv4 address, or the IPv6 network of 64 bits that one client has to
/// itself (RFC 6177 2, RFC 4291 2.5.4).
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn peer(ip: &str) -> Peer {
        SocketAddr::new(ip.parse().expect("an address"), 1).into()
    }

    #[test]
    fn shares_are_counted_by_network_and_given_back() {
        let mut limits = Limits::default();
        assert!(PerAddress::new(&limits).is_none());
        limits.per_address = Some(2);
        let per_address = PerAddress::new(&limits).expect("a limit");
        let crowd = |ip| per_address.share(peer(ip)).expect("an address");
        let mut shares: Vec<_> = (0..6).map(|_| crowd("192.0.2.1")).collect();
        let crowds: Vec<_> = shares.iter().map(Share::crowd).collect();
        let (fine, full, flood) = (Crowd::Fine, Crowd::Full, Crowd::Flood);
        assert_eq!(crowds, [fine, fine, full, full, full, flood]);
        assert_eq!(crowd("192.0.2.2").crowd(), Crowd::Fine);
        shares.truncate(1);
        assert_eq!(crowd("192.0.2.1").crowd(), Crowd::Fine);
        // An IPv4 client of a `[::]` listener is itself, not part of one network.
        assert_eq!(crowd("::ffff:192.0.2.3").crowd(), Crowd::Fine);
        assert_eq!(crowd("::ffff:192.0.2.4").crowd(), Crowd::Fine);
        let six = ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"];
        let six: Vec<_> = six.into_iter().map(crowd).collect();
        assert_eq!(six[2].crowd(), Crowd::Full);
        assert_eq!(crowd("2001:db8:0:1::1").crowd(), Crowd::Fine);
        assert!(per_address.share(Peer::Unix).is_none());
        drop((shares, six));
        assert!(per_address.lock().is_empty());
    }
}

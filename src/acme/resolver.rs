//! Which certificate a handshake gets: the newest, once there is one.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// One certificate for every server name, replaced while it is in use.
///
/// Only this changes when a certificate is renewed; the rest of the TLS
/// configuration, its session tickets included, stays. Without a certificate
/// rustls refuses the handshake.
#[derive(Debug, Default)]
pub(super) struct Newest(ArcSwapOption<CertifiedKey>);

impl Newest {
    pub(super) fn set(&self, certified: Arc<CertifiedKey>) {
        self.0.store(Some(certified));
    }
}

impl ResolvesServerCert for Newest {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load_full()
    }
}

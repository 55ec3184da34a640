//! What all questions have in common.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;

use super::target::Target;
use super::trust::Trust;

#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) target: Target,
    pub(super) address: SocketAddr,
    /// For SNI, the certificate and the Host header.
    pub(super) name: String,
    pub(super) server_name: ServerName<'static>,
    pub(super) trust: Arc<Trust>,
    pub(super) identity: Option<Arc<SingleCertAndKey>>,
    /// For one question.
    pub(super) limit: Duration,
}

impl Setting {
    /// The Host header of a request over TLS, or in plaintext.
    pub(super) fn authority(&self, tls: bool) -> String {
        let default = if tls { 443 } else { 80 };
        self.target.authority(&self.name, default)
    }

    /// The path to ask for. What is in a URL may be secret: that of an https
    /// URL is sent over TLS only, and only to whom clients would send it.
    pub(super) fn path(&self, tls: bool, trusted: bool) -> String {
        let secret = self.target.scheme.is_some_and(|scheme| scheme.is_tls());
        match !secret || (tls && trusted) {
            true => self.target.path.clone(),
            false => "/".to_owned(),
        }
    }
}

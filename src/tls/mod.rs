//! TLS configuration.

use std::sync::Arc;
/// A TLS configuration.
#[derive(Clone, Debug)]
pub struct TlsConfig(Arc<rustls::ServerConfig>);
impl TlsConfig {
    /// The current one.
    pub fn current(&self) -> Arc<rustls::ServerConfig> {
        self.0.clone()
    }
}
impl From<Arc<rustls::ServerConfig>> for TlsConfig {
    fn from(c: Arc<rustls::ServerConfig>) -> Self {
        Self(c)
    }
}

//! The handle that holds the configuration in use.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;

/// Filled in where a configuration has no ALPN, in order of preference: HTTP/2
/// (RFC 9113 3.2), then HTTP/1.1 (RFC 7301 6). `http/1.0` is there for clients
/// that offer nothing else (`curl --http1.0` does): rustls would refuse their
/// handshake with alert 120, although hyper serves them.
const HTTP_ALPN: [&[u8]; 3] = [b"h2", b"http/1.1", b"http/1.0"];

/// The TLS configuration of a server, as a handle that can be reloaded.
///
/// Clones are cheap and share one configuration: [`reload`](Self::reload) on
/// any of them takes effect for all. See the [module documentation](crate::tls)
/// for where a configuration comes from.
///
/// A configuration without ALPN gets `h2`, `http/1.1` and `http/1.0`; use
/// [`keep_alpn`](Self::keep_alpn) where that is not wanted.
#[derive(Clone)]
pub struct TlsConfig {
    shared: Arc<Shared>,
}

struct Shared {
    current: ArcSwap<ServerConfig>,
    alpn: Alpn,
}

/// What happens to a configuration that has no ALPN.
#[derive(Clone, Copy)]
enum Alpn {
    Fill,
    Keep,
}

impl TlsConfig {
    /// Makes a handle that leaves the ALPN list of the configuration as it is,
    /// even when it is empty.
    ///
    /// The same holds for the configurations of a later
    /// [`reload`](Self::reload). With an empty list, clients that offer ALPN
    /// are served without it, which for HTTP means HTTP/1.1.
    #[must_use]
    pub fn keep_alpn(config: impl Into<Arc<ServerConfig>>) -> Self {
        Self::new(config.into(), Alpn::Keep)
    }

    fn new(config: Arc<ServerConfig>, alpn: Alpn) -> Self {
        Self {
            shared: Arc::new(Shared {
                current: ArcSwap::new(alpn.apply(config)),
                alpn,
            }),
        }
    }

    /// The configuration that a handshake which starts now is to use.
    ///
    /// Costs a few atomic operations, no lock and no allocation. Hold on to
    /// the result for one handshake, not for longer, or reloads pass by.
    #[must_use]
    pub fn current(&self) -> Arc<ServerConfig> {
        self.shared.current.load_full()
    }

    /// Replaces the configuration for every handshake that starts from now on.
    ///
    /// Handshakes that have begun and connections that are open keep the
    /// configuration they started with. The ALPN rule of this handle is applied
    /// to the new configuration too. Sessions from before are resumed only if
    /// the new configuration shares the session storage or ticketer of the old
    /// one; never share those between configurations that differ in client
    /// authentication.
    pub fn reload(&self, config: impl Into<Arc<ServerConfig>>) {
        self.shared
            .current
            .store(self.shared.alpn.apply(config.into()));
    }
}

impl Alpn {
    /// The copy, where one must be made, shares session storage, ticketer and
    /// certificate resolver with the original: they are `Arc`s.
    fn apply(self, config: Arc<ServerConfig>) -> Arc<ServerConfig> {
        match self {
            Self::Fill if config.alpn_protocols.is_empty() => {
                let mut config = Arc::unwrap_or_clone(config);
                config.alpn_protocols = HTTP_ALPN.map(<[u8]>::to_vec).to_vec();
                Arc::new(config)
            }
            Self::Fill | Self::Keep => config,
        }
    }
}

/// Fills in `h2`, `http/1.1` and `http/1.0` where the configuration has no ALPN.
impl From<Arc<ServerConfig>> for TlsConfig {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self::new(config, Alpn::Fill)
    }
}

/// Fills in `h2`, `http/1.1` and `http/1.0` where the configuration has no ALPN.
impl From<ServerConfig> for TlsConfig {
    fn from(config: ServerConfig) -> Self {
        Self::new(Arc::new(config), Alpn::Fill)
    }
}

/// Another handle on the same configuration.
impl From<&Self> for TlsConfig {
    fn from(config: &Self) -> Self {
        config.clone()
    }
}

/// Shows the ALPN list and nothing that could be a secret.
impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = self.shared.current.load();
        let alpn: Vec<_> = current
            .alpn_protocols
            .iter()
            .map(|name| String::from_utf8_lossy(name))
            .collect();
        f.debug_struct("TlsConfig")
            .field("alpn", &alpn)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use rustls::server::ResolvesServerCertUsingSni;

    use super::*;

    fn config(alpn: &[&[u8]]) -> ServerConfig {
        let mut config = ServerConfig::builder_with_provider(crate::tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        config
    }

    #[test]
    fn an_empty_alpn_list_is_filled_and_shares_the_session_storage() {
        let original = Arc::new(config(&[]));
        let handle = TlsConfig::from(original.clone());
        assert_eq!(handle.current().alpn_protocols, HTTP_ALPN);
        assert!(
            original.alpn_protocols.is_empty(),
            "the caller's is untouched"
        );
        assert!(Arc::ptr_eq(
            &original.session_storage,
            &handle.current().session_storage
        ));
    }

    #[test]
    fn a_list_that_is_not_empty_is_left_alone_and_not_copied() {
        let original = Arc::new(config(&[b"acme-tls/1"]));
        let handle = TlsConfig::from(original.clone());
        assert!(Arc::ptr_eq(&original, &handle.current()));
    }

    #[test]
    fn keep_alpn_keeps_an_empty_list_over_reloads() {
        let handle = TlsConfig::keep_alpn(config(&[]));
        assert!(handle.current().alpn_protocols.is_empty());
        handle.reload(config(&[]));
        assert!(handle.current().alpn_protocols.is_empty());
    }

    #[test]
    fn a_reload_reaches_every_clone_and_fills_alpn_too() {
        let handle = TlsConfig::from(config(&[b"http/1.1"]));
        let (clone, before) = (TlsConfig::from(&handle), handle.current());
        handle.reload(config(&[]));
        assert_eq!(clone.current().alpn_protocols, HTTP_ALPN);
        assert_eq!(before.alpn_protocols, [b"http/1.1"]);
    }

    #[test]
    fn debug_says_what_is_offered() {
        assert_eq!(
            format!("{:?}", TlsConfig::from(config(&[]))),
            r#"TlsConfig { alpn: ["h2", "http/1.1", "http/1.0"], .. }"#
        );
    }
}

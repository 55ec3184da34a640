//! The handle that holds the configuration in use.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ServerConfig, ServerConnection};

use super::client_auth::{self, Postponed};
use crate::mismatch::CertificateFault;

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
    current: ArcSwap<Loaded>,
    alpn: Alpn,
}

/// One configuration, as it is used for a handshake.
#[derive(Clone)]
pub(crate) struct Loaded {
    /// What it says: whom it refuses, it refuses in the handshake.
    strict: Arc<ServerConfig>,
    explained: Option<Explained>,
    /// Whether the ALPN list is of this crate's making.
    filled: bool,
}

/// The same configuration, but client certificates are judged after the
/// handshake. It never leaves this crate: alone, it lets everybody in.
#[derive(Clone)]
struct Explained {
    server: Arc<ServerConfig>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl Loaded {
    /// What to shake hands with; then ask [`fault_of`](Self::fault_of).
    pub(crate) fn server(&self) -> &Arc<ServerConfig> {
        match &self.explained {
            Some(explained) => &explained.server,
            None => &self.strict,
        }
    }

    /// Why the client of a finished handshake must not be served.
    pub(crate) fn fault_of(&self, connection: &ServerConnection) -> Option<CertificateFault> {
        let explained = self.explained.as_ref()?;
        client_auth::fault_of(&*explained.verifier, connection)
    }
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
        Self::new(config.into(), None, Alpn::Keep)
    }

    /// Makes a handle for mutual TLS that tells a client what is wrong with its
    /// certificate, or that it has none: the handshake is completed, then the
    /// request is answered with 403 (gRPC: status 16) and the sentence, before
    /// the application can be reached. Most clients do not show their user the
    /// alert that they get otherwise, or lose it.
    ///
    /// `build` makes the configuration with the verifier that it is given; it
    /// is called twice, with `verifier` itself and with one that postpones its
    /// judgement. An [`Acceptor`](crate::Acceptor) judges every connection,
    /// resumed ones included, by `verifier` right after the handshake;
    /// [`current`](Self::current) is the configuration that judges by itself.
    /// Do not let the verifier that `build` is given get anywhere else.
    ///
    /// What it costs: a stranger completes a handshake where it would have been
    /// cut off in the middle of one.
    ///
    /// # Errors
    ///
    /// Those of `build`.
    ///
    /// ```no_run
    /// # use std::sync::Arc;
    /// # use rustls::server::danger::ClientCertVerifier;
    /// # fn run(verifier: Arc<dyn ClientCertVerifier>, chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    /// #     key: rustls::pki_types::PrivateKeyDer<'static>) -> Result<(), rustls::Error> {
    /// use oneport::tls::TlsConfig;
    ///
    /// let tls = TlsConfig::explaining_client_auth(verifier, |verifier| {
    ///     rustls::ServerConfig::builder()
    ///         .with_client_cert_verifier(verifier)
    ///         .with_single_cert(chain.clone(), key.clone_key())
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn explaining_client_auth<F, E>(
        verifier: Arc<dyn ClientCertVerifier>,
        build: F,
    ) -> Result<Self, E>
    where
        F: Fn(Arc<dyn ClientCertVerifier>) -> Result<ServerConfig, E>,
    {
        let strict = build(verifier.clone())?;
        let server = build(Arc::new(Postponed(verifier.clone())))?;
        let explained = Explained {
            server: Arc::new(server),
            verifier,
        };
        Ok(Self::new(Arc::new(strict), Some(explained), Alpn::Fill))
    }

    fn new(strict: Arc<ServerConfig>, explained: Option<Explained>, alpn: Alpn) -> Self {
        let loaded = alpn.apply(Loaded {
            strict,
            explained,
            filled: false,
        });
        Self {
            shared: Arc::new(Shared {
                current: ArcSwap::new(Arc::new(loaded)),
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
        self.shared.current.load().strict.clone()
    }

    /// What a handshake of this crate uses.
    pub(crate) fn load(&self) -> Arc<Loaded> {
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
    pub fn reload(&self, renewed: impl Into<TlsConfig>) {
        let renewed = Loaded::clone(&renewed.into().load());
        let renewed = self.shared.alpn.apply(renewed);
        self.shared.current.store(Arc::new(renewed));
    }
}

impl Alpn {
    /// The copy, where one must be made, shares session storage, ticketer and
    /// certificate resolver with the original: they are `Arc`s.
    fn apply(self, mut loaded: Loaded) -> Loaded {
        let list = match self {
            Self::Fill if loaded.strict.alpn_protocols.is_empty() => HTTP_ALPN.as_slice(),
            // It was empty where it came from.
            Self::Keep if loaded.filled => &[],
            Self::Fill | Self::Keep => return loaded,
        };
        loaded.filled = !list.is_empty();
        let explained = loaded.explained.as_mut().map(|it| &mut it.server);
        for config in [Some(&mut loaded.strict), explained].into_iter().flatten() {
            Arc::make_mut(config).alpn_protocols = list.iter().map(|name| name.to_vec()).collect();
        }
        loaded
    }
}

/// Fills in `h2`, `http/1.1` and `http/1.0` where the configuration has no ALPN.
impl From<Arc<ServerConfig>> for TlsConfig {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self::new(config, None, Alpn::Fill)
    }
}

/// Fills in `h2`, `http/1.1` and `http/1.0` where the configuration has no ALPN.
impl From<ServerConfig> for TlsConfig {
    fn from(config: ServerConfig) -> Self {
        Self::new(Arc::new(config), None, Alpn::Fill)
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
            .strict
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

//! The handle that holds the configuration in use.

use std::fmt;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;

use super::loaded::{Alpn, ClientCertificates, Loaded};

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
    /// Held by who reads files to replace `current`.
    #[allow(dead_code)] // without `tls-files`
    reading: Mutex<()>,
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
        let loaded = Loaded::new(config.into(), ClientCertificates::Unknown);
        Self::new(loaded, Alpn::Keep)
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
        Ok(Loaded::explaining(verifier, build)?.into())
    }

    /// Makes a handle on a configuration that requires client certificates
    /// (mutual TLS), which a `ServerConfig` itself does not tell.
    ///
    /// An [`Acceptor`](crate::Acceptor) then refuses plaintext to whom its policy
    /// would serve TLS too, unless it is told otherwise
    /// ([`plaintext_beside_client_auth`](crate::Acceptor::plaintext_beside_client_auth)):
    /// whoever spoke plaintext would be served without any certificate. The
    /// configurations of `tls::Files::client_ca` and
    /// [`explaining_client_auth`](Self::explaining_client_auth) are such already.
    #[must_use]
    pub fn requiring_client_auth(config: impl Into<Arc<ServerConfig>>) -> Self {
        Self::from(Loaded::new(config.into(), ClientCertificates::Required))
    }

    /// Whether plaintext beside it would be a way around client certificates.
    pub(crate) fn is_client_auth_required(&self) -> bool {
        self.shared.current.load().certificates == ClientCertificates::Required
    }

    /// What it is was made from files with this content.
    #[cfg(all(feature = "watch", any(feature = "aws-lc-rs", feature = "ring")))]
    pub(super) fn made_from(self, content: [u8; 32]) -> Self {
        self.shared.current.rcu(|loaded| {
            let mut loaded = Loaded::clone(loaded);
            loaded.content = Some(content);
            loaded
        });
        self
    }

    /// See [`made_from`](Self::made_from).
    #[cfg(all(feature = "watch", any(feature = "aws-lc-rs", feature = "ring")))]
    pub(super) fn content(&self) -> Option<[u8; 32]> {
        self.shared.current.load().content
    }

    fn new(loaded: Loaded, alpn: Alpn) -> Self {
        let current = ArcSwap::from_pointee(alpn.apply(loaded));
        Self {
            shared: Arc::new(Shared {
                current,
                alpn,
                reading: Mutex::default(),
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

    /// The certificate chains that it serves with, in the order in which they
    /// were given, where this crate has made the configuration (`tls::load` and
    /// its like); else nothing. `tls::describe` puts them into words.
    #[must_use]
    pub fn chains(&self) -> Vec<Vec<CertificateDer<'static>>> {
        self.shared.current.load().chains.to_vec()
    }

    /// What a handshake of this crate uses.
    pub(crate) fn load(&self) -> Arc<Loaded> {
        self.shared.current.load_full()
    }

    /// Replaces the configuration for every handshake that starts from now on.
    ///
    /// Handshakes that have begun and connections that are open keep the
    /// configuration they started with. The ALPN rule of this handle is applied
    /// to the new configuration too.
    ///
    /// Sessions from before go on to be resumed if both configurations were made
    /// from files (`tls::Files`) and judge client certificates alike: a renewed
    /// certificate costs clients nothing. If anything about client certificates
    /// changed, revocation included, nothing is resumed. Of a configuration that
    /// you built yourself this crate does not know that: its sessions are
    /// resumed only if it shares the session storage or ticketer of the old one;
    /// never share those between configurations that differ in client
    /// authentication.
    pub fn reload(&self, renewed: impl Into<TlsConfig>) {
        let renewed = Loaded::clone(&renewed.into().load());
        // Again, if somebody else has replaced it meanwhile.
        self.shared.current.rcu(|old| {
            let mut renewed = renewed.clone();
            // What is not known of the new one must not open a way around it.
            if old.certificates == ClientCertificates::Required {
                renewed.certificates = ClientCertificates::Required;
            }
            renewed.take_sessions_of(old);
            self.shared.alpn.apply(renewed)
        });
    }
}

#[cfg(all(feature = "tls-files", any(feature = "aws-lc-rs", feature = "ring")))]
impl TlsConfig {
    /// Replaces the configuration by what is read now. One reads at a time:
    /// whoever read old files must not replace what somebody else has read since.
    pub(super) fn reload_from<E>(&self, read: impl FnOnce() -> Result<Self, E>) -> Result<(), E> {
        let reading = self.shared.reading.lock();
        let _one_at_a_time = reading.unwrap_or_else(std::sync::PoisonError::into_inner);
        self.reload(read()?);
        Ok(())
    }
}

impl From<Loaded> for TlsConfig {
    fn from(loaded: Loaded) -> Self {
        Self::new(loaded, Alpn::Fill)
    }
}

/// Fills in `h2`, `http/1.1` and `http/1.0` where the configuration has no ALPN.
/// If it requires client certificates, use [`TlsConfig::requiring_client_auth`].
impl From<Arc<ServerConfig>> for TlsConfig {
    fn from(config: Arc<ServerConfig>) -> Self {
        Loaded::new(config, ClientCertificates::Unknown).into()
    }
}

/// Fills in `h2`, `http/1.1` and `http/1.0` where the configuration has no ALPN.
/// If it requires client certificates, use [`TlsConfig::requiring_client_auth`].
impl From<ServerConfig> for TlsConfig {
    fn from(config: ServerConfig) -> Self {
        Self::from(Arc::new(config))
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
mod tests;

//! The crypto provider that the features of this crate bring.

use std::sync::Arc;

#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs as backend;
#[cfg(not(feature = "aws-lc-rs"))]
use rustls::crypto::ring as backend;

use rustls::crypto::CryptoProvider;

/// The crypto provider of the enabled feature: aws-lc-rs, or else ring.
///
/// Neither reads nor sets the process-wide default of rustls. Exists only with
/// one of the features `aws-lc-rs` and `ring`; with both, aws-lc-rs wins.
///
/// ```
/// use rustls::ServerConfig;
///
/// let builder = ServerConfig::builder_with_provider(oneport::tls::provider())
///     .with_safe_default_protocol_versions()?;
/// # let _ = builder;
/// # Ok::<(), rustls::Error>(())
/// ```
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(backend::default_provider())
}

/// Stateless session tickets under random keys that rotate (12 hours of life).
#[cfg(feature = "tls-files")]
pub(super) fn ticketer() -> Result<Arc<dyn rustls::server::ProducesTickets>, rustls::Error> {
    backend::Ticketer::new()
}

/// Evenly from 0 to 1, for delays that must not be the same everywhere.
#[cfg(feature = "acme")]
pub(crate) fn random() -> f64 {
    let mut bytes = [0; 4];
    match provider().secure_random.fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX),
        // Not a secret: the middle will do.
        Err(_) => 0.5,
    }
}

//! What is counted, by the `metrics` crate: whichever recorder the process has
//! installed. Without the feature nothing is.

use crate::mismatch::Mismatch;

/// A client was refused: `oneport_refused_total`, by reason.
pub(crate) fn refused(mismatch: Mismatch) {
    #[cfg(feature = "metrics")]
    metrics::counter!("oneport_refused_total", "reason" => mismatch.slug()).increment(1);
    #[cfg(not(feature = "metrics"))]
    let _ = mismatch;
}

/// A limit fired: `oneport_limits_total`, by the field of `Limits`; `http2_flood` stands
/// for those that h2 does not tell apart.
pub(crate) fn limit(name: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("oneport_limits_total", "limit" => name).increment(1);
    #[cfg(not(feature = "metrics"))]
    let _ = name;
}

/// A refused request had credentials in it, in the clear:
/// `oneport_plaintext_credentials_total`.
pub(crate) fn credentials() {
    #[cfg(feature = "metrics")]
    metrics::counter!("oneport_plaintext_credentials_total").increment(1);
}

/// The application panicked: `oneport_panics_total`.
pub(crate) fn panicked() {
    #[cfg(feature = "metrics")]
    metrics::counter!("oneport_panics_total").increment(1);
}

//! The other end of the wire: clients that say what is wrong.
//!
//! Servers of one mode and clients of the other end in "packet length too
//! long", "wrong version number" or "invalid HTTP version parsed". What is in
//! here turns that into a sentence with cause and remedy.

#[cfg(all(feature = "client", any(feature = "aws-lc-rs", feature = "ring")))]
mod connector;
#[cfg(all(feature = "probe", any(feature = "aws-lc-rs", feature = "ring")))]
pub mod probe;
#[cfg(feature = "client")]
mod upgrade;

#[cfg(all(feature = "client", any(feature = "aws-lc-rs", feature = "ring")))]
pub use self::connector::{
    ClientCertificate, ClientStream, ConnectError, ConnectErrorKind, ConnectStage, Connecting,
    ConnectionInfo, ConnectionTls, Connector, ConnectorBuilder, ConnectorError, Roots,
};
#[cfg(all(feature = "probe", any(feature = "aws-lc-rs", feature = "ring")))]
pub use self::probe::{Probe, probe};
#[cfg(feature = "client")]
pub use self::upgrade::{Upgrade, UpgradeFuture, Upgraded};
pub use crate::diagnose::{
    Cause, Certainty, Diagnosis, End, ServerCertificateFault, Spoke, diagnose_alert, diagnose_body,
    diagnose_first_bytes, diagnose_response,
};

/// What is wrong, from the error of any client: reqwest's, hyper's,
/// hyper-util's, tungstenite's, tonic's, ureq's, libcurl's, with rustls,
/// OpenSSL, Schannel or Secure Transport below it.
///
/// The whole chain of sources is looked at, and the most certain cause in it
/// is taken. A [`Diagnosis`] in the chain is that, and so is the one of a
/// `ConnectError` (feature `client`). All else is known by its
/// words, which are what all these libraries have in common; they may change
/// with a new version of one, and the cause is then missed, not mistaken.
///
/// None: the error has another cause, such as a port where nobody listens, a
/// name that is not found or a deadline, or one that its words do not tell. A
/// response that is an error only in the caller's eyes is for
/// [`diagnose_response`].
///
/// ```
/// use oneport::client::{Certainty, diagnose};
///
/// // As hyper's client has it from a TLS server. One line in the handler:
/// let error = std::io::Error::other("invalid HTTP version parsed");
/// if let Some(diagnosis) = diagnose(&error) {
///     assert_eq!(diagnosis.certainty(), Certainty::MostLikely);
///     assert!(diagnosis.to_string().contains("use https://"));
/// }
/// # assert!(diagnose(&error).is_some());
/// ```
#[must_use]
pub fn diagnose(error: &(dyn std::error::Error + 'static)) -> Option<Diagnosis> {
    #[cfg(all(feature = "client", any(feature = "aws-lc-rs", feature = "ring")))]
    if let Some(own) = ConnectError::find_in(error) {
        return own.diagnosis().cloned();
    }
    crate::diagnose::diagnose(error)
}

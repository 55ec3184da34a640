//! The other end of the wire: clients that say what is wrong.
//!
//! Servers of one mode and clients of the other end in "packet length too
//! long", "wrong version number" or "invalid HTTP version parsed". What is in
//! here turns that into a sentence with cause and remedy.

#[cfg(all(feature = "client", any(feature = "aws-lc-rs", feature = "ring")))]
mod connector;
#[cfg(all(feature = "probe", any(feature = "aws-lc-rs", feature = "ring")))]
pub mod probe;

#[cfg(all(feature = "client", any(feature = "aws-lc-rs", feature = "ring")))]
pub use self::connector::{
    ClientCertificate, ClientStream, ConnectError, ConnectErrorKind, ConnectStage, Connecting,
    ConnectionInfo, ConnectionTls, Connector, ConnectorBuilder, ConnectorError, Roots,
};
#[cfg(all(feature = "probe", any(feature = "aws-lc-rs", feature = "ring")))]
pub use self::probe::{Probe, probe};
pub use crate::diagnose::{
    Cause, Certainty, Diagnosis, End, ServerCertificateFault, Spoke, diagnose, diagnose_alert,
    diagnose_body, diagnose_first_bytes, diagnose_response,
};

#[cfg(feature = "client")]
mod upgrade;
#[cfg(feature = "client")]
pub use upgrade::{Upgrade, UpgradeFuture, Upgraded};
